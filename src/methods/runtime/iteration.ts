import { Cursor, isPlainArray, type View, walkOf, walkViewOf } from './cursors.ts';
import { acceptFunctions, libraryMethod } from './library.ts';
import type { AnyFunction, LoadedMethod } from './method-code.ts';
import { callerUrl } from './stack-walk.ts';
import { thread } from './thread.ts';

// Walks by the iterators that programs write themselves (ECMA-262, 7.4). Whatever of them is movable code can be captured
// inside: each of these functions keeps a frame of its own then.

type Iterated = { next?: unknown; return?: unknown };

export function isObject(value: unknown): value is object {
  return (typeof value === 'object' && value !== null) || typeof value === 'function';
}

/** Calls one of an iterator's functions, and does nothing else. */
export function callIterator(method: unknown, self: unknown, args: readonly unknown[]): unknown {
  return Reflect.apply(method as AnyFunction, self, args);
}

/** What to throw on after a call: a capture that passes leaves a frame of `method`. */
export function kept(method: LoadedMethod, vars: readonly unknown[], error: unknown): unknown {
  return error === thread.gate.capture ? thread.gate.save(method, 1, vars, null, null) : error;
}

/** How far a walk by an iterator of its own has come, as data. */
export interface IterationState {
  readonly iterator: unknown;
  readonly next: unknown;
  readonly value: unknown;
}

/** A walk by an iterator that the program wrote: its state is the iterator's. */
export class Iteration {
  value: unknown = undefined;
  #iterator: Iterated;
  #next: unknown;

  private constructor(iterator: Iterated, next: unknown) {
    this.#iterator = iterator;
    this.#next = next;
  }

  /** @throws TypeError when it is no iterator */
  static by(iterator: unknown): Iteration {
    if (!isObject(iterator)) throw new TypeError('Result of the Symbol.iterator method is not an object');
    return new Iteration(iterator, (iterator as Iterated).next);
  }

  /** An empty one, for `fill`. */
  static blank(): Iteration {
    return new Iteration({}, undefined);
  }

