import { expect, test } from 'vitest';
import type { PowerModel } from '../../../src/placement/orchestration/power.ts';
import { energyWh, powerW, proLiantG4, proLiantG5 } from '../../../src/placement/orchestration/power.ts';

const linear: PowerModel = { kind: 'linear', idleW: 100, peakW: 200 };

const rows: readonly [string, PowerModel, number, number][] = [
  ['a linear model at idle', linear, 0, 100],
  ['a linear model in the middle', linear, 0.5, 150],
  ['more than full draws no more than full', linear, 1.7, 200],
  ['less than nothing draws idle power', linear, -1, 100],
  ['a table at one of its readings', proLiantG4, 0.3, 96],
  ['a table between two readings', proLiantG4, 0.35, 97.75],
  ['a table at full load', proLiantG5, 1, 135],
  ['a table at idle', proLiantG5, 0, 93.7],
];

test.each(rows)('%s', (_, model, load, watts) => {
  expect(powerW(model, load)).toBeCloseTo(watts);
});

test('energy is power over time, in Wh', () => {
  expect(energyWh(linear, 0.5, 7_200_000)).toBe(300);
});

test('published tables have eleven readings that rise with load', () => {
  for (const model of [proLiantG4, proLiantG5]) {
    const readingsW = model.kind === 'table' ? model.readingsW : [];
    expect(readingsW).toHaveLength(11);
    expect(readingsW.toSorted((a, b) => a - b)).toEqual(readingsW);
  }
});
