import { describe, expect, test } from 'vitest';
import { encodeFrame } from '../../../src/store/nats/frame.ts';
import { Subjects } from '../../../src/store/nats/subjects.ts';
import { View, voidAfterMs } from '../../../src/store/nats/view.ts';
import type { Delivery, Retirement, Verdict } from '../../../src/store/nats/view.ts';
import { retireAfterMs } from '../../../src/store/nats/sweeper.ts';

const subjects = new Subjects('test');

/** A change as a writer sends it. */
interface Sent {
  readonly key: string;
  readonly predecessor: number;
  readonly value: string | null;
  readonly sentAtMs: number;
  readonly nonce: string;
}

/** A stream that stores a message if its subject is free, and nothing more: what every server version can be trusted with. */
class Stream {
  readonly messages = new Map<string, Delivery>();
  last = 0;

  /** @returns null when the subject is taken */
  store(subject: string, data: Uint8Array, atMs: number): Delivery | null {
    if (this.messages.has(subject)) return null;
    this.last += 1;
    const message = { subject, sequence: this.last, atMs, data };
    this.messages.set(subject, message);
    return message;
  }

  send({ key, predecessor, value, sentAtMs, nonce }: Sent, atMs: number): Delivery | null {
    const kind = value === null ? 'delete' : 'put';
    const frame = { nonce, predecessor, kind, parts: 0, sentAtMs, clockMs: sentAtMs } as const;
    const data = encodeFrame(frame, new TextEncoder().encode(value ?? ''));
    return this.store(subjects.successor('rows', key, predecessor), data, atMs);
  }

  purge(beginning: string, before: number): void {
    for (const [subject, { sequence }] of this.messages) {
      if (subject.startsWith(beginning) && sequence < before) this.messages.delete(subject);
    }
  }

  /** What a session sees that opens now. */
  view(): View {
    const view = new View(subjects);
    for (const message of [...this.messages.values()].toSorted((a, b) => a.sequence - b.sequence))
      view.apply(message);
    return view;
  }
}

function rowsOf(view: View): unknown {
  return view
    .rows('rows', '')
    .map(({ key, value, revision }) => [key, new TextDecoder().decode(value ?? undefined), revision]);
}

function verdictOf(view: View, message: Delivery | null): Verdict | 'refused' {
  if (message === null) return 'refused';
  const outcome = view.apply(message);
  return outcome.kind === 'row' ? outcome.verdict : 'refused';
}

const nonce = (count: number): string => count.toString(16).padStart(32, '0');

describe('a change', () => {
  const stream = new Stream();
  const view = new View(subjects);
  const send = (
    predecessor: number,
    value: string | null,
    sentAtMs = 0,
    atMs = sentAtMs,
  ): Verdict | 'refused' =>
    verdictOf(view, stream.send({ key: 'k', predecessor, value, sentAtMs, nonce: nonce(stream.last) }, atMs));

  test('succeeds one revision, once', () => {
    expect([send(0, 'one'), send(0, 'other'), send(1, 'two'), send(1, 'three')]).toEqual([
      'accepted',
      'refused',
      'accepted',
      'refused',
    ]);
    expect(rowsOf(view)).toEqual([['k', 'two', 2]]);
  });

  test('that finds its subject cleared is late, for those who saw all and for those who come later', () => {
    stream.purge('test.r.k.', 2);
    expect(send(0, 'from the past')).toBe('late');
    expect([rowsOf(view), rowsOf(stream.view())]).toEqual([[['k', 'two', 2]], [['k', 'two', 2]]]);
  });

  test('that was on its way for too long is void', () => {
    expect(send(2, 'too late', 0, voidAfterMs + 1)).toBe('void');
    expect([rowsOf(view), rowsOf(stream.view())]).toEqual([[['k', 'two', 2]], [['k', 'two', 2]]]);
  });
});

/** Small and fast; Lehmer's generator with the multiplier of Park and Miller (1988). */
function chance(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % below;
  };
}

/** Writers with old knowledge, messages that arrive late, clearing at any time, and markers that are retired. */
class World {
  readonly stream = new Stream();
  readonly live = new View(subjects);
  readonly won = new Map<string, string>();
  readonly #chance: (below: number) => number;
  readonly #underWay: Sent[] = [];
  nowMs = 1;
  #count = 0;

