import type { Cancel, Clock } from '../../core/ports.ts';
import { scope } from './scope.ts';

/** Least time until a lane's thread comes to what it was given: its event loop turns. */
const turnMs = 0.1;

/**
 * Time as one simulated lane has it. While a method runs, the world's clock stands still; what it works counts as time
 * all the same, so the lane is ahead of its machine until the world has caught up, and does nothing else before.
 */
export class LaneTime implements Clock {
  readonly #machine: Clock;
  /** Of the machine's monotonic clock: until then the thread is taken. */
  #busyUntilMs = 0;
  #ended = false;

  constructor(machine: Clock) {
    this.#machine = machine;
  }

  get isEnded(): boolean {
    return this.#ended;
  }

  monotonicMs(): number {
    return Math.max(this.#machine.monotonicMs(), this.#busyUntilMs);
  }

  bootMs(): number {
    return this.#machine.bootMs() + this.#aheadMs();
  }

  wallMs(): number {
    return this.#machine.wallMs() + this.#aheadMs();
  }

  /** Nothing is called any more once the lane has ended. */
  after(delayMs: number, fire: () => void): Cancel {
    return this.#machine.after(this.#aheadMs() + Math.max(0, delayMs), () => {
      if (!this.#ended) fire();
    });
  }

  /** Runs a task when the thread is free again. */
  defer(task: () => void): void {
    this.#machine.after(Math.max(turnMs, this.#aheadMs()), () => {
      if (!this.#ended) scope.run(null, task);
    });
  }

  /** A method has worked for so long. */
  work(ms: number): void {
    this.#busyUntilMs = this.monotonicMs() + ms;
  }

  /** The thread is gone. */
  end(): void {
    this.#ended = true;
  }

  #aheadMs(): number {
    return Math.max(0, this.#busyUntilMs - this.#machine.monotonicMs());
  }
}
