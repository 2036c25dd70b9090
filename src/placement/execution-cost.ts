/** What tracing shows about one execution. */
export interface TracedExecution {
  /** CPU time since it started, in ms. */
  readonly cpuMs: number;
  /** Size of its last snapshot; 0 before the first. */
  readonly snapshotBytes: number;
}

/** The footprint that counts as half of the heaviest: about 0.13 s on a gigabit link of which half is taken. */
const halfFootprintBytes = 8 * 1024 * 1024;
/** The work that counts as half of the heaviest. */
const halfWorkMs = 60_000;
/** A move's pause and traffic grow with its bytes; work done is only what a failed recovery could cost. */
const footprintWeight = 0.75;

/**
 * How heavy an execution is to move, from its memory footprint and the work in it:
 * `0.75 × bytes / (bytes + 8 MiB) + 0.25 × cpuMs / (cpuMs + 60 s)`. Each term is 0 for nothing, 1/2 at its constant,
 * and approaches 1. Fuel does not enter: it counts the safe points passed, whose price differs from method to method,
 * where CPU time is measured.
 *
 * @returns in [0, 1); 1 would be the heaviest
 */
export function executionCost(traced: TracedExecution): number {
  const footprint = saturating(traced.snapshotBytes, halfFootprintBytes);
  const work = saturating(traced.cpuMs, halfWorkMs);
  return footprintWeight * footprint + (1 - footprintWeight) * work;
}

function saturating(amount: number, half: number): number {
  const counted = Math.max(0, amount);
  return counted / (counted + half);
}
