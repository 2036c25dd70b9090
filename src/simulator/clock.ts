import { assert } from '../core/assert.ts';
import type { Cancel, Clock } from '../core/ports.ts';

interface DueTimer {
  readonly dueMs: number;
  readonly fire: () => void;
  cancelled: boolean;
}

/** Time that stands still until it is told to go on. Timers fire in the order of their due times, then of creation. */
export class SimulatedClock implements Clock {
  #nowMs: number;
  #suspendedMs = 0;
  readonly #wallStartMs: number;
  /** Sorted by due time; timers of one due time in the order of creation. */
  readonly #timers: DueTimer[] = [];

  constructor(nowMs = 0, wallStartMs = Date.UTC(2026, 0, 1)) {
    this.#nowMs = nowMs;
    this.#wallStartMs = wallStartMs;
  }

  monotonicMs(): number {
    return this.#nowMs;
  }

  bootMs(): number {
    return this.#nowMs + this.#suspendedMs;
  }

  wallMs(): number {
    return this.#wallStartMs + this.#nowMs + this.#suspendedMs;
  }

  after(delayMs: number, fire: () => void): Cancel {
    const timer: DueTimer = { dueMs: this.#nowMs + Math.max(0, delayMs), fire, cancelled: false };
    let low = 0;
    let high = this.#timers.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const other = this.#timers[middle] as DueTimer;
      if (other.dueMs <= timer.dueMs) low = middle + 1;
      else high = middle;
    }
    this.#timers.splice(low, 0, timer);
    return () => {
      timer.cancelled = true;
    };
  }

  /** When the next timer is due; null when there is none. */
  nextDueMs(): number | null {
    while (this.#timers[0]?.cancelled === true) this.#timers.shift();
    return this.#timers[0]?.dueMs ?? null;
  }

  /** Moves on to `atMs` and fires one timer that is due by then. @returns whether there was one */
  fireNext(atMs: number): boolean {
    const dueMs = this.nextDueMs();
    if (dueMs === null || dueMs > atMs) {
      this.#moveTo(atMs);
      return false;
    }
    this.#moveTo(Math.max(dueMs, this.#nowMs));
    this.#timers.shift()?.fire();
    return true;
  }

  /** Goes on by `ms`, firing what falls due, also what the fired timers set up within that time. */
  advance(ms: number): void {
    const endMs = this.#nowMs + ms;
    while (this.fireNext(endMs));
  }

  /** The machine sleeps: the boot clock and the wall clock go on, the monotonic clock and the timers do not. */
  suspend(ms: number): void {
    this.#suspendedMs += ms;
  }

  #moveTo(atMs: number): void {
    assert(atMs >= this.#nowMs, 'the clock never steps back');
    this.#nowMs = atMs;
  }
}
