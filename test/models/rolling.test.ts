import { expect, test } from 'vitest';
import { ArmaFilter } from '../../src/models/arma-filter.ts';
import { fitHarmonics } from '../../src/models/harmonics.ts';
import { chooseCorrection, noCorrection, RollingPath } from '../../src/models/rolling-path.ts';
import { noise, seasonalWalk } from './series.ts';

test('a filter follows an ARMA process that it has the coefficients of: what is left is the noise', () => {
  const next = noise(4);
  const errors = Float64Array.from({ length: 2000 }, next);
  const values = new Float64Array(2000);
  errors.forEach((error, step) => {
    values[step] = 10 + 0.6 * ((values[step - 1] ?? 10) - 10) + error + 0.3 * (errors[step - 1] ?? 0);
  });
  const filter = new ArmaFilter({ differences: 0, mean: 10, ar: [0.6], ma: [0.3] }, values.subarray(0, 1000));
  for (let step = 1000; step < 2000; step += 1) {
    const [oneAhead = Number.NaN] = filter.forecast(1);
    expect((values[step] ?? 0) - oneAhead).toBeCloseTo(errors[step] ?? 0, 6);
    filter.observe(values[step] ?? 0);
  }
});

test('a filter of differences that were one too many finds back to the mean, from wherever it starts', () => {
  const next = noise(8);
  const values = Float64Array.from({ length: 600 }, (_, step) => (step === 0 ? 9 : 1 + 0.1 * next()));
  const [ahead = Number.NaN] = new ArmaFilter({ differences: 1, mean: 0, ar: [], ma: [-1] }, values).forecast(
    1,
  );
  expect(Math.abs(ahead - 1)).toBeLessThan(0.05);
});

test('a filter continues a parabola of which it sees the second differences', () => {
  const parabola = Float64Array.from({ length: 30 }, (_, step) => 3 * step * step - step + 7);
  const filter = new ArmaFilter({ differences: 2, mean: 6, ar: [], ma: [] }, parabola.subarray(0, 20));
  expect([...filter.forecast(10)]).toEqual([...parabola.subarray(20)]);
});

test('harmonics are taken for a season, continue it, and are left alone for a walk', () => {
  const walk = seasonalWalk(2000, 5);
  const harmonics = fitHarmonics(walk, [288]);
  for (let step = 2000; step < 2288; step += 1) {
    expect(Math.abs((harmonics?.(step) ?? 0) - 10 * Math.sin((2 * Math.PI * step) / 288))).toBeLessThan(1.5);
  }
  const next = noise(6);
  let level = 0;
  const wandering = Float64Array.from({ length: 2000 }, () => (level += next()));
  expect(fitHarmonics(wandering, [288])).toBeNull();
  expect(fitHarmonics(wandering, [])).toBeNull();
});

test('a correction is learnt: all of a level that stays, nothing of plain noise', () => {
  const next = noise(7);
  let level = 0;
  const wandering = Float64Array.from({ length: 400 }, () => (level += next()));
  expect(chooseCorrection(wandering)).toMatchObject({ gain: 1, decay: 1, level });
  expect(chooseCorrection(Float64Array.from({ length: 400 }, next)).gain).toBeLessThan(0.1);
  expect(chooseCorrection(new Float64Array())).toEqual(noCorrection);
  // Nothing has moved yet: what follows a move is safer.
  expect(chooseCorrection(new Float64Array(100)).gain).toBe(1);
});

test('a path moves with its origin, is bent by its errors, and repeats its last season', () => {
  const path = new RollingPath(Float64Array.of(1, 2, 3, 4, 5), 2, { gain: 1, decay: 0.5, level: 0 });
  expect([...path.forecast(8)]).toEqual([1, 2, 3, 4, 5, 4, 5, 4]);
  path.observe(5);
  expect([...path.forecast(3)]).toEqual([2 + 2, 3 + 1, 4 + 0.5]);
  for (const value of [2, 3, 4, 5, 4]) path.observe(value);
  expect([...path.forecast(3)]).toEqual([5, 4, 5]);
});
