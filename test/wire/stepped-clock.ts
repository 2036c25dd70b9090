import type { Cancel, Clock } from '../../src/core/ports.ts';

/** Time that moves only when a test says so. */
export class SteppedClock implements Clock {
  #nowMs = 1000;
  /** How much further the boot clock has gone than the monotonic one. */
  #suspendedMs = 0;
  readonly #timers = new Set<{ readonly atMs: number; readonly fire: () => void }>();

  monotonicMs(): number {
    return this.#nowMs;
  }

  bootMs(): number {
    return this.#nowMs + this.#suspendedMs;
  }

  wallMs(): number {
    return this.bootMs();
  }

  after(delayMs: number, fire: () => void): Cancel {
    const timer = { atMs: this.#nowMs + delayMs, fire };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** Moves on and fires what is due, in order. */
  advance(stepMs: number): void {
    const endMs = this.#nowMs + stepMs;
    for (;;) {
      const due = [...this.#timers].filter((timer) => timer.atMs <= endMs).sort((a, b) => a.atMs - b.atMs)[0];
      if (due === undefined) break;
      this.#timers.delete(due);
      this.#nowMs = Math.max(this.#nowMs, due.atMs);
      due.fire();
    }
    this.#nowMs = endMs;
  }

  /** As after a SIGSTOP: time has gone by, and nothing has fired yet. */
  standStill(stepMs: number): void {
    this.#nowMs += stepMs;
  }

  /** As after the machine slept: only the boot clock has gone on, and nothing has fired yet. */
  suspend(stepMs: number): void {
    this.#suspendedMs += stepMs;
  }
}
