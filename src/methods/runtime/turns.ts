import { assertNever } from '../../core/assert.ts';
import { JobLine } from './job-line.ts';
import type { AnyFunction } from './method-code.ts';
import type { Job } from './promise-records.ts';
import type { Promises } from './promises.ts';
import { Immediate, fillImmediate, immediateState } from './timeouts.ts';
import type { Timers } from './timers.ts';

type Callback = Extract<Job, { readonly kind: 'callback' }>;

/** What of the turns travels in a snapshot. */
export interface TurnsState {
  readonly ticks: readonly Callback[];
  readonly immediates: readonly object[];
  readonly batch: readonly object[];
  readonly ticking: boolean;
}

/**
 * What an execution does next, in Node's order: after each callback of a timer or immediate first what `process.nextTick`
 * left, then the promises' jobs, until neither is left.
 */
export class Turns {
  readonly ticks = new JobLine<Callback>();
  readonly #immediates = new JobLine<object>();
  /** Immediates of the present round of the loop; those that they add come in the next one. */
  readonly #batch = new JobLine<object>();
  /** Whether ticks go before the promises' jobs. */
  #ticking = false;
  readonly #promises: Promises;
  readonly #timers: Timers;

  constructor(promises: Promises, timers: Timers) {
    this.#promises = promises;
    this.#timers = timers;
  }

  /** Whether the present turn has something left: until then nothing of the next one may run. */
  get isMidTurn(): boolean {
    return this.#promises.jobs.length > 0 || this.ticks.length > 0;
  }

  get isReady(): boolean {
    return this.isMidTurn || this.#timers.isDue || this.#immediates.length > 0 || this.#batch.length > 0;
  }

  /** Whether something is left that a program would wait for. */
  get holds(): boolean {
    const isHeld = (immediate: object): boolean => immediateState(immediate)?.holds === true;
    return (
      this.isMidTurn ||
      this.#timers.holds ||
      [...this.#immediates].some(isHeld) ||
      [...this.#batch].some(isHeld)
    );
  }

  immediate(callback: AnyFunction, args: readonly unknown[]): Immediate {
    const immediate = new Immediate();
    fillImmediate(immediate, { callback, args, holds: true });
    this.#immediates.push(immediate);
    return immediate;
  }

  next(): Job | null {
    if (this.#ticking) {
      const tick = this.ticks.shift();
      if (tick !== undefined) return tick;
      this.#ticking = false;
    }
    const job = this.#promises.jobs.shift();
    if (job !== undefined) return job;
    if (this.ticks.length > 0) this.#ticking = true;
    return this.ticks.shift() ?? this.#nextTurn();
  }

  capture(): TurnsState {
    return {
      ticks: [...this.ticks],
      immediates: [...this.#immediates],
      batch: [...this.#batch],
      ticking: this.#ticking,
    };
  }

  restore(state: TurnsState): void {
    this.ticks.push(...state.ticks);
    this.#immediates.push(...state.immediates);
    this.#batch.push(...state.batch);
    this.#ticking = state.ticking;
  }

  #nextTurn(): Job | null {
    for (;;) {
      const job = this.#immediateOf(this.#batch.shift()) ?? this.#timer();
      if (job !== null) {
        this.#ticking = true;
        return job;
      }
      if (this.#batch.length > 0) continue;
      if (this.#immediates.length === 0) return null;
      this.#batch.push(...this.#immediates);
      while (this.#immediates.shift() !== undefined);
    }
  }

  #immediateOf(immediate: object | undefined): Job | null {
    const state = immediateState(immediate);
    if (state === null || state.callback === null) return null;
    const { callback, args } = state;
    state.callback = null;
    state.holds = false;
    return { kind: 'callback', callback, args, self: immediate };
  }

  #timer(): Job | null {
    if (this.#batch.length > 0) return null;
    const due = this.#timers.takeDue();
    if (due === null) return null;
    switch (due.kind) {
      case 'sleep':
        this.#promises.settle(due.record, true, undefined);
        return this.#promises.jobs.shift() ?? this.#timer();
      case 'timeout':
        return due;
      default:
        return assertNever(due);
    }
  }
}
