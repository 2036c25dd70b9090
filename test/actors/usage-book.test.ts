import { expect, test } from 'vitest';
import { UsageBook } from '../../src/actors/usage-book.ts';
import type { LaneSample } from '../../src/core/host-sample.ts';
import { epoch, executionId, generation, laneIndex, methodId, packageHash } from '../../src/core/ids.ts';
import type { ExecutionTrace } from '../../src/core/inspection.ts';

const execution = executionId('x-1');
const peer = executionId('x-2');
const method = { package: packageHash('p'), method: methodId('a.ts#a') };
const tenure = (owner: number) => ({ execution, epoch: epoch(owner), generation: generation(1) });

function trace(changes: Partial<ExecutionTrace>): ExecutionTrace {
  return {
    execution,
    method,
    activity: 'running',
    fuel: 0,
    cpuMs: 0,
    workedMs: 0,
    demandMs: 0,
    slices: 0,
    longestSliceMs: 0,
    allocatedBytes: 0,
    effects: 0,
    snapshotBytes: 0,
    captureMs: 0,
    peers: [],
    messagesIn: 0,
    ...changes,
  };
}

function lane(changes: Partial<LaneSample> = {}): LaneSample {
  return {
    lane: laneIndex(0),
    busyRatio: 1,
    cpuCores: 1,
    ready: 1,
    executions: 1,
    heapBytes: 0,
    eventLoopDelay: { p50Ms: 0, p99Ms: 0, maxMs: 0 },
    ...changes,
  };
}

function book(): UsageBook {
  return new UsageBook(() => 5_000);
}

test('a statement holds what was traced since the one before', () => {
  const usage = book();
  const tally = { peer, messagesOut: 1, messagesIn: 2, bytesOut: 10, bytesIn: 20 };
  usage.traced(
    [trace({ slices: 1, cpuMs: 100, demandMs: 150, allocatedBytes: 7, peers: [tally] })],
    lane(),
    1_000,
  );
  usage.traced(
    [trace({ slices: 2, cpuMs: 300, demandMs: 450, allocatedBytes: 9, peers: [tally] })],
    lane(),
    1_000,
  );
  const first = usage.close();
  expect(first.tracedMs).toEqual(new Map([[0, 2_000]]));
  expect(first.accounts).toMatchObject([{ spent: { cpuMs: 300, demandMs: 450, allocatedBytes: 9 } }]);
  expect(first.accounts[0]?.peers).toEqual(new Map([[peer, { messages: 6, bytes: 60 }]]));
  usage.traced([trace({ slices: 3, cpuMs: 310, demandMs: 460, allocatedBytes: 9 })], lane(), 1_000);
  const [second] = usage.close().accounts;
  expect(second?.spent).toMatchObject({ cpuMs: 10, demandMs: 10, allocatedBytes: 0 });
  expect(second?.peers.size).toBe(0);
  // Nothing changed, so nothing was traced; it is still there.
  expect(usage.close().accounts).toMatchObject([{ execution, spent: { cpuMs: 0 } }]);
});

test('a copy that was restored here counts from zero again, never backwards', () => {
  const usage = book();
  usage.traced([trace({ slices: 90, cpuMs: 900, demandMs: 900, messagesIn: 40 })], lane(), 1_000);
  usage.close();
  usage.traced([trace({ slices: 2, cpuMs: 20, demandMs: 25, messagesIn: 1 })], lane(), 1_000);
  const statement = usage.close();
  expect(statement.accounts[0]?.spent).toMatchObject({ cpuMs: 20, demandMs: 25 });
  expect(statement.arrivals).toEqual([{ method, count: 1 }]);
});

test('where others had the core meanwhile, time in slices is no CPU time', () => {
  const usage = book();
  usage.traced(
    [trace({ cpuMs: 800, demandMs: 800, slices: 1 })],
    lane({ busyRatio: 0.8, cpuCores: 0.2 }),
    1_000,
  );
  expect(usage.close().accounts[0]?.spent).toMatchObject({ cpuMs: 200, demandMs: 800 });
  // Where the kernel does not tell, and where a lane did next to nothing, slices are all there is.
  usage.traced([trace({ cpuMs: 900, demandMs: 900, slices: 2 })], lane({ cpuCores: null }), 1_000);
  expect(usage.close().accounts[0]?.spent.cpuMs).toBe(100);
  usage.traced(
    [trace({ cpuMs: 901, demandMs: 901, slices: 3 })],
    lane({ busyRatio: 0.001, cpuCores: 0 }),
    1_000,
  );
  expect(usage.close().accounts[0]?.spent.cpuMs).toBe(1);
});

test('what left is summed up, and what it used does not come again', () => {
  const usage = book();
  usage.traced([trace({ cpuMs: 70, slices: 1, effects: 2 })], lane(), 1_000);
  usage.released(execution);
  expect(usage.close()).toMatchObject({
    accounts: [],
    departed: { executions: 1, spent: { cpuMs: 70, effects: 2 } },
  });
  expect(usage.close().departed).toMatchObject({ executions: 0, spent: { cpuMs: 0 } });
});

test('only a change of host is dated: no recovery here, and no move that was called off', () => {
  const usage = book();
  usage.ran(tenure(1));
  usage.lost(execution);
  usage.ran(tenure(2));
  expect(usage.movedAtWallMs(execution)).toBe(0);
  usage.released(execution);
  usage.ran(tenure(3));
  expect(usage.movedAtWallMs(execution)).toBe(5_000);
});

test('a flood of methods and of peers is bounded', () => {
  const usage = book();
  for (let count = 0; count < 3_000; count += 1) {
    usage.arrived({ ...method, method: methodId(`m${count}`) }, 1);
  }
  for (let count = 0; count < 300; count += 1) {
    const tally = { peer: executionId(`x-${count}`), messagesOut: 1, messagesIn: 0, bytesOut: 1, bytesIn: 0 };
    usage.traced([trace({ peers: [tally], slices: count })], lane(), 1);
  }
  const { arrivals, accounts } = usage.close();
  expect(arrivals.length).toBe(1_024);
  expect(accounts[0]?.peers.size).toBe(128);
});
