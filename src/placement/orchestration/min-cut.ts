/** An undirected edge between two numbered nodes; weights are not negative. */
export interface CutEdge {
  readonly a: number;
  readonly b: number;
  readonly weight: number;
}

/** One side of a cut, by node, and the weight of the edges across. */
export interface Cut {
  readonly side: readonly boolean[];
  readonly weight: number;
}

/**
 * The least cut of a graph in two, whichever two: Stoer and Wagner, Journal of the ACM 44 (1997), in O(n³).
 *
 * @param nodes at least 2
 * @returns the cuts of all phases, each the least between some two nodes; the least of all is among them
 */
export function phaseCuts(nodes: number, edges: readonly CutEdge[]): readonly Cut[] {
  const weights = Array.from({ length: nodes }, () => new Float64Array(nodes));
  for (const { a, b, weight } of edges) {
    if (a === b) continue;
    add(weights, a, b, weight);
    add(weights, b, a, weight);
  }
  const merged = Array.from({ length: nodes }, (_, node) => [node]);
  let alive = Array.from({ length: nodes }, (_, node) => node);
  const cuts: Cut[] = [];
  while (alive.length > 1) {
    const { last, before, weight } = phase(weights, alive);
    const members = new Set(merged[last]);
    cuts.push({ side: Array.from({ length: nodes }, (_, node) => members.has(node)), weight });
    merged[before]?.push(...(merged[last] ?? []));
    for (const node of alive) {
      if (node === before || node === last) continue;
      const moved = weights[last]?.[node] ?? 0;
      add(weights, before, node, moved);
      add(weights, node, before, moved);
    }
    alive = alive.filter((node) => node !== last);
  }
  return cuts;
}

/** The least of `phaseCuts`. */
export function leastCut(nodes: number, edges: readonly CutEdge[]): Cut | null {
  return phaseCuts(nodes, edges).reduce<Cut | null>(
    (least, cut) => (least === null || cut.weight < least.weight ? cut : least),
    null,
  );
}

function add(weights: readonly Float64Array[], from: number, to: number, weight: number): void {
  const row = weights[from];
  if (row !== undefined) row[to] = (row[to] ?? 0) + weight;
}

/** A maximum adjacency ordering: the last node's cut is the least between it and the one before. */
function phase(
  weights: readonly Float64Array[],
  alive: readonly number[],
): { readonly last: number; readonly before: number; readonly weight: number } {
  const attached = new Float64Array(weights.length);
  const rest = new Set(alive);
  let last = -1;
  let before = -1;
  while (rest.size > 0) {
    let next = -1;
    for (const node of rest) if (next < 0 || (attached[node] ?? 0) > (attached[next] ?? 0)) next = node;
    rest.delete(next);
    before = last;
    last = next;
    for (const node of rest) attached[node] = (attached[node] ?? 0) + (weights[next]?.[node] ?? 0);
  }
  return { last, before, weight: attached[last] ?? 0 };
}

/**
 * The least cut between two nodes, by Dinic's maximum flow.
 *
 * @param arcs directed; an undirected edge is two of them
 * @returns the source's side, the smallest of those with the least weight
 */
export function leastCutBetween(nodes: number, arcs: readonly Arc[], source: number, sink: number): Cut {
  const flow = new Flow(nodes, arcs);
  const weight = flow.maximise(source, sink);
  return { side: Array.from(flow.levels(source), (level) => level >= 0), weight };
}

export interface Arc {
  readonly from: number;
  readonly to: number;
  readonly capacity: number;
}

/** Residual capacities below it, relative to the largest, are rounding. */
const grain = 1e-12;

class Flow {
  private readonly first: Int32Array;
  private readonly next: number[] = [];
  private readonly to: number[] = [];
  private readonly left: number[] = [];
  private readonly least: number;

  constructor(nodes: number, arcs: readonly Arc[]) {
    this.first = new Int32Array(nodes).fill(-1);
    const finite = arcs.map(({ capacity }) => capacity).filter(Number.isFinite);
    this.least = grain * finite.reduce((most, capacity) => Math.max(most, capacity), 0);
    for (const { from, to, capacity } of arcs) {
      this.push(from, to, capacity);
      this.push(to, from, 0);
    }
  }

  maximise(source: number, sink: number): number {
    let total = 0;
    for (;;) {
      const levels = this.levels(source);
      if ((levels[sink] ?? -1) < 0) return total;
      const at = this.first.slice();
      for (let sent = this.send(source, sink, Infinity, levels, at); sent > 0;) {
        total += sent;
        sent = this.send(source, sink, Infinity, levels, at);
      }
    }
  }

  /** Steps from the source over arcs with capacity left; -1 where none leads. */
  levels(source: number): Int32Array {
    const levels = new Int32Array(this.first.length).fill(-1);
    levels[source] = 0;
    const queue = [source];
    for (let head = 0; head < queue.length; head += 1) {
      const node = queue[head] ?? 0;
      for (let arc = this.first[node] ?? -1; arc >= 0; arc = this.next[arc] ?? -1) {
        const to = this.to[arc] ?? 0;
        if ((levels[to] ?? 0) >= 0 || (this.left[arc] ?? 0) <= this.least) continue;
        levels[to] = (levels[node] ?? 0) + 1;
        queue.push(to);
      }
    }
    return levels;
  }

  /** Depth is at most the number of nodes: components are small. */
  private send(node: number, sink: number, most: number, levels: Int32Array, at: Int32Array): number {
    if (node === sink) return most;
    for (let arc = at[node] ?? -1; arc >= 0; arc = this.next[arc] ?? -1) {
      at[node] = arc;
      const to = this.to[arc] ?? 0;
      const left = this.left[arc] ?? 0;
      if (left <= this.least || (levels[to] ?? -1) !== (levels[node] ?? 0) + 1) continue;
      const sent = this.send(to, sink, Math.min(most, left), levels, at);
      if (sent <= 0) continue;
      this.left[arc] = left - sent;
      this.left[arc ^ 1] = (this.left[arc ^ 1] ?? 0) + sent;
      return sent;
    }
    at[node] = -1;
    return 0;
  }

  private push(from: number, to: number, capacity: number): void {
    this.to.push(to);
    this.left.push(capacity);
    this.next.push(this.first[from] ?? -1);
    this.first[from] = this.to.length - 1;
  }
}
