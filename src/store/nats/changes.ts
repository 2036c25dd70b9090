import { StoreAmbiguousError, StoreFullError } from '../errors.ts';
import type { StoreOptions } from '../options.ts';
import { encodeFrame, frameRoomBytes } from './frame.ts';
import type { Ledger, Settled } from './ledger.ts';
import { checked, reasonOf } from './ledger.ts';
import type { Limit } from './limit.ts';
import { LimitReached } from './limit.ts';
import type { NatsLink } from './link.ts';
import type { Space, Subjects } from './subjects.ts';
import type { Head, View } from './view.ts';

/**
 * A change is sent only by who has seen the stream this recently; together with `voidAfterMs` it bounds how old the knowledge is
 * that a message was written with.
 */
const freshMsMax = 30_000;
const retryMs = 50;
/** How long one sending of a change waits for its answer before it is sent again. */
const tryMsMax = 1_000;

/** How a compare-and-set ended. */
export type Swap =
  | { readonly kind: 'done'; readonly head: Head; readonly before: Head | null; readonly clockMs: number }
  | { readonly kind: 'conflict'; readonly current: Head | null; readonly clockMs: number };

/** One change that is to be made. */
interface Change {
  /** For messages: `cas lease/x`. */
  readonly call: string;
  readonly space: Space;
  readonly key: string;
  /** null deletes. */
  readonly value: Uint8Array | null;
  /** The same in all messages of this call: one that was taken for lost is known again. */
  readonly nonce: string;
  readonly limit: Limit;
}

/** The message that makes it. */
interface Sending extends Change {
  readonly predecessor: number;
  readonly subject: string;
  readonly payload: Uint8Array;
  readonly parts: number;
  readonly settled: Promise<Settled>;
}

/** What came of sending one change; `again`: nothing, and the reason may have gone. */
type Attempt = Swap | 'again';

/**
 * Compare-and-set on the registry's stream.
 *
 * A change is done when it comes back in the feed and the view accepts it; the server's answer says less, because a subject may have
 * been free that a late message should not have found free. Sending the same message again is harmless: under its subject there
 * is room for one, and a copy that comes after that was cleared away is late.
 */
export class Changes {
  readonly #ledger: Ledger;
  readonly #link: NatsLink;
  readonly #subjects: Subjects;
  readonly #url: string;
  readonly #options: StoreOptions;

  constructor(ledger: Ledger, link: NatsLink, subjects: Subjects, url: string, options: StoreOptions) {
    this.#ledger = ledger;
    this.#link = link;
    this.#subjects = subjects;
    this.#url = url;
    this.#options = options;
  }

