import { isObject } from '../../core/is-object.ts';
import { Cursor, isIterable, isPlainArray, type View, walkOf, walkOfCommon, walkViewOf } from './cursors.ts';
import { modes } from './generator-objects.ts';
import {
  type Answer,
  generatorPrototype,
  GeneratorState,
  generatorState,
  goOn,
  ownNext,
  took,
} from './generators.ts';
import { notSpreadable, throwMissing } from './engine-words.ts';
import { acceptFunctions, libraryMethod } from './library.ts';
import type { AnyFunction, LoadedMethod } from './method-code.ts';
import { callerUrl } from './stack-walk.ts';
import { thread } from './thread.ts';

// Walks by the iterators that programs write themselves (ECMA-262, 7.4). Whatever of them is movable code can be captured
// inside: each of these functions keeps a frame of its own then.

type Iterated = { next?: unknown; return?: unknown };

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

  /** One whose `next` is known already. */
  static through(iterator: object, next: unknown): Iteration {
    return new Iteration(iterator, next);
  }

  /** An empty one, for `fill`. */
  static blank(): Iteration {
    return new Iteration({}, undefined);
  }

  /** See `wayOf` of the gate. */
  get way(): 2 {
    return 2;
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

/** Whatever inherits it is its own iterator. */
const itself = (Object.getPrototypeOf(generatorPrototype) as Iterable<unknown>)[Symbol.iterator] as unknown;

/** A generator of movable code is gone on with by its state; null where the iterator has to be asked for by `method`. */
function ownWalk(value: unknown, method: unknown): GeneratorState | Iteration | null {
  const state = method === itself ? generatorState(value) : null;
  if (state === null) return null;
  const { next } = value as Iterated;
  return next === ownNext ? state : Iteration.through(value as object, next);
}

/** Whether what a new generator inherits is walked as generators are. */
function isAsEver(prototype: object): boolean {
  const { [Symbol.iterator]: iterator, next } = prototype as Partial<Iterable<unknown>> & Iterated;
  return iterator === itself && next === ownNext;
}

/**
 * What a `for…of` over a value, or a fresh generator, walks: arrays and typed arrays by index, everything else by steps.
 *
 * @param name how V8 names the value, here and below: see `notIterable`
 */
export function walk(given: unknown, name?: string): unknown {
  return walkOfCommon(given) ?? walkOfOther(given, name);
}

function walkOfOther(given: unknown, name: string | undefined): unknown {
  if (given instanceof GeneratorState && isAsEver(given.prototype)) return given;
  const value = given instanceof GeneratorState ? given.object : given;
  return open(value, (method) => ownWalk(value, method), name);
}

/** The same for an array pattern: everything but arrays has steps. */
export function walkPattern(value: unknown, name?: string): unknown {
  const ownIteration = (method: unknown): Iteration | null => {
    const own = ownWalk(value, method);
    return own instanceof GeneratorState ? Iteration.through(value as object, ownNext) : own;
  };
  return open(value, ownIteration, name);
}

function open(value: unknown, ownOf: (method: unknown) => unknown, name: string | undefined): unknown {
  const known = generatorState(value) === null ? walkOf(value, name) : null;
  if (known !== null) return known;
  const method = (value as { [Symbol.iterator]?: unknown })[Symbol.iterator];
  const own = ownOf(method);
  if (own !== null) return own;
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

type Walked = Iteration | GeneratorState;

/** What a walk walks, where that can be closed. */
function iteratorOf(walked: unknown): Iterated | null {
  if (walked instanceof Iteration) return walked.iterator;
  return walked instanceof GeneratorState ? (walked.object as Iterated) : null;
}

/** An iterator's `return`; undefined where it has none. */
function closerOf(iterator: Iterated): unknown {
  const { return: method } = iterator;
  return method === null ? undefined : method;
}

/** Ends a walk before its end. */
export function closeWalk(walked: unknown): void {
  const iterator = iteratorOf(walked);
  if (iterator === null) return;
  const method = closerOf(iterator);
  if (method === undefined) return;
  let result: unknown;
  try {
    result = callIterator(method, iterator, []);
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
  const iterator = iteratorOf(walked);
  if (iterator === null) return;
  try {
    const method = closerOf(iterator);
    if (method !== undefined) callIterator(method, iterator, []);
  } catch (error) {
    if (error === thread.gate.capture) throw kept(closingQuietly, [], error);
  }
}

/** What is spread: an array as it is; anything else as an array of what its iterator yields. */
export function spread(value: unknown, name?: string, isLast = false): unknown {
  if (isPlainArray(value)) return value;
  if (isLast && !isIterable(value)) throw notSpreadable(value, name ?? '');
  return isForeign(value, name) ? drain(null, value, [], Infinity) : [...(value as Iterable<unknown>)];
}

/** The first values of an iterable, as array destructuring takes them; all of them for -1. */
export function takeFrom(value: unknown, count: number, name?: string): unknown {
  if (isPlainArray(value)) return value;
  const most = count === -1 ? Infinity : count;
  if (isForeign(value, name)) return drain(null, value, [], most);
  const taken: unknown[] = [];
  if (count === 0) return taken;
  for (const element of value as Iterable<unknown>) {
    taken.push(element);
    if (taken.length === most) break;
  }
  return taken;
}

/** Whether it is walked by an iterator of its own. */
function isForeign(value: unknown, name: string | undefined): boolean {
  return generatorState(value) !== null || walkOf(value, name) === null;
}

/** What is left of a walk after `index` steps, as an array. @param ended 1 when nothing is left */
export function restOf(walked: unknown, index: number, ended: number): unknown[] {
  if (ended === 1) return [];
  if (walked instanceof Iteration) return drain(walked, null, [], Infinity);
  if (!(walked instanceof Cursor)) return Array.from(walked as readonly unknown[]).slice(index);
  const rest: unknown[] = [];
  while (walked.step()) rest.push(walked.value);
  return rest;
}

/** Takes up to `most` values; an iterator that has more is closed. `from` is opened first where there is no walk yet. */
function drain(opened: Walked | null, from: unknown, list: unknown[], most: number): unknown[] {
  let walked = opened;
  try {
    if (walked === null) {
      const method = (from as { [Symbol.iterator]?: unknown })[Symbol.iterator];
      walked = ownWalk(from, method) ?? Iteration.by(callIterator(method, from, []));
    }
    while (list.length < most) {
      if (!tookFrom(walked, nextOf(walked))) return list;
      list.push(walked.value);
    }
  } catch (error) {
    throw kept(draining, [walked, list, most], error);
  }
  return closeAfter(walked, list);
}

/** What the next step gives: see `tookFrom`. */
function nextOf(walked: Walked): unknown {
  return walked instanceof GeneratorState
    ? goOn(walked, modes.next, undefined)
    : callIterator(walked.next, walked.iterator, []);
}

/** Whether a step gave a value, which stands in the walk then. */
function tookFrom(walked: Walked, given: unknown): boolean {
  return walked instanceof GeneratorState ? took(walked, given as Answer) : walked.took(given);
}

function closeAfter(walked: Walked, list: unknown[]): unknown[] {
  const iterator = iteratorOf(walked) as Iterated;
  const method = closerOf(iterator);
  if (method === undefined) return list;
  let result: unknown;
  try {
    result = callIterator(method, iterator, []);
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

const draining = libraryMethod('drain', ['walk', 'list', 'most'], function drainOn(frame) {
  const [opened, list, most] = frame.vars as [Walked | null, unknown[], number];
  const value = thread.gate.take();
  const walked = opened ?? Iteration.by(value);
  if (opened !== null) {
    if (!tookFrom(walked, value)) return list;
    list.push(walked.value);
  }
  return drain(walked, null, list, most);
});

/** The walk of one of the language's own collections by steps; null for what has an iterator of its own. */
export function steps(value: unknown, name?: string): Cursor | null {
  const known = walkOf(value, name);
  if (known === null || known instanceof Cursor) return known;
  return Cursor.over(known as readonly unknown[], 'values');
}

/** What `yield*` hands on to: always something with steps. */
export function delegate(value: unknown, name?: string): unknown {
  const walked = walk(value, name);
  return isPlainArray(walked) || ArrayBuffer.isView(walked)
    ? Cursor.over(walked as readonly unknown[], 'values')
    : walked;
}

/**
 * One step of `yield*`.
 *
 * @param mode see `modes`
 * @returns the iterator's result, or, where nobody else has that, whether there is a value, which stands in the walk then;
 *   null when it has no `return`, so that the generator itself returns
 */
export function delegated(walked: Cursor | Walked, mode: number, value: unknown): object | boolean | null {
  if (walked instanceof Cursor) {
    if (mode === 2) return null;
    if (mode === 1) throw new TypeError(throwMissing);
    return walked.step();
  }
  const iterator = iteratorOf(walked) as { throw?: unknown; return?: unknown };
  const next = walked instanceof GeneratorState ? ownNext : walked.next;
  const method = mode === 0 ? next : mode === 1 ? iterator.throw : iterator.return;
  if (mode === 2 && (method === undefined || method === null)) return null;
  if (mode === 1 && (method === undefined || method === null)) {
    closeWalk(walked);
    throw new TypeError(throwMissing);
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
  open: 'walks',
  walk: 'passes',
  walkOfOther: 'passes',
  walkPattern: 'passes',
  closeWalk: 'walks',
  closeQuietly: 'walks',
  drain: 'walks',
  nextOf: 'passes',
  closeAfter: 'walks',
  drainOn: 'passes',
  delegated: 'walks',
  delegate: 'passes',
  spread: 'passes',
  takeFrom: 'passes',
  restOf: 'passes',
});
