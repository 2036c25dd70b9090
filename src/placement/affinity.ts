import { cpuAvailability } from './availability.ts';

/** The three parts of dynamic affinity, each in [0, 1]. */
export interface AffinityScores {
  readonly originalAffinity: number;
  readonly resourceAvailability: number;
  readonly executionCost: number;
}

/** What each part counts; they sum to 1. */
export interface AffinityWeights {
  readonly originalAffinity: number;
  readonly resourceAvailability: number;
  readonly executionCost: number;
}

/** How an affinity actor decides. */
export interface AffinityPolicy {
  readonly weights: AffinityWeights;
  /** An execution whose dynamic affinity is below it looks for a better host. */
  readonly threshold: number;
  /** By how much the best host must score above the present one. */
  readonly hysteresis: number;
  /** After a move, how long an execution stays where it is. */
  readonly coolDownMs: number;
  /** Requests that may be outstanding at once, those of this round included. */
  readonly movesPerRoundMax: number;
}

/**
 * The shipped defaults. The hysteresis is small because availability is: four hosts of half a core that share twelve
 * busy executions all lie between 0.04 and 0.5, and the last useful move gains 0.025 of score. It is not what
 * prevents bouncing: see `nextMove`.
 */
export const affinityPolicy: AffinityPolicy = {
  weights: { originalAffinity: 0.6, resourceAvailability: 0.3, executionCost: 0.1 },
  threshold: 0.7,
  hysteresis: 0.01,
  coolDownMs: 10_000,
  movesPerRoundMax: 4,
};

/**
 * `0.6 × originalAffinity + 0.3 × resourceAvailability + 0.1 × executionCost`, with the policy's weights. The cost is
 * the same on every host: it decides whether an execution looks around, never where it goes.
 *
 * @returns in [0, 1] while all inputs are and the weights sum to 1
 */
export function dynamicAffinity(scores: AffinityScores, weights: AffinityWeights): number {
  return (
    weights.originalAffinity * scores.originalAffinity +
    weights.resourceAvailability * scores.resourceAvailability +
    weights.executionCost * scores.executionCost
  );
}

/**
 * The largest difference of original affinity that load can outweigh: a busy execution on a host with no availability
 * left goes to an idle one of this CPU share if its affinity to that one is lower by less than this. Beyond it, the
 * declared preference is a pin. To spread n busy executions evenly, the difference must be far smaller, since the last
 * moves gain little: see `preferenceMaxBetween`.
 */
export function preferenceMax(policy: AffinityPolicy, cpuShare: number): number {
  return outweighed(policy, Math.min(1, cpuShare));
}

/**
 * The largest difference of original affinity across which a busy execution still moves from a host with `demandHere`
 * to one that carries `demandThere`, both of this CPU share; negative when it would not move between equals either.
 */
export function preferenceMaxBetween(
  policy: AffinityPolicy,
  cpuShare: number,
  demandHere: number,
  demandThere: number,
): number {
  return outweighed(
    policy,
    cpuAvailability(cpuShare, demandThere + 1) - cpuAvailability(cpuShare, demandHere),
  );
}

function outweighed({ weights, hysteresis }: AffinityPolicy, availabilityGained: number): number {
  return (weights.resourceAvailability * availabilityGained - hysteresis) / weights.originalAffinity;
}
