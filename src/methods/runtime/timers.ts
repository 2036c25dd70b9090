import type { Cancel } from '../../core/ports.ts';
import type { AnyFunction } from './method-code.ts';
import type { PromiseRecord } from './promise-records.ts';
import { fillTimeout, Timeout, timeoutState } from './timeouts.ts';

/** A deadline in store time, and what comes then. */
export interface Timer {
  readonly atMs: number;
  /** Among equal deadlines the lower comes first. */
  readonly order: number;
  readonly due: Due;
}

export type Due =
  | { readonly kind: 'sleep'; readonly record: PromiseRecord }
  | { readonly kind: 'timeout'; readonly timeout: object };

export interface TimersHost {
  storeNowMs(): number;
  after(delayMs: number, fire: () => void): Cancel;
  /** A deadline has passed. */
  wake(): void;
}

/** Beyond it a delay is 1, as natively. */
const delayMaxMs = 2 ** 31 - 1;

/** The timers of one execution (promise 6), by deadline. What is due is taken at the turns of its jobs; the host only wakes it. */
export class Timers {
  /** In order. */
  #pending: Timer[] = [];
  #order = 0;
  #id = 0;
  #isDue = false;
  #running = false;
  #wakesAtMs = Infinity;
  #cancel: Cancel | null = null;
  readonly #host: TimersHost;

  constructor(host: TimersHost) {
    this.#host = host;
  }

  get size(): number {
    return this.#pending.length;
  }

  get pending(): readonly Timer[] {
    return this.#pending;
  }

  /** Whether a deadline is known to have passed. */
  get isDue(): boolean {
    return this.#isDue;
  }

  /** Whether one is pending that a program would wait for. */
  get holds(): boolean {
    return this.#pending.some(({ due }) => due.kind === 'sleep' || timeoutState(due.timeout)?.holds === true);
  }

  sleep(delayMs: number, record: PromiseRecord): void {
    this.#insert(this.#host.storeNowMs() + delayMs, { kind: 'sleep', record });
  }

  create(callback: AnyFunction, delay: unknown, args: readonly unknown[], repeats: boolean): Timeout {
    const wanted = (delay as number) * 1;
    const delayMs = wanted >= 1 && wanted <= delayMaxMs ? wanted : 1;
    const timeout = new Timeout();
    this.#id += 1;
    fillTimeout(timeout, this, { callback, args, delayMs, repeats, holds: true, id: this.#id });
    this.arm(timeout, delayMs);
    return timeout;
  }

  /** Natively deadlines are whole milliseconds: by them, and then by age, timers have their order. */
  arm(timeout: object, delayMs: number, startMs = this.nowMs): void {
    this.#remove(timeout);
    this.#insert(startMs + delayMs, { kind: 'timeout', timeout });
  }

  /** A repeated timer has run: it counts from before it ran. Not when it was cleared, or started anew, meanwhile. */
  again(timeout: object, startMs: number): void {
    const state = timeoutState(timeout);
    if (state !== null && state.callback !== null) this.arm(timeout, state.delayMs, startMs);
  }

  get nowMs(): number {
    return Math.floor(this.#host.storeNowMs());
  }

  /** By the object, or by its number. */
  clear(handle: unknown): void {
    const timeout = typeof handle === 'number' || typeof handle === 'string' ? this.#byId(handle) : handle;
    const state = timeoutState(timeout);
    if (state === null) return;
    state.callback = null;
    this.#remove(timeout as object);
  }

  /** The first whose deadline has passed; it is pending no more. */
  takeDue(): Due | null {
    const [first] = this.#pending;
    if (first === undefined || first.atMs > this.#host.storeNowMs()) {
      this.#isDue = false;
      this.#schedule();
      return null;
    }
    this.#pending.shift();
    return first.due;
  }

  /** The execution goes on here. */
  resume(): void {
    this.#running = true;
    this.#schedule();
  }

  /** The execution stands still, or is gone. */
  suspend(): void {
    this.#running = false;
    this.#cancel?.();
    this.#cancel = null;
    this.#wakesAtMs = Infinity;
  }

  capture(): TimersState {
    return { order: this.#order, id: this.#id, isDue: this.#isDue, pending: [...this.#pending] };
  }

  restore(state: TimersState): void {
    this.#order = state.order;
    this.#id = state.id;
    this.#isDue = state.isDue;
    this.#pending = [...state.pending];
  }

  #insert(atMs: number, due: Due): void {
    this.#order += 1;
    const timer: Timer = { atMs, order: this.#order, due };
    let low = 0;
    let high = this.#pending.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#pending[middle] as Timer).atMs <= atMs) low = middle + 1;
      else high = middle;
    }
    this.#pending.splice(low, 0, timer);
    this.#schedule();
  }

  #remove(timeout: object): void {
    const index = this.#pending.findIndex(({ due }) => due.kind === 'timeout' && due.timeout === timeout);
    if (index >= 0) this.#pending.splice(index, 1);
  }

  #byId(id: number | string): unknown {
    const found = this.#pending.find(
      ({ due }) => due.kind === 'timeout' && String(timeoutState(due.timeout)?.id) === String(id),
    );
    return found?.due.kind === 'timeout' ? found.due.timeout : null;
  }

  /** One call of the host stands for all: at the first deadline. */
  #schedule(): void {
    const [first] = this.#pending;
    if (!this.#running || this.#isDue || first === undefined || first.atMs >= this.#wakesAtMs) return;
    this.#cancel?.();
    this.#wakesAtMs = first.atMs;
    this.#cancel = this.#host.after(Math.max(0, first.atMs - this.#host.storeNowMs()), () => {
      this.#wakesAtMs = Infinity;
      this.#cancel = null;
      const [next] = this.#pending;
      if (next === undefined) return;
      if (next.atMs > this.#host.storeNowMs()) return this.#schedule();
      this.#isDue = true;
      this.#host.wake();
    });
  }
}

/** What of the timers travels in a snapshot, besides the promises in it. */
export interface TimersState {
  readonly order: number;
  readonly id: number;
  readonly isDue: boolean;
  readonly pending: readonly Timer[];
}
