import { deferred } from '../../core/deferred.ts';
import { GodwitError } from '../../core/errors.ts';
import { StoreAmbiguousError, StoreCorruptError, StoreUnavailableError } from '../errors.ts';
import type { StoreOptions } from '../options.ts';
import { Feed } from './feed.ts';
import { encodeFrame } from './frame.ts';
import type { Frame } from './frame.ts';
import { Freshness } from './freshness.ts';
import { Limit, LimitReached } from './limit.ts';
import type { NatsLink, Publication } from './link.ts';
import type { Space, Subjects } from './subjects.ts';
import { View } from './view.ts';
import type { Delivery, Head, Outcome, Verdict } from './view.ts';

/** How long a closing session tries to take its last barrier away; one that stays is some bytes. */
const farewellMs = 200;

/** What follows the ledger. Called at moments when the view is exact. */
export interface LedgerListener {
  /** @param key null: anything may have changed */
  onChanged(space: Space, key: string | null, view: View): void;
  /** @param error null: deliveries come again */
  onInterrupted(error: GodwitError | null): void;
}

/** What the view made of a change when it was delivered. */
export interface Settled {
  readonly kind: 'settled';
  readonly verdict: Verdict;
  readonly isExact: boolean;
  readonly before: Head | null;
  /** The key's state right after it. */
  readonly head: Head | null;
  readonly clockMs: number;
  /** Whether a later change succeeded this very one: then it was the one that counted, however the view saw it. */
  readonly isSucceeded: () => boolean;
}

/** One session's end of the registry's stream: a view of it, kept up by a feed, and proofs that the view is new enough. */
export class Ledger {
  readonly #link: NatsLink;
  readonly #subjects: Subjects;
  readonly #options: StoreOptions;
  readonly #url: string;
  readonly #session: string;
  readonly #feed: Feed;
  readonly #freshness: Freshness;
  readonly #settling = new Map<string, (settled: Settled) => void>();
  /** Changes of this session that were accepted behind a gap, by revision, and whether a later one succeeded them. */
  readonly #unproven = new Map<number, boolean>();
  readonly #inFlight = new Set<Promise<unknown>>();
  readonly #changed = new Map<Space, Set<string>>();
  readonly #lost = deferred<string>();
  #view: View;
  #listener: LedgerListener | null = null;
  #isProving = false;
  /** Why no call succeeds any more. */
  #ended: string | null = null;

