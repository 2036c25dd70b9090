import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { Series } from '../../src/forecasting/contract.ts';

/** One recorded series, prepared: no counters, no gaps. */
export interface Recording {
  readonly family: string;
  readonly name: string;
  readonly series: Series;
}

/** Where a family of recordings comes from, for those whose licence lets weights that were learned from it be shipped. */
export interface Source {
  readonly family: string;
  readonly title: string;
  readonly licence: string;
  readonly attribution: string;
}

export const sources: readonly Source[] = [
  {
    family: 'nab',
    title: 'Numenta Anomaly Benchmark, real AWS CloudWatch, known-cause and tweet series',
    licence: 'MIT',
    attribution: 'Copyright Numenta, Inc.; github.com/numenta/NAB',
  },
  {
    family: 'smd',
    title: 'Server Machine Dataset (OmniAnomaly), as processed by InterFusion',
    licence: 'MIT',
    attribution: 'Su et al., KDD 2019, NetManAIOps/OmniAnomaly; Li et al., KDD 2021, zhhlee/InterFusion',
  },
  {
    family: 'asd',
    title: 'Application Server Dataset (InterFusion)',
    licence: 'MIT',
    attribution: 'Li et al., KDD 2021; github.com/zhhlee/InterFusion',
  },
  {
    family: 'azure',
    title: 'Azure Public Dataset, VM traces V1 and V2, single machines and sums',
    licence: 'CC-BY 4.0',
    attribution:
      'Microsoft, github.com/Azure/AzurePublicDataset; Cortez et al., SOSP 2017. Averaged to other grids, scaled',
  },
  {
    family: 'google2019',
    title: 'Google cluster data 2019, cell means and single tasks',
    licence: 'CC-BY 4.0',
    attribution:
      'Google, github.com/google/cluster-data; Tirmazi et al., EuroSys 2020. Averaged to other grids, scaled',
  },
  {
    family: 'google2011',
    title: 'Google cluster data 2011, jobs as virtual machines',
    licence: 'CC-BY 4.0',
    attribution: 'Google, github.com/google/cluster-data; Reiss et al., 2011. Scaled',
  },
];

const minuteMs = 60_000;
const fiveMinutesMs = 5 * minuteMs;

/** All recordings of one family of `sources`, those that never change left out. */
export function readFamily(folder: string, family: string): readonly Recording[] {
  const reader = readers[family];
  if (reader === undefined)
    throw new Error(`There is no family ${family}: ${Object.keys(readers).join(', ')}.`);
  return reader(folder).filter(({ series }) => series.values.some((value) => value !== series.values[0]));
}

const readers: Readonly<Record<string, (folder: string) => readonly Recording[]>> = {
  nab: readNab,
  smd: (folder) => ['1-6', '2-1', '3-3'].flatMap((machine) => readServer(folder, machine)),
  asd: (folder) =>
    ['omi-1', 'omi-3', 'omi-5'].flatMap((name) =>
      columns('asd', name, `${folder}/asd/${name}_train.csv.gz`, fiveMinutesMs),
    ),
  azure: readAzure,
  google2019: readGoogle2019,
  google2011: readGoogle2011,
};

interface Table {
  readonly header: readonly string[];
  readonly lines: readonly (readonly string[])[];
}

function table(path: string, separator = /,/): Table {
  const bytes = readFileSync(path);
  const text = (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
  const [header = [], ...lines] = text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => line.trim().split(separator));
  return { header, lines };
}

function recorded(family: string, name: string, series: Series): Recording {
  return { family, name, series };
}

/** Each column as a series of its own. */
function columns(
  family: string,
  name: string,
  path: string,
  stepMs: number,
  skipped = 0,
): readonly Recording[] {
  const { header, lines } = table(path);
  return header.slice(skipped).map((column, index) =>
    recorded(family, `${name}/${column}`, {
      startMs: 0,
      stepMs,
      values: filled(Float64Array.from(lines, (line) => Number(line[skipped + index]))),
    }),
  );
}

/** A column with times, averaged onto an even grid; NaN-free. */
function timed(
  { lines }: Table,
  timeColumn: number,
  valueColumn: number,
  { unitMs, stepMs }: { readonly unitMs: number; readonly stepMs: number },
): Series {
  const samples = lines
    .map((line) => ({
      atMs:
        unitMs === 0
          ? Date.parse(`${line[timeColumn]?.replace(' ', 'T')}Z`)
          : Number(line[timeColumn]) * unitMs,
      value: line[valueColumn] === '' ? NaN : Number(line[valueColumn]),
    }))
    .filter(({ atMs, value }) => Number.isFinite(atMs) && Number.isFinite(value));
  const startMs = Math.floor(Math.min(...samples.map(({ atMs }) => atMs)) / stepMs) * stepMs;
  const endMs = Math.max(...samples.map(({ atMs }) => atMs));
  const count = Math.floor((endMs - startMs) / stepMs) + 1;
  const sums = new Float64Array(count);
  const counts = new Float64Array(count);
  for (const { atMs, value } of samples) {
    const at = Math.floor((atMs - startMs) / stepMs);
    sums[at] = (sums[at] as number) + value;
    counts[at] = (counts[at] as number) + 1;
  }
  return { startMs, stepMs, values: filled(sums.map((sum, at) => sum / (counts[at] as number))) };
}

