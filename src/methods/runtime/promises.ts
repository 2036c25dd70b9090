import { isObject } from '../../core/is-object.ts';
import { assert } from '../../core/assert.ts';
import type { AnyFunction, Frame } from './method-code.ts';
import type { Combinator, Job, Outcome, PromiseRecord, Reaction } from './promise-records.ts';
import { ignore, isNativePromise, NativePromise, nativeThen, OwnRecord, whenSettled } from './own-record.ts';
import { stamp, stampOf } from './promise-stamp.ts';
import { JobLine } from './job-line.ts';

function callable(value: unknown): AnyFunction | null {
  return typeof value === 'function' ? (value as AnyFunction) : null;
}

/**
 * The promises of one execution, and its job queue. Everything that promises do inside the execution is done here, in
 * the order that native promises have; native promises are only what methods hold in their hands.
 */
export class Promises {
  readonly jobs = new JobLine<Job>();
  /** Rejected, and nothing awaits them. */
  readonly unhandled = new Set<PromiseRecord>();
  /** Of promises that another execution has stamped. */
  readonly #others = new WeakMap<object, PromiseRecord>();
  /** Native promises that something of this execution waits for. */
  readonly foreign = new Set<PromiseRecord>();

  /** Called after a job was queued that may have come from outside any slice; set by the execution that has these promises. */
  stirred: () => void = ignore;

  create(waitsFor: string): PromiseRecord {
    return new OwnRecord(this, waitsFor, null);
  }

