import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Forecast, ForecasterOptions, Model, Series } from '../../src/forecasting/contract.ts';
import { createForecaster, defaultOptions, forecast } from '../../src/forecasting/forecaster.ts';
import { ownModels } from '../../src/forecasting/pool.ts';
import { chances, day, diurnal, noise, seriesOf } from './series.ts';

const levels = [0.05, 0.25, 0.5, 0.75, 0.95];
const options: ForecasterOptions = { ...defaultOptions, horizon: 12, levels };

function expectSound({ point, quantiles, weights }: Forecast, horizon: number): void {
  expect(point.length).toBe(horizon);
  for (let step = 0; step < horizon; step += 1) {
    expect(Number.isFinite(point[step])).toBe(true);
    let before = -Infinity;
    for (const { values } of quantiles) {
      expect(values[step]).toBeGreaterThanOrEqual(before);
      before = values[step]!;
    }
    expect(Number.isFinite(before)).toBe(true);
  }
  expect(Object.values(weights).reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 9);
}

/** Mean absolute error of the forecaster and of one model, over origins in the rest. */
function errors(series: Series, known: number, horizon: number, model: Model): { ours: number; its: number } {
  const forecaster = createForecaster({ ...series, values: series.values.slice(0, known) }, options);
  const fitted = model.fit({ ...series, values: series.values.slice(0, known) })!;
  let ours = 0;
  let its = 0;
  for (let origin = known; origin + horizon <= series.values.length; origin += 1) {
    if (origin % 7 === 0) {
      const actual = series.values[origin + horizon - 1]!;
      ours += Math.abs(actual - forecaster.forecast(horizon).point[horizon - 1]!);
      its += Math.abs(actual - fitted.forecast(horizon)[horizon - 1]!);
    }
    forecaster.observe(series.values[origin]!);
    fitted.observe(series.values[origin]!);
  }
  return { ours, its };
}

test('from a single value it says that value, and how far it may go', () => {
  const made = forecast(seriesOf(1, () => 4), 5, options); // prettier-ignore
  expectSound(made, 5);
  expect([...made.point]).toEqual([4, 4, 4, 4, 4]);
  expect(made.fromMs).toBe(300_000);
  expect(made.reason).toContain('Too few values (1)');
});

test.each([2, 3, 5, 10, 23, 24, 40, 100, 287, 300, 600])(
  '%i values are enough for a sound forecast',
  (length) => {
    for (const horizon of [1, 12, 60])
      expectSound(forecast(diurnal(length, length), horizon, options), horizon);
  },
);

test('intervals of a few values are modest: around the point, and no farther than all values have gone', () => {
  const chance = chances(17);
  const kinds = [() => 10 * chance(), () => (chance() < 0.7 ? 5 : 50 * chance()), () => 100 * chance() ** 8];
  for (let run = 0; run < 36; run += 1) {
    const values = Array.from({ length: 2 + (run % 10) }, kinds[run % 3]!);
    const spread = Math.max(...values) - Math.min(...values);
    const known = run % 2 === 0 ? values : values.slice(0, 1);
    const forecaster = createForecaster(seriesOf(known.length, (index) => known[index]!), options); // prettier-ignore
    for (const value of values.slice(known.length)) forecaster.observe(value);
    const { point, quantiles } = forecaster.forecast(12);
    for (let step = 0; step < 12; step += 1) {
      expect(quantiles[2]!.values[step]).toBeCloseTo(point[step]!, 9);
      expect(quantiles[4]!.values[step]! - point[step]!).toBeLessThanOrEqual(spread * 1.000001);
      expect(point[step]! - quantiles[0]!.values[step]!).toBeLessThanOrEqual(spread * 1.000001);
      if (spread > 0) expect(quantiles[4]!.values[step]).toBeGreaterThan(quantiles[0]!.values[step]!);
    }
  }
});

test('a first change after a long calm does not blow intervals up', () => {
  const far = { ...options, levels: [0.005, 0.995] };
  const forecaster = createForecaster(seriesOf(300, () => 5), far); // prettier-ignore
  for (let count = 0; count < 40; count += 1) forecaster.observe(count % 2 === 0 ? 6 : 5);
  const { quantiles } = forecaster.forecast(12);
  expect(quantiles[1]!.values[11]).toBeLessThan(9);
  expect(quantiles[1]!.values[11]).toBeGreaterThan(5.5);
});

