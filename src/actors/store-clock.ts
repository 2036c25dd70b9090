/** By how much two clocks may drift apart: what lease times allow. Ratio in [0, 1]. */
const driftRatio = 0.2;
/** Twice the resolution of the boot clock (`/proc/uptime`): less than that is no sleep. */
const sleepMinMs = 20;

/** Both clocks of a machine at one time: the monotonic one stands still while it is suspended. Milliseconds. */
export interface Instant {
  readonly monotonicMs: number;
  readonly bootMs: number;
}

/**
 * What the store's clock shows, by the answers to renewals. An answer says what it showed at some time between the call and
 * now, so that a late one, or one that a stuck thread took up late, says little: one is taken only if it is surer than what is
 * known already, and none that the machine slept over. Its error is at most its round trip, and the drift since (rule 13, for promise 6). Time that the machine
 * slept through counts: the store's clock went on.
 */
export class StoreClock {
  #sample: { readonly roundTripMs: number; readonly at: Instant; readonly offsetMs: number } | null = null;

  /** @returns the store's clock less the monotonic one, to go by from now on; null when what is known is surer */
  answered(storeTimeMs: number, sentAt: Instant, now: Instant): number | null {
    const roundTripMs = passedMs(sentAt, now);
    const known = this.#sample;
    if (known !== null && sleptMs(sentAt, now) > 0) return null;
    if (known !== null && roundTripMs > known.roundTripMs + passedMs(known.at, now) * driftRatio) return null;
    const offsetMs = storeTimeMs - now.monotonicMs;
    this.#sample = { roundTripMs, at: now, offsetMs };
    return offsetMs;
  }

  /** @returns as `answered`, if the machine has slept since the last time that one of both was called; null otherwise */
  looked(now: Instant): number | null {
    const known = this.#sample;
    const asleepMs = known === null ? 0 : sleptMs(known.at, now);
    if (known === null || asleepMs === 0) return null;
    const offsetMs = known.offsetMs + asleepMs;
    // The rest of the time counts as drift from when the sample was taken.
    const at = { monotonicMs: known.at.monotonicMs, bootMs: known.at.bootMs + asleepMs };
    this.#sample = { roundTripMs: known.roundTripMs, at, offsetMs };
    return offsetMs;
  }
}

function sleptMs(from: Instant, to: Instant): number {
  const asleepMs = to.bootMs - to.monotonicMs - (from.bootMs - from.monotonicMs);
  return asleepMs > sleepMinMs ? asleepMs : 0;
}

function passedMs(from: Instant, to: Instant): number {
  return to.monotonicMs - from.monotonicMs + sleptMs(from, to);
}