  /** @param expected 0: absent. @throws as `Registry.cas` */
  swap(call: string, space: Space, key: string, expected: number, value: Uint8Array | null): Promise<Swap> {
    return this.#ledger.within(call, async (limit) => {
      const change: Change = { call, space, key, value, nonce: this.#options.random.hex(16), limit };
      for (;;) {
        const answer = await this.#disagreement(change, expected);
        if (answer !== null) return answer;
        const attempt = await this.#attempt(change);
        if (attempt !== 'again') return attempt;
        await limit.pause(retryMs);
      }
    });
  }

  /** @returns null when the key is as expected, as far as the view shows; the answer when it surely is not */
  async #disagreement({ space, key, nonce, limit }: Change, expected: number): Promise<Swap | null> {
    const agrees = (view: View): boolean => (view.row(space, key)?.revision ?? 0) === expected;
    if (agrees(this.#ledger.view) && this.#ledger.ageMs < freshMsMax) return null;
    return this.#ledger.fresh(limit, (view) => {
      const head = view.head(space, key);
      if (head?.nonce === nonce) return { kind: 'done', head, before: null, clockMs: view.clockMs };
      return agrees(view) ? null : this.#conflict(view, space, key);
    });
  }

  async #attempt(change: Change): Promise<Attempt> {
    const { space, key, value, nonce, limit } = change;
    if (!this.#link.isUp) {
      limit.reason = 'is not connected';
      return 'again';
    }
    this.#requireRoom(change);
    const predecessor = this.#ledger.view.head(space, key)?.revision ?? 0;
    const parts = await this.#sendParts(limit, nonce, value);
    const frame = this.#ledger.frame(nonce, predecessor, value === null ? 'delete' : 'put', parts);
    const payload = encodeFrame(frame, parts > 0 || value === null ? new Uint8Array() : value);
    const subject = this.#subjects.successor(space, key, predecessor);
    let forget = (): void => undefined;
    const settled = new Promise<Settled>((resolve) => {
      forget = this.#ledger.expect(nonce, resolve);
    });
    try {
      const attempt = await this.#send({ ...change, predecessor, subject, payload, parts, settled });
      if (parts > 0 && attempt !== 'again' && attempt.kind === 'conflict') {
        void this.#ledger.purge(this.#subjects.registry, this.#subjects.parts(nonce), null, tryMsMax);
      }
      return attempt;
    } finally {
      forget();
    }
  }

  /** Until it is known what became of it, or the call's time is over. */
  async #send(sending: Sending): Promise<Attempt> {
    const { limit, subject, payload, settled } = sending;
    let inDoubt = false;
    for (;;) {
      limit.inDoubt = true;
      const tryMs = Math.min(limit.remainingMs, tryMsMax);
      const publishing = this.#link.publish(subject, payload, true, tryMs);
      const outcome = await limit.within(Promise.race([settled, publishing]));
      limit.inDoubt =
        inDoubt || outcome.kind === 'settled' || outcome.kind === 'stored' || outcome.kind === 'unknown';
      switch (outcome.kind) {
        case 'settled':
          return this.#conclude(sending, outcome);
        case 'stored':
          return this.#awaitDelivery(sending);
        case 'occupied':
          return this.#occupied(sending, outcome.occupant, inDoubt);
        case 'full':
          if (inDoubt) throw new StoreAmbiguousError(sending.call, this.#url, outcome.reason);
          throw new StoreFullError(this.#url, outcome.reason);
        case 'refused':
          limit.reason = outcome.reason;
          if (!inDoubt) return 'again';
          break;
        case 'unknown':
          limit.reason = outcome.reason;
          inDoubt = true;
      }
      await limit.pause(retryMs);
    }
  }

  /** It is stored; when a proof comes before it, it was cleared away unseen. */
  async #awaitDelivery(sending: Sending): Promise<Attempt> {
    const { settled, limit, space, key, nonce, call } = sending;
    const pause = limit.pause(tryMsMax);
    pause.catch(() => undefined);
    const early = await limit.within(Promise.race([settled, pause]));
    if (early !== undefined) return this.#conclude(sending, early);
    const proven = this.#ledger.fresh(limit, (view) => view.head(space, key));
    const late = await limit.within(Promise.race([settled, proven]));
    if (late !== null && 'verdict' in late) return this.#conclude(sending, late);
    if (late?.nonce === nonce) return this.#conclude(sending, await limit.within(settled));
    throw new StoreAmbiguousError(call, this.#url, 'had changed the row again before it showed the change');
  }

  async #conclude({ call, limit, space, key, nonce }: Sending, settled: Settled): Promise<Attempt> {
    const { isExact, verdict, head, before, clockMs, isSucceeded } = settled;
    if (verdict === 'void') {
      // Nobody counts it. The server's clock has jumped, or the message was long on its way.
      this.#ledger.doubt();
      limit.inDoubt = false;
      limit.reason = 'stamped the change with a clock far ahead of what it showed before';
      return 'again';
    }
    if (isExact && verdict === 'accepted' && head !== null) return { kind: 'done', head, before, clockMs };
    return this.#ledger.fresh(limit, (view) => {
      const current = view.head(space, key);
      if (current?.nonce === nonce) return { kind: 'done', head: current, before, clockMs: view.clockMs };
      if (verdict === 'accepted' && head !== null && isSucceeded()) {
        return { kind: 'done', head, before, clockMs: view.clockMs };
      }
      // Certain, gap or not: what it came after names a later revision as its predecessor.
      if (verdict === 'late') return this.#conflict(view, space, key);
      throw new StoreAmbiguousError(call, this.#url, 'had changed the row again when it showed the change');
    });
  }

  /**
   * The server did not store it: there is a message in its place. That one has succeeded the revision; or it counts for nobody, and
   * is cleared away; or it is this one, from an earlier sending.
   */
  async #occupied(sending: Sending, occupant: number, inDoubt: boolean): Promise<Attempt> {
    const { call, limit, space, key, nonce, predecessor } = sending;
    const found = await this.#ledger.fresh(limit, (view): Attempt | 'mine' | 'idle' => {
      const head = view.head(space, key);
      if (head?.nonce === nonce) return 'mine';
      if ((head?.revision ?? 0) === predecessor) return occupant <= view.position ? 'idle' : 'again';
      if (!inDoubt || head?.predecessor === predecessor) return this.#conflict(view, space, key);
      throw new StoreAmbiguousError(call, this.#url, 'had changed the row again when it was asked');
    });
    if (found === 'mine') return this.#conclude(sending, await limit.within(sending.settled));
    if (found !== 'idle') return found;
    if (occupant > 0) await limit.within(this.#ledger.erase(occupant, limit.remainingMs));
    // What stands there is none of this call's messages that anybody counts.
    limit.inDoubt = false;
    return 'again';
  }

  /** @returns how many messages carry the value; 0 when it fits into one with its frame */
  async #sendParts(limit: Limit, nonce: string, value: Uint8Array | null): Promise<number> {
    const roomBytes = this.#link.messageBytesMax - frameRoomBytes;
    if (value === null || value.byteLength <= roomBytes) return 0;
    let parts = 0;
    for (let at = 0; at < value.byteLength; at += roomBytes) {
      const payload = encodeFrame(this.#ledger.frame(nonce, 0, 'put', 0), value.subarray(at, at + roomBytes));
      const publishing = this.#link.publish(
        this.#subjects.part(nonce, parts),
        payload,
        false,
        limit.remainingMs,
      );
      const publication = await limit.within(publishing);
      if (publication.kind === 'full') throw new StoreFullError(this.#url, publication.reason);
      if (publication.kind !== 'stored') {
        limit.reason = reasonOf(publication);
        throw new LimitReached();
      }
      parts += 1;
    }
    return parts;
  }

  #requireRoom({ space, key, value }: Change): void {
    const { registryBytesMax } = this.#options;
    if (space !== 'rows' || value === null) return;
    const { view } = this.#ledger;
    const known = view.row(space, key)?.value ?? null;
    const grownBytes = key.length + value.byteLength - (known === null ? 0 : key.length + known.byteLength);
    if (grownBytes <= 0 || view.rowsBytes + grownBytes <= registryBytesMax) return;
    const reason = `its rows take ${view.rowsBytes} of ${registryBytesMax} bytes, and row ${key} does not fit`;
    throw new StoreFullError(this.#url, reason);
  }

  #conflict(view: View, space: Space, key: string): Swap {
    return { kind: 'conflict', current: checked(view.row(space, key), this.#url), clockMs: view.clockMs };
  }
}
