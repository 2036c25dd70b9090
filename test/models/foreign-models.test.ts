import { afterAll, expect, test } from 'vitest';
import type { FittedModel } from '../../src/forecasting/contract.ts';
import type { Refusal } from '../../src/models/foreign-models.ts';
import { foreignModelNames, openForeignModels } from '../../src/models/foreign-models.ts';
import { fiveMinutesMs, seasonalWalk, seriesOf } from './series.ts';

const refusals: Refusal[] = [];
const foreign = openForeignModels({ refused: (refusal) => refusals.push(refusal) });
afterAll(() => foreign.close());

function modelOf(name: string): (values: Float64Array) => FittedModel | null {
  const model = foreign.models.find((candidate) => candidate.name === name);
  if (model === undefined) throw new Error(`no model ${name}`);
  return (values) => model.fit(seriesOf(values));
}

/** Mean absolute error `steps` ahead, rolled over the values from `from` on. */
function errorOf(model: FittedModel, values: Float64Array, from: number, steps: number): number {
  let sum = 0;
  const origins = values.length - steps - from;
  for (let origin = from; origin < from + origins; origin += 1) {
    sum += Math.abs((model.forecast(steps)[steps - 1] ?? 0) - (values[origin + steps - 1] ?? 0));
    model.observe(values[origin] ?? 0);
  }
  return sum / origins;
}

const persistence = (last: number): FittedModel => {
  let value = last;
  return {
    observe: (next) => void (value = next),
    forecast: (horizon) => new Float64Array(horizon).fill(value),
  };
};

const trained = 1440;
const walk = seasonalWalk(1800, 1);

test.each([
  ['arima', 1, 0.95],
  ['arima', 48, 0.7],
  ['auto-arima', 1, 0.95],
  ['auto-arima', 48, 0.7],
  ['auto-ets', 1, 0.95],
  ['mstl', 1, 0.95],
  ['mstl', 48, 0.5],
  ['prophet', 1, 1.1],
  ['prophet', 48, 0.7],
])(
  '%s rolls on without a new fit: %i steps ahead its error is at most %f of that of persistence',
  (name, steps, share) => {
    const fitted = modelOf(name)(walk.subarray(0, trained));
    if (fitted === null) throw new Error(refusals.at(-1)?.reason);
    const plain = persistence(walk[trained - 1] ?? 0);
    expect(errorOf(fitted, walk, trained, steps)).toBeLessThan(share * errorOf(plain, walk, trained, steps));
  },
);

test.each(foreignModelNames)('%s gives the same forecast for the same series', (name) => {
  const fit = (): Float64Array | undefined => modelOf(name)(walk.subarray(0, 600))?.forecast(600);
  expect(fit()).toBeDefined();
  expect(fit()).toEqual(fit());
});

test.each(foreignModelNames)('%s follows the unit of a series', (name) => {
  const plain = modelOf(name)(walk.subarray(0, 600))?.forecast(24) ?? new Float64Array();
  const scaled =
    modelOf(name)(walk.subarray(0, 600).map((value) => 2 ** 600 * value))?.forecast(24) ?? new Float64Array();
  expect(plain).toHaveLength(24);
  expect(scaled).toHaveLength(24);
  scaled.forEach((value, step) => expect(value / 2 ** 600).toBeCloseTo(plain[step] ?? 0, 3));
});

const nastySeries: readonly [string, Float64Array][] = [
  ['nothing', new Float64Array()],
  ['one value', Float64Array.of(1)],
  ['a constant', new Float64Array(500).fill(3)],
  ['almost a constant', Float64Array.from({ length: 500 }, (_, step) => 1e9 + (step % 2) * 1e-6)],
  ['a gap', walk.subarray(0, 500).map((value, step) => (step === 40 ? Number.NaN : value))],
  ['one spike', Float64Array.from({ length: 500 }, (_, step) => (step === 250 ? 1e12 : 0))],
  ['exponential growth', Float64Array.from({ length: 500 }, (_, step) => 1.5 ** step)],
  ['alternation', Float64Array.from({ length: 500 }, (_, step) => (step % 2 === 0 ? 1 : -1))],
  [
    'both ends of all numbers',
    Float64Array.from({ length: 100 }, (_, step) => (step % 3 === 0 ? -1 : 1) * 1.7e308),
  ],
  ['the smallest numbers', Float64Array.from({ length: 100 }, (_, step) => (step % 3) * 5e-324)],
  ['a step', Float64Array.from({ length: 500 }, (_, step) => (step < 470 ? 10 : 90))],
];

test.each(nastySeries)('%s costs no model its senses: a finite forecast, or a reason', (_what, values) => {
  for (const name of foreignModelNames) {
    const before = refusals.length;
    const fitted = modelOf(name)(values);
    if (fitted === null) {
      expect(refusals.slice(before)).toEqual([{ model: name, reason: expect.stringMatching(/\w{2} \w/) }]);
    } else {
      fitted.observe(1);
      expect([name, fitted.forecast(300).every(Number.isFinite)]).toEqual([name, true]);
    }
  }
});

test.each([Number.NaN, Number.POSITIVE_INFINITY, 1e300, -1e300])(
  'observing %d leaves a finite forecast',
  (value) => {
    const fitted = modelOf('arima')(walk.subarray(0, 300).map((each) => 2 ** -600 * each));
    fitted?.observe(value);
    expect(fitted?.forecast(100).every(Number.isFinite)).toBe(true);
  },
);

test('a long series costs no more than the newest part of it', () => {
  const long = seasonalWalk(9000, 2);
  const newest = long.subarray(-4000);
  const start = { startMs: 5000 * fiveMinutesMs, stepMs: fiveMinutesMs };
  for (const model of foreign.models.filter(({ name }) => /ets|mstl|^arima/.test(name))) {
    const whole = model.fit(seriesOf(long))?.forecast(12);
    expect([model.name, whole]).toEqual([model.name, model.fit({ ...start, values: newest })?.forecast(12)]);
  }
});

test('closed models refuse', async () => {
  const reasons: string[] = [];
  const closed = openForeignModels({ names: ['arima'], refused: ({ reason }) => reasons.push(reason) });
  await closed.close();
  expect(closed.models.map((model) => model.fit(seriesOf(walk)))).toEqual([null]);
  expect(reasons).toEqual(['the models were closed']);
});
