import { BroadcastChannel } from 'node:worker_threads';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SystemClock } from '../../src/clock.ts';
import { epoch, executionId, generation, incarnationId, laneIndex, methodId } from '../../src/core/ids.ts';
import type { Tenure } from '../../src/core/execution.ts';
import type { InstalledPackage, Lane } from '../../src/lanes/contract.ts';
import { LaneExitedError } from '../../src/lanes/lane-exit.ts';
import { noDeadlineMs } from '../../src/lanes/shared.ts';
import { startThreadedLane } from '../../src/lanes/threaded.ts';
import { decodeResult, encodeArgs } from '../../src/methods/runtime/index.ts';
import { describeLane } from '../contract/lane.ts';
import { describeLaneCheckpoints } from '../contract/lane-checkpoints.ts';
import { installFixtures, removeFixtures } from './package-fixture.ts';
import { Probe, until } from './probe.ts';

describeLane('threaded', startThreadedLane);
describeLaneCheckpoints('threaded', startThreadedLane);

describe('a lane in a thread', () => {
  const clock = new SystemClock();
  let installed: InstalledPackage;
  let executions = 0;

  beforeAll(async () => {
    installed = await installFixtures();
  });
  afterAll(() => removeFixtures(installed));

  function startLane(probe: Probe, heapMaxMiB = 0): Lane {
    const lane = startThreadedLane(
      {
        incarnation: incarnationId('h1.1'),
        index: laneIndex(3),
        tracePeriodMs: 0,
        sliceMs: 2,
        heapMaxMiB,
      },
      probe,
    );
    lane.extendLease(noDeadlineMs, noDeadlineMs);
    lane.post({ kind: 'install', package: installed });
    return lane;
  }

  function run(lane: Lane, id: string, ...args: readonly unknown[]): Tenure {
    executions += 1;
    const tenure = {
      execution: executionId(`x-t${executions}`),
      epoch: epoch(1),
      generation: generation(1),
    };
    const method = { package: installed.hash, method: methodId(`methods.ts#${id}`) };
    lane.post({ kind: 'start', tenure, method, args: encodeArgs(args), durable: false });
    lane.post({ kind: 'run', tenure });
    return tenure;
  }

  const deaths: [string, string, string][] = [
    ['an exit in an effect', 'leave', 'process.exit(3) was called'],
    ['an error that nothing catches', 'burn', 'the printer is on fire'],
    ['memory that runs out', 'hoard', 'memory'],
  ];

  test.each(deaths)(
    '%s ends the lane; its host hears why, and its other lanes go on',
    async (_name, id, why) => {
      const [dying, living] = [new Probe(), new Probe()];
      const lane = startLane(dying, 64);
      const other = startLane(living);
      const tenure = run(other, 'spin');
      run(lane, id);
      const error = await dying.exited;
      expect(error).toBeInstanceOf(LaneExitedError);
      expect(error).toMatchObject({ code: 'LANE_EXITED', message: expect.stringContaining(why) });
      expect(error.message).toContain('Lane 3 of h1.1');
      // What the lane had said before it died was reported first.
      expect(dying.count('effectStarted')).toBe(1);
      run(lane, 'echo');
      expect(lane.silentSinceMs()).toBeNull();
      await lane.stop();
      const { turns } = other.counters();
      await until(() => other.counters().turns > turns);
      other.post({ kind: 'inspect', execution: tenure.execution, request: 1 });
      await living.next('inspected');
      await other.stop();
    },
  );

  /** Waits until the lane has been in one native call for longer than any tick takes. */
  async function stuck(lane: Lane): Promise<void> {
    await until(() => clock.monotonicMs() - (lane.silentSinceMs() ?? Number.POSITIVE_INFINITY) > 300);
  }

  test('a lane in a long native call shows it, also past its deadline, and is stopped', async () => {
    const probe = new Probe();
    const lane = startLane(probe);
    run(lane, 'match');
    await probe.next('effectStarted');
    await stuck(lane);
    lane.extendLease(0, 0);
    expect(lane.counters().executions).toBe(1);
    await lane.stop();
    expect(probe.count('settled')).toBe(0);
  });

  test('a native call that V8 cannot interrupt ends without a trace: nothing runs after it', async () => {
    const probe = new Probe();
    const lane = startLane(probe);
    const gate = new BroadcastChannel('sorting');
    const sorting = new Promise((resolve) => (gate.onmessage = resolve));
    run(lane, 'sort', gate.name);
    await sorting;
    gate.close();
    await stuck(lane);
    const reported = probe.all.length;
    await lane.stop();
    expect(probe.all.length).toBe(reported);
    expect(probe.count('settled')).toBe(0);
  });

  test('a lane in a tight loop is not silent: it ticks', async () => {
    const probe = new Probe();
    const lane = startLane(probe);
    const tenure = run(lane, 'spin');
    lane.post({ kind: 'inspect', execution: tenure.execution, request: 1 });
    await probe.next('inspected');
    const first = lane.silentSinceMs() ?? 0;
    await until(() => (lane.silentSinceMs() ?? 0) > first);
    await lane.stop();
  });

  test('what a method prints goes to the log of its execution', async () => {
    const probe = new Probe();
    const lane = startLane(probe);
    const tenure = run(lane, 'print', 2);
    await probe.next('settled');
    const logs = probe.all.filter((event) => event.kind === 'log');
    expect(logs).toEqual([
      { kind: 'log', execution: tenure.execution, stream: 'stdout', text: 'line 0\n' },
      { kind: 'log', execution: tenure.execution, stream: 'stdout', text: 'line 1\n' },
      { kind: 'log', execution: tenure.execution, stream: 'stderr', text: 'done\n' },
    ]);
    await lane.stop();
  });

  test('what effects print goes to the log of the execution that they belong to, across their awaits', async () => {
    const probe = new Probe();
    const lane = startLane(probe);
    const [one, other] = [run(lane, 'call', 'one'), run(lane, 'call', 'other')];
    await probe.next('settled');
    await probe.next('settled');
    const logged = ({ execution }: Tenure): string[] =>
      probe.all.flatMap((event) =>
        event.kind === 'log' && event.execution === execution ? [event.text] : [],
      );
    expect(logged(one)).toEqual(['shout one\n', 'echo one\n', 'called one\n']);
    expect(logged(other)).toEqual(['shout other\n', 'echo other\n', 'called other\n']);
    await lane.stop();
  });

  test('a large snapshot is shared on both ways, neither copied nor transferred, and what comes of it is not', async () => {
    const [probe, otherProbe] = [new Probe(), new Probe()];
    const [lane, other] = [startLane(probe), startLane(otherProbe)];
    const bytes = Uint8Array.from({ length: 300_000 }, (_, at) => at % 251);
    const tenure = run(lane, 'hold', bytes);
    await until(() => lane.counters().executions === 1 && lane.counters().ready === 0);
    lane.post({ kind: 'freeze', execution: tenure.execution, request: 1 });
    const { capture } = await probe.next('frozen');
    expect(capture.bytes.byteLength).toBeGreaterThan(bytes.byteLength);
    // A transfer would slow down each typed array of the lane from then on.
    expect(capture.bytes.buffer).toBeInstanceOf(SharedArrayBuffer);
    other.post({ kind: 'restore', tenure, snapshot: capture.bytes });
    expect(capture.bytes.byteLength).toBeGreaterThan(bytes.byteLength);
    other.post({ kind: 'run', tenure });
    const from = { execution: executionId('x-peer'), epoch: epoch(1), generation: generation(1) };
    const packet = {
      kind: 'message',
      from,
      to: tenure.execution,
      number: 1,
      body: encodeArgs(['go']),
      subject: 'user',
    } as const;
    other.post({ kind: 'deliver', execution: tenure.execution, packet });
    const { settlement } = await otherProbe.next('settled');
    const [held, kind] = decodeResult(settlement.value) as readonly [Uint8Array, string];
    expect(Buffer.compare(held, bytes)).toBe(0);
    expect(kind).toBe('[object ArrayBuffer]');
    await Promise.all([lane.stop(), other.stop()]);
  });
});
