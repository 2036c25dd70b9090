import type { RoundTrip } from './contract.ts';
import type { Instant } from './handshake.ts';

/** Pings that are remembered without an answer; older ones count as answered never. */
const pingsMax = 64;

/** The pings of one link: what they measured, and since when the peer is proven alive. */
export class RoundTrips {
  readonly #sentAt = new Map<number, Instant>();
  #nextPing = 1;
  #measured: Omit<RoundTrip, 'unanswered'> | null = null;

  /** @returns the ping's number */
  sent(at: Instant): number {
    const ping = this.#nextPing;
    this.#nextPing += 1;
    this.#sentAt.set(ping, at);
    if (this.#sentAt.size > pingsMax) this.#sentAt.delete(ping - pingsMax);
    return ping;
  }

  /**
   * @returns when that ping was sent, hence an instant after which the peer was alive; null for a ping that is not
   *   remembered
   */
  answered(ping: number, nowMs: number): { readonly sentAt: Instant; readonly roundTripMs: number } | null {
    const sentAt = this.#sentAt.get(ping);
    if (sentAt === undefined) return null;
    this.#sentAt.delete(ping);
    const roundTripMs = Math.max(0, nowMs - sentAt.monotonicMs);
    this.#measured = extend(this.#measured, roundTripMs);
    return { sentAt, roundTripMs };
  }

  read(): RoundTrip | null {
    return this.#measured === null ? null : { ...this.#measured, unanswered: this.#sentAt.size };
  }
}

/** Gains as in RFC 6298, which estimates TCP's round trips. */
function extend(
  before: Omit<RoundTrip, 'unanswered'> | null,
  sampleMs: number,
): Omit<RoundTrip, 'unanswered'> {
  if (before === null) {
    return { lastMs: sampleMs, leastMs: sampleMs, smoothedMs: sampleMs, jitterMs: 0, samples: 1 };
  }
  const deviationMs = Math.abs(sampleMs - before.smoothedMs);
  return {
    lastMs: sampleMs,
    leastMs: Math.min(before.leastMs, sampleMs),
    smoothedMs: before.smoothedMs + (sampleMs - before.smoothedMs) / 8,
    jitterMs: before.jitterMs + (deviationMs - before.jitterMs) / 4,
    samples: before.samples + 1,
  };
}
