import { isObject } from '../../core/is-object.ts';
import { asyncGeneratorState, askNext, ownAsyncNext } from './async-generators.ts';
import { Cursor, isIterable } from './cursors.ts';
import { listsReject, throwMissing } from './engine-words.ts';
import type { Depth } from './depths.ts';
import { callIterator, kept, resultOf } from './iteration.ts';
import { acceptFunctions, libraryMethod, nameValue } from './library.ts';
import type { AnyFunction } from './method-code.ts';
import { NativePromise, nativeThen } from './own-record.ts';
import { callerUrl } from './stack-walk.ts';
import { thread } from './thread.ts';

// The walks of `for await` and of `yield*` in asynchronous generators (ECMA-262, 27.1.6): by an asynchronous iterator, or
// by a plain one whose values are awaited.

type Method = 'next' | 'return' | 'throw';
type Iterated = Partial<Record<Method, unknown>>;

const unwrapped: AnyFunction = (value) => ({ value, done: false });
const unwrappedDone: AnyFunction = (value) => ({ value, done: true });
nameValue('async-from-sync value', unwrapped);
nameValue('async-from-sync end', unwrappedDone);

/** A promise of a result whose value is awaited first. */
function whenThere({ value, done }: IteratorResult<unknown>): unknown {
  const then = done === true ? unwrappedDone : unwrapped;
  const running = thread.gate.x;
  if (running === null) return Reflect.apply(nativeThen, NativePromise.resolve(value), [then]);
  return running.promises.chain(running.promises.resolved(value), then, undefined).promise;
}

/** What a plain iterator without a `return` gives for one, once it is awaited. */
function ended(value: unknown): unknown {
  const running = thread.gate.x;
  const result = { value, done: true };
  return running === null ? NativePromise.resolve(result) : running.promises.resolved(result).promise;
}

function rejected(error: unknown): unknown {
  const running = thread.gate.x;
  return running === null ? NativePromise.reject(error) : running.promises.settled(false, error).promise;
}

export interface AsyncIterationState {
  readonly iterator: unknown;
  readonly next: unknown;
  readonly isSync: boolean;
  readonly value: unknown;
  readonly isClosing: boolean;
}

export class AsyncIteration {
  value: unknown = undefined;
  /** Whether what is awaited is its end, because it was to throw and cannot. */
  isClosing = false;
  #iterator: Iterated;
  #next: unknown;
  #isSync: boolean;

  private constructor(iterator: Iterated, next: unknown, isSync: boolean) {
    this.#iterator = iterator;
    this.#next = next;
    this.#isSync = isSync;
  }

  static by(iterator: unknown, isSync: boolean): AsyncIteration {
    if (!isObject(iterator)) {
      const name = isSync ? 'iterator' : 'asyncIterator';
      throw new TypeError(`Result of the Symbol.${name} method is not an object`);
    }
    return new AsyncIteration(iterator, (iterator as Iterated).next, isSync);
  }

  static blank(): AsyncIteration {
    return new AsyncIteration({}, undefined, false);
  }

