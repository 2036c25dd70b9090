import { assert } from '../../core/assert.ts';
import { decodeFrame } from './frame.ts';
import type { Frame } from './frame.ts';
import type { StoredMessage } from './link.ts';
import type { Space, Subjects } from './subjects.ts';

/** A message that is stamped so much later than it was sent is void: nothing that is on its way can still happen after that. */
export const voidAfterMs = 60_000;

/** One message of the registry's stream, as it is delivered. */
export type Delivery = StoredMessage;

/** The latest state of a key. */
export interface Head {
  readonly key: string;
  readonly revision: number;
  readonly predecessor: number;
  readonly nonce: string;
  /** null: deleted. */
  readonly value: Uint8Array | null;
  /** Whether every part of its value was there. */
  readonly isWhole: boolean;
  /** How many messages under `nonce` carry its value. */
  readonly parts: number;
  readonly atMs: number;
}

/** What a message did. */
export type Outcome =
  | {
      readonly kind: 'row';
      readonly space: Space;
      readonly key: string;
      readonly nonce: string;
      readonly verdict: Verdict;
      /** What it took the place of. */
      readonly before: Head | null;
    }
  | { readonly kind: 'barrier'; readonly session: string; readonly number: number }
  | { readonly kind: 'other' };

/** `void`: it came too late; `late`: another message had succeeded the same revision, or an older one was succeeded. */
export type Verdict = 'accepted' | 'late' | 'void';

/** Deleted keys whose markers may go, `revision` each. */
export type Retired = readonly (readonly [space: Space, key: string, revision: number])[];

/** A message that told everybody of markers that go. */
export interface Retirement {
  readonly sequence: number;
  readonly subject: string;
  readonly atMs: number;
  readonly markers: readonly RetiredMarker[];
}

export interface RetiredMarker {
  readonly space: Space;
  readonly key: string;
  readonly revision: number;
  /** Whether the key was still deleted then: so nothing that was written about it before the retirement counts. */
  readonly wasLatest: boolean;
}

interface Parts {
  readonly pieces: Map<number, Uint8Array>;
  readonly atMs: number;
}

/**
 * The registry's state: what its stream's messages make of each other, in their order. Every session computes the same.
 *
 * A change of a key at revision R is stored under a subject of its own, "successor of R", on condition that nothing stands there;
 * that is the one condition which every server version checks when a message is stored, not when it is proposed. So R has one
 * successor. A message that comes after R's successor was cleared away finds the subject free: it is told apart because
 * predecessors only rise along a key's history.
 */
export class View {
  readonly #subjects: Subjects;
  readonly #heads: Readonly<Record<Space, Map<string, Head>>> = { rows: new Map(), values: new Map() };
  /** Deleted keys, whose markers are yet to be retired. */
  readonly #markers = new Map<Head, Space>();
  readonly #retired: Readonly<Record<Space, Map<string, number>>> = { rows: new Map(), values: new Map() };
  readonly #retirements = new Map<number, Retirement>();
  readonly #parts = new Map<string, Parts>();
  #position = 0;
  #gaps = 0;
  #clockMs = 0;
  #rowsBytes = 0;

  constructor(subjects: Subjects) {
    this.#subjects = subjects;
  }

  /** Sequence number of the last message. */
  get position(): number {
    return this.#position;
  }

  /** How often messages were missing: they were replaced or cleared away before they were delivered. */
  get gaps(): number {
    return this.#gaps;
  }

  /** The store's clock: the highest stamp that any change had. */
  get clockMs(): number {
    return this.#clockMs;
  }

  /** Keys and values of all rows of the registry, in bytes. */
  get rowsBytes(): number {
    return this.#rowsBytes;
  }

  head(space: Space, key: string): Head | null {
    return this.#heads[space].get(key) ?? null;
  }

  /** What stands under a key; null when it is absent. */
  row(space: Space, key: string): Head | null {
    const head = this.head(space, key);
    return head === null || head.value === null ? null : head;
  }

  /** By key. */
  rows(space: Space, prefix: string): readonly Head[] {
    const found: Head[] = [];
    for (const head of this.#heads[space].values()) {
      if (head.value !== null && head.key.startsWith(prefix)) found.push(head);
    }
    return found.toSorted((a, b) => (a.key < b.key ? -1 : 1));
  }

  /** Markers that were written before `atMs`. */
  markersBefore(atMs: number): Retired {
    const found: [Space, string, number][] = [];
    for (const [{ key, revision, atMs: markedAtMs }, space] of this.#markers) {
      if (markedAtMs < atMs) found.push([space, key, revision]);
    }
    return found;
  }

