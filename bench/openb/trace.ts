import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { SeededRandom } from '../../src/simulator/random.ts';
import type { NodeShape, RequestClass } from './cluster.ts';

export interface Openb {
  /** Those with GPUs, as in the published simulation. */
  readonly nodes: readonly NodeShape[];
  readonly classes: readonly RequestClass[];
  /** The class of each pod of the recording. */
  readonly pods: readonly RequestClass[];
}

export function loadOpenb(folder: string): Openb {
  const nodeRows = rowsOf(readFileSync(join(folder, 'jobs/openb_node_list_all_node.csv'), 'utf8'));
  const nodes = nodeRows
    .map((row) => ({
      cpuMilli: Number(row['cpu_milli']),
      memoryMib: Number(row['memory_mib']),
      gpus: Number(row['gpu']),
    }))
    .filter(({ gpus }) => gpus > 0);
  const packed = readFileSync(join(folder, 'jobs/openb_pod_list_default.csv.gz'));
  const keys = rowsOf(gunzipSync(packed).toString('utf8')).map((row) => {
    const gpus = Number(row['num_gpu']);
    return [row['cpu_milli'], row['memory_mib'], gpus, gpus === 0 ? 0 : row['gpu_milli']].join(' ');
  });
  const counts = new Map<string, number>();
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1);
  const classOf = new Map(
    [...counts].map(([key, count], index): [string, RequestClass] => {
      const [cpuMilli = 0, memoryMib = 0, gpus = 0, gpuMilli = 0] = key.split(' ').map(Number);
      return [key, { id: index, count, cpuMilli, memoryMib, gpus, gpuMilli }];
    }),
  );
  return {
    nodes,
    classes: [...classOf.values()],
    pods: keys.flatMap((key) => classOf.get(key) ?? []),
  };
}

/**
 * Arrivals as the published simulation draws them: all pods of the recording in random order, then pods drawn with
 * replacement, until the next one would ask for more than the given share of all GPUs.
 */
export function arrivals(
  pods: readonly RequestClass[],
  targetMilli: number,
  random: SeededRandom,
): readonly RequestClass[] {
  const drawn = shuffled(pods, random);
  let askedMilli = drawn.reduce((sum, { gpus, gpuMilli }) => sum + gpus * gpuMilli, 0);
  for (;;) {
    const pod = pods[random.below(pods.length)];
    if (pod === undefined || askedMilli + pod.gpuMilli > targetMilli) return drawn;
    askedMilli += pod.gpus * pod.gpuMilli;
    drawn.push(pod);
  }
}

/** In random order: the published simulation gives nodes such an order too, and of equal ones takes the first. */
export function shuffled<Item>(items: readonly Item[], random: SeededRandom): Item[] {
  return items
    .map((item) => ({ item, at: random.next() }))
    .toSorted((a, b) => a.at - b.at)
    .map(({ item }) => item);
}

function rowsOf(text: string): readonly Readonly<Record<string, string>>[] {
  const [header = '', ...lines] = text.trim().split('\n');
  const names = header.trim().split(',');
  return lines.map((line) => {
    const cells = line.trim().split(',');
    return Object.fromEntries(names.map((name, column) => [name, cells[column] ?? '']));
  });
}
