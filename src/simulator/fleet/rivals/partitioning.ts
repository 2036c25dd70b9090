import { hasRoom, hostLoads, relocate } from '../host-loads.ts';
import type { HostLoads } from '../host-loads.ts';
import type { FleetMove, FleetPolicy, FleetShape, FleetView, PolicyPlan } from '../policy.ts';
import { adjacency } from '../traffic.ts';

export interface PartitioningSetting {
  /** Components that one host proposes to another at once. */
  readonly candidatesMax: number;
  /** By how many components the two hosts may differ after an exchange, as a share of the even count. */
  readonly imbalanceMax: number;
}

/**
 * Graph partitioning by traffic, by pairwise exchanges: Newell et al., "Optimizing Distributed Actor Systems for Dynamic
 * Interactive Services" (ActOp), EuroSys 2016, as we read it: each host ranks its peers by what moving its best candidates
 * there would save; the two exchange the components with the highest transfer scores (traffic to the other host less
 * traffic to its own), as long as their counts stay within a bound of each other.
 */
export function partitioning(setting: PartitioningSetting): PolicyPlan {
  return {
    name: 'partitioning',
    source: 'ActOp: Newell et al., EuroSys 2016',
    make: (shape) => partitioningPolicy(setting, shape),
  };
}

function partitioningPolicy(setting: PartitioningSetting, shape: FleetShape): FleetPolicy {
  const scoreOf = transferScores(shape);
  return {
    name: 'partitioning',
    decide(view) {
      const loads = hostLoads(view, view.meanCores);
      const hostOf = view.hostOf.slice();
      const moves: FleetMove[] = [];
      const first = view.random.below(shape.hosts);
      for (let turn = 0; turn < shape.hosts && moves.length < view.movesMax; turn += 1) {
        const host = (first + turn) % shape.hosts;
        const peer = bestPeer(view, loads, hostOf, host, scoreOf, setting.candidatesMax);
        if (peer !== null) exchange(view, loads, hostOf, host, peer, scoreOf, setting, moves);
      }
      return moves;
    },
  };
}

type ScoreOf = (component: number, target: number, hostOf: Int32Array) => number;

/** Messages per second with the target, less those with the component's own host. */
function transferScores(shape: FleetShape): ScoreOf {
  const { traffic } = shape;
  const { start, edges } = adjacency(traffic, shape.components);
  return (component, target, hostOf) => {
    const own = hostOf[component];
    let score = 0;
    for (let at = start[component] ?? 0; at < (start[component + 1] ?? 0); at += 1) {
      const edge = edges[at] ?? 0;
      const peer = traffic.from[edge] === component ? traffic.to[edge] : traffic.from[edge];
      const there = hostOf[peer ?? 0];
      const rate = traffic.messagesPerSecond[edge] ?? 0;
      if (there === target) score += rate;
      else if (there === own) score -= rate;
    }
    return score;
  };
}

/** The host with which the candidates' scores sum to most. */
function bestPeer(
  view: FleetView,
  loads: HostLoads,
  hostOf: Int32Array,
  host: number,
  scoreOf: ScoreOf,
  candidatesMax: number,
): number | null {
  let best: number | null = null;
  let most = 0;
  for (let peer = 0; peer < view.shape.hosts; peer += 1) {
    if (peer === host) continue;
    const sum = candidates(view, loads, hostOf, host, peer, scoreOf, candidatesMax).reduce(
      (total, { score }) => total + score,
      0,
    );
    if (sum > most) {
      most = sum;
      best = peer;
    }
  }
  return best;
}

interface Candidate {
  readonly component: number;
  readonly from: number;
  readonly to: number;
  readonly score: number;
}

function candidates(
  view: FleetView,
  loads: HostLoads,
  hostOf: Int32Array,
  from: number,
  to: number,
  scoreOf: ScoreOf,
  candidatesMax: number,
): readonly Candidate[] {
  return (loads.members[from] ?? [])
    .filter((component) => view.moving[component] === 0)
    .map((component) => ({ component, from, to, score: scoreOf(component, to, hostOf) }))
    .filter(({ score }) => score > 0)
    .toSorted((a, b) => b.score - a.score || a.component - b.component)
    .slice(0, candidatesMax);
}

/** Both sides' candidates, best first; scores are computed anew after each, since the graph has changed. */
function exchange(
  view: FleetView,
  loads: HostLoads,
  hostOf: Int32Array,
  host: number,
  peer: number,
  scoreOf: ScoreOf,
  { candidatesMax, imbalanceMax }: PartitioningSetting,
  moves: FleetMove[],
): void {
  const { shape } = view;
  const bound = Math.max(1, (imbalanceMax * shape.components) / shape.hosts);
  const count = (at: number): number => loads.members[at]?.length ?? 0;
  const moved = new Set<number>();
  while (moves.length < view.movesMax && moved.size < 2 * candidatesMax) {
    const both = [
      ...candidates(view, loads, hostOf, host, peer, scoreOf, candidatesMax),
      ...candidates(view, loads, hostOf, peer, host, scoreOf, candidatesMax),
    ];
    const best = both
      .filter(
        ({ component, from, to }) =>
          !moved.has(component) &&
          Math.abs(count(to) + 1 - (count(from) - 1)) <= bound &&
          hasRoom(view, loads, component, to),
      )
      .toSorted((a, b) => b.score - a.score || a.component - b.component)[0];
    if (best === undefined) return;
    const { component, from, to } = best;
    relocate(loads, component, from, to, view.meanCores[component] ?? 0, shape.stateBytes[component] ?? 0);
    hostOf[component] = to;
    moved.add(component);
    moves.push({ component, target: to });
  }
}
