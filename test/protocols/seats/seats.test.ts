import { expect, test } from 'vitest';
import { incarnationId, nonce } from '../../../src/core/ids.ts';
import { beginCandidate, stepCandidate } from '../../../src/protocols/seats/candidate-step.ts';
import type {
  CandidateEffect,
  CandidateEvent,
  CandidateState,
  SeatRow,
} from '../../../src/protocols/seats/candidate.ts';
import { explore } from '../exploration/explorer.ts';
import type { Model } from '../exploration/explorer.ts';
import { described, documentedRows, rowOf } from '../transition-table.ts';
import { candidates, found, held, seatRows } from './transitions.ts';

// Promise 8 of docs/semantics.md.

test.each(seatRows)('$from: $on', ({ state, event, to, effects }) => {
  const stepped = stepCandidate(state, event);
  expect([stepped.state.phase, described(stepped.effects)]).toEqual([to, effects]);
});

test('the table is what the document says', () => {
  expect(documentedRows('seats', 'Transitions')).toEqual(seatRows.map(rowOf));
});

test('a claim writes the next term, and only over the row that it read', () => {
  const { effects } = stepCandidate(candidates.claiming, found(held()));
  expect(effects).toEqual([
    {
      kind: 'swap',
      token: candidates.claiming.claim.nonce,
      expectedRevision: 7,
      row: { ...held(), holder: candidates.claiming.self, term: 4, nonce: candidates.claiming.claim.nonce },
    },
  ]);
});

interface Seat {
  readonly state: CandidateState;
  /** Its calls to the store that may still be performed. */
  readonly calls: readonly Extract<CandidateEffect, { kind: 'read' | 'swap' }>[];
  readonly ended: boolean;
  readonly actsIn: number;
}
interface World {
  readonly row: SeatRow | null;
  readonly revision: number;
  readonly seats: readonly Seat[];
  readonly lossesLeft: number;
  readonly endsLeft: number;
}

/** Three candidates for one seat; leases end, answers are lost. A term never has two holders. */
class SeatsModel implements Model {
  readonly initial: string;

  constructor(lossesLeft: number, endsLeft: number) {
    const seats = [1, 2, 3].map((number): Seat => {
      const begun = beginCandidate('rack/r1', incarnationId(`h${number}.1`));
      return { state: begun.state, calls: [{ kind: 'read' }], ended: false, actsIn: 0 };
    });
    this.initial = JSON.stringify({ row: null, revision: 0, seats, lossesLeft, endsLeft } satisfies World);
  }

  violation(state: string): string | null {
    const { seats } = JSON.parse(state) as World;
    const acting = seats.filter((seat) => seat.actsIn > 0 && !seat.ended);
    return acting.length > 1
      ? `two hosts act on the seat, in terms ${acting.map((seat) => seat.actsIn).join()}`
      : null;
  }

  isGood(state: string): boolean {
    const { seats } = JSON.parse(state) as World;
    return seats.some((seat) => seat.actsIn > 0 && !seat.ended) || seats.every((seat) => seat.ended);
  }

  successors(state: string, visit: (label: string, next: string, fair: boolean) => void): void {
    const world = JSON.parse(state) as World;
    const put = (at: number, seat: Seat, rest: Partial<World> = {}): World => ({
      ...world,
      ...rest,
      seats: world.seats.map((other, index) => (index === at ? seat : other)),
    });
    const take = (seat: Seat, event: CandidateEvent): Seat => after(seat, event);
    world.seats.forEach((seat, at) => {
      if (seat.ended) return;
      const go = (label: string, next: World, fair = true) =>
        visit(`${at} ${label}`, JSON.stringify(next), fair);
      const fresh = nonce(`n ${at} ${world.revision}`);
      seat.calls.forEach((call, index) => {
        const idle: Seat = { ...seat, calls: seat.calls.filter((_, each) => each !== index) };
        const { row, revision } = world;
        const lossesLeft = world.lossesLeft - 1;
        if (lossesLeft >= 0) {
          go(`${call.kind} is lost`, put(at, take(idle, { kind: 'storeFailed' }), { lossesLeft }), false);
        }
        if (call.kind === 'read') {
          go('reads', put(at, take(idle, { kind: 'found', row, revision, nonce: fresh })));
        } else if ((call.expectedRevision ?? 0) !== revision) {
          go('is refused', put(at, take(idle, { kind: 'swapRefused', token: call.token })));
        } else {
          const written = { row: call.row, revision: revision + 1 };
          go('swaps', put(at, take(idle, { kind: 'swapped', token: call.token }), written));
          if (lossesLeft >= 0) {
            const unheard = take(idle, { kind: 'storeFailed' });
            go('swaps unheard', put(at, unheard, { ...written, lossesLeft }), false);
          }
        }
      });
      if (seat.calls.length === 0) go('looks again', put(at, take(seat, { kind: 'retryDue' })));
      for (const dead of world.seats.filter((each) => each.ended)) {
        go(
          'sees an end',
          put(at, take(seat, { kind: 'holderEnded', holder: dead.state.self, nonce: fresh })),
        );
      }
      if (world.endsLeft > 0) {
        const gone: Seat = { ...seat, calls: [], ended: true };
        go('ends', put(at, gone, { endsLeft: world.endsLeft - 1 }), false);
      }
    });
  }
}

function after(seat: Seat, event: CandidateEvent): Seat {
  const { state, effects } = stepCandidate(seat.state, event);
  let { actsIn } = seat;
  const calls = [...seat.calls];
  for (const effect of effects) {
    if (effect.kind === 'take') actsIn = effect.term;
    if (effect.kind === 'leave') actsIn = 0;
    const isKnown = calls.some((call) => JSON.stringify(call) === JSON.stringify(effect));
    if ((effect.kind === 'read' || effect.kind === 'swap') && !isKnown) calls.push(effect);
  }
  return { ...seat, state, calls, actsIn };
}

test('a seat never has two holders, and never stays empty', { timeout: 120_000 }, () => {
  const explored = explore(new SeatsModel(1, 2), 500_000);
  console.log(`seats: ${explored.states.toLocaleString('en')} states, ${explored.kind}`);
  expect(
    explored.kind,
    explored.kind === 'violated' ? [explored.reason, ...explored.trace].join('\n') : '',
  ).toBe('held');
});
