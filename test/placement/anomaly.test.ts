import { expect, test } from 'vitest';
import type { Anomaly } from '../../src/placement/anomaly.ts';
import type { AnomalyOptions } from '../../src/placement/anomaly-detector.ts';
import { AnomalyDetector, anomalyOptions } from '../../src/placement/anomaly-detector.ts';
import { AnomalyWatch, callsForMove, executionAnomalyOptions } from '../../src/placement/anomaly-watch.ts';

/** Uniform in [0, 1), the same every time. */
function dice(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

function noise(seed: number): () => number {
  const roll = dice(seed);
  return () => Array.from({ length: 12 }, roll).reduce((sum, one) => sum + one, -6);
}

function watch(
  values: readonly number[],
  options: Partial<AnomalyOptions> = {},
): (Anomaly & { at: number })[] {
  const detector = new AnomalyDetector({ ...anomalyOptions, ...options });
  return values.flatMap((value, at) => {
    const anomaly = detector.observe(value);
    return anomaly === null ? [] : [{ ...anomaly, at }];
  });
}

function series(length: number, value: (index: number) => number): number[] {
  return Array.from({ length }, (_, index) => value(index));
}

test('normal noise gives at most one false alarm in a thousand values', () => {
  let alarms = 0;
  for (let seed = 1; seed <= 10; seed += 1) {
    const next = noise(seed);
    alarms += watch(series(4_000, () => 50 + 5 * next())).length;
    alarms += watch(
      series(4_000, () => 50 + 5 * next()),
      executionAnomalyOptions,
    ).length;
  }
  expect(alarms).toBeLessThan(80);
});

test('bursts that keep coming are how a series is, and become no alarms', () => {
  const roll = dice(3);
  const bursts = series(20_000, () => (roll() < 0.02 ? 40 + 20 * roll() : roll()));
  expect(watch(bursts).length).toBeLessThanOrEqual(5);
});

test('one value far away is told, at once, with what was expected', () => {
  const next = noise(5);
  const values = series(1_000, (index) => (index === 700 ? 140 : 50 + 5 * next()));
  const found = watch(values);
  expect(found).toMatchObject([{ kind: 'anomaly', shape: 'spike', at: 700, value: 140 }]);
  expect(found[0]?.expected).toBeGreaterThan(48);
  expect(found[0]?.expected).toBeLessThan(52);
  expect(found[0]?.severity).toBeGreaterThan(12);
  expect(found[0]?.text).toMatch(
    /^140, where (?:49|50|51)(?:\.\d)? was expected: \d+(?:\.\d)? robust deviations away$/,
  );
  const dips = watch(values.map((value) => -value));
  expect(dips).toMatchObject([{ shape: 'dip', at: 700 }]);
});

test.each([
  [3, 'shiftUp'],
  [-3, 'shiftDown'],
] as const)(
  'a level that changes by %d deviations is told within eight blocks, and only once',
  (by, shape) => {
    const next = noise(7);
    const values = series(3_000, (index) => 50 + 5 * (next() + (index >= 2_000 ? by : 0)));
    const found = watch(values, { zMin: 50 });
    expect(found).toHaveLength(1);
    expect(found[0]).toMatchObject({ shape });
    expect((found[0]?.at ?? 0) - 2_000).toBeLessThan(8 * anomalyOptions.blockLength);
    expect(found[0]?.at).toBeGreaterThanOrEqual(2_000);
  },
);

test('what a day repeats is expected: only with a season is the same hour compared', () => {
  const next = noise(9);
  const day = 96;
  const daily = (index: number) => (index % day < 8 ? 300 : 20) + 3 * next();
  const values = series(40 * day, (index) => (index === 38 * day + 50 ? 300 : daily(index)));
  const found = watch(values, { seasonLength: day, quietLength: 20 });
  expect(found.map(({ at }) => at)).toContain(38 * day + 50);
  expect(found.filter(({ at }) => at > 10 * day).length).toBeLessThanOrEqual(3);
  expect(watch(values, { quietLength: 20 }).map(({ at }) => at)).not.toContain(38 * day + 50);
});

test.each([
  ['constant', series(2_000, () => 7), 0],
  ['all zero', series(2_000, () => 0), 0],
  ['short', series(20, (index) => index ** 3), 0],
  ['nothing but gaps', series(2_000, () => NaN), 0],
  ['constant but for rounding', series(2_000, (index) => 7 + (index % 2) * 1e-12), 0],
])('a series that is %s is no anomaly', (_, values, alarms) => {
  expect(watch(values)).toHaveLength(alarms);
});

test('gaps and endless values are passed over, and change nothing that comes after', () => {
  const next = noise(11);
  const values = series(1_500, (index) => (index === 1_200 ? 200 : 50 + 5 * next()));
  const torn = values.flatMap((value, index) => (index % 3 === 0 ? [value, NaN, Infinity] : [value]));
  const times = (found: readonly Anomaly[]) => found.map(({ value, severity }) => [value, severity]);
  expect(watch(values)).toHaveLength(1);
  expect(times(watch(torn))).toEqual(times(watch(values)));
});

test('only a level that a host can spoil, and has changed for the worse, calls for a move', () => {
  expect(callsForMove('sliceMs', 'shiftUp')).toBe(true);
  expect(callsForMove('fuelPerSecond', 'shiftDown')).toBe(true);
  expect(callsForMove('cyclesPerSecond', 'shiftDown')).toBe(true);
  expect(callsForMove('sliceMs', 'spike')).toBe(false);
  expect(callsForMove('sliceMs', 'shiftDown')).toBe(false);
  expect(callsForMove('fuelPerSecond', 'shiftUp')).toBe(false);
  expect(callsForMove('snapshotBytes', 'shiftUp')).toBe(false);
});

test('each signal of an execution is watched for itself', () => {
  const next = noise(13);
  const execution = new AnomalyWatch();
  const found = Array.from({ length: 900 }, (_, index) => {
    const slow = index >= 600 ? 2 : 1;
    return [
      execution.observe('sliceMs', slow * (5 + 0.3 * next())),
      execution.observe('snapshotBytes', 1_000_000 + 1_000 * next()),
    ] as const;
  });
  const slices = found.flatMap(([slice]) => slice ?? []);
  expect(slices.filter((anomaly) => anomaly.callsForMove)).toMatchObject([
    { signal: 'sliceMs', shape: 'shiftUp' },
  ]);
  expect(slices.length).toBeLessThanOrEqual(2);
  expect(found.flatMap(([, bytes]) => bytes ?? [])).toEqual([]);
});
