import type { Cluster, RequestClass } from './cluster.ts';
import { gpuWholeMilli } from './cluster.ts';
import type { MakeRoom } from './admit.ts';
import type { Admission } from './policies.ts';

export interface RepackingLimits {
  /** Pods that may move for one admission. */
  readonly movesMax: number;
  /** Ways that are tried before a request is refused. */
  readonly triesMax: number;
  /** Arrivals for which requests like one that could not be helped are not tried again. */
  readonly restArrivals: number;
}

/** Pods whose leaving makes room on a node. */
interface Way {
  readonly node: number;
  readonly victims: readonly number[];
  readonly price: number;
}

/** Ways that fail with victims of one kind are given up after as many. */
const alikeMax = 4;
/** What a move weighs beside the GPU that it moves, in thousandths of a GPU. */
const movePriceMilli = 200;
/** What a victim weighs that fits nowhere as things are: another has to leave for it. */
const chainPriceMilli = 1_000;

/**
 * Makes room for a request that fits nowhere, by a few moves: on some node, pods whose leaving is enough give way; each
 * goes where the policy would place it, or takes the place of another pod that has somewhere to go. Everybody who was
 * admitted stays admitted: a way that does not work out is taken back whole.
 */
export function repacking(cluster: Cluster, admission: Admission, limits: RepackingLimits): MakeRoom {
  const exchange = exchangeOf(cluster, admission);
  const victimsOn = remembered(cluster, (node, request) => victimsFor(cluster, node, request));
  const attempt = (pod: number, request: RequestClass, { node, victims }: Way, fits: Fits): number | null => {
    const leaving = victims.map((victim) => ({ victim, asked: cluster.occupant(victim).request }));
    for (const victim of victims) cluster.remove(victim);
    const devices = tightestDevices(cluster, node, request);
    if (devices === null) return null;
    cluster.place(pod, request, { node, devices });
    let moves = 0;
    for (const { victim, asked } of leaving.toSorted((a, b) => sizeOf(b.asked) - sizeOf(a.asked))) {
      const seat = admission.choose(asked);
      if (seat !== null) cluster.place(victim, asked, seat);
      else if (!exchange(victim, asked, node, fits)) return null;
      else moves += 1;
      moves += 1;
    }
    return moves <= limits.movesMax ? moves : null;
  };
  const search = (pod: number, request: RequestClass): number | null => {
    const fits = fittingNow(admission);
    const failed = new Map<string, number>();
    let tries = 0;
    for (const way of waysOf(cluster, victimsOn, fits, request, limits.movesMax)) {
      const kinds = way.victims.map((victim) => cluster.occupant(victim).request.id);
      const kind = kinds.toSorted((a, b) => a - b).join(' ');
      const failures = failed.get(kind) ?? 0;
      if (failures >= alikeMax) continue;
      if (tries === limits.triesMax) return null;
      tries += 1;
      const moves = attempt(pod, request, way, fits);
      if (moves !== null) return moves;
      cluster.rollBack();
      failed.set(kind, failures + 1);
    }
    return null;
  };
  const restingUntil = new Map<number, number>();
  return (pod, request) => {
    if (pod < (restingUntil.get(request.id) ?? 0)) return null;
    const moves = search(pod, request);
    if (moves === null) restingUntil.set(request.id, pod + limits.restArrivals);
    else cluster.commit();
    return moves;
  };
}

/** Whether there is room for a request somewhere. */
type Fits = (request: RequestClass) => boolean;

/** As things are when first asked, not as they become. */
function fittingNow(admission: Admission): Fits {
  const known = new Map<number, boolean>();
  return (request) => {
    const fits = known.get(request.id) ?? admission.choose(request) !== null;
    known.set(request.id, fits);
    return fits;
  };
}

type OfNode<Value> = (node: number, request: RequestClass) => Value;

/** Computes anew only when the node has changed. */
function remembered<Value>(cluster: Cluster, compute: OfNode<Value>): OfNode<Value> {
  const known = new Map<number, ({ readonly state: number; readonly value: Value } | undefined)[]>();
  return (node, request) => {
    const entries = known.get(request.id) ?? [];
    known.set(request.id, entries);
    const state = cluster.stateOf[node] ?? 0;
    const entry = entries[node];
    if (entry?.state === state) return entry.value;
    const value = compute(node, request);
    entries[node] = { state, value };
    return value;
  };
}

function sizeOf({ gpus, gpuMilli }: RequestClass): number {
  return gpus * gpuMilli;
}

/** The fullest GPUs of a node that have room; null if there are too few, or CPU or memory is missing. */
export function tightestDevices(
  cluster: Cluster,
  node: number,
  request: RequestClass,
): readonly number[] | null {
  if (!cluster.fits(node, request)) return null;
  const devices = Array.from({ length: cluster.nodes[node]?.gpus ?? 0 }, (_, device) => device);
  return devices
    .filter((device) => cluster.left(node, device) >= request.gpuMilli)
    .toSorted((a, b) => cluster.left(node, a) - cluster.left(node, b) || a - b)
    .slice(0, request.gpus);
}

/** Ways to make room, the cheapest first: little GPU to move, few moves, victims that fit somewhere as things are. */
function waysOf(
  cluster: Cluster,
  victimsOn: OfNode<readonly (readonly number[])[]>,
  fits: Fits,
  request: RequestClass,
  movesMax: number,
): readonly Way[] {
  const price = (victims: readonly number[]): number =>
    victims.reduce((sum, victim) => {
      const asked = cluster.occupant(victim).request;
      return sum + movePriceMilli + sizeOf(asked) + (fits(asked) ? 0 : chainPriceMilli);
    }, 0);
  const ways: Way[] = [];
  for (const [node, shape] of cluster.nodes.entries()) {
    if (shape.gpus < request.gpus || shape.cpuMilli < request.cpuMilli) continue;
    for (const victims of victimsOn(node, request))
      if (victims.length > 0 && victims.length <= movesMax)
        ways.push({ node, victims, price: price(victims) });
  }
  return ways.toSorted((a, b) => a.price - b.price || a.node - b.node);
}

