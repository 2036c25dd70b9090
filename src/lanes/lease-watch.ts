import type { Clock } from '../core/ports.ts';
import type { SharedWords } from './shared.ts';

/** How long a look at the boot clock is good for: it costs three system calls, about 30 µs. */
const bootLookMs = 20;

/**
 * Whether the lease surely allows acts at this moment (promise 1). The monotonic clock stands still while the machine is suspended,
 * so the deadline is kept by the boot clock, too: whoever looks after a suspend cannot tell by itself that there was one.
 */
export class LeaseWatch {
  readonly #clock: Clock;
  readonly #words: SharedWords;
  #deadlineMs = 0;
  #lookedMs = Number.NEGATIVE_INFINITY;
  #isPast = false;

  constructor(clock: Clock, words: SharedWords) {
    this.#clock = clock;
    this.#words = words;
  }

  /** Cheap enough for every tick. A suspend is noticed within 20 ms of running. */
  mayAct(): boolean {
    const { leaseDeadlineMs } = this.#words;
    const nowMs = this.#clock.monotonicMs();
    if (nowMs >= leaseDeadlineMs) return false;
    if (leaseDeadlineMs !== this.#deadlineMs || nowMs - this.#lookedMs >= bootLookMs) {
      this.#deadlineMs = leaseDeadlineMs;
      this.#lookedMs = nowMs;
      this.#isPast = this.#clock.bootMs() >= this.#words.leaseDeadlineBootMs;
    }
    return !this.#isPast;
  }
}