/** Gaps take the value before them. */
function filled(values: Float64Array): Float64Array {
  let last = values.find((value) => Number.isFinite(value)) ?? 0;
  return values.map((value) => (last = Number.isFinite(value) ? value : last));
}

function byFirstColumn(lines: Table['lines']): ReadonlyMap<string, Table['lines']> {
  const groups = new Map<string, (readonly string[])[]>();
  for (const line of lines) {
    const key = line[0] ?? '';
    const group = groups.get(key) ?? [];
    if (group.length === 0) groups.set(key, group);
    group.push(line);
  }
  return groups;
}

function readNab(folder: string): readonly Recording[] {
  const names = [
    'ec2_cpu_utilization_24ae8d.csv',
    'ec2_cpu_utilization_5f5533.csv',
    'ec2_cpu_utilization_825cc2.csv',
    'ec2_cpu_utilization_c6585a.csv',
    'ec2_disk_write_bytes_1ef3de.csv',
    'ec2_network_in_257a54.csv',
    'iio_us-east-1_i-a2eb1cd9_NetworkIn.csv',
    'elb_request_count_8c0756.csv',
    'rds_cpu_utilization_cc0c53.csv',
    'cpu_utilization_asg_misconfiguration.csv.gz',
    'Twitter_volume_AAPL.csv.gz',
    'Twitter_volume_AMZN.csv.gz',
  ];
  return names.map((name) =>
    recorded(
      'nab',
      name.replace(/\.csv.*/, ''),
      timed(table(join(folder, 'nab', name)), 0, 1, { unitMs: 0, stepMs: fiveMinutesMs }),
    ),
  );
}

function readServer(folder: string, machine: string): readonly Recording[] {
  return columns('smd', machine, `${folder}/smd/machine-${machine}_train_12metrics.csv.gz`, minuteMs).map(
    (recording) => coarser(recording, 5),
  );
}

/** The finest grid of the Server Machine Dataset, a minute. */
export function readServersByMinute(folder: string): readonly Recording[] {
  return ['1-6', '2-1', '3-3'].flatMap((machine) =>
    columns('smd', `${machine}/minutes`, `${folder}/smd/machine-${machine}_train_12metrics.csv.gz`, minuteMs),
  );
}

/** Means over `factor` steps. */
export function coarser({ family, name, series }: Recording, factor: number): Recording {
  const count = Math.floor(series.values.length / factor);
  const values = Float64Array.from({ length: count }, (_, at) => {
    let sum = 0;
    for (let step = 0; step < factor; step += 1) sum += series.values[at * factor + step] as number;
    return sum / factor;
  });
  return recorded(family, name, { startMs: series.startMs, stepMs: series.stepMs * factor, values });
}

function readAzure(folder: string): readonly Recording[] {
  const of = (name: string, path: string, skipped: number): readonly Recording[] =>
    columns('azure', name, `${folder}/${path}`, fiveMinutesMs, skipped);
  return [
    ...of('average', 'azure_v1/microsoft_avg_100_20vms.csv.gz', 1),
    ...of('most', 'azure_v1/microsoft_max_100_8vms.csv.gz', 1),
    ...of('periodic', 'azure_v1/periodic_avg_10vms.csv.gz', 1),
    ...of('week1', 'azure_v2/vm_cpu_readings_week1_aggregated_cpu_mem.csv', 1),
    ...of('week2', 'azure_v2/vm_cpu_readings_week2_aggregated_cpu_mem.csv', 1),
    ...of('total', 'reference/azure_total_cpu_2017.csv.gz', 1),
  ];
}

function readGoogle2019(folder: string): readonly Recording[] {
  const cells = ['week1', 'week_2'].flatMap((week) =>
    columns(
      'google2019',
      week,
      `${folder}/google2019/instance_usage_grouped_300_seconds_${week}.csv.gz`,
      fiveMinutesMs,
    ),
  );
  const tasks = ['job113_task115', 'job113_task159', 'job113_task88', 'job382_task115', 'job382_task22'];
  const wanted = [
    'avg_cpu_usage',
    'avg_memory_usage',
    'max_cpu_usage',
    'random_sample_cpu_usage',
    'p90_cpu_usage',
  ];
  return [
    ...cells,
    ...tasks.flatMap((task) => {
      const found = table(`${folder}/google2019_tasks/${task}.csv.gz`);
      return wanted.map((column) =>
        recorded(
          'google2019',
          `${task}/${column}`,
          timed(found, 0, found.header.indexOf(column), { unitMs: 1e-3, stepMs: fiveMinutesMs }),
        ),
      );
    }),
  ];
}

function readGoogle2011(folder: string): readonly Recording[] {
  const { lines } = table(`${folder}/google2011/gcd_vms_day1.csv.gz`);
  const byMachine = byFirstColumn(lines);
  return [...byMachine].flatMap(([machine, rows]) =>
    [2, 3].map((column) =>
      recorded('google2011', `${machine}/${column === 2 ? 'cpu' : 'memory'}`, {
        startMs: 0,
        stepMs: fiveMinutesMs,
        values: filled(Float64Array.from(rows, (row) => Number(row[column]))),
      }),
    ),
  );
}
