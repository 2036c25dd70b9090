import { expect, test } from 'vitest';
import { laneIndex } from '../../src/core/ids.ts';
import type { ExecutionTrace } from '../../src/core/inspection.ts';
import { LaneTracing } from '../../src/lanes/lane-tracing.ts';

const quiet = { busyMs: 0, demandMs: 0, ready: 0, executions: 0, turns: 0, heapBytes: 5 };
const eventLoopDelay = { p50Ms: 1, p99Ms: 2, maxMs: 3 };

function tracing(cpuMs: () => number | null): LaneTracing {
  return new LaneTracing(
    laneIndex(3),
    { heapBytes: () => 5, cpuMs, eventLoopDelay: () => eventLoopDelay },
    1_000,
  );
}

test('a lane says how busy it was, and how much of a core it was given', () => {
  let givenMs: number | null = 40;
  const lane = tracing(() => givenMs);
  expect(lane.isDue).toBe(false);
  lane.periodPassed();
  expect(lane.isDue).toBe(true);
  givenMs = 440;
  const first = lane.trace([], { ...quiet, busyMs: 800, ready: 2, executions: 9 }, 2_000);
  expect(first).toMatchObject({
    busyMs: 800,
    periodMs: 1_000,
    sample: { lane: 3, busyRatio: 0.8, cpuCores: 0.4, ready: 2, executions: 9, heapBytes: 5, eventLoopDelay },
  });
  expect(lane.isDue).toBe(false);
  givenMs = null;
  const second = lane.trace([], { ...quiet, busyMs: 900 }, 4_000);
  expect(second).toMatchObject({ busyMs: 100, sample: { busyRatio: 0.05, cpuCores: null } });
});

test('the more executions a trace told of, the longer the next one waits, up to five periods', () => {
  const periodsUntilNext = (active: number): number => {
    const lane = tracing(() => null);
    lane.trace(
      Array.from({ length: active }, () => ({}) as ExecutionTrace),
      quiet,
      2_000,
    );
    let periods = 0;
    while (!lane.isDue) {
      lane.periodPassed();
      periods += 1;
    }
    return periods;
  };
  expect([0, 249, 250, 1_000, 2_000, 50_000].map(periodsUntilNext)).toEqual([1, 1, 2, 5, 5, 5]);
});
