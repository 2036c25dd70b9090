import { deferred } from '../../core/deferred.ts';
import { receiveMessageOnPort } from 'node:worker_threads';
import { assert } from '../../core/assert.ts';
import type { GodwitError } from '../../core/errors.ts';
import type { Cancel } from '../../core/ports.ts';
import type { Closing } from '../contract.ts';
import {
  StoreAmbiguousError,
  StoreCorruptError,
  StoreFormatError,
  StoreFullError,
  StoreOpenError,
  StoreUnavailableError,
} from '../errors.ts';
import type { StoreOptions } from '../options.ts';
import { claimFree, claimGivenUp, claimSlots, formatKnown } from './messages.ts';
import type { Failure, RawWatchEvent, StoreAnswer, StoreReport, StoreRequest } from './messages.ts';
import { joinThread } from './thread.ts';
import type { StoreLine } from './thread.ts';

const lockHint = 'does a stopped process hold its lock?';
const closedReason = 'was closed';
/** How often an opening is begun that collides with closings. */
const openingsMax = 5;

/** A call that waits for the store's thread. */
interface Pending {
  /** For messages: `cas execution/x-1`. */
  readonly call: string;
  /** 0 for reads. */
  readonly slot: number;
  readonly resolve: (answer: StoreAnswer) => void;
  readonly reject: (error: GodwitError) => void;
  readonly cancelTimeout: Cancel;
}

/** `collided`: the last other user of the file closed it at the same moment, which takes its locks away. */
type Opening = 'open' | 'collided';

type Phase =
  | {
      readonly phase: 'opening';
      readonly resolve: (outcome: Opening) => void;
      readonly reject: (error: GodwitError) => void;
    }
  | { readonly phase: 'open' }
  | { readonly phase: 'closing'; readonly resolve: (closing: Closing) => void }
  | { readonly phase: 'ended'; readonly reason: string };

/**
 * The host's end of the store's thread. Keeps every call within the call timeout, whatever the thread does: it can be blocked for
 * as long as another process holds the database's write lock.
 *
 * Each compare-and-set owns a word of shared memory, in which either the thread writes "begun" or this side "given up", never
 * both: so a timeout is known to be surely not done, or in doubt.
 */
export class StoreSession {
  readonly #url: string;
  readonly #line: StoreLine;
  readonly #options: StoreOptions;
  readonly #slotsFree: number[] = Array.from({ length: claimSlots }, (_, index) => index + 1);
  readonly #pending = new Map<number, Pending>();
  /** Slots of calls that timed out: the thread has yet to answer them, so the slots are not free. */
  readonly #late = new Map<number, number>();
  readonly #listeners = new Map<number, (event: RawWatchEvent) => void>();
  readonly #lost = deferred<string>();
  #phase: Phase = { phase: 'ended', reason: 'was not opened' };
  #lastId = 0;
  #closing: Promise<Closing> | null = null;

  private constructor(url: string, line: StoreLine, options: StoreOptions) {
    this.#url = url;
    this.#line = line;
    this.#options = options;
    line.port.on('message', (report: StoreReport) => this.#take(report));
    void line.lost.then((reason) => {
      // What the thread said last, and above all why it ended, may still be on its way.
      for (let last = receiveMessageOnPort(line.port); last; last = receiveMessageOnPort(line.port)) {
        this.#take(last.message as StoreReport);
      }
      this.#end(reason);
    });
  }

  /** @throws see `openStore` */
  static async open(url: string, file: string, options: StoreOptions): Promise<StoreSession> {
    for (let attempt = 0; attempt < openingsMax; attempt += 1) {
      const line = await joinThread(file, options);
      if (line === null) {
        const reason = `is still held by a thread that an earlier session in this process left behind (${lockHint})`;
        throw new StoreUnavailableError('opening', url, reason);
      }
      const session = new StoreSession(url, line, options);
      if ((await session.#opened()) === 'open') return session;
    }
    const reason = `was being closed by other processes, ${openingsMax} times in a row`;
    throw new StoreUnavailableError('opening', url, reason);
  }

  /** See `Store`. */
  get lost(): Promise<string> {
    return this.#lost.promise;
  }

  #opened(): Promise<Opening> {
    return new Promise<Opening>((resolve, reject) => {
      const ms = this.#options.openTimeoutMs;
      const cancel = this.#options.clock.after(ms, () => {
        this.#settle();
        if (this.#phase.phase !== 'opening') return;
        this.#end(`did not open within ${ms} ms (${lockHint})`);
        this.#abandon();
      });
      this.#phase = {
        phase: 'opening',
        resolve: (outcome) => {
          cancel();
          resolve(outcome);
        },
        reject: (error) => {
          cancel();
          reject(error);
        },
      };
    });
  }

