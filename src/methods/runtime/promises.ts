import type { Combinator, Frame, Job, PromiseRecord, Reaction } from './method-code.ts';

/** The language's own; taken before any program could replace them. */
const NativePromise = Promise;

const nativeThen = Object.getOwnPropertyDescriptor(Promise.prototype, 'then')
  ?.value as Promise<unknown>['then'];

let settlers: PromiseRecord['settleNative'] | null = null;

function take(resolve: (value: unknown) => void, reject: (reason: unknown) => void): void {
  settlers = { resolve, reject };
}

function ignore(): void {
  // A rejection that the execution accounts for, for one; nobody outside has to.
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

/**
 * The promises of one execution, and its job queue. Everything that promises do inside the execution is done here, in
 * the order that native promises have; native promises are only what methods hold in their hands.
 */
export class Promises {
  readonly jobs: Job[] = [];
  /** Rejected, and nothing awaits them. */
  readonly unhandled = new Set<PromiseRecord>();
  readonly #records = new WeakMap<Promise<unknown>, PromiseRecord>();
  /** Native promises that something of this execution waits for. */
  readonly foreign = new Set<PromiseRecord>();

  /** Called from outside any slice, after a job was queued; set by the execution that has these promises. */
  foreignSettled: () => void = ignore;

  create(waitsFor: string, foreign = false): PromiseRecord {
    const promise = new NativePromise<unknown>(take);
    const record: PromiseRecord = {
      promise,
      settleNative: settlers as PromiseRecord['settleNative'],
      state: 'pending',
      value: undefined,
      handled: false,
      reactions: [],
      waitsFor,
      foreign,
    };
    this.#records.set(promise, record);
    return record;
  }

  recordOf(value: unknown): PromiseRecord | null {
    return typeof value === 'object' && value !== null
      ? (this.#records.get(value as Promise<unknown>) ?? null)
      : null;
  }

  /** The record of a promise or thenable, made if it comes from outside; null for any other value. */
  adopt(value: unknown): PromiseRecord | null {
    const known = this.recordOf(value);
    if (known !== null) return known;
    if ((typeof value !== 'object' || value === null) && typeof value !== 'function') return null;
    if (!isNativePromise(value) && typeof (value as { then?: unknown }).then !== 'function') return null;
    const native = NativePromise.resolve(value);
    const record = this.create('a promise from outside', true);
    this.foreign.add(record);
    const settle = (ok: boolean, outcome: unknown): void => {
      this.foreign.delete(record);
      this.settle(record, ok, outcome);
      this.foreignSettled();
    };
    whenSettled(
      native,
      (outcome) => settle(true, outcome),
      (reason) => settle(false, reason),
    );
    if (isNativePromise(value)) this.#records.set(value, record);
    return record;
  }

  /** What `await value` does with the frame that awaits. */
  await(frame: Frame, value: unknown): void {
    const record = this.adopt(value);
    const reaction: Reaction = { kind: 'resume', frame };
    if (record === null) this.jobs.push({ kind: 'react', reaction, ok: true, value });
    else this.react(record, reaction);
  }

  react(record: PromiseRecord, reaction: Reaction): void {
    record.handled = true;
    this.unhandled.delete(record);
    if (record.state === 'pending') record.reactions.push(reaction);
    else this.jobs.push({ kind: 'react', reaction, ok: record.state === 'fulfilled', value: record.value });
  }

  /** The resolve function of a promise: a promise or thenable is followed, one job later, as natively. */
  resolve(record: PromiseRecord, value: unknown): void {
    if (value === record.promise) {
      return this.settle(record, false, new TypeError('Chaining cycle detected for promise #<Promise>'));
    }
    let followed: PromiseRecord | null;
    try {
      followed = this.adopt(value);
    } catch (error) {
      return this.settle(record, false, error);
    }
    if (followed === null) this.settle(record, true, value);
    else this.jobs.push({ kind: 'follow', from: followed, into: record });
  }

  settle(record: PromiseRecord, ok: boolean, value: unknown): void {
    if (record.state !== 'pending') return;
    record.state = ok ? 'fulfilled' : 'rejected';
    record.value = value;
    for (const reaction of record.reactions) this.jobs.push({ kind: 'react', reaction, ok, value });
    record.reactions = [];
    if (!ok && !record.handled) this.unhandled.add(record);
    if (ok) record.settleNative.resolve(value);
    else {
      whenSettled(record.promise, ignore, ignore);
      record.settleNative.reject(value);
    }
  }

  /** `Promise.all` and its like, over promises that may move. */
  combine(kind: Combinator['kind'] | 'race', values: Iterable<unknown>): PromiseRecord {
    const into = this.create(`Promise.${kind}`);
    let list: unknown[];
    try {
      list = [...values];
    } catch (error) {
      this.settle(into, false, error);
      return into;
    }
    const combinator: Combinator | null =
      kind === 'race' ? null : { kind, into, values: list.map(() => undefined), remaining: list.length };
    list.forEach((value, index) => {
      const record = this.adopt(value) ?? this.#settled(value);
      this.react(
        record,
        combinator === null ? { kind: 'adopt', into } : { kind: 'element', of: combinator, index },
      );
    });
    if (combinator !== null && list.length === 0) this.#complete(combinator);
    return into;
  }

  /** `Promise.resolve` and `Promise.reject`. */
  settledWith(ok: boolean, value: unknown): PromiseRecord {
    const known = ok ? this.adopt(value) : null;
    if (known !== null) return known;
    const record = this.create('a settled promise');
    this.settle(record, ok, value);
    return record;
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
    of.remaining -= 1;
    if (of.remaining === 0) this.#complete(of);
  }

  #complete(of: Combinator): void {
    if (of.kind === 'any')
      this.settle(of.into, false, new AggregateError(of.values, 'All promises were rejected'));
    else this.settle(of.into, true, of.values);
  }

  #settled(value: unknown): PromiseRecord {
    const record = this.create('a settled promise');
    this.settle(record, true, value);
    return record;
  }
}
