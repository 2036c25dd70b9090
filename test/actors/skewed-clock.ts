import type { Cancel, Clock } from '../../src/core/ports.ts';

/** One host's view of a world's time: its wall clock is ahead of, or behind, all others, and may step. */
export class SkewedClock implements Clock {
  /** Below 0 it is behind. */
  aheadMs = 0;
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  monotonicMs(): number {
    return this.#clock.monotonicMs();
  }

  bootMs(): number {
    return this.#clock.bootMs();
  }

  wallMs(): number {
    return this.#clock.wallMs() + this.aheadMs;
  }

  after(delayMs: number, fire: () => void): Cancel {
    return this.#clock.after(delayMs, fire);
  }
}