test('a constant series is forecast as it is, without width', () => {
  const made = forecast(seriesOf(700, () => 5), 48, options); // prettier-ignore
  expectSound(made, 48);
  for (const value of made.point) expect(value).toBeCloseTo(5, 9);
  expect(made.quantiles.at(-1)!.values[47]! - made.quantiles[0]!.values[47]!).toBeLessThan(1e-6);
});

test('a day that repeats exactly is repeated exactly', () => {
  const made = forecast(seriesOf(4 * day, (index) => ((index % day) * 37) % 101), 48, options); // prettier-ignore
  for (const [step, value] of made.point.entries()) expect(value).toBeCloseTo((step * 37) % 101, 6);
});

test('on noisy days it is better than either naive model', () => {
  const series = diurnal(5 * day, 31);
  for (const naive of ownModels.slice(0, 2)) {
    // One step ahead no forecast can have less than 0.95 of persistence's error on this series.
    for (const [horizon, share] of [
      [1, 0.99],
      [12, 0.9],
    ] as const) {
      const { ours, its } = errors(series, 4 * day, horizon, naive);
      expect(ours, `${naive.name} at ${horizon}`).toBeLessThan(share * its);
    }
  }
});

test('on a random walk, where nothing beats persistence, it is hardly worse', () => {
  const chance = chances(41);
  let level = 100;
  const series = seriesOf(900, () => (level += noise(chance)));
  const { ours, its } = errors(series, 600, 12, ownModels[0]!);
  expect(ours).toBeLessThan(1.1 * its);
});

test('after a shift of level it follows within hours', () => {
  const chance = chances(51);
  const series = seriesOf(1500, (index) => (index < 1400 ? 20 : 70) + noise(chance));
  const { point } = forecast(series, 12, options);
  for (const value of point) expect(Math.abs(value - 70)).toBeLessThan(3);
});

test('90 % intervals hold about 90 % of the values', () => {
  const series = diurnal(7 * day, 61);
  const forecaster = createForecaster({ ...series, values: series.values.slice(0, 4 * day) }, options);
  const held = [0, 0];
  let count = 0;
  for (let origin = 4 * day; origin + 12 <= series.values.length; origin += 1) {
    if (origin % 5 === 0) {
      const { quantiles } = forecaster.forecast(12);
      count += 1;
      for (const [place, step] of [1, 12].entries()) {
        const actual = series.values[origin + step - 1]!;
        if (actual >= quantiles[0]!.values[step - 1]! && actual <= quantiles[4]!.values[step - 1]!)
          held[place]! += 1;
      }
    }
    forecaster.observe(series.values[origin]!);
  }
  for (const hits of held) {
    expect(hits / count).toBeGreaterThan(0.82);
    expect(hits / count).toBeLessThan(0.97);
  }
});

test('nothing leaves the physical range', () => {
  const chance = chances(71);
  const series = seriesOf(600, () => Math.max(0, 5 * noise(chance)));
  const made = forecast(series, 48, { ...options, range: { min: 0, max: 6 } });
  expectSound(made, 48);
  for (const { values } of made.quantiles) {
    expect(Math.min(...values)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...values)).toBeLessThanOrEqual(6);
  }
  // Models that go on rising would leave it.
  const rising = forecast(seriesOf(600, (index) => index), 48, { ...options, range: { min: 0, max: 600 } }); // prettier-ignore
  expect(Math.max(...rising.point)).toBeLessThanOrEqual(600);
});

test('garbage among the values changes a forecast no more than its absence', () => {
  const series = diurnal(4 * day, 81);
  const clean = createForecaster(series, options);
  const dirty = createForecaster(series, options);
  const gaps = createForecaster(series, options);
  const after = diurnal(4 * day + 100, 81).values.slice(4 * day);
  for (const [index, value] of after.entries()) {
    const lost = index % 9 === 4;
    clean.observe(value);
    dirty.observe(lost ? [Number.NaN, Infinity, -Infinity][index % 3]! : value);
    gaps.observe(lost ? Number.NaN : value);
  }
  expect(dirty.forecast(12)).toEqual(gaps.forecast(12));
  const [one, other] = [clean.forecast(12).point, dirty.forecast(12).point];
  for (let step = 0; step < 12; step += 1) expect(Math.abs(one[step]! - other[step]!)).toBeLessThan(3);
});

