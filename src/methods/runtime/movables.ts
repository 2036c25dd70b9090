import type { AnyFunction } from './method-code.ts';

/** A pending promise and the functions that settle it; they move with the execution. */
export interface Deferred {
  readonly promise: Promise<unknown>;
  readonly resolve: AnyFunction;
  readonly reject: AnyFunction;
}

/**
 * What generated code says in place of the language's and Node's functions that call back, so that an execution can be
 * captured inside the callback, and moved while one is due. Where no execution runs each of them is the native function.
 */
export interface Movables {
  /**
   * The function to call for `object.then(…)`, `.catch(…)` and `.finally(…)`: the movable one for a native promise with the
   * language's own method, otherwise the object's own property. Called with `.call(object, …)`, as a site.
   */
  member(object: unknown, name: 'then' | 'catch' | 'finally'): unknown;
  /**
   * `new Promise(f)`: `t = $.deferred()`; then the call `f(t.resolve, t.reject)` as a site, what it throws goes to
   * `t.reject`; the value is `t.promise`. Given an executor that is no function, it throws as the language does.
   */
  deferred(...executor: readonly unknown[]): Deferred;
  /** `Promise.all` and its like, by name. */
  readonly promise: Readonly<Record<PromiseFunction, AnyFunction>>;
  /**
   * The function to call for a method of a built-in that calls back (see `callbackNames`): the movable one when `object` has
   * the language's own, otherwise the object's own property. Called with `.call(object, …)`, as a site.
   */
  callback(object: unknown, name: string): unknown;
  /** The function to call for `f.bind(…)`, with `.call(f, …)`: what it makes can be written to a snapshot. */
  bind(f: unknown): unknown;
  readonly setTimeout: AnyFunction;
  readonly clearTimeout: AnyFunction;
  readonly setInterval: AnyFunction;
  readonly clearInterval: AnyFunction;
  readonly setImmediate: AnyFunction;
  readonly clearImmediate: AnyFunction;
  readonly queueMicrotask: AnyFunction;
  /** What stands for `process` in `process.nextTick(…)`. */
  readonly process: { readonly nextTick: AnyFunction };
  readonly AbortController: typeof globalThis.AbortController;
  readonly AbortSignal: typeof globalThis.AbortSignal;
}

export type PromiseFunction =
  'all' | 'allSettled' | 'any' | 'race' | 'resolve' | 'reject' | 'withResolvers' | 'try';

/** For which names generated code asks `$.callback`, by what they are methods of. */
export const callbackNames = {
  array:
    'map filter forEach reduce reduceRight find findIndex findLast findLastIndex some every flatMap sort toSorted'.split(
      ' ',
    ),
  /** Of typed arrays; the same without `flatMap`. */
  typedArray:
    'map filter forEach reduce reduceRight find findIndex findLast findLastIndex some every sort toSorted'.split(
      ' ',
    ),
  mapOrSet: ['forEach'],
  /** Of the function `Array` itself, with a second argument. */
  arrayFunction: ['from'],
  /** Of strings, with a function as the second argument. */
  string: ['replace', 'replaceAll'],
} as const;
