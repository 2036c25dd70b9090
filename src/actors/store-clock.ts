/** By how much two clocks may drift apart: what lease times allow. Ratio in [0, 1]. */
const driftRatio = 0.2;

/**
 * What the store's clock shows, by the answers to renewals. An answer says what it showed at some time between the call and
 * now, so that a late one, or one that a stuck thread took up late, says little: one is taken only if it is surer than what is
 * known already. Its error is at most its round trip, and the drift since (rule 13, for promise 6).
 */
export class StoreClock {
  #sample: { readonly roundTripMs: number; readonly atMs: number } | null = null;

  /**
   * All three in milliseconds, the latter two of this process's monotonic clock.
   *
   * @returns the store's clock less the monotonic one, to go by from now on; null when what is known is surer
   */
  answered(storeTimeMs: number, sentAtMs: number, nowMs: number): number | null {
    const roundTripMs = nowMs - sentAtMs;
    const known = this.#sample;
    if (known !== null && roundTripMs > known.roundTripMs + (nowMs - known.atMs) * driftRatio) return null;
    this.#sample = { roundTripMs, atMs: nowMs };
    return storeTimeMs - nowMs;
  }
}
