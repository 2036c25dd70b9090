import type { Clock } from '../core/ports.ts';
import type { SharedWords } from './shared.ts';

/** A larger difference than the boot clock's resolution of 10 ms: the machine was suspended. */
const suspendMsMin = 50;
/** How long a look at the boot clock is good for: it costs three system calls, about 30 µs. */
const bootLookMs = 20;

/**
 * Whether the lease surely allows acts at this moment (promise 1). The monotonic clock stands still while the machine is suspended,
 * so a deadline that was set before a suspend says nothing after it: only a new one counts.
 */
export class LeaseWatch {
  readonly #clock: Clock;
  readonly #words: SharedWords;
  #deadlineMs = 0;
  /** Boot clock less monotonic clock when the present deadline was first seen. */
  #offsetMs = 0;
  #lookedMs = Number.NEGATIVE_INFINITY;
  #suspended = false;

  constructor(clock: Clock, words: SharedWords) {
    this.#clock = clock;
    this.#words = words;
  }

  /** Cheap enough for every tick. A suspend is noticed within 20 ms of running. */
  mayAct(): boolean {
    const deadlineMs = this.#words.leaseDeadlineMs;
    const nowMs = this.#clock.monotonicMs();
    if (nowMs >= deadlineMs) return false;
    if (deadlineMs !== this.#deadlineMs) {
      this.#deadlineMs = deadlineMs;
      this.#offsetMs = this.#clock.bootMs() - nowMs;
      this.#suspended = false;
      this.#lookedMs = nowMs;
    } else if (nowMs - this.#lookedMs >= bootLookMs) {
      this.#lookedMs = nowMs;
      if (this.#clock.bootMs() - nowMs - this.#offsetMs >= suspendMsMin) this.#suspended = true;
    }
    return !this.#suspended;
  }
}
