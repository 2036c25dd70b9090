import { expect, test } from 'vitest';
import type { Model, Series } from '../../src/forecasting/contract.ts';
import { persistence, seasonalNaive } from '../../src/forecasting/naive.ts';
import { ownModels } from '../../src/forecasting/pool.ts';
import { chances, day, diurnal, fiveMinutesMs, noise, seriesOf } from './series.ts';

function named(name: string): Model {
  return ownModels.find((model) => model.name === name)!;
}

/** Mean absolute error some steps ahead, over origins in the last quarter. */
function errorOf(model: Model, series: Series, horizon: number): number {
  const { values } = series;
  const known = Math.floor(values.length * 0.75);
  const fitted = model.fit({ ...series, values: values.slice(0, known) })!;
  let sum = 0;
  let count = 0;
  for (let origin = known; origin + horizon <= values.length; origin += 1) {
    if (origin % 5 === 0) {
      sum += Math.abs(fitted.forecast(horizon)[horizon - 1]! - values[origin + horizon - 1]!);
      count += 1;
    }
    fitted.observe(values[origin]!);
  }
  return sum / count;
}

test('every model has a name of its own', () => {
  expect(new Set(ownModels.map(({ name }) => name)).size).toBe(ownModels.length);
});

test.each(ownModels.map((model) => [model.name, model] as const))(
  '%s takes any length, or says that it cannot',
  (_, model) => {
    for (const length of [1, 2, 3, 7, 30, 60, 130, day, day + 1, 2 * day, 700, 1000]) {
      const fitted = model.fit(diurnal(length, length));
      for (const horizon of [1, 3, 60, 300]) {
        const point = fitted?.forecast(horizon);
        if (point === undefined) continue;
        expect(point.length).toBe(horizon);
        expect(point.every((value) => Number.isFinite(value))).toBe(true);
      }
    }
  },
);

test.each(ownModels.map((model) => [model.name, model] as const))(
  '%s neither changes nor keeps the history',
  (_, model) => {
    const series = diurnal(900, 5);
    const before = series.values.slice();
    const fitted = model.fit(series)!;
    expect(series.values).toEqual(before);
    const said = fitted.forecast(12);
    series.values.fill(1e6);
    expect(fitted.forecast(12)).toEqual(said);
    said.fill(0);
    expect(fitted.forecast(12)).not.toEqual(said);
  },
);

test.each(ownModels.map((model) => [model.name, model] as const))(
  '%s goes with a constant series',
  (_, model) => {
    const fitted = model.fit(seriesOf(900, () => 7));
    if (fitted === null) return;
    for (let count = 0; count < 50; count += 1) fitted.observe(7);
    for (const value of fitted.forecast(60)) expect(value).toBeCloseTo(7, 9);
  },
);

test.each(ownModels.map((model) => [model.name, model] as const))(
  '%s says the same of a step whether or not the others are wanted',
  (_, model) => {
    const fitted = model.fit(diurnal(1500, 6))!;
    for (const [horizon, wanted] of [
      [48, [1, 4, 12, 48]],
      [60, [2, 48, 49, 60]],
    ] as const) {
      const all = fitted.forecast(horizon);
      const few = fitted.forecast(horizon, wanted);
      for (const step of wanted) expect(few[step - 1]).toBe(all[step - 1]);
    }
  },
);

test.each(ownModels.map((model) => [model.name, model] as const))(
  '%s that takes over what it fitted before says nearly what a new fit says',
  (_, model) => {
    const whole = diurnal(2000, 7);
    const older = model.fit({ ...whole, values: whole.values.slice(0, 1200) })!;
    for (const value of whole.values.subarray(1200)) older.observe(value);
    const taken = model.fit(whole, older)!.forecast(48);
    for (const [step, value] of model.fit(whole)!.forecast(48).entries())
      expect(Math.abs(value - taken[step]!)).toBeLessThan(1);
  },
);

