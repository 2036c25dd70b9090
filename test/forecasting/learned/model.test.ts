import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { FittedModel, Series } from '../../../src/forecasting/contract.ts';
import { emptyForest } from '../../../src/forecasting/learned/forest.ts';
import { learnedModel } from '../../../src/forecasting/learned/model.ts';
import { shippedLearnedModel } from '../../../src/models/learned.ts';
import { dayLength, days, noise, seriesOf } from './traces.ts';

const model = shippedLearnedModel();

function fitted(history: Series): FittedModel {
  const fit = model.fit(history);
  if (fit === null) throw new Error(`${history.values.length} values were not enough.`);
  return fit;
}

const cut = (series: Series, to: number): Series => ({ ...series, values: series.values.slice(0, to) });

/** Mean absolute error over the next 48 steps, from origins in the rest of a series. */
function errorOf(series: Series, from: number, forecast: (origin: number) => ArrayLike<number>): number {
  let sum = 0;
  let count = 0;
  for (let origin = from; origin + 48 <= series.values.length; origin += 31) {
    const said = forecast(origin);
    for (let step = 0; step < 48; step += 1) {
      sum += Math.abs((said[step] ?? 0) - (series.values[origin + step] ?? 0));
      count += 1;
    }
  }
  return sum / count;
}

test('with a rhythm of days, it is better than the last value, than the day before, and than the blend that it corrects', () => {
  const series = days(1, 8 * dayLength);
  const from = 6 * dayLength;
  const { values } = series;
  const learned = errorOf(series, from, (origin) => fitted(cut(series, origin)).forecast(48));
  const last = errorOf(series, from, (origin) => new Float64Array(48).fill(values[origin - 1] ?? 0));
  const dayAgo = errorOf(series, from, (origin) => values.subarray(origin - dayLength));
  const bare = learnedModel({ ...model.weights, trained: emptyForest, added: emptyForest });
  const blend = errorOf(series, from, (origin) => bare.fit(cut(series, origin))?.forecast(48) ?? []);
  expect(learned).toBeLessThan(0.5 * last);
  expect(learned).toBeLessThan(0.8 * dayAgo);
  expect(learned).toBeLessThan(blend);
});

test('of noise it says the level', () => {
  const forecast = fitted(noise(2, 3 * dayLength)).forecast(48);
  for (const value of forecast) expect(Math.abs(value - 50)).toBeLessThan(0.5);
});

test.each([0, 7.25, -3, 1e12])('what has always been %d stays so', (level) => {
  const fit = fitted(seriesOf(new Float64Array(500).fill(level)));
  expect(new Set(fit.forecast(100))).toEqual(new Set([level]));
});

test('values that come one by one are worth as much as a fit to all of them', () => {
  const series = days(3, 5 * dayLength);
  const whole = fitted(series);
  const bit = fitted(cut(series, 900));
  for (const value of series.values.subarray(900)) bit.observe(value);
  expect(bit.forecast(60)).toEqual(whole.forecast(60));
});

test('the unit and the zero of a series make no difference', () => {
  const series = days(4, 4 * dayLength);
  const forecast = fitted(series).forecast(48);
  const other = fitted(seriesOf(series.values.map((value) => 1_024 * value + 4_096))).forecast(48);
  for (const [step, value] of forecast.entries()) {
    expect(Math.abs((other[step] ?? 0) - (1_024 * value + 4_096)) / 1_024).toBeLessThan(0.05);
  }
});

test('a longer forecast begins like a shorter one, and goes on past what was learned', () => {
  const fit = fitted(days(5, 5 * dayLength));
  const long = fit.forecast(3 * dayLength);
  expect(long.subarray(0, 48)).toEqual(fit.forecast(48));
  // The rhythm goes on: far steps differ as the hours of the day do.
  const top = Math.max(...long.subarray(dayLength));
  const bottom = Math.min(...long.subarray(dayLength));
  expect(top - bottom).toBeGreaterThan(40);
  expect(top - bottom).toBeLessThan(80);
});

test('fewer than four values are too few', () => {
  expect(model.fit(seriesOf([1, 2, 3]))).toBeNull();
  expect(model.fit(seriesOf([1, 2, 3, 4]))?.forecast(2)).toHaveLength(2);
});

test('whatever the series, forecasts are finite, and not negative where it never was', () => {
  const value = fc.oneof(
    fc.double({ min: 0, max: 1e9, noNaN: true }),
    fc.constantFrom(0, 0, 1, 5e-324, 1e-9, 1e15, 1e300),
  );
  const stepMs = fc.constantFrom(1_000, 60_000, fiveMinutes, 3_600_000, 86_400_000);
  fc.assert(
    fc.property(fc.array(value, { minLength: 4, maxLength: 400 }), stepMs, (values, step) => {
      const forecast = fitted(seriesOf(values, step)).forecast(60);
      for (const said of forecast) {
        expect(Number.isFinite(said)).toBe(true);
        expect(said).toBeGreaterThanOrEqual(0);
      }
    }),
    { numRuns: 150 },
  );
});

const fiveMinutes = 300_000;

test('a value that is none, observed, counts as the one before it', () => {
  const series = days(6, 3 * dayLength);
  const told = fitted(series);
  const untold = fitted(series);
  told.observe(series.values.at(-1) ?? 0);
  untold.observe(NaN);
  expect(untold.forecast(10)).toEqual(told.forecast(10));
});

test('of a long series, only what is remembered counts', () => {
  const series = days(7, 16 * dayLength);
  const recent: Series = {
    startMs: (series.values.length - 2_816) * fiveMinutes,
    stepMs: fiveMinutes,
    values: series.values.slice(-2_816),
  };
  expect(fitted(series).forecast(48)).toEqual(fitted(recent).forecast(48));
});

test('weights for other features are a bug of the caller', () => {
  expect(() => learnedModel({ ...model.weights, layout: '0:other' })).toThrow(
    'The weights are for features 0:other',
  );
});