  get state(): AsyncIterationState {
    const { value, isClosing } = this;
    return { iterator: this.#iterator, next: this.#next, isSync: this.#isSync, value, isClosing };
  }

  fill({ iterator, next, isSync, value, isClosing }: AsyncIterationState): void {
    this.#iterator = iterator as Iterated;
    this.#next = next;
    this.#isSync = isSync;
    this.value = value;
    this.isClosing = isClosing;
  }

  /** Asks for the next result. @returns what is to be awaited, at once: it may be the record of a promise */
  advance(depth: Depth): unknown {
    const own = this.#next === ownAsyncNext ? asyncGeneratorState(this.#iterator) : null;
    return own === null ? this.call('next', undefined) : askNext(own, depth);
  }

  /** @returns what is to be awaited; null where the iterator has no such method */
  call(name: Method, value: unknown): unknown {
    const iterator = this.#iterator;
    if (iterator instanceof Cursor) {
      if (name !== 'next') return name === 'return' ? ended(value) : null;
      const more = iterator.step();
      return whenThere(more ? { value: iterator.value, done: false } : { value: undefined, done: true });
    }
    const method = name === 'next' ? this.#next : iterator[name];
    if (method === undefined || method === null) {
      if (name === 'return' && this.#isSync) return ended(value);
      if (name !== 'next') return null;
    }
    let result: unknown;
    try {
      result = callIterator(method, iterator, name === 'next' && value === undefined ? [] : [value]);
    } catch (error) {
      throw kept(asking, [this.#isSync], error);
    }
    return handed(this.#isSync, result);
  }

  /** @returns whether there is a value; false at the end */
  took(result: unknown): boolean {
    const { done } = resultOf(result) as IteratorResult<unknown>;
    if (done === undefined || !done) {
      this.value = (result as IteratorResult<unknown>).value;
      return true;
    }
    this.value = undefined;
    return false;
  }
}

function handed(isSync: boolean, result: unknown): unknown {
  if (!isSync) return result;
  const { done, value } = resultOf(result) as IteratorResult<unknown>;
  return whenThere({ value, done: Boolean(done) } as IteratorResult<unknown>);
}

const asking = libraryMethod('async step', ['isSync'], (frame) =>
  handed(frame.vars[0] as boolean, thread.gate.take()),
);

const opening = libraryMethod('async walk', ['isSync'], (frame) =>
  AsyncIteration.by(thread.gate.take(), frame.vars[0] as boolean),
);

/** What `for await` over `value` walks. */
export function walkAsync(value: unknown, name = ''): AsyncIteration {
  const own = (value as { [Symbol.asyncIterator]?: unknown })[Symbol.asyncIterator];
  const isSync = own === undefined || own === null;
  const method = isSync ? (value as { [Symbol.iterator]?: unknown })[Symbol.iterator] : own;
  if (isSync) {
    if (!isIterable(value)) throw new TypeError(`${name} is not async iterable`);
    const known = thread.gate.steps(value);
    if (known !== null) return AsyncIteration.by(known, true);
  }
  let iterator: unknown;
  try {
    iterator = callIterator(method, value, []);
  } catch (error) {
    throw kept(opening, [isSync], error);
  }
  return AsyncIteration.by(iterator, isSync);
}

/** Ends a walk before its end. @returns what is to be awaited; null where there is nothing to wait for */
export function closeAsync(walked: AsyncIteration): unknown {
  return walked.call('return', undefined);
}

const closingQuietly = libraryMethod('async close quietly', [], () => {
  const { gate } = thread;
  const { ok, value } = gate.injection;
  gate.injection = { ok: true, value: undefined };
  return ok ? value : null;
});

/** The same after an error, which is more important than any error of its end. */
export function closeAsyncQuietly(walked: AsyncIteration): unknown {
  const { iterator, isSync } = walked.state;
  if (iterator instanceof Cursor) return ended(undefined);
  try {
    const method = (iterator as Iterated).return;
    if (method === undefined || method === null) return isSync ? ended(undefined) : null;
    return callIterator(method, iterator, []);
  } catch (error) {
    if (error === thread.gate.capture) throw kept(closingQuietly, [], error);
    return null;
  }
}

/**
 * One step of `yield*` in an asynchronous generator. @param mode 0 for `next`, 1 for `throw`, 2 for `return`
 *
 * @returns what is to be awaited; null when there is no `return`, so that the generator itself returns
 */
export function delegatedAsync(walked: AsyncIteration, mode: number, value: unknown): unknown {
  const result = walked.call(mode === 0 ? 'next' : mode === 1 ? 'throw' : 'return', value);
  return result === null && mode === 1 ? closeUnthrown(walked, value) : result;
}

/** What is awaited where an iterator was to throw, and has no `throw`: it is closed, and that is an error. */
function closeUnthrown(walked: AsyncIteration, value: unknown): unknown {
  const { iterator, isSync } = walked.state;
  if (isSync) return listsReject() ? rejected(value) : closeList(iterator);
  // Before the call: what it comes to after a capture goes straight to who awaits it.
  walked.isClosing = true;
  const closing = walked.call('return', undefined);
  if (closing !== null) return closing;
  throw new TypeError(throwMissing);
}

const closingList = libraryMethod('async throw', [], () => {
  resultOf(thread.gate.take());
  return rejected(new TypeError(throwMissing));
});

function closeList(iterator: unknown): unknown {
  if (iterator instanceof Cursor) return rejected(new TypeError(throwMissing));
  try {
    const method = (iterator as Iterated).return;
    if (method !== undefined && method !== null) resultOf(callIterator(method, iterator as Iterated, []));
  } catch (error) {
    if (error === thread.gate.capture) throw kept(closingList, [], error);
    return rejected(error);
  }
  return rejected(new TypeError(throwMissing));
}

/** The result that was awaited in a `yield*`. */
export function resultAwaited(walked: AsyncIteration, awaited: unknown): object {
  const result = resultOf(awaited);
  if (!walked.isClosing) return result;
  walked.isClosing = false;
  throw new TypeError(throwMissing);
}

acceptFunctions(callerUrl(), {
  call: 'walks',
  advance: 'passes',
  walkAsync: 'walks',
  closeAsync: 'passes',
  closeAsyncQuietly: 'walks',
  delegatedAsync: 'passes',
  closeUnthrown: 'passes',
  closeList: 'walks',
});