  retirementsBefore(atMs: number): readonly Retirement[] {
    return [...this.#retirements.values()].filter((retirement) => retirement.atMs < atMs);
  }

  retirement(subject: string): Retirement | null {
    return [...this.#retirements.values()].find((each) => each.subject === subject) ?? null;
  }

  /** Whose parts were written before `atMs` and belong to no row. */
  orphansBefore(atMs: number): readonly string[] {
    const used = new Set<string>();
    for (const head of this.#heads.rows.values()) if (head.parts > 0) used.add(head.nonce);
    return [...this.#parts]
      .filter(([nonce, parts]) => parts.atMs < atMs && !used.has(nonce))
      .map(([nonce]) => nonce);
  }

  forgetParts(nonce: string): void {
    this.#parts.delete(nonce);
  }

  forgetRetirement(sequence: number): void {
    const old = this.#retirements.get(sequence);
    this.#retirements.delete(sequence);
    for (const { space, key, revision } of old?.markers ?? []) {
      if (this.#retired[space].get(key) === revision) this.#retired[space].delete(key);
    }
  }

  apply(delivery: Delivery): Outcome {
    assert(delivery.sequence > this.#position, 'messages are delivered in their order');
    if (delivery.sequence !== this.#position + 1) this.#gaps += 1;
    this.#position = delivery.sequence;
    const topic = this.#subjects.topicOf(delivery.subject);
    if (topic.kind === 'unknown') return { kind: 'other' };
    const decoded = decodeFrame(delivery.data);
    if (decoded === null) return { kind: 'other' };
    const { frame, value } = decoded;
    switch (topic.kind) {
      case 'barrier':
        // Its stamp is left out of the clock: the session's next barrier takes its place, and knows nothing of it.
        this.#clockMs = Math.max(this.#clockMs, frame.clockMs);
        return { kind: 'barrier', session: topic.session, number: frame.predecessor };
      case 'part':
        this.#keepPart(topic.nonce, topic.index, delivery.atMs, value);
        return { kind: 'other' };
      case 'retirement':
        this.#advanceClock(delivery, frame);
        this.#retire(delivery, value);
        return { kind: 'other' };
      case 'row':
        this.#advanceClock(delivery, frame);
        return this.#applyRow(delivery, topic.space, topic.key, frame, value);
    }
  }

  #applyRow(delivery: Delivery, space: Space, key: string, frame: Frame, inline: Uint8Array): Outcome {
    const before = this.#heads[space].get(key) ?? null;
    const verdict = this.#judge(delivery, space, key, frame, before);
    const outcome = { kind: 'row', space, key, nonce: frame.nonce, verdict, before } as const;
    if (verdict !== 'accepted') return outcome;
    const whole = frame.parts === 0 ? inline : this.#joined(frame);
    const head: Head = {
      key,
      revision: delivery.sequence,
      predecessor: frame.predecessor,
      nonce: frame.nonce,
      value: frame.kind === 'delete' ? null : (whole ?? new Uint8Array()),
      isWhole: whole !== null,
      parts: frame.parts,
      atMs: delivery.atMs,
    };
    this.#heads[space].set(key, head);
    if (before !== null) this.#markers.delete(before);
    if (head.value === null) this.#markers.set(head, space);
    if (before !== null && before.parts > 0) this.#parts.delete(before.nonce);
    if (space === 'rows') this.#rowsBytes += sizeOf(head) - sizeOf(before);
    return outcome;
  }

  #judge(
    delivery: Delivery,
    space: Space,
    key: string,
    { sentAtMs, predecessor }: Frame,
    before: Head | null,
  ): Verdict {
    if (delivery.atMs - sentAtMs > voidAfterMs) return 'void';
    if (predecessor > 0 && predecessor <= (this.#retired[space].get(key) ?? 0)) return 'late';
    return before === null || predecessor > before.predecessor ? 'accepted' : 'late';
  }

  #keepPart(nonce: string, index: number, atMs: number, piece: Uint8Array): void {
    const known = this.#parts.get(nonce) ?? { pieces: new Map(), atMs };
    known.pieces.set(index, piece);
    this.#parts.set(nonce, known);
  }

  /** @returns null when parts are missing: then this change was succeeded, and a message further on says by what */
  #joined(frame: Frame): Uint8Array | null {
    const pieces = this.#parts.get(frame.nonce)?.pieces;
    if (pieces === undefined || pieces.size !== frame.parts) return null;
    const value = Buffer.concat(
      Array.from({ length: frame.parts }, (_, index) => pieces.get(index) as Uint8Array),
    );
    pieces.clear();
    return new Uint8Array(value);
  }

  #retire(delivery: Delivery, value: Uint8Array): void {
    const retired = JSON.parse(Buffer.from(value).toString('utf8')) as Retired;
    const markers = retired.map(([space, key, revision]): RetiredMarker => {
      this.#retired[space].set(key, revision);
      const head = this.#heads[space].get(key);
      if (head !== undefined && head.revision > revision) return { space, key, revision, wasLatest: false };
      this.#heads[space].delete(key);
      if (head !== undefined) this.#markers.delete(head);
      return { space, key, revision, wasLatest: true };
    });
    const { sequence, subject, atMs } = delivery;
    this.#retirements.set(sequence, { sequence, subject, atMs, markers });
  }

  #advanceClock(delivery: Delivery, frame: Frame): void {
    this.#clockMs = Math.max(this.#clockMs, delivery.atMs, frame.clockMs);
  }
}

function sizeOf(head: Head | null): number {
  return head === null || head.value === null ? 0 : head.key.length + head.value.byteLength;
}