  /** A read: @throws {GodwitError} as `Registry` says */
  ask(call: string, request: (id: number) => StoreRequest): Promise<StoreAnswer> {
    return this.#call(call, 0, request);
  }

  /** A compare-and-set: @throws {GodwitError} as `Registry` says */
  claim(call: string, request: (id: number, slot: number) => StoreRequest): Promise<StoreAnswer> {
    const slot = this.#slotsFree.pop();
    if (slot === undefined) {
      const reason = `has ${claimSlots} calls in flight, and takes no more`;
      return Promise.reject(new StoreUnavailableError(call, this.#url, reason));
    }
    Atomics.store(this.#line.claims, slot, claimFree);
    return this.#call(call, slot, (id) => request(id, slot));
  }

  watch(prefix: string, listener: (event: RawWatchEvent) => void): () => void {
    const phase = this.#phase;
    if (phase.phase === 'ended') {
      const failure: Failure = { kind: 'unavailable', what: this.#url, reason: phase.reason, found: 0 };
      return this.#options.clock.after(0, () => listener({ kind: 'interrupted', failure }));
    }
    const watch = (this.#lastId += 1);
    this.#listeners.set(watch, listener);
    this.#line.port.postMessage({ kind: 'watch', watch, prefix } satisfies StoreRequest);
    return () => {
      if (this.#listeners.delete(watch))
        this.#line.port.postMessage({ kind: 'unwatch', watch } satisfies StoreRequest);
    };
  }

  close(): Promise<Closing> {
    this.#closing ??= this.#phase.phase === 'open' ? this.#close() : Promise.resolve('closed');
    return this.#closing;
  }

  #close(): Promise<Closing> {
    return new Promise<Closing>((resolve) => {
      const cancel = this.#options.clock.after(this.#options.callTimeoutMs, () => {
        this.#settle();
        if (this.#phase.phase !== 'closing') return;
        this.#end(`could not be closed within ${this.#options.callTimeoutMs} ms`);
        this.#abandon();
      });
      const settled = (closing: Closing): void => {
        cancel();
        resolve(closing);
      };
      this.#phase = { phase: 'closing', resolve: settled };
      this.#line.port.postMessage({ kind: 'close' } satisfies StoreRequest);
    });
  }

  /** What a failure on the store's thread is to the caller. */
  errorOf(failure: Failure, call: string): GodwitError {
    switch (failure.kind) {
      case 'full':
        return new StoreFullError(this.#url, failure.reason);
      case 'corrupt':
        return new StoreCorruptError(failure.what, failure.reason);
      case 'format':
        return new StoreFormatError(failure.what, { found: failure.found, known: formatKnown });
      case 'unusable':
        return new StoreOpenError(this.#url, failure.reason);
      case 'unavailable':
      case 'broken':
        return new StoreUnavailableError(call, this.#url, `failed: ${failure.reason}`);
      case 'ambiguous':
        return new StoreAmbiguousError(call, this.#url, `failed: ${failure.reason}`);
    }
  }

  #call(call: string, slot: number, request: (id: number) => StoreRequest): Promise<StoreAnswer> {
    const phase = this.#phase;
    if (phase.phase !== 'open') {
      if (slot !== 0) this.#slotsFree.push(slot);
      const reason = phase.phase === 'ended' ? phase.reason : `is ${phase.phase}`;
      return Promise.reject(new StoreUnavailableError(call, this.#url, reason));
    }
    const id = (this.#lastId += 1);
    return new Promise<StoreAnswer>((resolve, reject) => {
      const cancelTimeout = this.#options.clock.after(this.#options.callTimeoutMs, () => this.#timedOut(id));
      this.#pending.set(id, { call, slot, resolve, reject, cancelTimeout });
      this.#line.port.postMessage(request(id));
    });
  }

  #timedOut(id: number): void {
    // A process that was stopped wakes up with timers first; the answer may have come long ago.
    this.#settle();
    const pending = this.#pending.get(id);
    if (pending === undefined) return;
    this.#pending.delete(id);
    if (pending.slot !== 0) this.#late.set(id, pending.slot);
    this.#giveUp(pending, `did not answer within ${this.#options.callTimeoutMs} ms`);
  }

  /** Decides whether a call that will get no answer is surely not done. */
  #giveUp(pending: Pending, reason: string): void {
    const begun =
      pending.slot !== 0 &&
      Atomics.compareExchange(this.#line.claims, pending.slot, claimFree, claimGivenUp) !== claimFree;
    const Failed = begun ? StoreAmbiguousError : StoreUnavailableError;
    pending.reject(new Failed(pending.call, this.#url, reason));
  }

  /** Takes what the thread has said already. */
  #settle(): void {
    for (
      let next = receiveMessageOnPort(this.#line.port);
      next !== undefined;
      next = receiveMessageOnPort(this.#line.port)
    ) {
      this.#take(next.message as StoreReport);
    }
  }

  #take(report: StoreReport): void {
    switch (report.kind) {
      case 'opened':
        if (this.#phase.phase !== 'opening') return;
        this.#phase.resolve('open');
        this.#phase = { phase: 'open' };
        return;
      case 'openFailed':
        if (this.#phase.phase !== 'opening') return;
        this.#refuse(report.failure, this.#phase);
        return;
      case 'answered':
        for (const answer of report.answers) this.#answered(answer);
        return;
      case 'watched':
        this.#listeners.get(report.watch)?.(report.event);
        return;
      case 'broken':
        this.#line.broken();
        return this.#end(`broke: ${report.failure.reason}; open it again`);
      case 'closed':
        return this.#end(closedReason);
    }
  }

  #refuse(failure: Failure, { resolve, reject }: Extract<Phase, { phase: 'opening' }>): void {
    this.#phase = { phase: 'ended', reason: 'was not opened' };
    void this.#line.leave().then(() => {
      if (failure.kind === 'broken') resolve('collided');
      else reject(this.errorOf(failure, 'opening'));
    });
  }

  #answered(answer: StoreAnswer): void {
    const lateSlot = this.#late.get(answer.request);
    if (lateSlot !== undefined) {
      // Its caller was told long ago; a late success is what `StoreAmbiguousError` warned of.
      this.#late.delete(answer.request);
      this.#slotsFree.push(lateSlot);
      return;
    }
    const pending = this.#pending.get(answer.request);
    if (pending === undefined) return; // A read that timed out.
    this.#pending.delete(answer.request);
    pending.cancelTimeout();
    if (pending.slot !== 0) this.#slotsFree.push(pending.slot);
    assert(answer.kind !== 'skipped', 'a call is skipped only after it was given up');
    if (answer.kind === 'failed') pending.reject(this.errorOf(answer.failure, pending.call));
    else pending.resolve(answer);
  }

  /** No answer comes any more. */
  #end(reason: string): void {
    const phase = this.#phase;
    if (phase.phase === 'ended') return;
    this.#phase = { phase: 'ended', reason };
    const waiting = [...this.#pending.values()];
    this.#pending.clear();
    for (const pending of waiting) {
      pending.cancelTimeout();
      this.#giveUp(pending, reason);
    }
    const listeners = [...this.#listeners.values()];
    this.#listeners.clear();
    if (phase.phase === 'opening') phase.reject(new StoreUnavailableError('opening', this.#url, reason));
    if (phase.phase === 'closing') return this.#closed(reason, phase.resolve);
    if (phase.phase === 'open') this.#lost.resolve(reason);
    const failure: Failure = { kind: 'unavailable', what: this.#url, reason, found: 0 };
    for (const listener of listeners) listener({ kind: 'interrupted', failure });
  }

  #closed(reason: string, resolve: (closing: Closing) => void): void {
    if (reason !== closedReason) return resolve('abandoned');
    void this.#line.leave().then(() => resolve('closed'));
  }

  /** Waits no more for a thread that is blocked. */
  #abandon(): void {
    this.#line.port.close();
    void this.#line.leave();
  }
}
