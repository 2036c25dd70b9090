/** What a link does, one way, to what passes it. */
export interface LinkRule {
  /** Nothing passes. What was sent meanwhile arrives after the link is healed, if both ends still wait for it. */
  readonly cut: boolean;
  /** Added to the way of each byte and each datagram. */
  readonly delayMs: number;
  /**
   * Of the packets, from 0 to below 1. A lost datagram is gone. Of a connection nothing is ever lost: its bytes, and all that
   * are behind them, wait until they are sent again.
   */
  readonly lossRatio: number;
}

export const soundLink: LinkRule = { cut: false, delayMs: 0, lossRatio: 0 };

/** What TCP waits at least before it sends again (Linux: TCP_RTO_MIN), and what it doubles each time. */
const retransmitFirstMs = 200;
const retransmitMaxMs = 6_400;

/** @returns how long a packet of a connection is delayed by having been lost, perhaps several times */
export function stallMs({ lossRatio }: LinkRule, next: () => number): number {
  let totalMs = 0;
  for (let waitMs = retransmitFirstMs; next() < lossRatio; waitMs *= 2) {
    totalMs += waitMs;
    if (waitMs >= retransmitMaxMs) break;
  }
  return totalMs;
}

/** What the other end of a host's link to its store is called; no host may be called so. */
export const storeEnd = 'store';

/** The rules of all links, one for each ordered pair of ends. */
export class LinkRules {
  readonly #rules = new Map<string, LinkRule>();
  readonly #listeners = new Set<() => void>();

  of(from: string, to: string): LinkRule {
    return this.#rules.get(`${from} ${to}`) ?? soundLink;
  }

  set(from: string, to: string, rule: LinkRule): void {
    this.#rules.set(`${from} ${to}`, rule);
    for (const listener of this.#listeners) listener();
  }

  /** @returns what ends the listening */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }
}
