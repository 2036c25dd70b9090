import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { CsvColumns, CsvSamples } from '../../src/cli/forecast/csv-series.ts';
import { readSamples } from '../../src/cli/forecast/csv-series.ts';
import { csvRows } from '../../src/cli/forecast/csv-table.ts';
import { inferInterval } from '../../src/cli/forecast/interval.ts';
import { durationText, parseDateTime, parseDuration } from '../../src/cli/forecast/time-text.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'godwit-csv-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function read(content: string | Buffer, columns: Partial<CsvColumns> = {}): Promise<CsvSamples> {
  const file = join(folder, 'series.csv');
  await writeFile(file, content);
  return readSamples(csvRows(file), { value: 'cpu', time: null, unit: null, ...columns }, () => undefined);
}

const pairs = ({ samples }: CsvSamples): readonly (readonly [number, number])[] =>
  samples.map(({ atMs, value }) => [atMs, value] as const);
const march = Date.UTC(2026, 2, 1);
const plain = 'time,cpu\n2026-03-01 00:00:00,1\n2026-03-01 00:05:00,2.5\n';
const expected = [
  [march, 1],
  [march + 300_000, 2.5],
] as const;

test.each([
  ['commas', plain],
  ['semicolons', plain.replaceAll(',', ';')],
  ['tabs', plain.replaceAll(',', '\t')],
  ['semicolons and tabs', plain.replaceAll(',', ';\t')],
  ['decimal commas', plain.replaceAll(',', ';').replace('2.5', '2,5')],
  [
    'quotes',
    'time,cpu,"what, where"\n"2026-03-01 00:00:00","1","a ""b"""\n"2026-03-01 00:05:00","2.5","c,\nd"\n',
  ],
  [
    'a byte order mark',
    `\uFEFF${plain.replace('time,cpu', 'cpu,time').replaceAll(/(2026.*),(.*)/g, '$2,$1')}`,
  ],
  ['a byte order mark before a quote', '\uFEFF"cpu","time"\n1,2026-03-01\n2.5,2026-03-01 00:05\n'],
  ['other line ends', plain.replaceAll('\n', '\r\n')],
  ['blank lines and no last line end', plain.replaceAll('\n', '\n\n').trimEnd()],
  ['blanks around', plain.replaceAll(',', ' , ')],
  ['another case', plain.replace('cpu', 'CPU')],
  ['other columns', 'host,time,disk,cpu\nx,2026-03-01T00:00:00Z,9,1\ny,2026-03-01T01:05:00+01:00,9,2.5\n'],
  ['slashes', plain.replaceAll('2026-03-01', '2026/03/01')],
])('a file with %s', async (_what, content) => {
  expect(pairs(await read(content))).toEqual(expected);
  expect(pairs(await read(gzipSync(content)))).toEqual(expected);
});

test.each([
  ['seconds', 1_772_323_200],
  ['milliseconds', 1_772_323_80_000],
  ['microseconds', 1_772_323_80_000_000],
  ['seconds of a trace that starts at 0', 0],
] as const)('times in %s', async (_what, first) => {
  const perSecond = first > 1e14 ? 1e6 : first > 1e11 ? 1000 : 1;
  const { timeColumn, samples } = await read(
    `cpu,Timestamp [ms]\n1,${first}\n2,${first + 300 * perSecond}\n`,
  );
  expect(timeColumn).toBe('Timestamp [ms]');
  expect(samples.map(({ atMs }) => Math.round(atMs))).toEqual([
    (first / perSecond) * 1000,
    (first / perSecond) * 1000 + 300_000,
  ]);
});

test('a unit that is given stands above the size of the numbers', async () => {
  const { samples } = await read('start_time,cpu\n600000000,1\n900000000,2\n', { unit: 'us' });
  expect(inferInterval(samples)).toBe(300_000);
});

test('columns by number, with and without names; without times rows are evenly apart', async () => {
  expect(pairs(await read(plain, { value: '2', time: '1' }))).toEqual(expected);
  const bare = await read('7\n8\n\n9\n', { value: '1' });
  expect(bare.timeColumn).toBeNull();
  expect(pairs(bare)).toEqual([
    [0, 7],
    [1, 8],
    [2, 9],
  ]);
});

