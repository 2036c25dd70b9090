import fc from 'fast-check';
import { expect, test } from 'vitest';
import { weightedMedian, weightsOf } from '../../src/forecasting/combination.ts';
import { ConformalErrors, LocalScatter } from '../../src/forecasting/intervals.ts';
import { between, ErrorLedger, scoredSteps } from '../../src/forecasting/ledger.ts';
import { chances, noise } from './series.ts';

test('weights fall with a power of the error, and those that hardly count are dropped', () => {
  const weights = weightsOf(Float64Array.of(1, 2, 4, Number.NaN), 5);
  expect(weights[0]! / weights[1]!).toBeCloseTo(32, 9);
  expect(Array.from(weights.slice(2))).toEqual([0, 0]);
});

test('whoever makes no error takes all', () => {
  expect([...weightsOf(Float64Array.of(0, 1e-9, 0), 4)]).toEqual([0.5, 0, 0.5]);
  expect([...weightsOf(Float64Array.of(Number.NaN, Number.NaN), 4)]).toEqual([0, 0]);
});

test('a weighted median lies within the values, and one voice in four does not move it far', () => {
  expect(weightedMedian(Float64Array.of(3, 1, 2), Float64Array.of(1, 1, 1))).toBe(2);
  expect(weightedMedian(Float64Array.of(1, 2), Float64Array.of(1, 1))).toBe(1.5);
  expect(weightedMedian(Float64Array.of(1, 9), Float64Array.of(0, 1))).toBe(9);
  expect(weightedMedian(Float64Array.of(1, 2, 3, 1e9), Float64Array.of(1, 1, 1, 1))).toBe(2.5);
  const votes = fc.array(fc.tuple(fc.double({ min: -1e6, max: 1e6, noNaN: true }), fc.double({ min: 0.01, max: 5, noNaN: true })), { minLength: 1, maxLength: 12 }); // prettier-ignore
  fc.assert(
    fc.property(votes, (pairs) => {
      const values = Float64Array.from(pairs, ([value]) => value);
      const median = weightedMedian(
        values,
        Float64Array.from(pairs, ([, weight]) => weight),
      );
      expect(median).toBeGreaterThanOrEqual(Math.min(...values) - 1e-6);
      expect(median).toBeLessThanOrEqual(Math.max(...values) + 1e-6);
    }),
    { seed: 5 },
  );
});

test('no scored step is a whole number of days', () => {
  expect(scoredSteps(48, 288)).toEqual([1, 2, 4, 8, 12, 24, 48]);
  expect(scoredSteps(48, 24)).toEqual([1, 2, 4, 8, 12, 21, 45]);
  expect(scoredSteps(1, null)).toEqual([1]);
});

test('between scored steps, shares follow the distance', () => {
  expect(between([1, 2, 4], 1)).toEqual({ place: 0, share: 0 });
  expect(between([1, 2, 4], 3)).toEqual({ place: 1, share: 0.5 });
  expect(between([1, 2, 4], 9)).toEqual({ place: 1, share: 1 });
  expect(between([1], 5)).toEqual({ place: 0, share: 0 });
});

test('newer errors count more', () => {
  const ledger = new ErrorLedger(1, 1);
  expect(ledger.mean(0, 0)).toBeNaN();
  for (let count = 0; count < 1000; count += 1) ledger.add(0, 0, 10);
  for (let count = 0; count < 1000; count += 1) ledger.add(0, 0, 1);
  expect(ledger.mean(0, 0)).toBeLessThan(1.1);
});

test('conformal quantiles hold their share of values of the same kind, and follow when the kind changes', () => {
  const chance = chances(5);
  const errors = new ConformalErrors([1]);
  const run = (count: number, size: number): number => {
    let held = 0;
    for (let index = 0; index < count; index += 1) {
      const error = size * noise(chance);
      const low = errors.quantile(0, 0.05);
      const inside = error >= low && error <= errors.quantile(0, 0.95);
      held += inside ? 1 : 0;
      errors.add(0, error, Number.isNaN(low) ? null : inside);
    }
    return held / count;
  };
  run(100, 1);
  expect(run(2000, 1)).toBeGreaterThan(0.88);
  // Three times as wide from now on: long before the kept errors are all of the new kind, most are held again.
  run(30, 3);
  expect(run(100, 3)).toBeGreaterThan(0.8);
});

test('scatter is above zero even for a constant series, and follows what happens', () => {
  const scatter = new LocalScatter();
  for (let count = 0; count < 100; count += 1) scatter.observe(5);
  const before = scatter.scatter;
  expect(before).toBeGreaterThan(0);
  for (let count = 0; count < 100; count += 1) scatter.observe(5 + (count % 2));
  expect(scatter.scatter).toBeGreaterThan(0.3);
  // And a long calm does not make it forget what is usual.
  for (let count = 0; count < 8000; count += 1) scatter.observe(5);
  expect(scatter.scatter).toBeGreaterThan(0.001);
});
