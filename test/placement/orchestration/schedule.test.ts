import { expect, test } from 'vitest';
import {
  breachAtMs,
  learnDuration,
  noDurations,
  predictDurationMs,
  revise,
  schedule,
} from '../../../src/placement/orchestration/schedule.ts';

test('a breach is at the start of the first step above the limit', () => {
  const forecast = { fromMs: 1_000, stepMs: 60_000, utilization: [0.5, 0.8, 0.81, 0.9] };
  expect(breachAtMs(forecast, 0.8)).toBe(121_000);
  expect(breachAtMs(forecast, 0.95)).toBeNull();
  expect(breachAtMs({ ...forecast, utilization: [Number.NaN, -1, Infinity, 0.9] }, 0.8)).toBe(181_000);
});

test('a move starts at breach − duration − margin, and ends a margin before the breach', () => {
  expect(schedule(0, 100_000, [4_000], 5_000)).toEqual([{ startAtMs: 91_000, endsByMs: 95_000, lateMs: 0 }]);
});

test('several moves follow one another, and the last ends in time', () => {
  const moves = schedule(0, 100_000, [4_000, 10_000, 1_000], 5_000);
  expect(moves.map(({ startAtMs }) => startAtMs)).toEqual([80_000, 84_000, 94_000]);
  expect(moves.at(-1)?.endsByMs).toBe(95_000);
});

test('a move that is late starts at once, says by how much, and delays only those after it', () => {
  const moves = schedule(94_000, 100_000, [4_000, 1_000], 5_000);
  expect(moves).toEqual([
    { startAtMs: 94_000, endsByMs: 98_000, lateMs: 4_000 },
    { startAtMs: 98_000, endsByMs: 99_000, lateMs: 4_000 },
  ]);
});

test('the newest forecast decides whether a scheduled move starts, waits or is dropped', () => {
  const [move] = schedule(0, 100_000, [4_000], 5_000);
  if (move === undefined) throw new Error('One duration makes one move.');
  expect(revise(move, 50_000, null, 5_000)).toEqual({ kind: 'drop' });
  expect(revise(move, 50_000, 58_000, 5_000)).toEqual({ kind: 'start' });
  expect(revise(move, 91_000, 100_000, 5_000)).toEqual({ kind: 'start' });
  expect(revise(move, 50_000, 200_000, 5_000)).toMatchObject({ kind: 'wait', move: { startAtMs: 191_000 } });
});

test('durations are cautious guesses until moves were measured, and quantiles of them afterwards', () => {
  expect(predictDurationMs(noDurations, 100e6, 0.95)).toBe(1_250);
  let known = noDurations;
  for (let k = 1; k <= 20; k += 1) known = learnDuration(known, { bytes: 1_000, durationMs: k });
  for (let k = 1; k <= 20; k += 1)
    known = learnDuration(known, { bytes: 1e9, durationMs: 10 + 1_000 + 10 * k });
  expect(predictDurationMs(known, 0, 0.5)).toBe(11);
  expect(predictDurationMs(known, 0, 0.95)).toBe(20);
  expect(predictDurationMs(known, 2e9, 0.5)).toBeCloseTo(11 + 2 * 1_109, 0);
});

test('a duration or a size that cannot be true teaches nothing', () => {
  for (const durationMs of [Number.NaN, -5, Infinity]) {
    expect(learnDuration(noDurations, { bytes: 10, durationMs })).toEqual(noDurations);
    expect(learnDuration(noDurations, { bytes: durationMs, durationMs: 10 })).toEqual(noDurations);
  }
});

test('memory of durations is bounded', () => {
  let known = noDurations;
  for (let k = 0; k < 500; k += 1) known = learnDuration(known, { bytes: 1, durationMs: k });
  expect(known.moves).toHaveLength(64);
  expect(known.moves.at(-1)?.durationMs).toBe(499);
});