  constructor(link: NatsLink, subjects: Subjects, url: string, options: StoreOptions) {
    this.#link = link;
    this.#subjects = subjects;
    this.#options = options;
    this.#url = url;
    this.#session = options.random.hex(12);
    this.#view = new View(subjects);
    this.#feed = new Feed(link, options.clock, subjects.registry, {
      onDelivery: (delivery) => this.#deliver(delivery),
      onHealth: (isHealthy) => this.#health(isHealthy),
    });
    this.#freshness = new Freshness({
      clock: options.clock,
      view: () => this.#view,
      send: (number, timeoutMs) => this.#sendBarrier(number, timeoutMs),
      resume: () => this.#feed.resume(),
      restart: () => this.#restart(),
      lost: (reason) => this.#end(`${reason}; open it again`),
    });
    link.onReconnect(() => this.#freshness.pump());
  }

  /** The server's clock, in milliseconds since 1970, as far as it is known here. */
  get serverMs(): number {
    return this.#freshness.serverMs;
  }

  get ended(): string | null {
    return this.#ended;
  }

  /** See `Store`. */
  get lost(): Promise<string> {
    return this.#lost.promise;
  }

  start(): void {
    this.#feed.resume();
  }

  follow(listener: LedgerListener): void {
    this.#listener = listener;
  }

  /** Reads the view at a moment of this call. @throws {StoreUnavailableError | StoreCorruptError} */
  read<T>(call: string, body: (view: View) => T): Promise<T> {
    return this.within(call, (limit) => this.fresh(limit, body));
  }

  /** What is shown without any proof. */
  get view(): View {
    return this.#view;
  }

  /** How old the last proof is. */
  get ageMs(): number {
    return this.#freshness.ageMs;
  }

  /** Makes the next proof begin anew, because the server's clock is not what it was taken for. */
  doubt(): void {
    this.#freshness.doubt();
  }

  /** Calls `settle` when the change with this nonce is delivered, until the returned function is called. */
  expect(nonce: string, settle: (settled: Settled) => void): () => void {
    let settledAt = 0;
    this.#settling.set(nonce, (settled) => {
      settledAt = settled.head?.revision ?? 0;
      settle(settled);
    });
    return () => {
      this.#settling.delete(nonce);
      this.#unproven.delete(settledAt);
    };
  }

  frame(nonce: string, predecessor: number, kind: Frame['kind'], parts: number): Frame {
    return {
      nonce,
      predecessor,
      kind,
      parts,
      sentAtMs: this.#freshness.serverMs,
      clockMs: this.#view.clockMs,
    };
  }

  /** Stores a message that is no row: `retirement`. Resolves when the view has it. */
  record(call: string, subject: string, value: Uint8Array): Promise<void> {
    return this.within(call, async (limit) => {
      await this.fresh(limit, () => undefined);
      const payload = encodeFrame(this.frame(this.#options.random.hex(16), 0, 'put', 0), value);
      limit.inDoubt = true;
      const publication = await limit.within(this.#link.publish(subject, payload, true, limit.remainingMs));
      if (publication.kind !== 'stored')
        throw new StoreAmbiguousError(call, this.#url, reasonOf(publication));
      await this.fresh(limit, () => undefined);
    });
  }

  /** Clears all messages under a subject (wildcards allowed) that stand before `sequence`. Harmless to repeat. */
  async purge(stream: string, filter: string, sequence: number | null, timeoutMs: number): Promise<boolean> {
    const body = sequence === null ? { filter } : { filter, seq: sequence };
    return (await this.#link.ask(`STREAM.PURGE.${stream}`, body, timeoutMs)).kind === 'answered';
  }

  /** Clears one message. Harmless when it is gone. */
  async erase(sequence: number, timeoutMs: number): Promise<void> {
    await this.#link.ask(
      `STREAM.MSG.DELETE.${this.#subjects.registry}`,
      { seq: sequence, no_erase: true },
      timeoutMs,
    );
  }

  /** Runs a call within the call timeout. @throws {StoreUnavailableError | StoreAmbiguousError} when that is over */
  async within<T>(call: string, body: (limit: Limit) => Promise<T>): Promise<T> {
    if (this.#ended !== null) throw new StoreUnavailableError(call, this.#url, this.#ended);
    const limit = new Limit(this.#options.clock, this.#options.callTimeoutMs);
    const running = body(limit);
    this.#inFlight.add(running);
    try {
      return await running;
    } catch (thrown) {
      if (!(thrown instanceof LimitReached)) throw thrown;
      const Failed = limit.inDoubt ? StoreAmbiguousError : StoreUnavailableError;
      throw new Failed(call, this.#url, this.#ended ?? this.#freshness.trouble ?? limit.reason, {
        cause: thrown,
      });
    } finally {
      this.#inFlight.delete(running);
      limit.end();
    }
  }

  /** Lets calls in flight end. */
  async close(): Promise<void> {
    this.#ended ??= 'was closed';
    await Promise.allSettled(this.#inFlight);
    this.#freshness.stop();
    this.#feed.stop();
    await this.purge(this.#subjects.registry, this.#subjects.barriers(this.#session), null, farewellMs);
  }

  /** Runs `body` at a moment when the view is exact and as new as this call. */
  fresh<T>(limit: Limit, body: (view: View) => T): Promise<T> {
    if (!this.#link.isUp) limit.reason = 'is not connected';
    return limit.within(
      new Promise<T>((resolve, reject) => {
        this.#freshness.when(
          () => {
            try {
              resolve(body(this.#view));
            } catch (error) {
              reject(error as Error);
            }
          },
          () => limit.isOver,
        );
      }),
    );
  }

  #sendBarrier(number: number, timeoutMs: number): Promise<Publication> {
    const payload = encodeFrame(this.frame(this.#options.random.hex(16), number, 'put', 0), new Uint8Array());
    return this.#link.publish(this.#subjects.barrier(this.#session, number), payload, false, timeoutMs);
  }

  #deliver(delivery: Delivery): void {
    const outcome = this.#view.apply(delivery);
    if (outcome.kind === 'row') this.#settle(outcome);
    if (outcome.kind === 'barrier' && outcome.session === this.#session) {
      this.#freshness.delivered(outcome.number, delivery.atMs);
    }
    this.#tell();
  }

  #settle({ space, key, nonce, verdict, before }: Extract<Outcome, { kind: 'row' }>): void {
    if (verdict === 'accepted') {
      const keys = this.#changed.get(space) ?? new Set();
      this.#changed.set(space, keys.add(key));
    }
    const head = this.#view.head(space, key);
    if (verdict === 'accepted' && head !== null && this.#unproven.has(head.predecessor)) {
      this.#unproven.set(head.predecessor, true);
    }
    const settle = this.#settling.get(nonce);
    if (settle === undefined) return;
    const { isExact } = this.#freshness;
    const { clockMs } = this.#view;
    const revision = head?.revision ?? 0;
    if (!isExact && verdict === 'accepted') this.#unproven.set(revision, false);
    const isSucceeded = (): boolean => this.#unproven.get(revision) === true;
    settle({ kind: 'settled', verdict, isExact, before, head, clockMs, isSucceeded });
  }

  #tell(): void {
    if (this.#listener === null || this.#changed.size === 0 || this.#ended !== null) return;
    if (!this.#freshness.isExact) {
      // Behind a gap: a proof makes the view exact again.
      if (this.#isProving) return;
      this.#isProving = true;
      this.#freshness.when(
        () => {
          this.#isProving = false;
        },
        () => false,
      );
      return;
    }
    const changed = [...this.#changed];
    this.#changed.clear();
    for (const [space, keys] of changed)
      for (const key of keys) this.#listener.onChanged(space, key, this.#view);
  }

  #health(isHealthy: boolean): void {
    const reason = 'tells no changes: its stream cannot be read';
    this.#listener?.onInterrupted(
      isHealthy ? null : new StoreUnavailableError('watching', this.#url, reason),
    );
  }

  #restart(): void {
    this.#view = new View(this.#subjects);
    this.#changed.clear();
    this.#listener?.onChanged('rows', null, this.#view);
    this.#feed.restart();
  }

  #end(reason: string): void {
    if (this.#ended !== null) return;
    this.#ended = reason;
    this.#lost.resolve(reason);
    this.#freshness.stop();
    this.#feed.stop();
    this.#listener?.onInterrupted(new StoreUnavailableError('watching', this.#url, reason));
  }
}

export function reasonOf(publication: Publication): string {
  return 'reason' in publication ? publication.reason : `answered ${publication.kind}`;
}

/** @throws {StoreCorruptError} */
export function checked(head: Head | null, url: string): Head | null {
  if (head === null || head.isWhole) return head;
  throw new StoreCorruptError(`Row ${head.key} of store ${url}`, 'parts of its value are missing');
}
