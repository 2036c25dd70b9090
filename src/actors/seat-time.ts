import type { Clock } from '../core/ports.ts';

/** A moment of the seat's time, as one holder saves it for the next. */
export interface SavedMoment {
  readonly seatMs: number;
  /** Of the holder's wall clock. */
  readonly wallMs: number;
}

/** A longer gap between two holders, or one below 0, is the work of clocks that differ, or nobody decided meanwhile. */
const gapMaxMs = 600_000;

/**
 * Time that the holders of a seat share. Each counts it by its monotonic clock, from where the last one saved it: so what
 * has to outlast a holder depends on no wall clock, except for the gap between two of them, and no further than that.
 */
export class SeatTime {
  readonly #clock: Clock;
  #offsetMs: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#offsetMs = -clock.monotonicMs();
  }

  nowMs(): number {
    return this.#clock.monotonicMs() + this.#offsetMs;
  }

  /** Goes on from there. */
  resume({ seatMs, wallMs }: SavedMoment): void {
    const gapMs = this.#clock.wallMs() - wallMs;
    this.#offsetMs = seatMs + (gapMs >= 0 && gapMs <= gapMaxMs ? gapMs : 0) - this.#clock.monotonicMs();
  }

  save(): SavedMoment {
    return { seatMs: this.nowMs(), wallMs: this.#clock.wallMs() };
  }
}
