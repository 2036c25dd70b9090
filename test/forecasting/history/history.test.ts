import { expect, test } from 'vitest';
import { blockBytes } from '../../../src/forecasting/history/block.ts';
import { decodePart, encodePart, HistoryFormatError } from '../../../src/forecasting/history/encoding.ts';
import { History } from '../../../src/forecasting/history/history.ts';
import { historyBoundsDefault, resolutions } from '../../../src/forecasting/history/resolutions.ts';
import { SeededRandom } from '../../../src/simulator/random.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;
/** On the hour. */
const startMs = 473_000 * hourMs;
const everAfter = { fromMs: startMs, toMs: startMs + 500 * dayMs };
const key = 'host/r1-h1/cpu';

function historyWith(
  samples: readonly (readonly [number, number])[],
  bounds = historyBoundsDefault,
): History {
  const history = new History(bounds);
  for (const [atMs, value] of samples) history.append(key, startMs + atMs, value, startMs + atMs);
  return history;
}

/** One sample each `everyMs`, its value its number. */
function counting(count: number, everyMs: number): readonly (readonly [number, number])[] {
  return Array.from({ length: count }, (_, index) => [index * everyMs, index] as const);
}

test('each resolution keeps mean, least, most and count of the same samples', () => {
  const random = new SeededRandom(1);
  const samples = Array.from(
    { length: 3600 },
    (_, second) => [second * 1000, 1e9 + 1e6 * random.next()] as const,
  );
  const history = historyWith(samples);
  for (const { stepMs } of resolutions) {
    const buckets = history.buckets(key, everAfter, stepMs);
    expect(buckets.map(({ startMs: at }) => at)).toEqual(
      Array.from({ length: hourMs / stepMs }, (_, index) => startMs + index * stepMs),
    );
    for (const { startMs: at, mean, min, max, count } of buckets) {
      const values = samples
        .filter(([atMs]) => Math.floor(atMs / stepMs) === (at - startMs) / stepMs)
        .map(([, value]) => value);
      expect(count).toBe(values.length);
      expect(mean / (values.reduce((sum, value) => sum + value, 0) / values.length)).toBeCloseTo(1, 5);
      expect(min).toBe(Math.fround(Math.min(...values)));
      expect(max).toBe(Math.fround(Math.max(...values)));
    }
  }
});

test('a read averages what is finer, and lets coarser means stand where the finer are gone', () => {
  const history = historyWith(counting(3 * 24 * 60, minuteMs));
  const nowMs = startMs + 3 * dayMs;
  const fine = history.read(key, { fromMs: nowMs - 10 * minuteMs, toMs: nowMs }, minuteMs);
  expect([...fine.values]).toEqual(Array.from({ length: 10 }, (_, index) => 3 * 1440 - 10 + index));
  const quarters = history.read(key, { fromMs: nowMs - hourMs, toMs: nowMs }, 15 * minuteMs);
  expect([...quarters.values]).toEqual([4267, 4282, 4297, 4312]);
  const old = history.read(key, { fromMs: startMs, toMs: startMs + 10 * minuteMs }, minuteMs);
  expect([...old.values]).toEqual([2, 2, 2, 2, 2, 7, 7, 7, 7, 7]);
  const grid = history.read(key, { fromMs: startMs + 90_000, toMs: startMs + 3 * minuteMs }, minuteMs);
  expect({ startMs: grid.startMs, steps: grid.values.length }).toEqual({
    startMs: startMs + minuteMs,
    steps: 2,
  });
  expect(history.read('host/unknown', everAfter, minuteMs).values).toHaveLength(0);
});

