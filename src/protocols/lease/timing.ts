/** All times of the lease protocol, in milliseconds. */
export interface LeaseTiming {
  /** How long a renewal lets its holder act, from when the holder sent it. */
  readonly termMs: number;
  /** How much longer than the term observers wait. Covers the drift of two clocks, and the suspension tolerance. */
  readonly marginMs: number;
  readonly renewEveryMs: number;
  /** How long before the end of the term the holder freezes its executions. */
  readonly freezeLeadMs: number;
  /** By how much the boot clock may run ahead of the monotonic clock before the holder gives up its lease. */
  readonly suspensionToleranceMs: number;
  /** How often the holder is ticked. Bounds how long a suspension stays unnoticed. */
  readonly tickEveryMs: number;
  readonly observeEveryMs: number;
  /** A longer pause between two answered reads restarts an observer's count. */
  readonly observeGapMs: number;
}

/**
 * Defaults, with their reasons.
 *
 * - A term of 5 s outlives a garbage collection, a slow disk flush and a short store outage; a dead host's
 *   executions go on elsewhere about 6.5 s after its last renewal.
 * - A margin of 1 s allows two clocks to drift apart by 20 %, far more than any real ones, so that it also hides
 *   the suspension tolerance of 250 ms.
 * - Renewing each second gives four more chances before a lost renewal freezes anything.
 * - An observer that could not read for 2 s was itself cut off, or the store was away: then the holders could not
 *   renew either, and get a whole term to do so.
 */
export const leaseDefaults: LeaseTiming = {
  termMs: 5_000,
  marginMs: 1_000,
  renewEveryMs: 1_000,
  freezeLeadMs: 250,
  suspensionToleranceMs: 250,
  tickEveryMs: 100,
  observeEveryMs: 500,
  observeGapMs: 2_000,
};
