import type { SeededRandom } from '../../src/simulator/random.ts';
import type { Cluster, RequestClass, Seat } from './cluster.ts';
import { gpuWholeMilli } from './cluster.ts';
import type { RequestMix } from './fragmentation.ts';
import { Gradient, wholeDevices } from './fragmentation.ts';

/** Chooses where a request goes, among the nodes that have room. */
export interface Admission {
  readonly name: string;
  readonly choose: (request: RequestClass) => Seat | null;
}

export type AdmissionPlan = (cluster: Cluster, mix: RequestMix, random: SeededRandom) => Admission;

const scoreMax = 100;
const specCpuMilli = 128_000;
const specGpuMilli = 8_000;

/** Points, higher is better; of equals the first node wins, as in the published simulation. */
type Score = (node: number, request: RequestClass) => number;
type Select = (node: number, request: RequestClass) => readonly number[];

function byScore(
  name: string,
  {
    nodes,
    fits,
  }: { readonly nodes: number; readonly fits: (node: number, request: RequestClass) => boolean },
  score: Score,
  select: Select,
): Admission {
  return {
    name,
    choose(request) {
      let best = -1;
      let most = Number.NEGATIVE_INFINITY;
      for (let node = 0; node < nodes; node += 1) {
        if (!fits(node, request)) continue;
        const points = score(node, request);
        if (points > most) {
          most = points;
          best = node;
        }
      }
      return best < 0 ? null : { node: best, devices: select(best, request) };
    },
  };
}

function roomOf(cluster: Cluster): {
  readonly nodes: number;
  readonly fits: (node: number, request: RequestClass) => boolean;
} {
  return { nodes: cluster.nodes.length, fits: (node, request) => cluster.fits(node, request) };
}

function leftOf(cluster: Cluster, node: number): readonly number[] {
  const gpus = cluster.nodes[node]?.gpus ?? 0;
  return Array.from({ length: gpus }, (_, device) => cluster.left(node, device));
}

function idleOf(cluster: Cluster, node: number): number {
  return leftOf(cluster, node).reduce((sum, milli) => sum + milli, 0);
}

/** A share goes to the fullest GPU that has room for it. */
function fullestDevice(cluster: Cluster): Select {
  return (node, { gpus, gpuMilli }) => {
    if (gpus === 0) return [];
    const left = leftOf(cluster, node);
    if (gpuMilli === gpuWholeMilli) return wholeDevices(left, gpus);
    const room = left.filter((milli) => milli >= gpuMilli);
    return [left.indexOf(Math.min(...room))];
  };
}

function anyDevice(cluster: Cluster, random: SeededRandom): Select {
  return (node, { gpus, gpuMilli }) => {
    if (gpus === 0) return [];
    const left = leftOf(cluster, node);
    if (gpuMilli === gpuWholeMilli) return wholeDevices(left, gpus);
    const room = left.flatMap((milli, device) => (milli >= gpuMilli ? [device] : []));
    return [room[random.below(room.length)] ?? 0];
  };
}

const randomly: AdmissionPlan = (cluster, _, random) => {
  const select = anyDevice(cluster, random);
  return {
    name: 'Random',
    choose(request) {
      const room = cluster.nodes.flatMap((_node, node) => (cluster.fits(node, request) ? [node] : []));
      const node = room[random.below(room.length)];
      return node === undefined ? null : { node, devices: select(node, request) };
    },
  };
};

const dotProduct: AdmissionPlan = (cluster) =>
  byScore(
    'DotProd',
    roomOf(cluster),
    (node, { cpuMilli, gpus, gpuMilli }) => {
      const cpu = ((cluster.cpuLeft[node] ?? 0) / specCpuMilli) * (cpuMilli / specCpuMilli);
      const gpu = (idleOf(cluster, node) / specGpuMilli) * ((gpus * gpuMilli) / specGpuMilli);
      return Math.trunc(scoreMax * (1 - (cpu + gpu) / 2));
    },
    fullestDevice(cluster),
  );

const bestFit: AdmissionPlan = (cluster) =>
  byScore(
    'BestFit',
    roomOf(cluster),
    (node, { cpuMilli, gpus, gpuMilli }) => {
      const cpu = ((cluster.cpuLeft[node] ?? 0) - cpuMilli) / specCpuMilli;
      const gpu = (idleOf(cluster, node) - gpus * gpuMilli) / specGpuMilli;
      return Math.trunc((1 - (cpu + gpu) / 2) * scoreMax);
    },
    fullestDevice(cluster),
  );

/** Kinds of GPU request that GpuClustering keeps together: shares, and whole GPUs by their number. */
function kindOf({ gpus, gpuMilli }: RequestClass): string {
  if (gpus === 0) return 'none';
  return gpuMilli < gpuWholeMilli ? 'share' : String(gpus);
}

const gpuClustering: AdmissionPlan = (cluster) =>
  byScore(
    'GpuClustering',
    roomOf(cluster),
    (node, request) => {
      if (request.gpus === 0) return 0;
      const kinds = new Set<string>();
      for (const pod of cluster.podsOf(node)) kinds.add(kindOf(cluster.occupant(pod).request));
      kinds.delete('none');
      const quarter = scoreMax / 4;
      const packed = Math.trunc((quarter * (specGpuMilli - idleOf(cluster, node))) / specGpuMilli);
      if (kinds.has(kindOf(request))) return packed + (kinds.size === 1 ? 3 : 2) * quarter;
      return kinds.size === 0 ? packed + quarter : packed;
    },
    fullestDevice(cluster),
  );

const gpuPacking: AdmissionPlan = (cluster) =>
  byScore(
    'GpuPacking',
    roomOf(cluster),
    (node, { gpus, gpuMilli }) => {
      if (gpus === 0) return 0;
      const left = leftOf(cluster, node).toSorted((a, b) => a - b);
      const free = left.filter((milli) => milli === gpuWholeMilli).length;
      if (free === left.length) return Math.max(Math.trunc(scoreMax / 3) - free, free);
      const used = left.filter((milli) => milli >= gpuMilli).slice(0, gpus);
      const wholes = used.filter((milli) => milli === gpuWholeMilli).length;
      if (wholes > 0) return Math.max(scoreMax / 2 - wholes, Math.trunc(scoreMax / 3));
      const spare = used.reduce((sum, milli) => sum + Math.trunc(milli / 10), 0);
      return Math.max(scoreMax - Math.trunc(spare / 10), scoreMax / 2);
    },
    fullestDevice(cluster),
  );

/** As published: the fall of fragmentation, in whole GPUs, through a sigmoid, in whole points of 100. */
const gradientDescent: AdmissionPlan = (cluster, mix) => {
  const gradient = new Gradient(cluster, mix);
  return byScore(
    'FGD',
    roomOf(cluster),
    (node, request) =>
      Math.trunc(scoreMax / (1 + Math.exp(gradient.growth(node, request).milli / gpuWholeMilli))),
    (node, request) => gradient.growth(node, request).devices,
  );
};

/**
 * The policies of Weng et al., USENIX ATC 2023, section 6, scored as in the simulator that they published with it.
 */
export const admissionPlans: readonly AdmissionPlan[] = [
  randomly,
  dotProduct,
  gpuClustering,
  gpuPacking,
  bestFit,
  gradientDescent,
];
