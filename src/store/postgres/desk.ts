import type { GodwitError } from '../../core/errors.ts';
import type { Cancel } from '../../core/ports.ts';
import { StoreAmbiguousError, StoreFullError, StoreUnavailableError } from '../errors.ts';
import type { StoreOptions } from '../options.ts';
import type { Channel } from './channel.ts';
import type { Answer, Connection, Outcome, Query } from './connection.ts';

/** One call at a desk. What it is told after the first time is ignored. */
export interface Job<Asked, Result> {
  readonly asked: Asked;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: GodwitError) => void;
}

interface Waiting<Asked, Result> extends Job<Asked, Result> {
  /** For messages: `cas execution/x-1`. */
  readonly call: string;
  /** `sent`: the server may be at it. */
  state: 'waiting' | 'sent' | 'settled';
  /** Whether an earlier query with it was never answered. */
  inDoubt: boolean;
  cancelTimeout: Cancel;
}

/**
 * What becomes of a call whose query was sent and never answered. `again`: nobody sees a difference when it is sent twice, nor whether it
 * was done when it is given up. `repeat`: it is sent again as well, and in doubt when it is given up. `doubt`: it is in doubt at once.
 */
export type IfLost = 'again' | 'repeat' | 'doubt';

/** What a desk does, and how. */
export interface DeskWork<Asked, Result> {
  readonly ifLost: (asked: Asked) => IfLost;
  /** Which of those that wait go into the next query: indices in order, at least one. */
  readonly choose: (waiting: readonly Asked[]) => readonly number[];
  readonly query: (batch: readonly Asked[], connection: Connection) => Query;
  /**
   * Settles calls by the server's answers, one for each statement. What it leaves alone is asked again.
   *
   * @returns why this server is not the one to ask, so that another connection has to be made; null when it is
   */
  readonly settle: (batch: readonly Job<Asked, Result>[], answers: readonly Answer[]) => string | null;
}

// Not done, because others did something at the same time or a lock was held too long: done again.
const repeatable = /^(?:40001|40P01|55P03)$/;
/** A server that takes no writes, as a standby does. */
const readOnly = '25006';
/** A session that has lost what was prepared in it. */
const unprepared = '26000';
const full = /^53(?:100|200)$/;
/** Calls that may wait at one desk. */
const waitingMax = 4096;
const repeatPauseMaxMs = 10;

/**
 * Where calls wait for one connection and are answered in batches: what waits together goes to the server as one query, and each
 * call is answered for itself, within the call timeout, whatever the server does.
 *
 * A call that was not sent is surely not done. One that was sent and never answered is in doubt if it changes
 * something, and sent again otherwise. The server gets every query whole, the end of its transaction included: so it
 * never holds a lock while it waits for this process, which may be stopped at any time.
 */
export class Desk<Asked, Result> {
  readonly #url: string;
  readonly #options: StoreOptions;
  readonly #channel: Channel;
  readonly #work: DeskWork<Asked, Result>;
  #queue: Waiting<Asked, Result>[] = [];
  #isServing = false;
  /** Why no call is taken any more; null while they are. */
  #ended: string | null = null;
  /** Whether what waits is refused as well. */
  #isOver = false;
  #unsettled = 0;
  #onIdle: () => void = () => undefined;

  constructor(url: string, options: StoreOptions, channel: Channel, work: DeskWork<Asked, Result>) {
    this.#url = url;
    this.#options = options;
    this.#channel = channel;
    this.#work = work;
  }

