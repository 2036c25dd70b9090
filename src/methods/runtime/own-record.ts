import { isObject } from '../../core/is-object.ts';
import type { AnyFunction } from './method-code.ts';
import type { PromiseRecord, Reaction } from './promise-records.ts';
import { stamp } from './promise-stamp.ts';

/** The language's own; taken before any program could replace them. */
export const NativePromise = Promise;

export const nativeThen = Object.getOwnPropertyDescriptor(Promise.prototype, 'then')?.value as AnyFunction &
  Promise<unknown>['then'];

let settlers: PromiseRecord['settleNative'] | null = null;

function take(resolve: (value: unknown) => void, reject: (reason: unknown) => void): void {
  settlers = { resolve, reject };
}

export function ignore(): void {
  // A rejection that the execution accounts for, for one; nobody outside has to.
}

const settledElsewhere: PromiseRecord['settleNative'] = { resolve: ignore, reject: ignore };

/** A native promise and the functions that settle it. */
export function nativeDeferred(): {
  readonly promise: Promise<unknown>;
  readonly settleNative: PromiseRecord['settleNative'];
} {
  const promise = new NativePromise<unknown>(take);
  return { promise, settleNative: settlers as PromiseRecord['settleNative'] };
}

/** Calls one of the functions once a native promise settles; never through a `then` that a program has replaced. */
export function whenSettled(
  promise: Promise<unknown>,
  fulfilled: (value: unknown) => void,
  rejected: (reason: unknown) => void,
): void {
  void Reflect.apply(nativeThen, promise, [fulfilled, rejected]);
}

export function isNativePromise(value: unknown): value is Promise<unknown> {
  return value instanceof NativePromise;
}

/** Its native promise is made when somebody takes it into their hands. */
export class OwnRecord implements PromiseRecord {
  readonly owner: object;
  state: PromiseRecord['state'] = 'pending';
  value: unknown = undefined;
  handled = false;
  first: Reaction | null = null;
  more: Reaction[] | null = null;
  waitsFor: string;
  readonly foreign: boolean;
  shown: Promise<unknown> | null;
  settleNative = settledElsewhere;

  /** @param foreign the native promise that it stands for, where that is not its own */
  constructor(owner: object, waitsFor: string, foreign: Promise<unknown> | null) {
    this.owner = owner;
    this.waitsFor = waitsFor;
    this.foreign = foreign !== null;
    this.shown = foreign;
  }

  get reactions(): readonly Reaction[] {
    return this.first === null ? [] : [this.first, ...(this.more ?? [])];
  }

  set reactions([first, ...more]: readonly Reaction[]) {
    this.first = first ?? null;
    this.more = more.length === 0 ? null : more;
  }

  static of(value: unknown): OwnRecord | null {
    return typeof value === 'object' && value !== null && #show in value ? value : null;
  }

  get promise(): Promise<unknown> {
    return this.shown ?? this.#show();
  }

  #show(): Promise<unknown> {
    const { state, value } = this;
    if (state === 'fulfilled' && !isObject(value)) this.shown = NativePromise.resolve(value);
    else {
      const { promise, settleNative } = nativeDeferred();
      this.shown = promise;
      this.settleNative = settleNative;
      if (state === 'rejected') {
        whenSettled(promise, ignore, ignore);
        settleNative.reject(value);
      } else if (state === 'fulfilled' && !('then' in (value as object))) settleNative.resolve(value);
    }
    stamp(this.shown, this);
    return this.shown;
  }
}

/**
 * The record itself, where generated code hands it on in place of the promise: only to an `await` that comes next, so nobody
 * ever sees it.
 */
export function ownRecord(value: unknown): PromiseRecord | null {
  return OwnRecord.of(value);
}

/** What a variable holds, as its author knows it. */
export function asSeen(value: unknown): unknown {
  return OwnRecord.of(value)?.promise ?? value;
}