test('what has not seen all values, or grew up on another scale, is not taken over', () => {
  const series = diurnal(2000, 8);
  for (const name of ['ridge', 'ridge-logs', 'ridge-scores']) {
    const model = named(name);
    const behind = model.fit({ ...series, values: series.values.slice(0, 1200) })!;
    expect(model.fit(series, behind)).not.toBe(behind);
  }
  // A level ten times as high: what was the top of the scale is now its bottom.
  const risen = series.values.map((value, index) => (index < 1200 ? value : 500 + 10 * value));
  const model = named('ridge-scores');
  const older = model.fit({ ...series, values: risen.slice(0, 1200) })!;
  for (const value of risen.subarray(1200)) older.observe(value);
  expect(model.fit({ ...series, values: risen }, older)).not.toBe(older);
});

test('persistence repeats the last value, the seasonal naive the day', () => {
  const series = seriesOf(day + 3, (index) => index);
  const last = persistence.fit(series)!;
  const seasonal = seasonalNaive.fit(series)!;
  expect([...last.forecast(2)]).toEqual([day + 2, day + 2]);
  expect([...seasonal.forecast(2)]).toEqual([3, 4]);
  last.observe(-1);
  seasonal.observe(-1);
  expect([...last.forecast(1)]).toEqual([-1]);
  expect([...seasonal.forecast(day)].slice(-2)).toEqual([day + 2, -1]);
});

test('observing is as good as knowing: lag regression rolled on is the one fitted to everything', () => {
  const series = diurnal(1400, 11);
  const model = named('ridge');
  const rolled = model.fit({ ...series, values: series.values.slice(0, 1400 - 96) })!;
  for (const value of series.values.slice(1400 - 96)) rolled.observe(value);
  const whole = model.fit(series)!;
  // Only the scale of the values differs, which is taken from the history.
  for (const [step, value] of rolled.forecast(48).entries())
    expect(value).toBeCloseTo(whole.forecast(48)[step]!, 1);
});

test('ridge finds the law of a series that follows one', () => {
  const chance = chances(3);
  let one = 0;
  let other = 0;
  const series = seriesOf(3000, () => {
    const next = 1.6 * one - 0.8 * other + noise(chance);
    other = one;
    one = next;
    return next;
  });
  // No forecast can beat the noise of the next step, whose mean absolute size is √(2/π).
  const best = Math.sqrt(2 / Math.PI);
  expect(errorOf(named('ridge'), series, 1)).toBeLessThan(1.05 * best);
  expect(errorOf(persistence, series, 1)).toBeGreaterThan(1.5 * best);
});

test('on noisy days each model that knows the day beats both naive ones half a day ahead', () => {
  const series = diurnal(6 * day, 21);
  const naive = Math.min(errorOf(persistence, series, 144), errorOf(seasonalNaive, series, 144));
  for (const name of ['seasonal-median', 'holt-winters', 'ridge']) {
    expect(errorOf(named(name), series, 144), name).toBeLessThan(0.9 * naive);
  }
});

test('analogues remember what follows a pattern that no line can', () => {
  // Bursts of one shape, at any time, announced by a small rise.
  const chance = chances(8);
  const values: number[] = [];
  while (values.length < 3000) {
    for (let quiet = 10 + Math.floor(40 * chance()); quiet > 0; quiet -= 1) values.push(10 + chance());
    values.push(14, 60, 90, 20);
  }
  const series = seriesOf(3000, (index) => values[index]!);
  const short = errorOf(named('analogs-short'), series, 1);
  expect(short).toBeLessThan(0.4 * errorOf(persistence, series, 1));
  expect(short).toBeLessThan(0.4 * errorOf(named('ses'), series, 1));
});

test('a median is not moved by bursts, a mean would be', () => {
  const chance = chances(4);
  const series: Series = {
    startMs: 0,
    stepMs: fiveMinutesMs,
    values: Float64Array.from({ length: 600 }, () => (chance() < 0.1 ? 1000 : 5 + chance())),
  };
  for (const value of named('median-24').fit(series)!.forecast(3)) expect(value).toBeLessThan(6);
});