  #enter(promise: Promise<unknown>): PromiseRecord {
    const record = new OwnRecord(this, 'a promise from outside', promise);
    if (!stamp(promise, record)) this.#others.set(promise, record);
    return record;
  }

  recordOf(value: unknown): PromiseRecord | null {
    if (!isObject(value)) return null;
    const record = OwnRecord.of(value) ?? (stampOf(value) as PromiseRecord | null);
    if (record === null) return null;
    return record.owner === this ? record : (this.#others.get(value) ?? null);
  }

  /** The record of a native promise, made if it comes from outside; null for any other value. */
  adopt(value: unknown): PromiseRecord | null {
    const known = this.recordOf(value);
    if (known !== null) return known;
    if (!isNativePromise(value)) return null;
    let record: PromiseRecord | null = null;
    const settle = (ok: boolean, outcome: unknown): void => {
      if (record === null) return;
      this.foreign.delete(record);
      this.settle(record, ok, outcome);
      this.stirred();
    };
    try {
      whenSettled(
        value,
        (outcome) => settle(true, outcome),
        (reason) => settle(false, reason),
      );
    } catch {
      // It only inherits from a promise.
      return null;
    }
    record = this.#enter(value);
    this.foreign.add(record);
    return record;
  }

  /** The record of a promise that has settled, if an await of it asks nobody for anything. */
  settledRecord(value: object): PromiseRecord | null {
    const own = OwnRecord.of(value);
    const record = own ?? (stampOf(value) as PromiseRecord | null);
    if (record === null || record.owner !== this || record.state === 'pending') return null;
    return own !== null || (value as { constructor: unknown }).constructor === NativePromise ? record : null;
  }

  /** What `await value` does with the frame that awaits. */
  await(frame: Frame, value: unknown): void {
    const record = this.#resolved(value);
    if (record === null) this.jobs.add({ kind: 'resume', frame, ok: true, value });
    else this.react(record, { kind: 'resume', frame, ok: true, value: undefined });
  }

  /** The language's PromiseResolve, without a promise (null) where there is nothing to wait for. */
  #resolved(value: unknown): PromiseRecord | null {
    if (!isObject(value)) return null;
    const own = OwnRecord.of(value);
    if (own !== null) return own;
    if (isNativePromise(value) && value.constructor === NativePromise) {
      const promise = this.adopt(value);
      if (promise !== null) return promise;
    }
    const then = (value as { then?: unknown }).then;
    if (typeof then !== 'function') return null;
    const record = this.create('a thenable');
    this.#follow(record, value, then as AnyFunction);
    return record;
  }

  /** `Promise.resolve` */
  resolved(value: unknown): PromiseRecord {
    let record: PromiseRecord | null;
    try {
      record = this.#resolved(value);
    } catch (error) {
      return this.settled(false, error);
    }
    return record ?? this.settled(true, value);
  }

  /** The same for an `await` that comes next, which takes a value that stands for itself as it is. */
  resolvedPlainly(value: unknown): unknown {
    if (!isObject(value)) return value;
    return isNativePromise(value) && value.constructor === NativePromise ? value : this.resolved(value);
  }

  settled(ok: boolean, value: unknown): PromiseRecord {
    const record = this.create('a settled promise');
    this.settle(record, ok, value);
    return record;
  }

  react(record: PromiseRecord, reaction: Reaction): void {
    if (!record.handled) {
      record.handled = true;
      this.unhandled.delete(record);
    }
    if (record.state === 'pending') {
      if (record.first === null) record.first = reaction;
      else if (record.more === null) record.more = [reaction];
      else record.more.push(reaction);
    } else this.#queue(reaction, record.state === 'fulfilled', record.value);
  }

  #queue(reaction: Reaction, ok: boolean, value: unknown): void {
    reaction.ok = ok;
    reaction.value = value;
    this.jobs.add(reaction);
  }

  /** `then` */
  chain(record: PromiseRecord, fulfilled: unknown, rejected: unknown): PromiseRecord {
    const into = this.create('then');
    this.react(record, {
      kind: 'call',
      fulfilled: callable(fulfilled),
      rejected: callable(rejected),
      into,
      ok: true,
      value: undefined,
    });
    return into;
  }

  /** `finally` */
  chainFinally(record: PromiseRecord, callback: unknown): PromiseRecord {
    const called = callable(callback);
    if (called === null) return this.chain(record, callback, callback);
    const into = this.create('finally');
    this.react(record, { kind: 'finally', callback: called, into, ok: true, value: undefined });
    return into;
  }

  /** The callback of a `finally` has returned: its own outcome is waited for, then `into` gets what it was called after. */
  passAfter(into: PromiseRecord, result: unknown, after: Outcome): void {
    const passed = this.create('finally');
    this.react(this.resolved(result), { kind: 'pass', after, into: passed, ok: true, value: undefined });
    this.jobs.add({ kind: 'follow', from: passed, into });
  }

  /** The resolve function of a promise: a promise or thenable is followed, one job later, as natively. */
  resolve(record: PromiseRecord, value: unknown): void {
    if (!isObject(value)) return this.settle(record, true, value);
    const from = OwnRecord.of(value);
    if (from !== null) return this.jobs.add({ kind: 'follow', from, into: record });
    if (value === record.shown) {
      return this.settle(record, false, new TypeError('Chaining cycle detected for promise #<Promise>'));
    }
    let then: unknown;
    try {
      then = (value as { then?: unknown }).then;
    } catch (error) {
      return this.settle(record, false, error);
    }
    if (typeof then === 'function') this.#follow(record, value, then as AnyFunction);
    else this.settle(record, true, value);
  }

  /** Resolves or rejects. */
  conclude(record: PromiseRecord, ok: boolean, value: unknown): void {
    if (ok) this.resolve(record, value);
    else this.settle(record, false, value);
  }

  /** The record of a promise that was made here. */
  mustKnow(promise: object): PromiseRecord {
    const record = this.recordOf(promise);
    assert(record !== null, 'a promise of this execution has a record');
    return record;
  }

  #follow(into: PromiseRecord, thenable: object, then: AnyFunction): void {
    const from = then === nativeThen ? this.adopt(thenable) : null;
    this.jobs.add(
      from === null ? { kind: 'thenable', thenable, method: then, into } : { kind: 'follow', from, into },
    );
  }

  settle(record: PromiseRecord, ok: boolean, value: unknown): void {
    if (record.state !== 'pending') return;
    record.state = ok ? 'fulfilled' : 'rejected';
    record.value = value;
    const { first, more } = record;
    if (first !== null) {
      record.first = null;
      this.#queue(first, ok, value);
      if (more !== null) {
        record.more = null;
        for (const reaction of more) this.#queue(reaction, ok, value);
      }
    }
    if (!ok && !record.handled) this.unhandled.add(record);
    if (record.shown === null) return;
    if (!ok) {
      whenSettled(record.promise, ignore, ignore);
      record.settleNative.reject(value);
      // Natively its `then` would be asked for again; whoever has one is not shown to native code.
    } else if (!isObject(value) || !('then' in value)) record.settleNative.resolve(value);
  }

  /** `Promise.all` and its like, over promises that may move. */
  combine(kind: Combinator['kind'] | 'race', values: unknown): PromiseRecord {
    const into = this.create(`Promise.${kind}`);
    const combinator: Combinator | null = kind === 'race' ? null : { kind, into, values: [], remaining: 1 };
    try {
      let index = 0;
      for (const value of iterable(values)) {
        const record = this.resolved(value);
        if (combinator !== null) {
          combinator.values.push(undefined);
          combinator.remaining += 1;
        }
        this.react(
          record,
          combinator === null
            ? { kind: 'adopt', into, ok: true, value: undefined }
            : { kind: 'element', of: combinator, index, ok: true, value: undefined },
        );
        index += 1;
      }
    } catch (error) {
      this.settle(into, false, error);
      return into;
    }
    if (combinator !== null) this.#count(combinator);
    return into;
  }

  element(of: Combinator, index: number, ok: boolean, value: unknown): void {
    const gathers = of.kind === 'any' ? !ok : ok;
    if (of.kind === 'allSettled') {
      of.values[index] = ok ? { status: 'fulfilled', value } : { status: 'rejected', reason: value };
    } else if (gathers) {
      of.values[index] = value;
    } else {
      return this.settle(of.into, ok, value);
    }
    this.#count(of);
  }

  #count(of: Combinator): void {
    of.remaining -= 1;
    if (of.remaining > 0) return;
    if (of.kind === 'any')
      this.settle(of.into, false, new AggregateError(of.values, 'All promises were rejected'));
    else this.resolve(of.into, of.values);
  }
}

/** The same value; what is not iterable is refused in the words of the native combinators. */
function iterable(values: unknown): Iterable<unknown> {
  if (values === undefined || values === null)
    throw new TypeError(
      `${values === null ? 'object null' : 'undefined'} is not iterable (cannot read property Symbol(Symbol.iterator))`,
    );
  if (typeof (values as Partial<Iterable<unknown>>)[Symbol.iterator] !== 'function')
    void new Set(values as Iterable<unknown>);
  return values as Iterable<unknown>;
}
