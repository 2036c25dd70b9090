import type { IncarnationId } from '../../core/ids.ts';

/** How much a machine's clocks gain or lose at most in a simulated world: two of them may then differ by 20 %. Ratio. */
export const driftMax = 0.1;
/** What two clocks may differ by at shipped defaults (docs/protocols/lease.md): a host takes a newer sample only if it is surer by that. Ratio. */
const driftAllowed = 0.2;
/** Sleeps of a machine that its clocks do not show, and what a lane's own clock is rounded to. */
const unseenMs = 25;

interface Sample {
  readonly roundTripMs: number;
  readonly atMs: number;
}

/**
 * By how much each host may be wrong about the store's clock, in a world that knows what time it is: by the round trip of the
 * surest renewal that was answered, and by what its machine may have drifted since. While the store stalls, that grows.
 */
export class ClockErrors {
  readonly #samples = new Map<IncarnationId, Sample>();

  renewed(by: IncarnationId, roundTripMs: number, nowMs: number): void {
    const known = this.#samples.get(by);
    const isSurer =
      known === undefined || roundTripMs <= known.roundTripMs + (nowMs - known.atMs) * driftAllowed;
    if (isSurer) this.#samples.set(by, { roundTripMs, atMs: nowMs });
  }

  /** Milliseconds. */
  errorMs(by: IncarnationId, nowMs: number): number {
    const known = this.#samples.get(by);
    return known === undefined ? 0 : known.roundTripMs + (nowMs - known.atMs) * driftMax + unseenMs;
  }
}
