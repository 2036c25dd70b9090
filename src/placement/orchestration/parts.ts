import type { ExecutionId } from '../../core/ids.ts';
import type { Arc, CutEdge } from './min-cut.ts';
import { leastCutBetween, phaseCuts } from './min-cut.ts';
import { Ignored, isFigure } from './soundness.ts';

/** An execution of a component. */
export interface PartMember {
  readonly execution: ExecutionId;
  /** Share of the rack's limiting resource that it takes with it. */
  readonly demand: number;
  /** `stays`: pinned, or cooling down; `goes`: its place there is certain. */
  readonly anchor: 'free' | 'stays' | 'goes';
}

export interface PartProblem {
  readonly members: readonly PartMember[];
  /** Measured traffic, in whatever unit waits are counted in. */
  readonly traffic: readonly { readonly a: ExecutionId; readonly b: ExecutionId; readonly weight: number }[];
  /** The part takes at least so much demand with it: less would not relieve the rack. */
  readonly demandMin: number;
  /** And at most so much: more does not fit. */
  readonly demandMax: number;
}

export type PartAnswer =
  | {
      readonly kind: 'part';
      /** Sorted. */
      readonly parts: readonly ExecutionId[];
      /** Traffic between what goes and what stays. */
      readonly weight: number;
      readonly demand: number;
      /** `exact`: no part within the limits has less traffic across. */
      readonly how: 'exact' | 'heuristic';
      readonly ignored: readonly string[];
    }
  | { readonly kind: 'none'; readonly reason: string; readonly ignored: readonly string[] };

/** Up to so many free members, all subsets are looked at. */
const exactMax = 14;
/** Prices of demand that are tried, beyond. */
const pricesTried = 40;
/** Stoer and Wagner's phases are O(n³). */
const phasesMax = 150;

interface Graph {
  readonly members: readonly PartMember[];
  readonly demands: readonly number[];
  readonly edges: readonly CutEdge[];
  readonly peers: readonly (readonly { readonly to: number; readonly weight: number }[])[];
  readonly demandMin: number;
  readonly demandMax: number;
}

interface Part {
  readonly goes: readonly boolean[];
  readonly weight: number;
  readonly demand: number;
}

/** Which part of a component to move, so that least traffic runs between it and the rest. */
export function choosePart(problem: PartProblem): PartAnswer {
  const ignored = new Ignored();
  const graph = graphOf(problem, ignored);
  const free = graph.members.flatMap(({ anchor }, at) => (anchor === 'free' ? [at] : []));
  const exact = free.length <= exactMax;
  const best = exact ? bestSubset(graph, free) : bestFound(graph, free);
  if (best === null) {
    const text = `No part takes between ${problem.demandMin} and ${problem.demandMax} of demand with it.`;
    return { kind: 'none', reason: text, ignored: ignored.sentences };
  }
  return {
    kind: 'part',
    parts: graph.members.flatMap(({ execution }, at) => (best.goes[at] === true ? [execution] : [])),
    weight: best.weight,
    demand: best.demand,
    how: exact ? 'exact' : 'heuristic',
    ignored: ignored.sentences,
  };
}

function graphOf({ members, traffic, demandMin, demandMax }: PartProblem, ignored: Ignored): Graph {
  const byId = new Map<string, PartMember>();
  for (const member of members) {
    if (byId.has(member.execution)) ignored.say(`Execution ${member.execution} is listed twice.`);
    else byId.set(member.execution, member);
  }
  const sorted = [...byId.values()].sort((a, b) => (a.execution < b.execution ? -1 : 1));
  const demands = sorted.map(({ execution, demand }) => {
    if (isFigure(demand)) return demand;
    ignored.say(`The demand of ${execution} cannot be true: it was taken as 0.`);
    return 0;
  });
  const at = new Map<string, number>(sorted.map(({ execution }, index) => [execution, index]));
  const peers: { to: number; weight: number }[][] = sorted.map(() => []);
  const edges: CutEdge[] = [];
  for (const { a, b, weight } of traffic) {
    const from = at.get(a);
    const to = at.get(b);
    if (from === undefined || to === undefined || from === to) continue;
    if (!isFigure(weight)) {
      ignored.say(`The traffic between ${a} and ${b} cannot be true.`);
      continue;
    }
    edges.push({ a: from, b: to, weight });
    peers[from]?.push({ to, weight });
    peers[to]?.push({ to: from, weight });
  }
  return { members: sorted, demands, edges, peers, demandMin, demandMax };
}

