import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { SeededRandom } from '../../src/simulator/random.ts';
import type { Workload } from '../../src/simulator/fleet/workload.ts';
import { workloadOf } from '../../src/simulator/fleet/workload.ts';

const fiveMinutesMs = 300_000;
const samplesADay = 288;

/** The recordings that the bench knows, by the names under which `--trace` takes them. */
export const traceNames = ['planetlab-tuning', 'planetlab', 'google2011', 'bitbrains', 'azure'] as const;
export type TraceName = (typeof traceNames)[number];

/** @returns one core for each component at 100 %, five-minute means, one day */
export function loadTrace(name: TraceName, dataFolder: string): Workload {
  const options = { name, sampleMs: fiveMinutesMs, coresPerUnit: 0.01 };
  return workloadOf(columnsOf(name, dataFolder), options);
}

function columnsOf(name: TraceName, folder: string): readonly Float64Array[] {
  switch (name) {
    case 'planetlab-tuning':
      return planetLab(join(folder, 'planetlab_cpu/20110303.txt.gz'));
    case 'planetlab':
      return planetLab(join(folder, 'planetlab_cpu/20110306.txt.gz'));
    case 'google2011':
      return google(join(folder, 'google2011/gcd_vms_day1.csv.gz'));
    case 'bitbrains':
      return shiftedDays(bitbrains(join(folder, 'bitbrains')), 600, 17);
    case 'azure':
      return shiftedDays(azure(join(folder, 'azure_v1')), 600, 18);
  }
}

function linesOf(path: string): readonly string[] {
  return gunzipSync(readFileSync(path)).toString('utf8').trim().split('\n');
}

/** A line for each VM: its name, then a day of whole per cents. */
function planetLab(path: string): readonly Float64Array[] {
  return linesOf(path).map((line) => Float64Array.from(line.trim().split(/\s+/).slice(1), Number));
}

/** Long: vm, step, cpu_percent, mem_percent. */
function google(path: string): readonly Float64Array[] {
  const columns = new Map<string, Float64Array>();
  for (const line of linesOf(path).slice(1)) {
    const [vm = '', step = '', cpu = ''] = line.split(',');
    const column = columns.get(vm) ?? new Float64Array(samplesADay).fill(Number.NaN);
    columns.set(vm, column);
    column[Number(step)] = Number(cpu);
  }
  return [...columns.values()];
}

/** CPU per cent of each VM's provision, on a grid of five minutes; gaps repeat the value before. */
function bitbrains(folder: string): readonly Float64Array[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.csv.gz'))
    .toSorted()
    .map((file) => {
      const rows = linesOf(join(folder, file))
        .slice(1)
        .map((line) => line.split(/;\s*/).map(Number));
      const startSeconds = rows[0]?.[0] ?? 0;
      const endSeconds = rows.at(-1)?.[0] ?? startSeconds;
      const column = new Float64Array(Math.floor((endSeconds - startSeconds) / 300) + 1).fill(Number.NaN);
      for (const row of rows)
        column[Math.floor(((row[0] ?? 0) - startSeconds) / 300)] = Math.min(100, Math.max(0, row[4] ?? 0));
      return filled(column);
    });
}

function filled(column: Float64Array): Float64Array {
  let last = 0;
  return column.map((value) => (last = Number.isNaN(value) ? last : value));
}

function azure(folder: string): readonly Float64Array[] {
  return ['microsoft_avg_100_20vms.csv.gz', 'periodic_avg_10vms.csv.gz'].flatMap((file) => {
    const rows = linesOf(join(folder, file)).slice(1);
    const table = rows.map((line) => line.split(',').slice(1).map(Number));
    const width = table[0]?.length ?? 0;
    return Array.from({ length: width }, (_, column) =>
      Float64Array.from(table, (row) => Math.min(100, Math.max(0, row[column] ?? 0))),
    );
  });
}

/** A fleet from few series: each component is one of them, and begins at a random sample of it. */
function shiftedDays(series: readonly Float64Array[], components: number, seed: number): Float64Array[] {
  const random = new SeededRandom(seed);
  return Array.from({ length: components }, (_, component) => {
    const column = series[component % series.length] ?? new Float64Array(samplesADay);
    const start = random.below(column.length - samplesADay);
    return column.slice(start, start + samplesADay);
  });
}
