import { expect, test } from 'vitest';
import type { FittedModel, Model } from '../../src/forecasting/contract.ts';
import { naiveModels } from '../../src/forecasting/pool.ts';
import { Allowance } from '../../src/models/analyst-allowance.ts';
import type { DeskBounds, DeskOptions } from '../../src/models/analyst-desk.ts';
import { AnalystDesk } from '../../src/models/analyst-desk.ts';
import type { DeskAsk } from '../../src/models/analyst-messages.ts';
import { noise } from './series.ts';

const horizon = 2;
const levels = [0.5];

/** Says one constant, which shows in the forecast where it is right; counts its fits, which take their time. */
function saying(name: string, value: number, fitted: () => void): Model {
  const fit = (): FittedModel => {
    fitted();
    return { observe: () => undefined, forecast: (steps) => new Float64Array(steps).fill(value) };
  };
  return { name, price: 'dear', fit };
}

function desk(bounds: Partial<DeskBounds>, more: Partial<DeskOptions> = {}): AnalystDesk {
  const heavy = { ...saying('heavy', 5, () => undefined), price: 'cheap' as const };
  return new AnalystDesk({
    full: [...naiveModels, heavy],
    light: naiveModels,
    dear: [],
    allowance: new Allowance(0, 0, () => 0),
    bounds: { entriesMax: 100, fullMax: 100, ...bounds },
    ...more,
  });
}

/** Noise around 5: nothing beats a model that says 5. */
function asked(key: string, length = 60, continues = false): DeskAsk {
  const next = noise(key.length + length);
  const values = Float64Array.from({ length }, () => 5 + next());
  return { key, continues, series: { startMs: 0, stepMs: 60_000, values }, range: { min: 0, max: 99 } };
}

function names(keeper: AnalystDesk, asks: readonly DeskAsk[]): readonly (readonly string[])[] {
  return keeper
    .forecast(asks, horizon, levels)
    .map((answer) => (answer.kind === 'forecast' ? Object.keys(answer.forecast.weights) : [answer.kind]));
}

test('only so many series have models that take memory; one that stands still never has', () => {
  const keeper = desk({ fullMax: 2 });
  const still = { ...asked('still') };
  still.series.values.fill(3);
  const shown = names(keeper, [still, asked('aa'), asked('bbb'), asked('cccc')]);
  expect(shown.map((used) => used.includes('heavy'))).toEqual([false, true, true, false]);
  expect(keeper.counts).toEqual({ kept: 4, full: 2, dear: 0 });
});

test('when one of them is not asked for any more, another takes its place', () => {
  const keeper = desk({ fullMax: 1 });
  names(keeper, [asked('aa'), asked('bbb')]);
  for (let call = 0; call < 60; call += 1) names(keeper, [asked('bbb', 1, true)]);
  expect(keeper.counts).toEqual({ kept: 2, full: 1, dear: 0 });
  names(keeper, [asked('bbb', 1, true)]);
  expect(keeper.counts).toEqual({ kept: 1, full: 0, dear: 0 });
  names(keeper, [asked('bbb', 1, true)]);
  for (let call = 0; call < 60; call += 1) names(keeper, [asked('bbb', 1, true)]);
  expect(keeper.counts).toEqual({ kept: 1, full: 1, dear: 0 });
  expect(names(keeper, [asked('aa', 1, true)])).toEqual([['unknown']]);
});

test('above the bound those asked for the longest ago make room, and none of the same call', () => {
  const keeper = desk({ entriesMax: 2 });
  names(keeper, [asked('aa'), asked('bbb')]);
  names(keeper, [asked('bbb', 1, true)]);
  expect(names(keeper, [asked('cccc'), asked('bbb', 1, true)]).flat()).not.toContain('unknown');
  expect(names(keeper, [asked('aa', 1, true)])).toEqual([['unknown']]);
  const three = [asked('x'), asked('yy'), asked('zzz')];
  expect(names(keeper, three).map((used) => used.includes('heavy'))).toEqual([true, true, false]);
  expect(keeper.counts).toEqual({ kept: 2, full: 2, dear: 0 });
  expect(names(keeper, [asked('zzz', 1, true)])).toEqual([['unknown']]);
});

test('dear models join where a trial shows that they earn it, on a tenth of the series at most', () => {
  const dear = [saying('good', 5, () => undefined), saying('bad', 90, () => undefined)];
  const allowance = new Allowance(1, 1, () => 0);
  const keeper = desk({}, { full: naiveModels, dear, allowance });
  const asks = Array.from({ length: 40 }, (_, index) => asked('k'.repeat(index + 1), 420));
  const shown = names(keeper, asks);
  expect(shown.filter((used) => used.includes('good'))).toHaveLength(4);
  expect(shown.flat()).not.toContain('bad');
  expect(keeper.counts.dear).toBe(4);
});

test('dear models take no more than their share of the time', () => {
  let nowMs = 0;
  let fits = 0;
  const slow = saying('slow', 5, () => {
    fits += 1;
    nowMs += 30_000;
  });
  const allowance = new Allowance(0.1, 500, () => nowMs);
  const keeper = desk({}, { full: naiveModels, dear: [slow], allowance });
  const asks = Array.from({ length: 12 }, (_, index) => asked('k'.repeat(index + 1), 420));
  names(keeper, asks);
  // One trial, and the two fits of what earned its place: work that was begun is finished, and overdraws.
  expect(fits).toBe(3);
  const next = asks.map((ask) => asked(ask.key, 1, true));
  const pass = (calls: number, stepMs: number): void => {
    for (let call = 0; call < calls; call += 1) {
      names(keeper, next);
      nowMs += stepMs;
    }
  };
  // Its series is fitted again twice meanwhile, and another one would be tried: a tenth of the time does not pay for it.
  pass(130, 1_000);
  expect(fits).toBe(3);
  // Nine more minutes pay for what was overdrawn.
  pass(60, 20_000);
  expect(fits).toBeGreaterThan(3);
  expect(30_000 * fits).toBeLessThan(0.1 * nowMs + 500 + 3 * 30_000);
});
