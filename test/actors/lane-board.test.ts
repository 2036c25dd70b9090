import { expect, test } from 'vitest';
import { LaneBoard } from '../../src/actors/lane-board.ts';
import { epoch, executionId, generation, laneIndex, methodId, packageHash } from '../../src/core/ids.ts';
import type { ExecutionTrace, Inspection } from '../../src/core/inspection.ts';
import type { Capture, Lane, LaneCommand } from '../../src/lanes/contract.ts';

const lane = laneIndex(0);
const silent = { onReport: () => undefined, onLost: () => undefined, onEffectsLost: () => undefined };
const method = { package: packageHash('p'), method: methodId('a.ts#a') };

function trace(name: string, workedMs: number): ExecutionTrace {
  return {
    execution: executionId(name),
    method,
    activity: 'settled',
    fuel: 0,
    cpuMs: workedMs,
    workedMs,
    demandMs: workedMs,
    slices: 1,
    longestSliceMs: 0,
    allocatedBytes: 0,
    effects: 0,
    snapshotBytes: 0,
    captureMs: 0,
    peers: [],
    messagesIn: 0,
  };
}

const sample = {
  lane,
  busyRatio: 1,
  cpuCores: 1,
  ready: 1,
  executions: 1,
  heapBytes: 0,
  eventLoopDelay: { p50Ms: 0, p99Ms: 0, maxMs: 0 },
};

test('those of a method that ended tell what is left of the next; what ends between two traces is counted all the same', () => {
  const board = new LaneBoard(1, silent, () => 0);
  const listener = board.listener(lane, () => undefined);
  const running = executionId('x-running');
  board.assign(running);
  listener.onEvent({
    kind: 'trace',
    traces: [trace('x-running', 1_000)],
    busyMs: 1_000,
    periodMs: 1_000,
    sample,
  });
  expect(board.remainingWork(running)).toMatchObject({ source: 'age', medianMs: 1_000 });
  for (let count = 0; count < 20; count += 1) {
    const name = `x-${count}`;
    board.assign(executionId(name));
    listener.onEvent({ kind: 'lastTrace', trace: trace(name, 60_000) });
    board.release(executionId(name));
  }
  const { medianMs, source } = board.remainingWork(running);
  expect(source).toBe('history');
  // Bins are 9 % wide.
  expect(medianMs).toBeGreaterThan(50_000);
  expect(medianMs).toBeLessThan(68_000);
  const { departed } = board.usage.close();
  expect(departed).toMatchObject({ executions: 20, spent: { cpuMs: 20 * 60_000 } });
});

test('a copy that has left leaves no trace', () => {
  const board = new LaneBoard(1, silent, () => 0);
  const listener = board.listener(lane, () => undefined);
  listener.onEvent({ kind: 'trace', traces: [trace('x-gone', 5)], busyMs: 5, periodMs: 1_000, sample });
  listener.onEvent({ kind: 'lastTrace', trace: trace('x-gone', 9) });
  expect(board.trace(executionId('x-gone'))).toBe(null);
  expect(board.usage.close().accounts).toEqual([]);
  expect(board.laneSamples()).toEqual([sample]);
});

test('of an execution that always has an effect pending, none is forgotten, however many it has started', () => {
  const board = new LaneBoard(1, silent, () => 0);
  const listener = board.listener(lane, () => undefined);
  const execution = executionId('x-busy');
  const tenure = { execution, epoch: epoch(1), generation: generation(1) };
  let newest = 0;
  const awaited = (sequence: number) => ({ sequence, name: `effect ${sequence}` });
  const capture = { tenure, effectsPending: 1 } as unknown as Capture;
  const asked: number[] = [];
  const post = (command: LaneCommand): void => {
    if (command.kind === 'inspect') asked.push(command.request);
  };
  const captured = (kind: 'checkpointed' | 'frozen'): void => {
    listener.onEvent({ kind, request: 0, capture });
    const inspection = { effectsPending: [awaited(newest)] } as unknown as Inspection;
    for (const request of asked.splice(0)) listener.onEvent({ kind: 'inspected', request, inspection });
  };
  board.attach({ index: lane, post, extendLease: () => undefined } as unknown as Lane);
  board.assign(execution);
  while (newest < 12_000) {
    newest += 1;
    listener.onEvent({ kind: 'effectStarted', tenure, ...awaited(newest) });
    if (newest % 100 === 0) captured('checkpointed');
  }
  captured('frozen');
  expect(board.effectsLeftBehind).toEqual(['effect 12000']);
});