test('a model that says nonsense has no say', () => {
  const liar = (name: string, value: number): Model => ({
    name,
    price: 'cheap',
    fit: () => ({ observe: () => undefined, forecast: (horizon) => new Float64Array(horizon).fill(value) }),
  });
  const series = diurnal(3 * day, 91);
  const sober = forecast(series, 12, options);
  const pool = [...ownModels, liar('nan', Number.NaN), liar('huge', 1e300), liar('infinite', Infinity)];
  const among = forecast(series, 12, { ...options, pool });
  expect([...among.point]).toEqual([...sober.point]);
  expect(Object.keys(among.weights)).toEqual(Object.keys(sober.weights));
});

test('a better model takes over: it is chosen by what it said before', () => {
  const series = diurnal(4 * day, 101);
  const oracle: Model = {
    name: 'oracle',
    price: 'cheap',
    fit: ({ values }) => {
      let known = values.length;
      return {
        observe: () => void (known += 1),
        forecast: (horizon) =>
          Float64Array.from({ length: horizon }, (_, step) => truth.values[known + step] ?? 0),
      };
    },
  };
  const truth = diurnal(5 * day, 101);
  const made = forecast(series, 12, { ...options, pool: [...ownModels, oracle] });
  expect(made.model).toBe('oracle');
  expect([...made.point]).toEqual(Array.from(truth.values.slice(4 * day, 4 * day + 12)));
});

test('the gate: when the combination loses to a naive model on held-back values, the naive one is used', () => {
  // Every rival follows the last value with an error of its own sign: their median is always off.
  const off: Model = {
    name: 'off',
    price: 'cheap',
    fit: ({ values }) => {
      let last = values.at(-1)!;
      return {
        observe: (value) => void (last = value),
        forecast: (horizon) => new Float64Array(horizon).fill(last + 0.9),
      };
    },
  };
  const copies = Array.from({ length: 9 }, (_, index): Model => ({ ...off, name: `off-${index}` }));
  const chance = chances(111);
  let level = 0;
  const series = seriesOf(800, () => (level += noise(chance)));
  const made = forecast(series, 1, { ...options, pool: copies });
  expect(made.model).toBe('persistence');
  expect(made.point[0]).toBe(series.values.at(-1));
  expect(made.reason).toContain('which is used instead');
});

test('what it said does not change with what comes later, and the same calls give the same answers', () => {
  const run = (): Forecast[] => {
    const series = diurnal(500, 121);
    const forecaster = createForecaster({ ...series, values: series.values.slice(0, 420) }, options);
    return Array.from(series.values.slice(420)).map((value) => {
      const made = forecaster.forecast(12);
      forecaster.observe(value);
      return made;
    });
  };
  expect(run()).toEqual(run());
});

test('the older part is forgotten: no more than the newest values are kept', () => {
  const series = diurnal(900, 131);
  const short = { ...options, historyMax: 400, refitEvery: 50 };
  const forecaster = createForecaster(series, short);
  for (const value of diurnal(400, 132).values) forecaster.observe(value);
  const made = forecaster.forecast(12);
  expectSound(made, 12);
  expect(made.fromMs).toBe(1300 * 300_000);
});

test('standings name each model at each scored step, and the weights of a step sum to 1', () => {
  const rows = createForecaster(diurnal(3 * day, 141), options).standings();
  const steps = [...new Set(rows.map(({ horizon }) => horizon))];
  expect(steps).toEqual([1, 2, 4, 8, 12]);
  for (const horizon of steps) {
    const own = rows.filter((row) => row.horizon === horizon);
    expect(own.map(({ model }) => model)).toEqual([...ownModels.map(({ name }) => name), 'combination']);
    expect(own.reduce((sum, { weight }) => sum + weight, 0)).toBeCloseTo(1, 9);
  }
});

test('any values give a sound forecast', () => {
  const value = fc.oneof(
    fc.double({ min: -1e6, max: 1e6, noNaN: true }),
    fc.constantFrom(0, 0, 1, Number.NaN, Infinity, 1e15, -1e15, 1e-300),
  );
  fc.assert(
    fc.property(
      fc.array(value, { minLength: 1, maxLength: 120 }),
      fc.array(value, { maxLength: 20 }),
      (known, later) => {
        const forecaster = createForecaster(seriesOf(known.length, (index) => known[index]!), options); // prettier-ignore
        for (const one of later) forecaster.observe(one);
        expectSound(forecaster.forecast(14), 14);
      },
    ),
    { seed: 3, numRuns: 30 },
  );
});