  /**
   * @param timeoutMs of this call, at most the call timeout
   * @throws {GodwitError} as the contract says
   */
  ask(call: string, asked: Asked, timeoutMs = this.#options.callTimeoutMs): Promise<Result> {
    if (this.#ended !== null) return Promise.reject(this.#unavailable(call, this.#ended));
    if (this.#queue.length >= waitingMax) {
      return Promise.reject(this.#unavailable(call, `has ${waitingMax} calls waiting, and takes no more`));
    }
    return new Promise<Result>((resolve, reject) => {
      const waiting: Waiting<Asked, Result> = {
        call,
        asked,
        state: 'waiting',
        inDoubt: false,
        cancelTimeout: () => undefined,
        resolve: (result) => this.#leave(waiting) && resolve(result),
        reject: (error) => this.#leave(waiting) && reject(error),
      };
      waiting.cancelTimeout = this.#options.clock.after(timeoutMs, () => this.#timedOut(waiting));
      this.#unsettled += 1;
      this.#queue.push(waiting);
      if (!this.#isServing) void this.#serve();
    });
  }

  /** Takes no more calls; resolves when those that wait have ended, which takes at most the call timeout. */
  async close(): Promise<void> {
    this.#ended ??= 'was closed';
    if (this.#unsettled === 0) return;
    await new Promise<void>((resolve) => {
      this.#onIdle = resolve;
    });
  }

  /** Refuses all that waits, and all that comes. */
  end(reason: string): void {
    this.#ended = reason;
    this.#isOver = true;
    for (const { call, inDoubt, reject } of this.#queue.splice(0)) {
      reject(inDoubt ? new StoreAmbiguousError(call, this.#url, reason) : this.#unavailable(call, reason));
    }
  }

  async #serve(): Promise<void> {
    this.#isServing = true;
    // What is asked in one turn goes together.
    await Promise.resolve();
    while (this.#queue.length > 0) {
      const connection = await this.#channel.connection();
      if (connection === null) {
        this.end('was closed');
        break;
      }
      const batch = this.#take();
      if (batch.length === 0) continue;
      const { clock, callTimeoutMs } = this.#options;
      const late = clock.after(callTimeoutMs, () =>
        connection.destroy(`did not answer within ${callTimeoutMs} ms`),
      );
      const outcome = await connection.run(
        this.#work.query(
          batch.map(({ asked }) => asked),
          connection,
        ),
      );
      late();
      const trouble = await this.#finish(batch, outcome);
      if (trouble !== null) connection.destroy(trouble);
      this.#putBack(batch);
    }
    this.#isServing = false;
  }

  /** Those that timed out while a connection was made have left the queue. */
  #take(): readonly Waiting<Asked, Result>[] {
    if (this.#queue.length === 0) return [];
    const chosen = new Set(this.#work.choose(this.#queue.map(({ asked }) => asked)));
    const batch = this.#queue.filter((_, index) => chosen.has(index));
    this.#queue = this.#queue.filter((_, index) => !chosen.has(index));
    for (const waiting of batch) waiting.state = 'sent';
    return batch;
  }

  /** @returns why the connection is of no further use; null when it is */
  async #finish(batch: readonly Waiting<Asked, Result>[], outcome: Outcome): Promise<string | null> {
    switch (outcome.kind) {
      case 'answered':
        // A server that stops waiting for its standby says no more than this, and answers as if all were well.
        if (outcome.warning !== null) this.#doubt(batch, `warned: ${outcome.warning}`, true);
        return this.#work.settle(batch, outcome.answers);
      case 'refused':
        if (outcome.code === readOnly || outcome.code === unprepared) return outcome.reason;
        if (repeatable.test(outcome.code)) await this.#pause();
        else this.#refuse(batch, outcome.code, outcome.reason);
        return null;
      case 'lost':
        this.#doubt(batch, `is not heard any more: ${outcome.reason}`, false);
        return null;
    }
  }

  /** @param isAnswered so that it is not sent again */
  #doubt(batch: readonly Waiting<Asked, Result>[], reason: string, isAnswered: boolean): void {
    for (const one of batch) {
      const ifLost = this.#work.ifLost(one.asked);
      if (ifLost === 'again') continue;
      if (ifLost === 'repeat' && !isAnswered) one.inDoubt = true;
      else one.reject(new StoreAmbiguousError(one.call, this.#url, reason));
    }
  }

  #refuse(batch: readonly Waiting<Asked, Result>[], code: string, reason: string): void {
    for (const one of batch) {
      if (one.inDoubt) {
        one.reject(new StoreAmbiguousError(one.call, this.#url, `refused to repeat it: ${reason}`));
      } else if (full.test(code)) one.reject(new StoreFullError(this.#url, reason));
      else one.reject(this.#unavailable(one.call, `refused it: ${reason} (SQLSTATE ${code})`));
    }
  }

  /** Whatever of a batch has no answer yet waits again, before what came later. */
  #putBack(batch: readonly Waiting<Asked, Result>[]): void {
    const again = batch.filter(({ state }) => state !== 'settled');
    for (const waiting of again) waiting.state = 'waiting';
    this.#queue = [...again, ...this.#queue];
    if (this.#isOver) this.end(this.#ended ?? '');
  }

  #pause(): Promise<void> {
    const { clock, random } = this.#options;
    return new Promise((resolve) => {
      clock.after(random.next() * repeatPauseMaxMs, resolve);
    });
  }

  #timedOut(waiting: Waiting<Asked, Result>): void {
    const trouble = this.#channel.trouble;
    const why = trouble === null ? '' : ` (${trouble})`;
    const reason = `did not answer within ${this.#options.callTimeoutMs} ms${why}`;
    const isSent = waiting.state === 'sent' && this.#work.ifLost(waiting.asked) !== 'again';
    if (isSent || waiting.inDoubt) {
      this.#queue = this.#queue.filter((one) => one !== waiting);
      return waiting.reject(new StoreAmbiguousError(waiting.call, this.#url, reason));
    }
    this.#queue = this.#queue.filter((one) => one !== waiting);
    waiting.reject(this.#unavailable(waiting.call, reason));
  }

  /** @returns whether the call had not left before */
  #leave(waiting: Waiting<Asked, Result>): boolean {
    if (waiting.state === 'settled') return false;
    waiting.state = 'settled';
    waiting.cancelTimeout();
    this.#unsettled -= 1;
    if (this.#unsettled === 0) this.#onIdle();
    return true;
  }

  #unavailable(call: string, reason: string): StoreUnavailableError {
    return new StoreUnavailableError(call, this.#url, reason);
  }
}