test('cells without a value are gaps, rows without a time are left out, and both are counted', async () => {
  const cells = ['1', '', 'NaN', '-', 'n/a', 'null', '2'];
  const lines = cells.map((cell, index) => `2026-03-01 00:0${index}:00,${cell}`);
  const found = await read(['time,cpu', ...lines, ',5', 'null,6', '2026-03-01 00:09:00'].join('\n'));
  expect(found).toMatchObject({ missing: 6, timeless: 2 });
  expect(found.samples).toHaveLength(8);
});

test.each([
  ['', /is empty/],
  ['\n\n', /is empty/],
  ['time,cpu\n', /no values: nothing follows the line with 'time', 'cpu'/],
  ['time,memory\n1,2\n', /no column 'cpu'. It has 'time', 'memory'/],
  [`${Array.from({ length: 40 }, (_, index) => `c${index}`).join()}\n1\n`, /'c29' and 10 more/],
  ['time,cpu\n2026-03-01,1\n\n2026-03-02,fast\n', /Line 4: 'fast' in column 'cpu' is not a number/],
  ['time,cpu\n2026-03-01,1\n2026-03-02,Infinity\n', /Line 3: 'Infinity' in column 'cpu' is not a number/],
  ['time,cpu\n2026-03-01,1\n2026-13-02,1\n', /Line 3: '2026-13-02' in column 'time' is not a time/],
  [
    'time,cpu\n1,1\nlater,1\n',
    /Line 3: 'later' in column 'time' is not a time. Expected a number, as in the line before/,
  ],
])('%j is refused, and the message says where', async (content, message) => {
  await expect(read(content)).rejects.toThrow(message);
});

test('what cannot be read is named', async () => {
  await expect(read(gzipSync(plain).subarray(0, 30))).rejects.toThrow(/Cannot read .*series.csv/);
  const columns = { value: 'cpu', time: null, unit: null };
  await expect(readSamples(csvRows(folder), columns, () => undefined)).rejects.toThrow(
    /Cannot read .*EISDIR/,
  );
  await expect(readSamples(csvRows(join(folder, 'none.csv')), columns, () => undefined)).rejects.toThrow(
    /ENOENT/,
  );
});

test('a long file comes through whole, compressed or not', async () => {
  const lines = Array.from({ length: 80_000 }, (_, index) => `${index * 10},${index % 97}`);
  const news: number[] = [];
  const file = join(folder, 'long.csv.gz');
  await writeFile(file, gzipSync(`time,cpu\n${lines.join('\n')}\n`, { level: 1 }));
  const { samples } = await readSamples(csvRows(file), { value: 'cpu', time: null, unit: null }, (rows) =>
    news.push(rows),
  );
  expect(samples).toHaveLength(80_000);
  expect(samples.at(-1)).toEqual({ atMs: 799_990_000, value: 79_999 % 97 });
  expect(news).toEqual([50_000]);
});

test.each([
  ['5m', 300_000],
  ['30s', 30_000],
  ['90', 90_000],
  ['1h', 3_600_000],
  ['1.5 hours', 5_400_000],
  ['250ms', 250],
  ['1d', 86_400_000],
  ['0s', null],
  ['-5m', null],
  ['5 parsecs', null],
  ['', null],
])('the duration %j', (text, durationMs) => {
  expect(parseDuration(text)).toBe(durationMs);
  if (durationMs !== null) expect(parseDuration(durationText(durationMs))).toBe(durationMs);
});

test('times are read as UTC unless they say otherwise', () => {
  expect(parseDateTime('2026-03-01')).toBe(march);
  expect(parseDateTime('2026-03-01T00:00:01.25Z')).toBe(march + 1250);
  expect(parseDateTime('2026-03-01 00:00:00 UTC')).toBe(march);
  expect(parseDateTime('2026-03-01T00:00:00-02:30')).toBe(march + 9_000_000);
  expect(parseDateTime('2026-03-01 24:61:00')).toBeNull();
  expect(parseDateTime('03/01/2026')).toBeNull();
});

test('the interval is what most neighbours are apart, or the usual one near it', () => {
  const at = (...times: readonly number[]) => inferInterval(times.map((atMs) => ({ atMs, value: 1 })));
  expect(at(0, 300_000, 599_000, 599_000, 900_000, 9e9)).toBe(300_000);
  expect(at(0, 57_000, 114_000)).toBe(60_000);
  expect(at(0, 7_000, 14_000)).toBe(7_000);
  expect(at(5, 5, 5)).toBeNull();
  expect(at(5)).toBeNull();
});
