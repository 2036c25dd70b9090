import type { AnyFunction } from './method-code.ts';
import type { Timers } from './timers.ts';

/** What a timer is to do, as data. */
export interface TimeoutForm {
  callback: AnyFunction | null;
  readonly args: readonly unknown[];
  readonly delayMs: number;
  readonly repeats: boolean;
  holds: boolean;
  readonly id: number;
}

interface TimeoutState extends TimeoutForm {
  readonly timers: Timers;
}

/** What `setTimeout` and `setInterval` return inside an execution: moves with it. */
export class Timeout {
  #state: TimeoutState | null = null;

  static stateOf(value: unknown): TimeoutState | null {
    return typeof value === 'object' && value !== null && #state in value ? value.#state : null;
  }

  static fill(timeout: object, state: TimeoutState): void {
    if (#state in timeout) timeout.#state = state;
  }

  ref(): this {
    return this.#hold(true);
  }

  unref(): this {
    return this.#hold(false);
  }

  hasRef(): boolean {
    return this.#state?.holds ?? false;
  }

  /** Starts it anew, also when it has fired. */
  refresh(): this {
    const state = this.#state;
    if (state !== null && state.callback !== null) state.timers.arm(this, state.delayMs);
    return this;
  }

  close(): this {
    this.#state?.timers.clear(this);
    return this;
  }

  [Symbol.toPrimitive](): number {
    return this.#state?.id ?? Number.NaN;
  }

  #hold(holds: boolean): this {
    if (this.#state !== null) this.#state.holds = holds;
    return this;
  }
}

/** The state of a timer; null for anything else. */
export function timeoutState(value: unknown): TimeoutForm | null {
  return Timeout.stateOf(value);
}

/** The same, as a snapshot writes it. */
export function timeoutForm(value: object, timers: Timers): TimeoutForm | null {
  const state = Timeout.stateOf(value);
  if (state === null || state.timers !== timers) return null;
  const { timers: _, ...form } = state;
  return form;
}

export function fillTimeout(timeout: object, timers: Timers, form: TimeoutForm): void {
  const { callback, args, delayMs, repeats, holds, id } = form;
  Timeout.fill(timeout, { callback, args, delayMs, repeats, holds, id, timers });
}

export interface ImmediateForm {
  callback: AnyFunction | null;
  readonly args: readonly unknown[];
  holds: boolean;
}

/** What `setImmediate` returns inside an execution. */
export class Immediate {
  #state: ImmediateForm | null = null;

  static stateOf(value: unknown): ImmediateForm | null {
    return typeof value === 'object' && value !== null && #state in value ? value.#state : null;
  }

  static fill(immediate: object, state: ImmediateForm): void {
    if (#state in immediate) immediate.#state = state;
  }

  ref(): this {
    return this.#hold(true);
  }

  unref(): this {
    return this.#hold(false);
  }

  hasRef(): boolean {
    return this.#state?.holds ?? false;
  }

  #hold(holds: boolean): this {
    if (this.#state !== null) this.#state.holds = holds;
    return this;
  }
}

export function immediateState(value: unknown): ImmediateForm | null {
  return Immediate.stateOf(value);
}

export function fillImmediate(immediate: object, form: ImmediateForm): void {
  Immediate.fill(immediate, { ...form });
}

/** Names for what stands behind the objects, under which snapshots refer to it. */
export const timeoutNames: readonly (readonly [string, object])[] = [
  ['Timeout', Timeout],
  ['Timeout.prototype', Timeout.prototype],
  ['Immediate', Immediate],
  ['Immediate.prototype', Immediate.prototype],
];
