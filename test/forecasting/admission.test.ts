import { expect, test } from 'vitest';
import { DearAdmission } from '../../src/forecasting/admission.ts';
import { backtest } from '../../src/forecasting/backtest.ts';
import type { Model } from '../../src/forecasting/contract.ts';
import { defaultOptions } from '../../src/forecasting/forecaster.ts';
import { naiveModels } from '../../src/forecasting/pool.ts';
import { day, diurnal } from './series.ts';

const options = { ...defaultOptions, pool: naiveModels, horizon: 12 };
const series = diurnal(400, 7);

/** Knows the series, and is off by so much. */
function knowing(name: string, off: number, fits: { count: number }): Model {
  return {
    name,
    price: 'dear',
    fit: ({ values }) => {
      fits.count += 1;
      let known = values.length;
      return {
        observe: () => void (known += 1),
        forecast: (horizon) =>
          Float64Array.from({ length: horizon }, (_, step) => (series.values[known + step] ?? 0) + off),
      };
    },
  };
}

test('a dear model joins where it earns it, and only there', () => {
  const fits = { count: 0 };
  const admission = new DearAdmission({ triedMax: 1, joinedMax: 1 });
  const pool = admission.poolFor(series, [knowing('good', 0.1, fits), knowing('bad', 30, fits)], options);
  expect(pool.map(({ name }) => name)).toEqual([...naiveModels.map(({ name }) => name), 'good']);
  expect(admission.counts).toEqual({ seen: 1, tried: 1, joined: 1 });
});

test('no more than the stated shares of series are tried, or keep a dear model', () => {
  const fits = { count: 0 };
  const good = [knowing('good', 0.1, fits)];
  const bad = [knowing('bad', 30, fits)];
  const some = new DearAdmission({ triedMax: 0.5, joinedMax: 0.25 });
  const few = new DearAdmission({ triedMax: 0.25, joinedMax: 0.25 });
  for (let count = 0; count < 20; count += 1) {
    some.poolFor(series, good, options);
    few.poolFor(series, bad, options);
  }
  expect(some.counts).toEqual({ seen: 20, tried: 5, joined: 5 });
  expect(few.counts).toEqual({ seen: 20, tried: 5, joined: 0 });
  expect(fits.count).toBe(10);
});

test('a short series is not tried', () => {
  const admission = new DearAdmission({ triedMax: 1, joinedMax: 1 });
  expect(admission.poolFor(diurnal(150, 1), [knowing('good', 0, { count: 0 })], options)).toBe(options.pool);
});

test('a backtest scores each model by what it could know, and only measured values', () => {
  const prepared = {
    series: diurnal(3 * day, 17),
    filled: new Uint8Array(3 * day),
    levelSince: 0,
    mended: { dropped: 0, duplicates: 0, resets: 0, filled: 0 },
  };
  const settings = { forecaster: options, knownShare: 0.7, originsMin: 50, horizons: [1, 12] };
  const whole = backtest(prepared, settings)!;
  const [near, far] = whole.scores;
  expect(near!.count).toBeGreaterThanOrEqual(50);
  expect(near!.models['persistence']).toBeGreaterThan(0.8);
  expect(near!.models['persistence']).toBeLessThan(1.2);
  expect(far!.models['persistence']).toBeGreaterThan(near!.models['persistence']!);
  expect(far!.combined).toBeLessThan(
    1.05 * Math.min(far!.models['persistence']!, far!.models['seasonal-naive']!),
  );
  // What was filled in is in nobody's score, however wrong.
  const filled = prepared.filled.slice();
  const values = prepared.series.values.slice();
  for (let index = 700; index < 740; index += 1) {
    filled[index] = 1;
    values[index] = 1e9;
  }
  const holed = backtest({ ...prepared, series: { ...prepared.series, values }, filled }, settings)!;
  expect(holed.scores[0]!.count).toBeLessThan(near!.count);
  expect(holed.scores[0]!.combined).toBeLessThan(2 * near!.combined);
});

test('nothing is said of a series that is constant or too short', () => {
  const settings = { forecaster: options, knownShare: 0.7, originsMin: 50, horizons: [12] };
  const prepared = (values: Float64Array): Parameters<typeof backtest>[0] => ({
    series: { startMs: 0, stepMs: 300_000, values },
    filled: new Uint8Array(values.length),
    levelSince: 0,
    mended: { dropped: 0, duplicates: 0, resets: 0, filled: 0 },
  });
  expect(backtest(prepared(new Float64Array(500)), settings)).toBeNull();
  expect(backtest(prepared(Float64Array.of(1, 2, 3, 4)), settings)).toBeNull();
});