function fits(graph: Graph, demand: number): boolean {
  return demand >= graph.demandMin - 1e-12 && demand <= graph.demandMax + 1e-12;
}

function partOf(graph: Graph, goes: readonly boolean[]): Part {
  const weight = graph.edges.reduce(
    (sum, edge) => sum + (goes[edge.a] === goes[edge.b] ? 0 : edge.weight),
    0,
  );
  const demand = graph.demands.reduce((sum, one, at) => sum + (goes[at] === true ? one : 0), 0);
  return { goes, weight, demand };
}

/** Less traffic across; then less demand moved. */
function better(part: Part, than: Part | null): boolean {
  if (than === null || part.weight < than.weight - 1e-12) return true;
  return part.weight <= than.weight + 1e-12 && part.demand < than.demand - 1e-12;
}

/** All subsets, in an order in which each differs from the one before by one member (Gray's). */
function bestSubset(graph: Graph, free: readonly number[]): Part | null {
  const goes = graph.members.map(({ anchor }) => anchor === 'goes');
  let { weight, demand } = partOf(graph, goes);
  let best: Part | null = null;
  for (let count = 0; count < 2 ** free.length; count += 1) {
    if (count > 0) {
      const member = free[31 - Math.clz32(count & -count)] ?? 0;
      weight += flipWeight(graph, goes, member);
      demand += (graph.demands[member] ?? 0) * (goes[member] === true ? -1 : 1);
      goes[member] = goes[member] !== true;
    }
    const part = { goes, weight, demand };
    if (goes.includes(true) && fits(graph, demand) && better(part, best)) best = { ...part, goes: [...goes] };
  }
  return best;
}

/** By how much the weight across changes if a member changes sides. */
function flipWeight(graph: Graph, goes: readonly boolean[], member: number): number {
  const peers = graph.peers[member] ?? [];
  return peers.reduce((sum, { to, weight }) => sum + (goes[to] === goes[member] ? weight : -weight), 0);
}

/**
 * Cuts that are the best for some price of demand (a maximum flow each), and those of Stoer and Wagner's phases; each
 * is then brought within the limits and improved, member by member.
 */
function bestFound(graph: Graph, free: readonly number[]): Part | null {
  let best: Part | null = null;
  for (const start of [...pricedCuts(graph), ...phaseSides(graph), ...seeds(graph, free)]) {
    const part = withinLimits(graph, start, free);
    if (part !== null && better(part, best)) best = part;
  }
  return best;
}

