import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

/** One labelled series of the Numenta Anomaly Benchmark. */
export interface LabelledSeries {
  readonly name: string;
  readonly values: readonly number[];
  /** Indices, ends included. */
  readonly windows: readonly (readonly [number, number])[];
}

type Windows = Readonly<Record<string, readonly (readonly [string, string])[]>>;

/**
 * Reads the series that lie in `nab` of the folder that GODWIT_DATA names.
 *
 * @returns null where there are none
 */
export function readNab(): readonly LabelledSeries[] | null {
  const data = process.env['GODWIT_DATA'];
  if (data === undefined || !existsSync(join(data, 'nab', 'anomaly_windows.json'))) return null;
  const folder = join(data, 'nab');
  const labels = JSON.parse(readFileSync(join(folder, 'anomaly_windows.json'), 'utf8')) as Windows;
  return readdirSync(folder)
    .filter((file) => /\.csv(?:\.gz)?$/.test(file))
    .toSorted()
    .map((file) => read(folder, file, labels));
}

function read(folder: string, file: string, labels: Windows): LabelledSeries {
  const name = file.replace(/\.csv(?:\.gz)?$/, '');
  const raw = readFileSync(join(folder, file));
  const text = (file.endsWith('.gz') ? gunzipSync(raw) : raw).toString('utf8');
  const rows = text
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => line.split(','));
  const times = rows.map((row) => secondsOf(row[0] ?? ''));
  const key = Object.keys(labels).find((one) => one.endsWith(`/${name}.csv`));
  const windows = (key === undefined ? [] : (labels[key] ?? [])).map(([from, to]) => {
    const [fromSeconds, toSeconds] = [secondsOf(from), secondsOf(to)];
    const inside = times.flatMap((time, index) => (time >= fromSeconds && time <= toSeconds ? [index] : []));
    return [inside[0] ?? 0, inside.at(-1) ?? 0] as const;
  });
  return { name, values: rows.map((row) => Number(row[1])), windows };
}

function secondsOf(text: string): number {
  return Date.parse(`${text.slice(0, 19).replace(' ', 'T')}Z`) / 1000;
}
