/** So much at once, and then so much per second. */
export interface Rate {
  readonly burst: number;
  readonly perSecond: number;
}

/** Lets through what a rate allows (a token bucket). Times are of one monotonic clock. */
export class RateLimit {
  readonly #rate: Rate;
  #left: number;
  #atMs: number;

  constructor(rate: Rate, nowMs: number) {
    this.#rate = rate;
    this.#left = rate.burst;
    this.#atMs = nowMs;
  }

  spend(nowMs: number): boolean {
    const { burst, perSecond } = this.#rate;
    this.#left = Math.min(burst, this.#left + (Math.max(0, nowMs - this.#atMs) * perSecond) / 1_000);
    this.#atMs = nowMs;
    if (this.#left < 1) return false;
    this.#left -= 1;
    return true;
  }
}

/** A rate for each source; the one that was heard of longest ago is forgotten first. */
export class SourceRateLimits {
  readonly #rate: Rate;
  readonly #sourcesMax: number;
  readonly #limits = new Map<string, RateLimit>();

  constructor(rate: Rate, sourcesMax: number) {
    this.#rate = rate;
    this.#sourcesMax = sourcesMax;
  }

  spend(source: string, nowMs: number): boolean {
    const limit = this.#limits.get(source) ?? new RateLimit(this.#rate, nowMs);
    this.#limits.delete(source);
    this.#limits.set(source, limit);
    if (this.#limits.size > this.#sourcesMax) {
      for (const oldest of this.#limits.keys()) {
        this.#limits.delete(oldest);
        break;
      }
    }
    return limit.spend(nowMs);
  }
}
