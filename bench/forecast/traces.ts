import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { PreparedSeries, Sample } from '../../src/forecasting/contract.ts';
import { prepare } from '../../src/forecasting/preparation.ts';

/** One recorded series on the five-minute grid. */
export interface Trace {
  readonly family: string;
  readonly name: string;
  readonly prepared: PreparedSeries;
}

const stepMs = 300_000;
/** The bench takes series of at least so many steps. */
const lengthMin = 1000;

/** Where a wide file has no times, its rows are this far apart. */
interface Wide {
  readonly kind: 'wide';
  /** Which column has the time, and its unit; null if rows are evenly spaced. */
  readonly time: { readonly column: string; readonly unitMs: number } | null;
  readonly rowMs: number;
  readonly columns: readonly string[] | 'all';
}

/** Rows of many machines, one after another. */
interface Long {
  readonly kind: 'long';
  readonly key: string;
  readonly time: { readonly column: string; readonly unitMs: number };
  readonly columns: readonly string[];
  /** Columns that only rise: their increase is what is forecast. */
  readonly counters: readonly string[];
}

interface Source {
  readonly family: string;
  readonly files: RegExp;
  readonly layout: Wide | Long;
}

const evenly = (rowMs: number): Wide => ({ kind: 'wide', time: null, rowMs, columns: 'all' });

/** What each folder holds; its README says where it comes from. */
const sources: readonly Source[] = [
  { family: 'nab', files: /\.csv/, layout: { ...evenly(stepMs), time: { column: 'timestamp', unitMs: 1 } } },
  {
    family: 'bitbrains',
    files: /\.csv/,
    layout: {
      kind: 'wide',
      // The header says ms; the values are seconds.
      time: { column: 'Timestamp [ms]', unitMs: 1000 },
      rowMs: stepMs,
      columns: [
        'CPU usage [%]',
        'Memory usage [KB]',
        'Disk read throughput [KB/s]',
        'Disk write throughput [KB/s]',
        'Network received throughput [KB/s]',
        'Network transmitted throughput [KB/s]',
      ],
    },
  },
  { family: 'azure_v1', files: /\.csv/, layout: evenly(stepMs) },
  {
    family: 'alibaba_v2018',
    files: /^machine_usage/,
    layout: {
      kind: 'long',
      key: 'machine_id',
      time: { column: 'time_stamp', unitMs: 1000 },
      columns: ['cpu_util_percent', 'mem_util_percent', 'net_in', 'net_out', 'disk_io_percent'],
      counters: ['net_in', 'net_out'],
    },
  },
  { family: 'google2019', files: /\.csv/, layout: evenly(stepMs) },
  {
    family: 'azure_v2',
    files: /\.csv/,
    layout: { ...evenly(stepMs), columns: ['cpu_usage', 'assigned_mem'] },
  },
  { family: 'smd', files: /\.csv/, layout: evenly(60_000) },
  { family: 'asd', files: /\.csv/, layout: evenly(stepMs) },
  {
    family: 'donut',
    files: /\.csv/,
    layout: { ...evenly(stepMs), time: { column: 'timestamp', unitMs: 1000 }, columns: ['value'] },
  },
  {
    family: 'google2019_tasks',
    files: /\.csv/,
    layout: {
      ...evenly(stepMs),
      time: { column: 'time', unitMs: 0.001 },
      columns: ['avg_cpu_usage', 'avg_memory_usage', 'max_cpu_usage', 'p99_cpu_usage'],
    },
  },
];

export const families: readonly string[] = sources.map(({ family }) => family);

/** The recorded series of the named families (of all, if none is named). */
export function loadTraces(folder: string, wanted: readonly string[]): Trace[] {
  return sources
    .filter(({ family }) => wanted.length === 0 || wanted.includes(family))
    .flatMap((source) =>
      readdirSync(join(folder, source.family))
        .filter((file) => source.files.test(file) && file.includes('.csv'))
        .toSorted()
        .flatMap((file) => loadFile(folder, source, file)),
    );
}

function loadFile(folder: string, { family, layout }: Source, file: string): Trace[] {
  const [header = [], ...rows] = readTable(join(folder, family, file));
  const columns: Map<string, { samples: Sample[]; counter: boolean }> = new Map();
  const names =
    layout.columns === 'all' ? header.filter((name) => name !== layout.time?.column) : layout.columns;
  const wanted = names.filter((name) => name !== 'row').map((name) => [name, header.indexOf(name)] as const);
  const timeIndex = layout.time === null ? -1 : header.indexOf(layout.time.column);
  const keyIndex = layout.kind === 'long' ? header.indexOf(layout.key) : -1;
  for (const [row, cells] of rows.entries()) {
    const atMs =
      layout.kind === 'wide' && layout.time === null
        ? row * layout.rowMs
        : timeOf(cells[timeIndex] ?? '', layout.time?.unitMs ?? 1);
    for (const [name, index] of wanted) {
      const key = keyIndex < 0 ? name : `${cells[keyIndex] ?? ''}/${name}`;
      let column = columns.get(key);
      if (column === undefined) {
        column = { samples: [], counter: layout.kind === 'long' && layout.counters.includes(name) };
        columns.set(key, column);
      }
      const cell = cells[index] ?? '';
      column.samples.push({ atMs, value: cell === '' ? Number.NaN : Number(cell) });
    }
  }
  return [...columns].flatMap(([name, { samples, counter }]) => {
    const prepared = prepare(samples, {
      stepMs,
      kind: counter ? 'counter' : 'gauge',
      untilMs: Infinity,
      valuesMax: Infinity,
    });
    if (prepared === null || prepared.series.values.length < lengthMin) return [];
    return [{ family, name: `${file.replace(/\.csv(?:\.gz)?$/, '')}/${name}`, prepared }];
  });
}

function timeOf(cell: string, unitMs: number): number {
  return cell.includes('-') ? Date.parse(`${cell.replace(' ', 'T')}Z`) : Number(cell) * unitMs;
}

/** A CSV of plain cells: commas, or semicolons with tabs. */
function readTable(path: string): string[][] {
  const bytes = readFileSync(path);
  const text = (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
  const lines = text.split(/\r?\n/).filter((line) => line !== '');
  const separator = (lines[0] ?? '').includes(';') ? ';' : ',';
  return lines.map((line) => line.split(separator).map((cell) => cell.trim().replace(/^"(.*)"$/, '$1')));
}

/** M4's hourly series: what was known, and the 48 values that were asked for. */
export interface HourlySeries {
  readonly name: string;
  readonly known: Float64Array;
  readonly asked: Float64Array;
}

export function loadHourly(folder: string): HourlySeries[] {
  const [, ...known] = readTable(join(folder, 'reference', 'm4_hourly_train.csv.gz'));
  const asked = new Map(
    readTable(join(folder, 'reference', 'm4_hourly_test.csv')).map(([name = '', ...cells]) => [name, cells]),
  );
  return known.map(([name = '', ...cells]) => ({
    name,
    known: numbers(cells),
    asked: numbers(asked.get(name) ?? []),
  }));
}

function numbers(cells: readonly string[]): Float64Array {
  return Float64Array.from(cells.filter((cell) => cell !== '').map(Number));
}

/** @throws Error when the folder of recorded series is not named, or is not there */
export function tracesFolder(): string {
  const folder = process.env['GODWIT_DATA'];
  if (folder === undefined) {
    throw new Error('This bench needs recorded series: set GODWIT_DATA to the folder that holds them.');
  }
  if (!existsSync(folder)) throw new Error(`GODWIT_DATA names ${folder}, which is not there.`);
  return folder;
}
