import { expect, test } from 'vitest';
import { levelRates, Past } from '../../../src/forecasting/learned/past.ts';
import { SeededRandom } from '../../../src/simulator/random.ts';

const hourMs = 3_600_000;

test('means, deviations and changes are those of the values, also when old ones were forgotten', () => {
  const random = new SeededRandom(1);
  const past = new Past({ startMs: 0, stepMs: hourMs });
  const all: number[] = [];
  for (let step = 0; step < 9_000; step += 1) {
    const value = 1e6 + (step < 100 ? 0 : 100 * random.next());
    all.push(value);
    past.push(value, NaN);
    if (step % 97 !== 0) continue;
    const from = random.below(past.length);
    const window = all.slice(all.length - past.length).slice(from);
    const mean = window.reduce((sum, each) => sum + each, 0) / window.length;
    const variance = window.reduce((sum, each) => sum + (each - mean) ** 2, 0) / window.length;
    expect(past.mean(from, past.length)).toBeCloseTo(mean, 6);
    expect(past.deviation(from, past.length)).toBeCloseTo(Math.sqrt(variance), 4);
    const changes = window
      .slice(1)
      .reduce((sum, each, index) => sum + Math.abs(each - (window[index] ?? 0)), 0);
    if (from + 1 < past.length) {
      expect(past.change(from + 1, past.length)).toBeCloseTo(changes / (window.length - 1), 6);
    }
  }
  expect(past.seen).toBe(9_000);
  expect(past.length).toBeGreaterThanOrEqual(Past.heldMin(hourMs));
  expect(past.length).toBeLessThanOrEqual(2 * Past.heldMin(hourMs));
});

test.each([
  [300_000, 288, 12],
  [60_000, 1_440, 60],
  [hourMs, 24, 0],
  [57_000, 1_516, 63],
  [1_000, 0, 0],
  [24 * hourMs, 0, 0],
])('with steps of %d ms, a day has %d of them, an hour %d', (stepMs, season, hour) => {
  const past = new Past({ startMs: 0, stepMs });
  expect([past.season, past.hour]).toEqual([season, hour]);
});

test('what is not a number counts as the value before it', () => {
  const past = new Past({ startMs: 0, stepMs: hourMs });
  for (const value of [NaN, 3, Infinity, NaN, 4]) past.push(value, NaN);
  expect([...past.values.subarray(0, past.length)]).toEqual([0, 3, 3, 3, 4]);
});

test('a young series takes room for what it has, and loses nothing when it is given more', () => {
  const past = new Past({ startMs: 0, stepMs: 60_000 });
  const random = new SeededRandom(2);
  const all: number[] = [];
  const levels = levelRates.map(() => 0);
  for (let step = 0; step < 1_000; step += 1) {
    const value = 100 * random.next();
    all.push(value);
    past.push(value, -value);
    for (const [index, rate] of levelRates.entries())
      levels[index] = step === 0 ? value : (levels[index] ?? 0) + rate * (value - (levels[index] ?? 0));
    const bytes = [past.values, past.arrivals, ...past.levels].reduce(
      (sum, list) => sum + list.byteLength,
      0,
    );
    expect(bytes).toBeLessThanOrEqual(5 * 8 * Math.max(64, 2 * past.length));
  }
  expect([...past.values.subarray(0, past.length)]).toEqual(all);
  expect([...past.arrivals.subarray(0, past.length)]).toEqual(all.map((value) => -value));
  expect(past.levels.map((level) => level[past.length - 1])).toEqual(levels);
});