  constructor(seed: number) {
    this.#chance = chance(seed);
  }

  step(): void {
    // Now and then nothing happens for so long that markers become old.
    this.nowMs += this.#chance(25) === 0 ? retireAfterMs : this.#chance(6_000);
    const key = `k${this.#chance(3)}`;
    switch (this.#chance(6)) {
      case 0:
      case 1:
        return this.#write(key);
      case 2:
      case 3:
        return this.#arrive();
      case 4:
        return this.stream.purge(`test.r.${key}.`, this.live.head('rows', key)?.revision ?? 0);
      default:
        return this.#keepHouse();
    }
  }

  /** Under way from now on, with what is known now. */
  #write(key: string): void {
    this.#count += 1;
    const predecessor = this.live.head('rows', key)?.revision ?? 0;
    const value = this.#chance(3) === 0 && this.live.row('rows', key) !== null ? null : `v${this.#count}`;
    this.#underWay.push({ key, predecessor, value, sentAtMs: this.nowMs, nonce: nonce(this.#count) });
  }

  /** Mostly a recent message, sometimes any; it may arrive again. */
  #arrive(): void {
    const all = this.#underWay.length;
    const at = this.#chance(5) === 0 ? this.#chance(all + 1) : all - 1 - this.#chance(4);
    const sent = this.#underWay[at];
    if (sent === undefined) return;
    if (this.#chance(3) > 0) this.#underWay.splice(at, 1);
    const message = this.stream.send(sent, this.nowMs);
    if (message === null) return this.#clear(sent);
    const current = this.live.head('rows', sent.key)?.revision ?? 0;
    if (verdictOf(this.live, message) !== 'accepted') return;
    expect(sent.predecessor, `${sent.key} at ${this.stream.last}`).toBe(current);
    const succeeded = `${sent.key} ${sent.predecessor}`;
    // Revision 0 comes again when a deleted key is forgotten.
    if (sent.predecessor > 0) expect(this.won.get(succeeded), succeeded).toBeUndefined();
    this.won.set(succeeded, sent.nonce);
  }

  /** What stands in the place of a change counts for nobody when the change would still be in time. */
  #clear({ key, predecessor }: Sent): void {
    if ((this.live.head('rows', key)?.revision ?? 0) !== predecessor) return;
    this.stream.messages.delete(subjects.successor('rows', key, predecessor));
  }

  #keepHouse(): void {
    for (const retirement of this.live.retirementsBefore(this.nowMs - retireAfterMs)) {
      this.#purgeRetired(retirement);
      this.stream.messages.delete(retirement.subject);
      this.live.forgetRetirement(retirement.sequence);
    }
    const markers = this.live.markersBefore(this.nowMs - retireAfterMs);
    if (markers.length === 0) return;
    this.#count += 1;
    const { nowMs } = this;
    const frame = {
      nonce: nonce(this.#count),
      predecessor: 0,
      kind: 'put',
      parts: 0,
      sentAtMs: nowMs,
      clockMs: nowMs,
    } as const;
    const data = encodeFrame(frame, new TextEncoder().encode(JSON.stringify(markers)));
    const message = this.stream.store(subjects.retirement(frame.nonce), data, nowMs);
    if (message !== null) this.live.apply(message);
    const retirement = this.live.retirement(subjects.retirement(frame.nonce));
    // Who retires them may die before it clears them away.
    if (retirement !== null && this.#chance(2) === 0) this.#purgeRetired(retirement);
  }

  #purgeRetired({ sequence, markers }: Retirement): void {
    for (const { key, revision, wasLatest } of markers) {
      this.stream.purge(`test.r.${key}.`, wasLatest ? sequence : revision + 1);
      if (wasLatest) this.stream.messages.delete(subjects.successor('rows', key, revision));
    }
  }
}

test.each(Array.from({ length: 20 }, (_, index) => index + 1))(
  'a session that opens sees what one sees that was there all along, and no revision is succeeded twice (SEED=%i)',
  (seed) => {
    const world = new World(seed);
    for (let step = 0; step < 1_000; step += 1) {
      world.step();
      expect(rowsOf(world.stream.view()), `step ${step}`).toEqual(rowsOf(world.live));
    }
    expect(world.won.size).toBeGreaterThan(50);
  },
);
