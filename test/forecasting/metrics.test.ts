import { expect, test } from 'vitest';
import { geometricMean, naiveScale, smape, winkler } from '../../src/forecasting/metrics.ts';
import { solve } from '../../src/forecasting/linear-algebra.ts';
import { normalQuantile, normalScores } from '../../src/forecasting/transform.ts';
import { unalignedStride } from '../../src/forecasting/period.ts';
import { chances } from './series.ts';

test('the naive scale is the mean step, or the mean step of a season', () => {
  expect(naiveScale(Float64Array.of(1, 3, 2))).toBe(1.5);
  expect(naiveScale(Float64Array.of(1, 3, 2, 7), 2)).toBe(2.5);
  expect(naiveScale(Float64Array.of(1))).toBeNaN();
});

test('sMAPE as M4 counts it', () => {
  expect(smape([100, 0], [50, 0])).toBeCloseTo((200 * 50) / 150 / 2, 12);
  expect(smape([1], [-1])).toBe(100 * 2);
});

test('the Winkler score is the width, and a penalty outside', () => {
  expect(winkler(5, 4, 6, 0.1)).toBe(2);
  expect(winkler(3, 4, 6, 0.1)).toBe(2 + 20);
  expect(winkler(8, 4, 6, 0.1)).toBe(2 + 40);
});

test('a geometric mean with a floor', () => {
  expect(geometricMean([1, 4], 0)).toBeCloseTo(2, 12);
  expect(geometricMean([0, 1], 0.01)).toBeCloseTo(0.1, 12);
});

test('Cholesky solves, and refuses what is not positive definite', () => {
  const right = Float64Array.of(8, 7);
  expect(solve(Float64Array.of(4, 0, 2, 3), right, 2)).toBe(true);
  expect(right[0]).toBeCloseTo(1.25, 12);
  expect(right[1]).toBeCloseTo(1.5, 12);
  expect(solve(Float64Array.of(1, 0, 2, 1), Float64Array.of(1, 1), 2)).toBe(false);
});

test('normal scores rise, return, and are bounded beyond what was seen', () => {
  expect(normalQuantile(0.975)).toBeCloseTo(1.959963985, 8);
  expect(normalQuantile(0.001)).toBeCloseTo(-3.090232306, 8);
  const chance = chances(9);
  const values = Float64Array.from({ length: 500 }, () => Math.exp(4 * chance()));
  const scores = normalScores(values)!;
  const sorted = values.toSorted();
  for (let index = 1; index < sorted.length; index += 1) {
    expect(scores.forward(sorted[index]!)).toBeGreaterThan(scores.forward(sorted[index - 1]!));
    expect(scores.back(scores.forward(sorted[index]!))).toBeCloseTo(sorted[index]!, 9);
  }
  expect(scores.back(100)).toBeLessThan(10 * sorted.at(-1)!);
  expect(normalScores(Float64Array.of(1, 1, 2, 2))).toBeNull();
});

test('origins meet every minute of the day in turn', () => {
  expect(unalignedStride(12.9, 300_000)).toBe(11);
  expect(unalignedStride(16, 300_000)).toBe(13);
  expect(unalignedStride(0.4, 300_000)).toBe(1);
  expect(unalignedStride(12, 7_000)).toBe(12);
});