  get state(): IterationState {
    return { iterator: this.#iterator, next: this.#next, value: this.value };
  }

  fill({ iterator, next, value }: IterationState): void {
    this.#iterator = iterator as Iterated;
    this.#next = next;
    this.value = value;
  }

  /** Takes the next value into `value`. @returns false at the end */
  step(): boolean {
    let result: unknown;
    try {
      result = callIterator(this.#next, this.#iterator, []);
    } catch (error) {
      throw kept(stepping, [this], error);
    }
    return this.took(result);
  }

  took(result: unknown): boolean {
    const { done } = resultOf(result) as IteratorResult<unknown>;
    if (done === undefined || !done) {
      this.value = (result as IteratorResult<unknown>).value;
      return true;
    }
    this.value = undefined;
    return false;
  }

  /** The iterator's `return`; undefined where it has none. */
  get closer(): unknown {
    const method = this.#iterator.return;
    return method === null ? undefined : method;
  }

  get next(): unknown {
    return this.#next;
  }

  get iterator(): object {
    return this.#iterator;
  }
}

const stepping = libraryMethod('step', ['walk'], (frame) =>
  (frame.vars[0] as Iteration).took(thread.gate.take()),
);

const opening = libraryMethod('walk', [], () => Iteration.by(thread.gate.take()));

/** What a `for…of` over `value` walks: arrays and typed arrays by index, everything else by steps. */
export function walk(value: unknown): unknown {
  const known = walkOf(value);
  if (known !== null) return known;
  const method = (value as { [Symbol.iterator]?: unknown })[Symbol.iterator];
  let iterator: unknown;
  try {
    iterator = callIterator(method, value, []);
  } catch (error) {
    throw kept(opening, [], error);
  }
  return Iteration.by(iterator);
}

/** A walk of `value.entries()` and the like, where that is the language's own; null where it has to be called. */
export function view(value: unknown, name: View): Cursor | null {
  return walkViewOf(value, name);
}

const closing = libraryMethod('close', [], () => closed(thread.gate.take()));

/** What an iterator's `return` gives has to be an object. */
export function closed(result: unknown): void {
  if (!isObject(result)) throw new TypeError(`${String(result)} is not an object`);
}

/** Ends a walk before its end. */
export function closeWalk(walked: unknown): void {
  if (!(walked instanceof Iteration)) return;
  const method = walked.closer;
  if (method === undefined) return;
  let result: unknown;
  try {
    result = callIterator(method, walked.iterator, []);
  } catch (error) {
    throw kept(closing, [], error);
  }
  closed(result);
}

const closingQuietly = libraryMethod('close quietly', [], () => {
  thread.gate.injection = { ok: true, value: undefined };
});

/** Ends a walk after an error, which is more important than any error of its end. */
export function closeQuietly(walked: unknown): void {
  if (!(walked instanceof Iteration)) return;
  try {
    const method = walked.closer;
    if (method !== undefined) callIterator(method, walked.iterator, []);
  } catch (error) {
    if (error === thread.gate.capture) throw kept(closingQuietly, [], error);
  }
}

/** What is spread: an array as it is; anything else as an array of what its iterator yields. */
export function spread(value: unknown): unknown {
  if (isPlainArray(value)) return value;
  return walkOf(value) === null ? drain(null, value, [], Infinity) : [...(value as Iterable<unknown>)];
}

/** The first values of an iterable, as array destructuring takes them; all of them for -1. */
export function takeFrom(value: unknown, count: number): unknown {
  if (isPlainArray(value)) return value;
  const most = count === -1 ? Infinity : count;
  if (walkOf(value) === null) return drain(null, value, [], most);
  const taken: unknown[] = [];
  if (count === 0) return taken;
  for (const element of value as Iterable<unknown>) {
    taken.push(element);
    if (taken.length === most) break;
  }
  return taken;
}

/** Takes up to `most` values; an iterator that has more is closed. `from` is opened first where there is no walk yet. */
function drain(opened: Iteration | null, from: unknown, list: unknown[], most: number): unknown[] {
  let walked = opened;
  try {
    if (walked === null) {
      const method = (from as { [Symbol.iterator]?: unknown })[Symbol.iterator];
      walked = Iteration.by(callIterator(method, from, []));
    }
    while (list.length < most) {
      if (!walked.took(callIterator(walked.next, walked.iterator, []))) return list;
      list.push(walked.value);
    }
  } catch (error) {
    throw kept(draining, [walked, list, most], error);
  }
  return closeAfter(walked, list);
}

function closeAfter(walked: Iteration, list: unknown[]): unknown[] {
  const method = walked.closer;
  if (method === undefined) return list;
  let result: unknown;
  try {
    result = callIterator(method, walked.iterator, []);
  } catch (error) {
    throw kept(closingAfter, [list], error);
  }
  closed(result);
  return list;
}

const closingAfter = libraryMethod('close after', ['list'], (frame) => {
  closed(thread.gate.take());
  return frame.vars[0];
});

const draining = libraryMethod('drain', ['walk', 'list', 'most'], (frame) => {
  const [opened, list, most] = frame.vars as [Iteration | null, unknown[], number];
  const value = thread.gate.take();
  const walked = opened ?? Iteration.by(value);
  if (opened !== null) {
    if (!walked.took(value)) return list;
    list.push(walked.value);
  }
  return drain(walked, null, list, most);
});

/** The walk of one of the language's own collections by steps; null for what has an iterator of its own. */
export function steps(value: unknown): Cursor | null {
  const known = walkOf(value);
  if (known === null || known instanceof Cursor) return known;
  return Cursor.over(known as readonly unknown[], 'values');
}

/** What `yield*` hands on to: always something with steps. */
export function delegate(value: unknown): unknown {
  const walked = walk(value);
  return isPlainArray(walked) || ArrayBuffer.isView(walked)
    ? Cursor.over(walked as readonly unknown[], 'values')
    : walked;
}

/**
 * One step of `yield*`. @param mode 0 for `next`, 1 for `throw`, 2 for `return`
 *
 * @returns the iterator's result; null when it has no `return`, so that the generator itself returns
 */
export function delegated(walked: Cursor | Iteration, mode: number, value: unknown): object | null {
  if (walked instanceof Cursor) {
    if (mode === 2) return null;
    if (mode === 1) throw new TypeError("The iterator does not provide a 'throw' method");
    return walked.step() ? { value: walked.value, done: false } : { value: undefined, done: true };
  }
  const { iterator } = walked as { iterator: { throw?: unknown; return?: unknown } };
  const method = mode === 0 ? walked.next : mode === 1 ? iterator.throw : iterator.return;
  if (mode === 2 && (method === undefined || method === null)) return null;
  if (mode === 1 && (method === undefined || method === null)) {
    closeWalk(walked);
    throw new TypeError("The iterator does not provide a 'throw' method");
  }
  let result: unknown;
  try {
    result = callIterator(method, iterator, [value]);
  } catch (error) {
    throw kept(resulting, [], error);
  }
  return resultOf(result);
}

/** What an iterator gives has to be an object. */
export function resultOf(result: unknown): object {
  if (!isObject(result)) throw new TypeError(`Iterator result ${String(result)} is not an object`);
  return result;
}

const resulting = libraryMethod('delegated', [], () => resultOf(thread.gate.take()));

acceptFunctions(callerUrl(), {
  callIterator: 'calls',
  step: 'walks',
  walk: 'walks',
  closeWalk: 'walks',
  closeQuietly: 'walks',
  drain: 'walks',
  closeAfter: 'walks',
  delegated: 'walks',
  delegate: 'passes',
  spread: 'passes',
  takeFrom: 'passes',
});
