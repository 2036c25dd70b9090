import type { AnyFunction } from './method-code.ts';
import { libraryPackage } from './library.ts';
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

const timeouts = new WeakMap<object, TimeoutState>();
const immediates = new WeakMap<object, ImmediateForm>();

/** What `setTimeout` and `setInterval` return inside an execution: moves with it. */
export class Timeout {
  ref(): this {
    return this.#hold(true);
  }

  unref(): this {
    return this.#hold(false);
  }

  hasRef(): boolean {
    return timeouts.get(this)?.holds ?? false;
  }

  /** Starts it anew, also when it has fired. */
  refresh(): this {
    const state = timeouts.get(this);
    if (state !== undefined && state.callback !== null) state.timers.arm(this, state.delayMs);
    return this;
  }

  close(): this {
    timeouts.get(this)?.timers.clear(this);
    return this;
  }

  [Symbol.toPrimitive](): number {
    return timeouts.get(this)?.id ?? Number.NaN;
  }

  #hold(holds: boolean): this {
    const state = timeouts.get(this);
    if (state !== undefined) state.holds = holds;
    return this;
  }
}

/** The state of a timer; null for anything else. */
export function timeoutState(value: unknown): TimeoutForm | null {
  return typeof value === 'object' && value !== null ? (timeouts.get(value) ?? null) : null;
}

/** The same, as a snapshot writes it. */
export function timeoutForm(value: object, timers: Timers): TimeoutForm | null {
  const state = timeouts.get(value);
  if (state === undefined || state.timers !== timers) return null;
  const { timers: _, ...form } = state;
  return form;
}

export function fillTimeout(timeout: object, timers: Timers, form: TimeoutForm): void {
  timeouts.set(timeout, { ...form, timers });
}

export interface ImmediateForm {
  callback: AnyFunction | null;
  readonly args: readonly unknown[];
  holds: boolean;
}

/** What `setImmediate` returns inside an execution. */
export class Immediate {
  ref(): this {
    return this.#hold(true);
  }

  unref(): this {
    return this.#hold(false);
  }

  hasRef(): boolean {
    return immediates.get(this)?.holds ?? false;
  }

  #hold(holds: boolean): this {
    const state = immediates.get(this);
    if (state !== undefined) state.holds = holds;
    return this;
  }
}

export function immediateState(value: unknown): ImmediateForm | null {
  return typeof value === 'object' && value !== null ? (immediates.get(value) ?? null) : null;
}

export function fillImmediate(immediate: object, form: ImmediateForm): void {
  immediates.set(immediate, { ...form });
}

/** Names for what stands behind the objects, under which snapshots refer to it. */
export const timeoutNames: readonly (readonly [string, object])[] = [
  ['Timeout', Timeout],
  ['Timeout.prototype', Timeout.prototype],
  ['Immediate', Immediate],
  ['Immediate.prototype', Immediate.prototype],
];

/** Kinds of these objects in snapshots. */
export const timeoutKind = `${libraryPackage}:timeout`;
export const immediateKind = `${libraryPackage}:immediate`;