test('what was not measured is NaN, and never filled by a coarser mean while finer buckets would be there', () => {
  const history = historyWith([
    ...counting(10, minuteMs),
    ...counting(10, minuteMs).map(([at, v]) => [at + 17 * minuteMs, v] as const),
  ]);
  const { values } = history.read(key, { fromMs: startMs, toMs: startMs + 30 * minuteMs }, minuteMs);
  expect([...values].map((value) => (Number.isNaN(value) ? '-' : value)).join(' ')).toBe(
    '0 1 2 3 4 5 6 7 8 9 - - - - - - - 0 1 2 3 4 5 6 7 8 9 - - -',
  );
});

test('old buckets go: the blocks of one series stay within a bound, however long it lasts', () => {
  const history = historyWith(counting(500 * 24 * 2, hourMs / 2));
  const blocksMax = resolutions.reduce(
    (sum, { stepMs, retentionMs }) => sum + retentionMs / stepMs / 64 + 2,
    0,
  );
  expect(history.blockCount).toBeLessThanOrEqual(blocksMax);
  expect(blocksMax * blockBytes).toBeLessThan(320_000);
  const oldest = history.buckets(key, everAfter, hourMs)[0]?.startMs ?? 0;
  expect((startMs + 500 * dayMs - oldest) / dayMs).toBeGreaterThanOrEqual(400);
});

test('a year of gaps costs nothing', () => {
  const history = historyWith([
    [0, 1],
    [365 * dayMs, 2],
  ]);
  // One block of each resolution; of the first sample only the hour is left.
  expect(history.blockCount).toBe(resolutions.length + 1);
  const { values } = history.read(key, { fromMs: startMs, toMs: startMs + 366 * dayMs }, hourMs);
  expect([values[0], values[1], values[365 * 24]]).toEqual([1, Number.NaN, 2]);
  expect(values.filter(Number.isFinite)).toHaveLength(2);
  history.expire(startMs + 800 * dayMs);
  expect([history.seriesCount, history.blockCount]).toEqual([0, 0]);
});

test('order and repetition of samples do not matter', () => {
  const inOrder = counting(600, 1000);
  const random = new SeededRandom(2);
  const shuffled = inOrder.toSorted(([one], [other]) => one - other + 10_000 * (random.next() - 0.5));
  const tidy = historyWith(inOrder);
  const untidy = new History(historyBoundsDefault);
  for (const [atMs, value] of shuffled) {
    expect(untidy.append(key, startMs + atMs, value, startMs + atMs)).toEqual({ kind: 'appended' });
    expect(untidy.append(key, startMs + atMs, 99, startMs + atMs)).toEqual({
      kind: 'dropped',
      reason: 'duplicate',
    });
  }
  for (const { stepMs } of resolutions) {
    const [found, expected] = [untidy, tidy].map((history) => history.buckets(key, everAfter, stepMs)) as [
      [],
      [],
    ];
    expect(found).toHaveLength(expected.length);
    found.forEach((bucket: { mean: number }, index) => {
      const { mean, ...rest } = expected[index] as unknown as { mean: number };
      expect(bucket).toMatchObject(rest);
      expect(bucket.mean).toBeCloseTo(mean, 3);
    });
  }
});

test.each([
  ['NaN', 0, Number.NaN, 'notFinite'],
  ['infinite', 0, Number.NEGATIVE_INFINITY, 'notFinite'],
  ['infinite in what is kept', 0, 1e39, 'notFinite'],
  ['at no time', Number.NaN, 1, 'notFinite'],
  ['ahead of the clock', hourMs, 1, 'ahead'],
  ['far too late', -500 * dayMs, 1, 'late'],
] as const)('a sample that is %s changes nothing', (_what, atMs, value, reason) => {
  const history = new History(historyBoundsDefault);
  expect(history.append(key, startMs + atMs, value, startMs)).toEqual({ kind: 'dropped', reason });
  expect(history.blockCount).toBe(0);
});

