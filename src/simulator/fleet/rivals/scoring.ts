import { hasRoom, hostLoads, relocate } from '../host-loads.ts';
import type { FleetMove, FleetPolicy, FleetShape, PolicyPlan } from '../policy.ts';

/** The published weights; they sum to 100. */
const weights = { cpu: 40, memoryUsage: 20, availableMemory: 20, maximumMemory: 5, activations: 15 };
/** The local silo keeps an activation unless another one is better by this, in points of 100. */
const localMargin = 5;

export interface ScoringSetting {
  /** Share of the components that are drawn and looked at in a round. */
  readonly sampleShare: number;
}

/**
 * Resource-optimised scoring with random rebalancing, as Microsoft Orleans: its default placement scores silos by CPU
 * (40), used memory (20), available memory (20), maximum memory (5) and activations as a share of the fullest silo's
 * (15), lower is better, and keeps the local one within a margin of 5 points of 100 (`ResourceOptimizedPlacementOptions`
 * and `ResourceOptimizedPlacementDirector`). There it acts when an activation starts, and looks at the square root of all
 * silos, drawn at random; here it looks at all. Its rebalancer draws activations at random too, but aims at even counts
 * and memory; here those drawn move that would now be placed elsewhere.
 */
export function scoring(setting: ScoringSetting): PolicyPlan {
  return {
    name: 'scoring',
    source: 'Microsoft Orleans, ResourceOptimizedPlacement (weights 40/20/20/5/15, margin 5)',
    make: () => scoringPolicy(setting),
  };
}

function scoringPolicy({ sampleShare }: ScoringSetting): FleetPolicy {
  return {
    name: 'scoring',
    decide(view) {
      const { shape, hostOf, moving, random, meanCores } = view;
      const loads = hostLoads(view, meanCores);
      const most = mostMembers(loads);
      const scores = scoresOf(shape, loads, most);
      const moves: FleetMove[] = [];
      const draws = Math.ceil(sampleShare * shape.components);
      const drawn = new Set<number>();
      for (let draw = 0; draw < draws && moves.length < view.movesMax; draw += 1) {
        const component = random.below(shape.components);
        if (moving[component] === 1 || drawn.has(component)) continue;
        drawn.add(component);
        const from = hostOf[component] ?? 0;
        const target = bestHost(scores, (host) => host === from || hasRoom(view, loads, component, host));
        if (target === from || (scores[from] ?? 0) - (scores[target] ?? 0) <= localMargin) continue;
        const bytes = shape.stateBytes[component] ?? 0;
        relocate(loads, component, from, target, meanCores[component] ?? 0, bytes);
        scores[from] = scoreOf(shape, loads, from, most);
        scores[target] = scoreOf(shape, loads, target, most);
        moves.push({ component, target });
      }
      return moves;
    },
  };
}

type Loads = ReturnType<typeof hostLoads>;

/** Components of the fullest host, as the round begins. */
function mostMembers(loads: Loads): number {
  return loads.members.reduce((most, members) => Math.max(most, members.length), 1);
}

function scoresOf(shape: FleetShape, loads: Loads, most: number): Float64Array {
  return Float64Array.from({ length: shape.hosts }, (_, host) => scoreOf(shape, loads, host, most));
}

/** Each part is in [0, 1], 0 for the best; all hosts have the same maximum memory, so that its part is 0. */
function scoreOf(shape: FleetShape, loads: Loads, host: number, most: number): number {
  const cpu = Math.min(1, (loads.cores[host] ?? 0) / (shape.capacityCores[host] ?? 1));
  const memory = Math.min(1, (loads.bytes[host] ?? 0) / (shape.capacityBytes[host] ?? 1));
  const activations = Math.min(1, (loads.members[host]?.length ?? 0) / most);
  return (
    weights.cpu * cpu +
    weights.memoryUsage * memory +
    weights.availableMemory * memory +
    weights.activations * activations
  );
}

function bestHost(scores: Float64Array, allowed: (host: number) => boolean): number {
  let best = -1;
  for (let host = 0; host < scores.length; host += 1)
    if (allowed(host) && (best < 0 || (scores[host] ?? 0) < (scores[best] ?? 0))) best = host;
  return Math.max(0, best);
}
