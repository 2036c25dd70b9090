import { nameValue } from './library.ts';
import type { AnyFunction } from './method-code.ts';

/** What a bound function is made of. */
export interface Bound {
  readonly target: AnyFunction;
  readonly self: unknown;
  readonly args: readonly unknown[];
}

export const nativeBind = Function.prototype.bind as AnyFunction;

const bound = new WeakMap<object, Bound>();

/** `bind`, which remembers what it has bound. What it makes is a bound function of the language's own. */
export function bindMovably(this: unknown, self: unknown, ...args: readonly unknown[]): unknown {
  const made = Reflect.apply(nativeBind, this, [self, ...args]) as object;
  bound.set(made, { target: this as AnyFunction, self, args });
  return made;
}

/** Remembers what a function is made of that something else has bound. */
export function noteBound(f: object, made: Bound): void {
  bound.set(f, made);
}

/** @returns null for what nobody has noted */
export function boundOf(f: object): Bound | null {
  return bound.get(f) ?? null;
}

export function makeBound(target: AnyFunction, self: unknown, args: readonly unknown[]): AnyFunction {
  return Reflect.apply(bindMovably, target, [self, ...args]) as AnyFunction;
}

nameValue('bind', bindMovably);