test('one late sample is dropped; a clock that was set back is believed after three, and what it said before is gone', () => {
  const history = historyWith(counting(120, minuteMs));
  const say = (minute: number, value: number) =>
    history.append(key, startMs + minute * minuteMs, value, startMs + minute * minuteMs).kind;
  expect(say(60, -1)).toBe('dropped');
  expect(say(120, 120)).toBe('appended');
  expect([say(60, -1), say(61, -2), say(62, -3), say(63, -4)]).toEqual([
    'dropped',
    'dropped',
    'steppedBack',
    'appended',
  ]);
  const { values } = history.read(
    key,
    { fromMs: startMs + 58 * minuteMs, toMs: startMs + 66 * minuteMs },
    minuteMs,
  );
  expect([...values]).toEqual([58, 59, Number.NaN, Number.NaN, -3, -4, Number.NaN, Number.NaN]);
  expect(history.buckets(key, { fromMs: startMs + 90 * minuteMs, toMs: everAfter.toMs }, minuteMs)).toEqual(
    [],
  );
});

test('samples that are late for another reason do not pass for a clock', () => {
  const history = historyWith(counting(120, minuteMs));
  for (const minute of [62, 61, 60, 59, 58, 57]) {
    expect(history.append(key, startMs + minute * minuteMs, 1, startMs + 2 * hourMs).kind).toBe('dropped');
  }
  expect(history.buckets(key, everAfter, minuteMs)).toHaveLength(120);
});

test('at the bound on blocks the oldest of all go, at the one on series the one that was silent for longest', () => {
  const history = new History({ ...historyBoundsDefault, seriesMax: 3, blocksMax: 60 });
  for (let hour = 0; hour < 200; hour += 1) {
    for (const name of ['a', 'b', 'c'])
      history.append(name, startMs + hour * hourMs, hour, startMs + hour * hourMs);
    expect(history.blockCount).toBeLessThanOrEqual(60);
  }
  const { values } = history.read(
    'b',
    { fromMs: startMs + 190 * hourMs, toMs: startMs + 200 * hourMs },
    hourMs,
  );
  expect([...values]).toEqual([190, 191, 192, 193, 194, 195, 196, 197, 198, 199]);
  history.append('a', startMs + 201 * hourMs, 1, startMs + 201 * hourMs);
  history.append('c', startMs + 202 * hourMs, 1, startMs + 202 * hourMs);
  history.append('d', startMs + 203 * hourMs, 1, startMs + 203 * hourMs);
  expect(history.keys('')).toEqual(['a', 'c', 'd']);
  history.forget('a');
  expect(history.keys('')).toEqual(['c', 'd']);
});

test('blocks are saved as they are, and bytes that are none are refused with what is wrong', () => {
  const history = historyWith(counting(5000, 1000));
  const blocks = [...history.entries()].flatMap(([name, series]) =>
    [...series.saved('all')].map(({ level, block }) => ({ key: name, level, block })),
  );
  const bytes = encodePart({ everything: true, blocks });
  const found = decodePart(bytes);
  expect(found.everything).toBe(true);
  expect(found.blocks).toEqual(
    blocks.map((saved) => ({ ...saved, block: { ...saved.block, isDirty: false } })),
  );
  const refusal = (change: (copy: Uint8Array) => Uint8Array) => () =>
    decodePart(change(Uint8Array.from(bytes)));
  expect(refusal((copy) => copy.subarray(0, copy.length - 1))).toThrow(/cut short/);
  expect(refusal((copy) => copy.fill(9, 3, 4))).toThrow(/version 9, and this program reads version 1/);
  expect(refusal((copy) => copy.fill(0, 0, 1))).toThrow(/another format/);
  expect(refusal((copy) => copy.fill(1, 6, 7))).toThrow(/steps of/);
  const random = new SeededRandom(3);
  for (let round = 0; round < 2000; round += 1) {
    const copy = Uint8Array.from(bytes);
    copy[random.below(200)] = random.below(256);
    try {
      decodePart(copy);
    } catch (error) {
      expect(error).toBeInstanceOf(HistoryFormatError);
    }
  }
});
