import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Sample } from '../../src/forecasting/contract.ts';
import { prepare, type PreparationOptions } from '../../src/forecasting/preparation.ts';
import { day, fiveMinutesMs } from './series.ts';

const gauge: PreparationOptions = { stepMs: 1000, kind: 'gauge', untilMs: Infinity, valuesMax: 10_000 };
const counter: PreparationOptions = { ...gauge, kind: 'counter' };

function valuesOf(
  samples: readonly (readonly [number, number])[],
  options: PreparationOptions,
): number[] | null {
  const prepared = prepare(
    samples.map(([atMs, value]) => ({ atMs, value })),
    options,
  );
  return prepared === null ? null : [...prepared.series.values];
}

test('a gauge is averaged over each step, in whatever order its readings come', () => {
  expect(valuesOf([[1500, 4], [0, 1], [500, 3], [1000, 8], [2999, 5]], gauge)).toEqual([2, 6, 5]); // prettier-ignore
});

test('a later reading of the same instant corrects the earlier one', () => {
  const prepared = prepare([{ atMs: 0, value: 1 }, { atMs: 0, value: 9 }], gauge); // prettier-ignore
  expect([...prepared!.series.values]).toEqual([9]);
  expect(prepared!.mended.duplicates).toBe(1);
});

test('what is no number, and what comes from a clock that runs ahead, is dropped', () => {
  const prepared = prepare(
    [
      { atMs: 0, value: 1 },
      { atMs: 1000, value: Number.NaN },
      { atMs: Number.NaN, value: 3 },
      { atMs: 1000, value: Infinity },
      { atMs: 1000, value: 2 },
      { atMs: 4e12, value: 7 },
    ],
    { ...gauge, untilMs: 5000 },
  )!;
  expect([...prepared.series.values]).toEqual([1, 2]);
  expect(prepared.mended.dropped).toBe(4);
});

test('nothing but garbage gives no series', () => {
  expect(valuesOf([], gauge)).toBeNull();
  expect(valuesOf([[0, Number.NaN]], gauge)).toBeNull();
  // One reading of a counter is no increase.
  expect(valuesOf([[0, 5]], counter)).toBeNull();
});

test('of a counter the increase is taken, spread over the time in which it came about', () => {
  expect(valuesOf([[0, 10], [1000, 14], [3000, 20]], counter)).toEqual([4, 3, 3]); // prettier-ignore
  expect(valuesOf([[500, 0], [2500, 8]], counter)).toEqual([4, 4, 4]); // prettier-ignore
  // Of the last step only a tenth was counted.
  expect(valuesOf([[0, 0], [2000, 8], [2100, 9]], counter)).toEqual([4, 4, 4]); // prettier-ignore
});

test('a counter that falls has started again from zero; it never gives a negative demand', () => {
  const prepared = prepare(
    [0, 100, 200, 50, 150].map((value, index) => ({ atMs: index * 1000, value })),
    counter,
  )!;
  expect([...prepared.series.values]).toEqual([100, 100, 50, 100]);
  expect(prepared.mended.resets).toBe(1);
});

test('one low reading of a counter, or a negative one, is a misreading and no restart', () => {
  expect(valuesOf([[0, 1e9], [1000, 1e9 + 5], [2000, 3], [3000, 1e9 + 15]], counter)).toEqual([5, 5, 5]); // prettier-ignore
  expect(valuesOf([[0, 100], [1000, -7], [2000, 110]], counter)).toEqual([5, 5]); // prettier-ignore
});

test('a short gap is bridged by a straight line, and marked', () => {
  const prepared = prepare([{ atMs: 0, value: 1 }, { atMs: 3000, value: 7 }], gauge)!; // prettier-ignore
  expect([...prepared.series.values]).toEqual([1, 3, 5, 7]);
  expect([...prepared.filled]).toEqual([0, 1, 1, 0]);
});

test('a long gap is filled by the days before, lifted to meet both ends', () => {
  const shape = (index: number): number => 10 + 5 * Math.sin((2 * Math.PI * index) / day);
  const lost = (index: number): boolean => index >= 2 * day && index < 4 * day + 100;
  const samples: Sample[] = [];
  for (let index = 0; index < 6 * day; index += 1) {
    const shift = index >= 4 * day + 100 ? 4 : 0;
    if (!lost(index)) samples.push({ atMs: index * fiveMinutesMs, value: shape(index) + shift });
  }
  const { series, filled } = prepare(samples, { ...gauge, stepMs: fiveMinutesMs })!;
  for (let index = 0; index < series.values.length; index += 1) {
    expect(filled[index]).toBe(lost(index) ? 1 : 0);
    if (lost(index)) {
      const share = (index - 2 * day + 1) / (2 * day + 101);
      expect(series.values[index]).toBeCloseTo(shape(index) + 4 * share, 6);
    }
  }
});

test('a year without readings costs no more than the values that are kept', () => {
  const { series, filled } = prepare(
    [
      { atMs: 0, value: 3 },
      { atMs: 366 * 86_400_000, value: 4 },
      { atMs: 366 * 86_400_000 + 1000, value: 5 },
    ],
    { ...gauge, valuesMax: 50 },
  )!;
  expect([...series.values]).toEqual([4, 5]);
  expect([...filled]).toEqual([0, 0]);
});

test('where a level shifted is told, and a daily swing is none', () => {
  const at = (value: (index: number) => number): number =>
    prepare(
      Array.from({ length: 8 * day }, (_, index) => ({ atMs: index * fiveMinutesMs, value: value(index) })),
      { ...gauge, stepMs: fiveMinutesMs },
    )!.levelSince;
  const swing = (index: number): number => 10 * Math.sin((2 * Math.PI * index) / day) + (index % 7) / 7;
  expect(at(swing)).toBe(0);
  const shifted = at((index) => swing(index) + (index >= 5 * day ? 80 : 0));
  expect(Math.abs(shifted - 5 * day)).toBeLessThanOrEqual(day / 4);
  expect(at(() => 3)).toBe(0);
});

test('any readings give finite values on an even grid, and a counter never a negative one', () => {
  const sample = fc.record({
    atMs: fc.oneof(
      fc.double({ min: 0, max: 60_000, noNaN: true }),
      fc.constantFrom(Number.NaN, Infinity, -1, 5e5),
    ),
    value: fc.oneof(
      fc.double({ min: -1e9, max: 1e12, noNaN: true }),
      fc.constantFrom(Number.NaN, -Infinity, 0, -0),
    ),
  });
  fc.assert(
    fc.property(fc.array(sample, { maxLength: 60 }), fc.constantFrom(gauge, counter), (samples, options) => {
      const prepared = prepare(samples, { ...options, valuesMax: 100 });
      if (prepared === null) return;
      const { values } = prepared.series;
      expect(values.length).toBeGreaterThan(0);
      expect(values.length).toBeLessThanOrEqual(100);
      expect(prepared.filled.length).toBe(values.length);
      expect(values.every((value) => Number.isFinite(value))).toBe(true);
      if (options.kind === 'counter') expect(Math.min(...values)).toBeGreaterThanOrEqual(0);
    }),
    { seed: 7, numRuns: 300 },
  );
});
