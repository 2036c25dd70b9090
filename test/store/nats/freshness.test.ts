import { expect, test } from 'vitest';
import { encodeFrame } from '../../../src/store/nats/frame.ts';
import { Freshness } from '../../../src/store/nats/freshness.ts';
import { Subjects } from '../../../src/store/nats/subjects.ts';
import { View } from '../../../src/store/nats/view.ts';
import { SteppedClock } from '../../wire/stepped-clock.ts';
import { random } from '../ports.ts';

const subjects = new Subjects('test');

/** A session's proofs, whose barriers are delivered when a test says so. */
class Session {
  readonly clock = new SteppedClock();
  readonly freshness: Freshness;
  restarts = 0;
  #view = new View(subjects);
  #barrier = 0;

  constructor() {
    this.freshness = new Freshness({
      clock: this.clock,
      view: () => this.#view,
      send: (number) => {
        this.#barrier = number;
        return new Promise(() => undefined);
      },
      resume: () => undefined,
      restart: () => {
        this.restarts += 1;
        this.#view = new View(subjects);
      },
      lost: () => undefined,
    });
  }

  /** The latest barrier comes, behind everything that the stream has lost meanwhile. */
  deliver(sequence: number): void {
    const atMs = this.clock.wallMs();
    const frame = {
      kind: 'put',
      parts: 0,
      predecessor: this.#barrier,
      sentAtMs: atMs,
      clockMs: atMs,
    } as const;
    const data = encodeFrame({ ...frame, nonce: random.hex(16) }, new Uint8Array());
    this.#view.apply({ subject: subjects.barrier('mine', this.#barrier), sequence, atMs, data });
    this.freshness.delivered(this.#barrier, atMs);
  }

  prove(): void {
    this.freshness.when(
      () => undefined,
      () => false,
    );
  }
}

test.each([
  ['so long that markers of deleted keys may be gone', 300_001, 1],
  ['for a moment', 1000, 0],
])('a session that was away %s, and doubts the clock', (_, awayMs, restarts) => {
  for (const doubts of [false, true]) {
    const session = new Session();
    session.prove();
    session.deliver(1);
    expect(session.freshness.isExact).toBe(true);
    session.clock.suspend(awayMs);
    if (doubts) session.freshness.doubt();
    expect([session.freshness.isExact, session.freshness.ageMs]).toEqual(
      doubts ? [false, Infinity] : [true, awayMs],
    );
    session.prove();
    session.deliver(100);
    session.deliver(101);
    expect([session.restarts, session.freshness.isExact]).toEqual([restarts, restarts === 0]);
  }
});
