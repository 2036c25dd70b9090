import { assert } from '../../core/assert.ts';
import type { Cancel, Clock } from '../../core/ports.ts';
import type { SimulatedClock } from '../clock.ts';
import { Gate } from './gate.ts';

/** Rounding of converted times: two readings that are closer than a nanosecond are one instant. */
const sameMs = 1e-6;

/**
 * One machine's view of a world's time. Its monotonic clock may run faster or slower than the world's, and stands still
 * while the machine is suspended; its wall clock may be wrong, and step. Timers of a thread wait while the thread is held.
 */
export class Machine {
  /** The thread of the actors. */
  readonly main = new Gate();
  /** The threads of the lanes; they run on while the main thread is stuck. */
  readonly lanes = new Gate();
  readonly mainClock: Clock;
  readonly laneClock: Clock;
  /** Of the wall clock; below 0 it is behind. */
  aheadMs = 0;
  readonly #world: SimulatedClock;
  #rate = 1;
  #anchorWorldMs: number;
  #anchorMs: number;
  #suspended = false;
  /** By how much the boot clock is ahead of the monotonic one. */
  #asleepMs = 0;
  #wakeListeners: (() => void)[] = [];

  /** @param monotonicMs what its monotonic clock shows now: machines did not start together */
  constructor(world: SimulatedClock, monotonicMs: number) {
    this.#world = world;
    this.#anchorWorldMs = world.monotonicMs();
    this.#anchorMs = monotonicMs;
    this.mainClock = this.#clockOf(this.main);
    this.laneClock = this.#clockOf(this.lanes);
  }

  get isSuspended(): boolean {
    return this.#suspended;
  }

  monotonicMs(): number {
    if (this.#suspended) return this.#anchorMs;
    return this.#anchorMs + (this.#world.monotonicMs() - this.#anchorWorldMs) * this.#rate;
  }

  bootMs(): number {
    const sinceMs = this.#suspended ? (this.#world.monotonicMs() - this.#anchorWorldMs) * this.#rate : 0;
    return this.monotonicMs() + this.#asleepMs + sinceMs;
  }

  /** @param rate seconds of this machine's clock per second of the world; 1 is right */
  drift(rate: number): void {
    assert(rate > 0, 'a clock goes forward');
    this.#anchor();
    this.#rate = rate;
  }

  suspend(): void {
    if (this.#suspended) return;
    this.#anchor();
    this.#suspended = true;
    this.main.hold();
    this.lanes.hold();
  }

  wake(): void {
    if (!this.#suspended) return;
    this.#anchor();
    this.#suspended = false;
    const listeners = this.#wakeListeners;
    this.#wakeListeners = [];
    for (const listener of listeners) listener();
    this.main.release();
    this.lanes.release();
  }

  /** Stops the whole process, as SIGSTOP does: the clocks go on. */
  pause(): void {
    this.main.hold();
    this.lanes.hold();
  }

  resume(): void {
    this.main.release();
    this.lanes.release();
  }

  /** The process is gone. */
  end(): void {
    this.main.close();
    this.lanes.close();
  }

  /** What has passed until now, awake or asleep, has passed at the rate until now. */
  #anchor(): void {
    const sinceMs = (this.#world.monotonicMs() - this.#anchorWorldMs) * this.#rate;
    if (this.#suspended) this.#asleepMs += sinceMs;
    else this.#anchorMs += sinceMs;
    this.#anchorWorldMs = this.#world.monotonicMs();
  }

  #clockOf(gate: Gate): Clock {
    return {
      monotonicMs: () => this.monotonicMs(),
      bootMs: () => this.bootMs(),
      wallMs: () => this.#world.wallMs() + this.aheadMs,
      after: (delayMs, fire) => this.#after(gate, delayMs, fire),
    };
  }

  #after(gate: Gate, delayMs: number, fire: () => void): Cancel {
    const dueMs = this.monotonicMs() + Math.max(0, delayMs);
    let cancelled = false;
    let cancelWorld: Cancel = () => undefined;
    const attempt = (): void => {
      if (cancelled || gate.isClosed) return;
      if (this.#suspended) {
        this.#wakeListeners.push(attempt);
        return;
      }
      // It was asleep meanwhile, or its clock runs at another rate by now.
      const leftMs = dueMs - this.monotonicMs();
      if (leftMs > sameMs) {
        cancelWorld = this.#world.after(leftMs / this.#rate, attempt);
        return;
      }
      gate.pass(() => {
        if (!cancelled) fire();
      });
    };
    cancelWorld = this.#world.after(Math.max(0, delayMs) / this.#rate, attempt);
    return () => {
      cancelled = true;
      cancelWorld();
    };
  }
}