/** For each price: minimise traffic across − price × demand that goes. Higher prices make larger parts. */
function pricedCuts(graph: Graph): boolean[][] {
  const nodes = graph.members.length;
  const total = graph.edges.reduce((sum, { weight }) => sum + weight, 0);
  const most = Math.max(...graph.demands.filter((demand) => demand > 0), 0);
  if (total <= 0 || most <= 0) return [];
  const sides: boolean[][] = [];
  let low = 0;
  let high = (2 * total) / Math.min(...graph.demands.filter((demand) => demand > 0));
  for (let tried = 0; tried < pricesTried && high - low > 1e-9 * high; tried += 1) {
    const price = low === 0 ? high / 2 ** 8 : Math.sqrt(low * high);
    const arcs: Arc[] = graph.edges.flatMap(({ a, b, weight }) => [
      { from: a, to: b, capacity: weight },
      { from: b, to: a, capacity: weight },
    ]);
    graph.members.forEach(({ anchor }, at) => {
      const pull = anchor === 'goes' ? Infinity : anchor === 'stays' ? 0 : price * (graph.demands[at] ?? 0);
      arcs.push({ from: nodes, to: at, capacity: pull });
      if (anchor === 'stays') arcs.push({ from: at, to: nodes + 1, capacity: Infinity });
    });
    const held = graph.members.some(({ anchor }) => anchor === 'stays');
    const anchor = held ? null : heaviest(graph);
    if (anchor !== null) arcs.push({ from: anchor, to: nodes + 1, capacity: Infinity });
    const side = leastCutBetween(nodes + 2, arcs, nodes, nodes + 1).side.slice(0, nodes);
    sides.push(side);
    const { demand } = partOf(graph, side);
    if (fits(graph, demand)) high = price;
    else if (demand < graph.demandMin) low = price;
    else high = price;
  }
  return sides;
}

/** Where nothing is said to stay, the one that talks most does: a cut needs two ends. */
function heaviest(graph: Graph): number {
  const talk = graph.peers.map((peers) => peers.reduce((sum, { weight }) => sum + weight, 0));
  return graph.members.reduce(
    (most, { anchor }, at) =>
      anchor === 'free' && (most < 0 || (talk[at] ?? 0) > (talk[most] ?? 0)) ? at : most,
    -1,
  );
}

function phaseSides(graph: Graph): boolean[][] {
  if (graph.members.length < 2 || graph.members.length > phasesMax) return [];
  return phaseCuts(graph.members.length, graph.edges).flatMap(({ side }) => [
    [...side],
    side.map((inside) => !inside),
  ]);
}

/** Each member as the first of a part that grows around it. */
function seeds(graph: Graph, free: readonly number[]): boolean[][] {
  return free.slice(0, phasesMax).map((seed) => graph.members.map((_, at) => at === seed));
}

/** Grows or shrinks a side until it fits, always by the member that costs least traffic; then improves it. */
function withinLimits(graph: Graph, start: readonly boolean[], free: readonly number[]): Part | null {
  const goes = graph.members.map(({ anchor }, at) =>
    anchor === 'free' ? start[at] === true : anchor === 'goes',
  );
  let { weight, demand } = partOf(graph, goes);
  const flip = (member: number) => {
    weight += flipWeight(graph, goes, member);
    demand += (graph.demands[member] ?? 0) * (goes[member] === true ? -1 : 1);
    goes[member] = goes[member] !== true;
  };
  for (let steps = 0; steps < 2 * free.length && !fits(graph, demand); steps += 1) {
    const grows = demand < graph.demandMin;
    const member = cheapest(graph, goes, free, (at) => {
      const size = graph.demands[at] ?? 0;
      if (size <= 0 || (goes[at] === true) === grows) return false;
      return grows ? demand + size <= graph.demandMax + 1e-12 : true;
    });
    if (member < 0) return null;
    flip(member);
  }
  if (!fits(graph, demand)) return null;
  for (let steps = 0; steps < 4 * free.length; steps += 1) {
    const member = cheapest(graph, goes, free, (at) => {
      const size = (graph.demands[at] ?? 0) * (goes[at] === true ? -1 : 1);
      return fits(graph, demand + size);
    });
    if (member < 0 || flipWeight(graph, goes, member) >= -1e-12) break;
    flip(member);
  }
  return goes.includes(true) ? { goes, weight, demand } : null;
}

/** The allowed flip that adds least traffic for its demand; -1 when none is allowed. */
function cheapest(
  graph: Graph,
  goes: readonly boolean[],
  free: readonly number[],
  allowed: (member: number) => boolean,
): number {
  let best = -1;
  let least = Infinity;
  for (const member of free) {
    if (!allowed(member)) continue;
    const change = flipWeight(graph, goes, member);
    if (change < least) {
      least = change;
      best = member;
    }
  }
  return best;
}
