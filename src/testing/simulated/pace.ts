import type { World } from '../../simulator/cluster/world.ts';
import type { EffectCalls } from './effect-calls.ts';
import { EffectHangsError } from './errors.ts';

interface Wait {
  readonly holds: () => boolean;
  readonly endMs: number;
  readonly resolve: (held: boolean) => void;
  readonly reject: (error: unknown) => void;
}

/** Lines of a world's account that are kept: the newest, and up to as many before them. */
const linesMax = 20_000;
/** Between two turns of the real event loop: some milliseconds. */
const eventsPerTurn = 200;

/**
 * Lets simulated time pass while a test waits for something, and only then. Several waits share it. It stands still while the
 * test's own code has anything to do, and while an effect waits for something real.
 */
export class Pace {
  readonly #world: World;
  readonly #calls: EffectCalls;
  /** Longest that an effect may hold simulated time up, in real ms. */
  readonly #realMaxMs: number;
  readonly #waits = new Set<Wait>();
  #isRunning = false;

  constructor(world: World, calls: EffectCalls, realMaxMs: number) {
    this.#world = world;
    this.#calls = calls;
    this.#realMaxMs = realMaxMs;
  }

  /** @returns whether it held within `maxMs` of simulated time */
  until(holds: () => boolean, maxMs: number): Promise<boolean> {
    return new Promise((resolve, reject) => {
      const endMs = this.#world.clock.monotonicMs() + maxMs;
      this.#waits.add({ holds, endMs, resolve, reject });
      if (this.#isRunning) return;
      this.#isRunning = true;
      this.#run().then(
        () => (this.#isRunning = false),
        (error: unknown) => {
          this.#isRunning = false;
          for (const wait of this.#waits) wait.reject(error);
          this.#waits.clear();
        },
      );
    });
  }

  async #run(): Promise<void> {
    const { clock, trace } = this.#world;
    for (let events = 1; ; events += 1) {
      await this.#quiet();
      const isAnswered = this.#answer();
      // Whoever waited goes on first, however many promises that takes. And the test's runner has its time limits.
      if (isAnswered || events % eventsPerTurn === 0) await new Promise(setImmediate);
      if (isAnswered) continue;
      if (this.#waits.size === 0) return;
      clock.fireNext(Math.min(...[...this.#waits].map(({ endMs }) => endMs)));
      if (trace.length > 2 * linesMax) trace.splice(0, linesMax);
    }
  }

  /** @returns whether any wait is over */
  #answer(): boolean {
    const nowMs = this.#world.clock.monotonicMs();
    let isAny = false;
    for (const wait of this.#waits) {
      const held = wait.holds();
      if (!held && nowMs < wait.endMs) continue;
      this.#waits.delete(wait);
      wait.resolve(held);
      isAny = true;
    }
    return isAny;
  }

  /** Until nothing is left to do at this instant. */
  async #quiet(): Promise<void> {
    await this.#world.idle();
    while (this.#calls.holding !== null) {
      await this.#changed();
      await this.#world.idle();
    }
  }

  async #changed(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => {
        const { holding } = this.#calls;
        if (holding !== null) reject(new EffectHangsError(holding, this.#realMaxMs));
      }, this.#realMaxMs);
      void this.#calls.changed().then(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }
}
