import { assert } from '../../core/assert.ts';
import { acceptFunctions, libraryMethod, movableOf, nameMovable, nameValue } from './library.ts';
import type { AnyFunction } from './method-code.ts';
import type { Deferred, PromiseFunction } from './movables.ts';
import type { PromiseRecord } from './promise-records.ts';
import { isNativePromise, NativePromise, nativeDeferred, nativeThen } from './own-record.ts';
import { resolversOf } from './resolvers.ts';
import { callerUrl } from './stack-walk.ts';
import { thread } from './thread.ts';

type Member = 'then' | 'catch' | 'finally';

const nativeCatch = Object.getOwnPropertyDescriptor(NativePromise.prototype, 'catch')?.value as AnyFunction;
const nativeFinally = Object.getOwnPropertyDescriptor(NativePromise.prototype, 'finally')
  ?.value as AnyFunction;

/** The record of a promise that this execution can do everything for itself; null for anything a program has changed. */
function ownRecord(value: unknown): PromiseRecord | null {
  const running = thread.gate.x;
  if (running === null || !isNativePromise(value) || value.constructor !== NativePromise) return null;
  return running.promises.adopt(value);
}

function chain(this: unknown, fulfilled: unknown, rejected: unknown): unknown {
  const record = ownRecord(this);
  if (record === null) return Reflect.apply(nativeThen, this, [fulfilled, rejected]);
  return thread.gate.x?.promises.chain(record, fulfilled, rejected).promise;
}

function chainCatch(this: unknown, rejected: unknown): unknown {
  const record = hasNativeThen(this) ? ownRecord(this) : null;
  if (record === null) return Reflect.apply(nativeCatch, this, [rejected]);
  return thread.gate.x?.promises.chain(record, undefined, rejected).promise;
}

function chainFinally(this: unknown, callback: unknown): unknown {
  const record = hasNativeThen(this) ? ownRecord(this) : null;
  if (record === null) return Reflect.apply(nativeFinally, this, [callback]);
  return thread.gate.x?.promises.chainFinally(record, callback).promise;
}

function hasNativeThen(value: unknown): boolean {
  return (value as { then?: unknown } | null | undefined)?.then === nativeThen;
}

/** See `Movables.member`. */
export function member(object: unknown, name: Member): unknown {
  const found = (object as Record<Member, unknown>)[name];
  return thread.gate.x === null ? found : movableOf(found);
}

/** See `Movables.deferred`. */
export function deferred(...executor: readonly unknown[]): Deferred {
  const running = thread.gate.x;
  // The language refuses it, in its own words.
  if (executor.length > 0 && typeof executor[0] !== 'function')
    void new NativePromise(executor[0] as () => void);
  if (running === null) {
    const { promise, settleNative } = nativeDeferred();
    return {
      promise,
      resolve: settleNative.resolve as AnyFunction,
      reject: settleNative.reject as AnyFunction,
    };
  }
  const record = running.promises.create('a promise');
  return { promise: record.promise, ...resolversOf(running.promises, record) };
}

function combination(kind: 'all' | 'allSettled' | 'any' | 'race'): AnyFunction {
  return (values) => {
    const running = thread.gate.x;
    return running === null ? native(kind, [values]) : running.promises.combine(kind, values).promise;
  };
}

/** The same for an `await` that comes next: its elements may be records. */
function awaitedCombination(kind: 'all' | 'allSettled' | 'any' | 'race'): AnyFunction {
  return (values) => {
    const running = thread.gate.x;
    return running === null ? native(kind, [values]) : running.promises.combine(kind, values);
  };
}

function native(name: PromiseFunction, args: readonly unknown[]): unknown {
  return Reflect.apply(Reflect.get(NativePromise, name) as AnyFunction, NativePromise, args);
}

const attempt = libraryMethod('try', ['into'], (frame) => {
  const into = frame.vars[0] as Promise<unknown>;
  const { gate } = thread;
  const { ok, value } = gate.injection;
  gate.injection = { ok: true, value: undefined };
  assert(gate.x !== null, 'frames are resumed in executions');
  gate.x.promises.conclude(gate.x.promises.mustKnow(into), ok, value);
  return into;
});

function callTried(callback: AnyFunction, args: readonly unknown[]): unknown {
  return callback(...args);
}

/** `Promise.try`, whose callback runs at once. */
function tried(callback: unknown, ...args: readonly unknown[]): unknown {
  const { gate } = thread;
  const running = gate.x;
  if (running === null) return native('try', [callback, ...args]);
  const record = running.promises.create('Promise.try');
  try {
    running.promises.resolve(record, callTried(callback as AnyFunction, args));
  } catch (error) {
    if (error === gate.capture) throw gate.save(attempt, 1, [record.promise], null, null);
    running.promises.settle(record, false, error);
  }
  return record.promise;
}

/** Only where the language has it: a program that asks must find the same. */
function where(name: 'withResolvers' | 'try', value: AnyFunction): AnyFunction {
  return typeof Reflect.get(NativePromise, name) === 'function'
    ? value
    : (undefined as unknown as AnyFunction);
}

export const promiseFunctions: Readonly<Record<PromiseFunction, AnyFunction>> = {
  all: combination('all'),
  allSettled: combination('allSettled'),
  any: combination('any'),
  race: combination('race'),
  resolve(value) {
    const running = thread.gate.x;
    if (running === null) return native('resolve', [value]);
    if (isNativePromise(value) && value.constructor === NativePromise) return value;
    return running.promises.resolved(value).promise;
  },
  reject(reason) {
    const running = thread.gate.x;
    return running === null ? native('reject', [reason]) : running.promises.settled(false, reason).promise;
  },
  withResolvers: where('withResolvers', () =>
    thread.gate.x === null ? native('withResolvers', []) : deferred(),
  ),
  try: where('try', tried),
};

/** For an `await` that comes next: promises are their records, and what a promise would only stand for is itself. */
export const recordFunctions: Readonly<
  Record<'all' | 'allSettled' | 'any' | 'race' | 'resolve' | 'reject', AnyFunction>
> = {
  all: awaitedCombination('all'),
  allSettled: awaitedCombination('allSettled'),
  any: awaitedCombination('any'),
  race: awaitedCombination('race'),
  resolve(value) {
    const running = thread.gate.x;
    return running === null ? native('resolve', [value]) : running.promises.resolvedPlainly(value);
  },
  reject(reason) {
    const running = thread.gate.x;
    return running === null ? native('reject', [reason]) : running.promises.settled(false, reason);
  },
};

nameMovable('Promise.prototype.then', nativeThen, chain);
nameMovable('Promise.prototype.catch', nativeCatch, chainCatch);
nameMovable('Promise.prototype.finally', nativeFinally, chainFinally);
for (const [name, value] of Object.entries(promiseFunctions)) if (value) nameValue(`Promise.${name}`, value);
acceptFunctions(callerUrl(), { callTried: 'calls', tried: 'walks' });
