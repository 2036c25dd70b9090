/**
 * What a move costs, and how late anybody learns of anything. The defaults are our own measurements on one machine:
 * pause and bandwidth are those of `npm run bench -- pause` and of a bulk pull between two host processes.
 */
export interface MoveCosts {
  /** From the end of a tick until a decision that knows it: monitor sample, rack's gathering, the decision itself. */
  readonly reactionMs: number;
  /** What stops an execution besides its bytes: freeze, two compare-and-sets, resume. */
  readonly pauseMs: number;
  readonly bytesPerSecond: number;
  /** Cores that a transfer keeps busy, at the source and at the target. */
  readonly transferCores: number;
}

export const measuredMoveCosts: MoveCosts = {
  reactionMs: 2_000, // A monitor's second, and a rack's.
  pauseMs: 5,
  bytesPerSecond: 1.0e9,
  transferCores: 1,
};

export function transferMs(costs: MoveCosts, bytes: number): number {
  return costs.pauseMs + (bytes / costs.bytesPerSecond) * 1_000;
}
