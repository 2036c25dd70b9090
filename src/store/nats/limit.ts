import type { Cancel, Clock } from '../../core/ports.ts';

/** The time that one call has is over. */
export class LimitReached extends Error {
  override readonly name = 'LimitReached';
}

/** The time that one call has, and what is known of its outcome when that is over. */
export class Limit {
  /** Whether something may have happened of which no answer came. */
  inDoubt = false;
  /** Why it has not been done so far, for the message. */
  reason: string;
  readonly #clock: Clock;
  readonly #endsAtMs: number;
  readonly #reached: Promise<never>;
  #isOver = false;
  readonly #cancel: Cancel;

  constructor(clock: Clock, ms: number) {
    this.#clock = clock;
    this.#endsAtMs = clock.monotonicMs() + ms;
    this.reason = `did not answer within ${ms} ms`;
    let cancel: Cancel = () => undefined;
    this.#reached = new Promise((_, reject) => {
      cancel = clock.after(ms, () => {
        this.#isOver = true;
        reject(new LimitReached());
      });
    });
    this.#reached.catch(() => undefined);
    this.#cancel = cancel;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  get remainingMs(): number {
    return Math.max(1, this.#endsAtMs - this.#clock.monotonicMs());
  }

  /** @throws {LimitReached} */
  within<T>(promise: Promise<T>): Promise<T> {
    return Promise.race([promise, this.#reached]);
  }

  /** @throws {LimitReached} */
  async pause(ms: number): Promise<void> {
    let cancel: Cancel = () => undefined;
    const paused = new Promise<void>((resolve) => {
      cancel = this.#clock.after(ms, resolve);
    });
    try {
      await this.within(paused);
    } finally {
      cancel();
    }
  }

  /** The call has ended. */
  end(): void {
    this.#isOver = true;
    this.#cancel();
  }
}
