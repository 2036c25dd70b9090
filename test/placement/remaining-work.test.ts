import fc from 'fast-check';
import { expect, test } from 'vitest';
import { estimateExecution, estimateMethod } from '../../src/placement/execution-estimate.ts';
import type { MethodHistory } from '../../src/placement/method-history.ts';
import {
  merged,
  noHistory,
  outlasting,
  recordEnd,
  remainingQuantile,
} from '../../src/placement/method-history.ts';
import { remainingWork } from '../../src/placement/remaining-work.ts';

function historyOf(times: readonly number[]): MethodHistory {
  return times.reduce((history, cpuMs) => recordEnd(history, { cpuMs, snapshotBytes: 1_000 }), noHistory);
}

const times = fc.array(fc.double({ min: 2, max: 1e7, noNaN: true }), { minLength: 20, maxLength: 80 });

test('quantiles of what is left are right within the width of a bin', () => {
  fc.assert(
    fc.property(times, fc.double({ min: 0, max: 0.7, noNaN: true }), (ended, share) => {
      const sorted = ended.toSorted((a, b) => a - b);
      const used = sorted[Math.floor(share * sorted.length)] as number;
      const lasting = sorted.filter((cpuMs) => cpuMs > used);
      fc.pre(lasting.length >= 8);
      const median = remainingQuantile(historyOf(ended), used, 0.5);
      const [low, high] = [0.3, 0.7].map((level) => lasting[Math.floor(level * lasting.length)] as number);
      expect(median).not.toBeNull();
      expect(used + (median as number)).toBeGreaterThan((low as number) / 1.1);
      expect(used + (median as number)).toBeLessThan((high as number) * 1.1);
    }),
    { numRuns: 200, seed: 417 },
  );
});

test('within a bin, what is left is spread evenly over what of it is left', () => {
  // Eight bins an octave: 100 ms lies in the bin that ends at 2^(54/8) ms.
  const history = historyOf(Array.from({ length: 20 }, () => 100));
  const endMs = 2 ** (54 / 8);
  for (const level of [0.1, 0.5, 0.9])
    expect(remainingQuantile(history, 104, level)).toBeCloseTo(level * (endMs - 104));
});

test('histories of two hosts add up to the history of both', () => {
  fc.assert(
    fc.property(times, times, (here, there) => {
      const sum = merged(historyOf(here), historyOf(there));
      const both = historyOf([...here, ...there]);
      expect(sum.bins).toEqual(both.bins);
      expect(sum.ended).toBe(both.ended);
      expect(sum.meanCpuMs / both.meanCpuMs).toBeCloseTo(1);
    }),
    { numRuns: 50, seed: 417 },
  );
});

test('a history is bounded, follows a method that changes, and ignores what is no amount', () => {
  let history = historyOf(Array.from({ length: 5_000 }, () => 100));
  expect(history.ended).toBeLessThanOrEqual(4_096);
  for (let count = 0; count < 12_000; count += 1)
    history = recordEnd(history, { cpuMs: 10_000, snapshotBytes: 0 });
  expect(outlasting(history, 1_000) / outlasting(history, 0)).toBeGreaterThan(0.75);
  expect(recordEnd(history, { cpuMs: 1e300, snapshotBytes: 0 }).bins.length).toBeLessThanOrEqual(256);
  for (const cpuMs of [NaN, -1, Infinity])
    expect(recordEnd(history, { cpuMs, snapshotBytes: 0 })).toBe(history);
});

test('loop progress tells what is left, more surely the more turns were seen', () => {
  const early = remainingWork(1_100, { done: 10, total: 100, sinceCpuMs: 100 }, noHistory);
  expect(early).toMatchObject({ medianMs: 9_000, source: 'progress' });
  const late = remainingWork(9_100, { done: 90, total: 100, sinceCpuMs: 100 }, noHistory);
  expect(late.medianMs).toBeCloseTo(1_000);
  expect(late.highMs / late.lowMs).toBeLessThan(early.highMs / early.lowMs);
});

test('history tells what predecessors of this age still needed', () => {
  const history = historyOf([
    ...Array.from({ length: 50 }, () => 100),
    ...Array.from({ length: 50 }, () => 10_000),
  ]);
  const young = remainingWork(10, null, history);
  const old = remainingWork(1_000, null, history);
  expect(young.source).toBe('history');
  expect(young.lowMs).toBeLessThan(120);
  expect(Math.abs(old.medianMs - 9_000)).toBeLessThan(1_000);
});

test('progress and history together lie between the two, and are surer than either', () => {
  const history = historyOf(Array.from({ length: 50 }, (_, index) => 2_000 + 100 * index));
  const progress = { done: 10, total: 100, sinceCpuMs: 0 };
  const both = remainingWork(1_000, progress, history);
  const [byProgress, byHistory] = [
    remainingWork(1_000, progress, noHistory),
    remainingWork(1_000, null, history),
  ];
  expect(both.source).toBe('progressAndHistory');
  expect(both.medianMs).toBeGreaterThan(Math.min(byProgress.medianMs, byHistory.medianMs));
  expect(both.medianMs).toBeLessThan(Math.max(byProgress.medianMs, byHistory.medianMs));
  const width = (estimate: typeof both) => estimate.highMs / estimate.lowMs;
  expect(width(both)).toBeLessThan(Math.min(width(byProgress), width(byHistory)));
});

test('of an execution about which nothing is known, as much is left as it has used', () => {
  expect(remainingWork(9_000, null, noHistory)).toEqual({
    lowMs: 1_000,
    medianMs: 9_000,
    highMs: 81_000,
    source: 'age',
  });
  expect(remainingWork(0, null, noHistory).medianMs).toBe(100);
  expect(remainingWork(NaN, null, noHistory).medianMs).toBe(100);
  // One that outlasts all of its predecessors is one about which nothing is known.
  expect(remainingWork(9_000, null, historyOf([1, 2, 3, 4, 5, 6])).source).toBe('age');
});

test.each([
  { done: 0, total: 10, sinceCpuMs: 0 },
  { done: 11, total: 10, sinceCpuMs: 0 },
  { done: NaN, total: 10, sinceCpuMs: 0 },
  { done: 5, total: Infinity, sinceCpuMs: 0 },
  { done: 5, total: 10, sinceCpuMs: 9_999 },
])('progress that cannot be, %o, is passed over', (progress) => {
  expect(remainingWork(1_000, progress, noHistory).source).toBe('age');
});

test('cycles are CPU time at the clock of the host, and a method lends its footprint to who has none', () => {
  const history = historyOf(Array.from({ length: 20 }, () => 1_000));
  const estimate = estimateExecution({ cpuMs: 500, snapshotBytes: 0 }, null, history, 2e9);
  expect(estimate).toMatchObject({ cyclesUsed: 1e9, footprintBytes: 1_000 });
  expect(estimate.remainingCycles).toBeCloseTo(estimate.remaining.medianMs * 2e6);
  expect(estimate.executionCost).toBeGreaterThan(0);
  const method = estimateMethod(history, 2e9);
  expect(method.ended).toBe(20);
  expect(Math.abs((method.medianCpuMs as number) / 1_000 - 1)).toBeLessThan(0.1);
  expect(estimateMethod(noHistory, 2e9)).toMatchObject({ medianCpuMs: null, medianCycles: null });
});
