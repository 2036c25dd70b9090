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
  /** How long an incarnation may try to get its lease. One that has none by then never gets it. */
  readonly acquireMaxMs: number;
  /** How long the row of an ended lease is kept. Much longer than the time above: a row is never written anew. */
  readonly endedKeptMs: number;
}

/**
 * Defaults, with their reasons.
 *
 * - A term of 3 s outlives a garbage collection, a slow disk flush and a restart of a store; a dead host's
 *   executions go on elsewhere about 3.7 s after its last renewal.
 * - A margin of 0.5 s hides the suspension tolerance of 250 ms, and what is left still allows two clocks to drift apart
 *   by 8 %, far more than any real ones.
 * - Renewing every 0.75 s gives two more chances before a lost renewal freezes anything.
 * - An observer that could not read for 1 s was itself cut off, or the store was away: then the holders could not
 *   renew either, and get a whole term to do so.
 * - A store that is away for 10 minutes while a host starts has its operators' attention anyway.
 * - A call that is to write a row anew would have to be under way for 50 minutes: no store's call lasts that long.
 */
export const leaseDefaults: LeaseTiming = {
  termMs: 3_000,
  marginMs: 500,
  renewEveryMs: 750,
  freezeLeadMs: 250,
  suspensionToleranceMs: 250,
  tickEveryMs: 100,
  observeEveryMs: 250,
  observeGapMs: 1_000,
  acquireMaxMs: 600_000,
  endedKeptMs: 3_600_000,
};
