import type { Cluster, RequestClass } from './cluster.ts';
import { gpuWholeMilli } from './cluster.ts';

/** Requests that are to be expected, with their shares of all, which sum to 1. */
export type RequestMix = readonly { readonly request: RequestClass; readonly share: number }[];

/**
 * The most frequent requests that make up this share of the workload, as the published simulation takes them: alike are
 * those that ask for the same CPU and GPUs, whatever their memory.
 */
export function typicalMix(classes: readonly RequestClass[], coverage: number): RequestMix {
  const alike = new Map<string, { readonly request: RequestClass; count: number }>();
  let total = 0;
  for (const request of classes) {
    const key = `${request.cpuMilli} ${request.gpus} ${request.gpuMilli}`;
    const known = alike.get(key);
    if (known === undefined) alike.set(key, { request, count: request.count });
    else known.count += request.count;
    total += request.count;
  }
  const sorted = [...alike.values()].toSorted((a, b) => b.count - a.count || a.request.id - b.request.id);
  let covered = 0;
  const typical = sorted.filter(({ count }) => {
    if (covered >= coverage * total) return false;
    covered += count;
    return true;
  });
  return typical.map(({ request, count }) => ({ request, share: count / covered }));
}

/**
 * Idle GPU in thousandths that a request drawn from the mix is expected not to be able to use on a node: Weng et al.,
 * "Beware of Fragmentation", USENIX ATC 2023, section 3. If the node cannot host the request, all that is idle; else
 * what is left on GPUs that have less than it asks for. For a request without GPU, all that is idle.
 *
 * @param left of each of the node's GPUs
 */
export function fragmentationMilli(cpuLeft: number, left: readonly number[], mix: RequestMix): number {
  let idle = 0;
  for (const milli of left) idle += milli;
  if (idle === 0) return 0;
  let expected = 0;
  for (const { request, share } of mix) expected += share * unusable(cpuLeft, left, idle, request);
  return expected;
}

function unusable(
  cpuLeft: number,
  left: readonly number[],
  idle: number,
  { cpuMilli, gpus, gpuMilli }: RequestClass,
): number {
  if (gpus === 0 || cpuLeft < cpuMilli) return idle;
  let enough = 0;
  let tooLittle = 0;
  for (const milli of left) {
    if (milli >= gpuMilli) enough += 1;
    else tooLittle += milli;
  }
  return enough >= gpus ? tooLittle : idle;
}

/** How much more is fragmented, if a node hosts a request, and on which of its GPUs that is least. */
export interface Growth {
  readonly milli: number;
  readonly devices: readonly number[];
}

/** Growth of fragmentation by node and request, computed anew only when a node has changed. */
export class Gradient {
  readonly #cluster: Cluster;
  readonly #mix: RequestMix;
  readonly #known = new Map<number, { readonly state: Int32Array; readonly growth: Growth[] }>();
  readonly #levels = new Map<string, number>();

  constructor(cluster: Cluster, mix: RequestMix) {
    this.#cluster = cluster;
    this.#mix = mix;
  }

  /** @param node has room for the request */
  growth(node: number, request: RequestClass): Growth {
    let known = this.#known.get(request.id);
    if (known === undefined) {
      known = { state: new Int32Array(this.#cluster.nodes.length), growth: [] };
      this.#known.set(request.id, known);
    }
    const state = this.#cluster.stateOf[node] ?? 0;
    const remembered = known.growth[node];
    if (known.state[node] === state && remembered !== undefined) return remembered;
    const growth = this.#compute(node, request);
    known.state[node] = state;
    known.growth[node] = growth;
    return growth;
  }

  #compute(node: number, request: RequestClass): Growth {
    const cluster = this.#cluster;
    const gpus = cluster.nodes[node]?.gpus ?? 0;
    const left = Array.from({ length: gpus }, (_, device) => cluster.left(node, device));
    const cpuLeft = cluster.cpuLeft[node] ?? 0;
    const before = this.#level(cpuLeft, left);
    const after = (devices: readonly number[]): number => {
      const changed = left.map((milli, device) =>
        devices.includes(device) ? milli - request.gpuMilli : milli,
      );
      return this.#level(cpuLeft - request.cpuMilli, changed);
    };
    if (request.gpus !== 1 || request.gpuMilli === gpuWholeMilli) {
      const devices = wholeDevices(left, request.gpus);
      return { milli: after(devices) - before, devices };
    }
    let best: Growth | null = null;
    for (const [device, milli] of left.entries()) {
      if (milli < request.gpuMilli || left.indexOf(milli) < device) continue;
      const grown = after([device]) - before;
      if (best === null || grown < best.milli) best = { milli: grown, devices: [device] };
    }
    return best ?? { milli: Number.POSITIVE_INFINITY, devices: [] };
  }

  #level(cpuLeft: number, left: readonly number[]): number {
    const key = `${cpuLeft} ${left.toSorted((a, b) => a - b).join(' ')}`;
    const known = this.#levels.get(key);
    if (known !== undefined) return known;
    const level = fragmentationMilli(cpuLeft, left, this.#mix);
    this.#levels.set(key, level);
    return level;
  }
}

/** The first GPUs of a node that nobody uses. */
export function wholeDevices(left: readonly number[], gpus: number): readonly number[] {
  return left.flatMap((milli, device) => (milli === gpuWholeMilli ? [device] : [])).slice(0, gpus);
}