/** Who would have to leave a node: first for GPUs, then for CPU and memory. */
function victimsFor(cluster: Cluster, node: number, request: RequestClass): readonly (readonly number[])[] {
  const pods = [...cluster.podsOf(node)];
  const choices = request.gpus === 0 ? [[]] : deviceVictims(cluster, node, pods, request);
  return choices.flatMap((leaving) => {
    const cpuMissing =
      request.cpuMilli - (cluster.cpuLeft[node] ?? 0) - sumOf(cluster, leaving, ({ cpuMilli }) => cpuMilli);
    const memoryMissing =
      request.memoryMib -
      (cluster.memoryLeft[node] ?? 0) -
      sumOf(cluster, leaving, ({ memoryMib }) => memoryMib);
    if (cpuMissing <= 0 && memoryMissing <= 0) return [leaving];
    const seen = new Set<number>();
    return pods.flatMap((pod) => {
      const asked = cluster.occupant(pod).request;
      if (leaving.includes(pod) || seen.has(asked.id)) return [];
      if (asked.cpuMilli < cpuMissing || asked.memoryMib < memoryMissing) return [];
      seen.add(asked.id);
      return [[...leaving, pod]];
    });
  });
}

function sumOf(cluster: Cluster, pods: readonly number[], part: (request: RequestClass) => number): number {
  return pods.reduce((sum, pod) => sum + part(cluster.occupant(pod).request), 0);
}

/** For shares and single GPUs: one pod, two, or all that use one GPU. For more GPUs: all on those least used. */
function deviceVictims(
  cluster: Cluster,
  node: number,
  pods: readonly number[],
  { gpus, gpuMilli }: RequestClass,
): readonly (readonly number[])[] {
  const devices = Array.from({ length: cluster.nodes[node]?.gpus ?? 0 }, (_, device) => {
    const users = pods.filter((pod) => cluster.occupant(pod).seat.devices.includes(device));
    return { left: cluster.left(node, device), users };
  });
  if (gpus > 1) {
    const least = devices.toSorted((a, b) => b.left - a.left || a.users.length - b.users.length);
    return [[...new Set(least.slice(0, gpus).flatMap(({ users }) => users))]];
  }
  if (devices.some(({ left }) => left >= gpuMilli)) return [[]];
  return devices.flatMap(({ left, users }) => {
    const missing = gpuMilli - left;
    const enough = (leaving: readonly number[]): boolean =>
      sumOf(cluster, leaving, (request) => request.gpuMilli) >= missing;
    const single = users.filter((user) => enough([user])).map((user) => [user]);
    if (single.length > 0) return single;
    const pairs = users.flatMap((a, at) => users.slice(at + 1).map((b) => [a, b]));
    const enoughPairs = pairs.filter(enough);
    return enoughPairs.length > 0 ? enoughPairs : [users];
  });
}

type Exchange = (victim: number, asked: RequestClass, from: number, fits: Fits) => boolean;

/** Seats a victim in the place of another pod: the smallest that has the victim's old node, or any other, to go to. */
function exchangeOf(cluster: Cluster, admission: Admission): Exchange {
  const yielding = remembered(cluster, (node, asked) => yieldingOn(cluster, node, asked));
  return (victim, asked, from, fits) => {
    let best: { readonly node: number; readonly pod: number; readonly size: number } | null = null;
    for (let node = 0; node < cluster.nodes.length; node += 1) {
      if (node === from) continue;
      for (const pod of yielding(node, asked)) {
        const other = cluster.occupant(pod).request;
        const size = sizeOf(other);
        if (best !== null && size >= best.size) continue;
        if (fits(other) || cluster.fits(from, other)) best = { node, pod, size };
      }
    }
    if (best === null) return false;
    const other = cluster.occupant(best.pod).request;
    cluster.remove(best.pod);
    const devices = tightestDevices(cluster, best.node, asked);
    if (devices === null) return false;
    cluster.place(victim, asked, { node: best.node, devices });
    const seat = admission.choose(other);
    if (seat === null) return false;
    cluster.place(best.pod, other, seat);
    return true;
  };
}

/** Pods of a node, one of each kind, in whose place one of another kind would fit. */
function yieldingOn(cluster: Cluster, node: number, asked: RequestClass): readonly number[] {
  const seen = new Set<number>();
  return [...cluster.podsOf(node)].filter((pod) => {
    const { request, seat } = cluster.occupant(pod);
    if (request.id === asked.id || seen.has(request.id)) return false;
    if (!fitsWithout(cluster, node, asked, request, seat.devices)) return false;
    seen.add(request.id);
    return true;
  });
}

function fitsWithout(
  cluster: Cluster,
  node: number,
  asked: RequestClass,
  leaving: RequestClass,
  devices: readonly number[],
): boolean {
  if ((cluster.cpuLeft[node] ?? 0) + leaving.cpuMilli < asked.cpuMilli) return false;
  if ((cluster.memoryLeft[node] ?? 0) + leaving.memoryMib < asked.memoryMib) return false;
  let enough = 0;
  for (let device = 0; device < (cluster.nodes[node]?.gpus ?? 0); device += 1) {
    const left = cluster.left(node, device) + (devices.includes(device) ? leaving.gpuMilli : 0);
    if (Math.min(left, gpuWholeMilli) >= asked.gpuMilli) enough += 1;
  }
  return enough >= asked.gpus;
}
