import type { Rate } from './rate-limit.ts';
import { RateLimit, SourceRateLimits } from './rate-limit.ts';
import { ReplayWindow } from './replay-window.ts';

/** What a responder lets in. */
export interface ProbeRates {
  /** Of one address that has shown that it knows the cluster secret. */
  readonly known: Rate;
  readonly knownTotal: Rate;
  /** Of all others together: a flood from invented addresses costs no more checks of seals than this. */
  readonly strangersTotal: Rate;
  /** Addresses that are remembered as known, and senders with a window of numbers. */
  readonly sourcesMax: number;
}

export const probeRates: ProbeRates = {
  // A peer sends one probe and one answer a round; the rest is for several hosts behind one address, and for rounds of
  // a tenth of a second.
  known: { burst: 100, perSecond: 50 },
  knownTotal: { burst: 4_000, perSecond: 4_000 },
  strangersTotal: { burst: 500, perSecond: 1_000 },
  sourcesMax: 16_384,
};

/** Which packets are worth a look, and which probes an answer. It knows no secret: whoever asks checks the seals. */
export class ProbeGate {
  readonly #sourcesMax: number;
  readonly #each: SourceRateLimits;
  readonly #known: RateLimit;
  readonly #strangers: RateLimit;
  readonly #knownSources = new Set<string>();
  readonly #windows = new Map<string, ReplayWindow>();

  constructor(rates: ProbeRates, nowMs: number) {
    this.#sourcesMax = rates.sourcesMax;
    this.#each = new SourceRateLimits(rates.known, rates.sourcesMax);
    this.#known = new RateLimit(rates.knownTotal, nowMs);
    this.#strangers = new RateLimit(rates.strangersTotal, nowMs);
  }

  /** @returns whether the seal of a packet from `source` may be checked now */
  admits(source: string, nowMs: number): boolean {
    if (!this.#knownSources.has(source)) return this.#strangers.spend(nowMs);
    return this.#each.spend(source, nowMs) && this.#known.spend(nowMs);
  }

  /** A packet from `source` carried a right seal. */
  learn(source: string): void {
    this.#knownSources.delete(source);
    this.#knownSources.add(source);
    dropOldest(this.#knownSources, this.#sourcesMax);
  }

  /** @returns false for a number that this sender, an incarnation's tag, has used already: somebody repeats it */
  isNew(sender: string, number: number): boolean {
    const window = this.#windows.get(sender) ?? new ReplayWindow();
    this.#windows.delete(sender);
    this.#windows.set(sender, window);
    dropOldest(this.#windows, this.#sourcesMax);
    return window.admit(number);
  }
}

function dropOldest<Key>(
  table: { readonly size: number; keys(): Iterable<Key>; delete(key: Key): boolean },
  sizeMax: number,
): void {
  if (table.size <= sizeMax) return;
  for (const oldest of table.keys()) {
    table.delete(oldest);
    return;
  }
}
