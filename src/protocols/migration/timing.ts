/** Times and bounds of one migration. */
export interface MigrationTiming {
  /** How long the source waits for an answer to `prepare` (code may have to be fetched and imported). */
  readonly prepareMs: number;
  /** How long it waits, frozen, for `transferred`; grows with the size at `transferBytesPerMs`. */
  readonly transferMs: number;
  readonly transferBytesPerMs: number;
  /** How long it stays silent after `resume` before it asks the register. */
  readonly resumeMs: number;
  /** Between two repetitions of `commit` or `resumed`. */
  readonly commitMs: number;
  /** How long a target keeps its reservation, and a copy without a `resume`. */
  readonly reservationMs: number;
  /** How often `prepare` may be sent, and a transfer be tried, before the move is given up. */
  readonly attemptsMax: number;
}

/**
 * Defaults. A transfer that stalls costs at most half a second of pause, then the execution runs on; after
 * `resume` the register is asked within 300 ms. A reservation outlives both transfer attempts.
 */
export const migrationDefaults: MigrationTiming = {
  prepareMs: 5_000,
  transferMs: 500,
  transferBytesPerMs: 20_000,
  resumeMs: 300,
  commitMs: 500,
  reservationMs: 15_000,
  attemptsMax: 2,
};
