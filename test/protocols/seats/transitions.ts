import { nonce, term } from '../../../src/core/ids.ts';
import type { CandidateEvent, CandidateState, SeatRow } from '../../../src/protocols/seats/candidate.ts';
import { fresh, other, self, third } from '../ownership/fixtures.ts';
import { transition } from '../transition-table.ts';
import type { Transition } from '../transition-table.ts';

const seat = 'rack/r1';
const base = { seat, self };

export function held(holder = other, count = 3): SeatRow {
  return { seat, standing: 'held', holder, term: term(count), nonce: nonce(`n-${holder}-${count}`) };
}
export const vacant: SeatRow = { ...held(), standing: 'vacant' };
const won: SeatRow = { seat, standing: 'held', holder: self, term: term(4), nonce: fresh };

export const candidates = {
  looking: { ...base, phase: 'looking' },
  following: { ...base, phase: 'following', holder: other, term: term(3) },
  claiming: { ...base, phase: 'claiming', claim: { nonce: fresh, term: term(4) }, ousted: other },
  seated: { ...base, phase: 'seated', term: term(4) },
  resigning: { ...base, phase: 'resigning', term: term(4) },
  ended: { ...base, phase: 'ended' },
} as const satisfies Record<string, CandidateState>;

export function found(row: SeatRow | null): CandidateEvent {
  return { kind: 'found', row, revision: 7, nonce: fresh };
}

const c = transition<CandidateState, CandidateEvent>;

/** Every sentence of `docs/protocols/seats.md`, in its order. */
export const seatRows: readonly Transition<CandidateState, CandidateEvent>[] = [
  c(candidates.looking, 'no row is found', found(null), 'claiming', 'save, swap'),
  c(candidates.looking, 'a vacant seat is found', found(vacant), 'claiming', 'save, swap'),
  c(candidates.looking, "another's seat is found", found(held()), 'following', 'save, follow'),
  c(candidates.looking, 'its own seat is found', found(won), 'seated', 'save, take'),
  c(candidates.looking, 'the call fails', { kind: 'storeFailed' }, 'looking', 'retry later'),
  c(candidates.following, 'the same holder is found', found(held()), 'following', ''),
  c(candidates.following, 'a later holder is found', found(held(third, 4)), 'following', 'save, follow'),
  c(candidates.following, 'an earlier term is found', found(held(third, 2)), 'following', ''),
  c(candidates.following, 'a vacant seat is found', found(vacant), 'claiming', 'save, swap'),
  c(
    candidates.following,
    "the holder's lease has ended",
    { kind: 'holderEnded', holder: other, nonce: fresh },
    'claiming',
    'save, read',
  ),
  c(
    candidates.following,
    "another host's lease has ended",
    { kind: 'holderEnded', holder: third, nonce: fresh },
    'following',
    '',
  ),
  c(candidates.following, 'look again', { kind: 'retryDue' }, 'following', 'read'),
  c(candidates.claiming, 'the ousted holder is found', found(held()), 'claiming', 'swap'),
  c(candidates.claiming, 'the swap is done', { kind: 'swapped', token: fresh }, 'seated', 'save, take'),
  c(candidates.claiming, 'the swap is refused', { kind: 'swapRefused', token: fresh }, 'claiming', 'read'),
  c(candidates.claiming, 'the call fails', { kind: 'storeFailed' }, 'claiming', 'retry later'),
  c(candidates.claiming, 'look again', { kind: 'retryDue' }, 'claiming', 'read'),
  c(candidates.claiming, 'its own nonce is found', found(won), 'seated', 'save, take'),
  c(candidates.claiming, 'somebody else got the term', found(held(third, 4)), 'following', 'save, follow'),
  c(candidates.claiming, 'a resignation is asked for', { kind: 'resignAsked' }, 'resigning', 'save, read'),
  c(candidates.seated, 'its own seat is found', found(won), 'seated', ''),
  c(candidates.seated, 'a later holder is found', found(held(third, 5)), 'looking', 'save, leave, read'),
  c(candidates.seated, 'an earlier term is found', found(held()), 'seated', ''),
  c(
    candidates.seated,
    'a resignation is asked for',
    { kind: 'resignAsked' },
    'resigning',
    'save, leave, read',
  ),
  c(candidates.seated, 'its own lease has ended', { kind: 'leaseEnded' }, 'ended', 'save, leave'),
  c(candidates.resigning, 'its own seat is found', found(won), 'resigning', 'swap'),
  c(candidates.resigning, 'the swap is done', { kind: 'swapped', token: 'resign 4' }, 'ended', 'save'),
  c(
    candidates.resigning,
    'the swap is refused',
    { kind: 'swapRefused', token: 'resign 4' },
    'resigning',
    'read',
  ),
  c(candidates.resigning, "another's seat is found", found(held(third, 5)), 'ended', 'save'),
  c(candidates.following, 'its own lease has ended', { kind: 'leaseEnded' }, 'ended', 'save'),
  c(candidates.looking, 'the actor is restarted', { kind: 'restarted' }, 'looking', 'read'),
  c(candidates.claiming, 'the actor is restarted', { kind: 'restarted' }, 'claiming', 'read'),
  c(candidates.seated, 'the actor is restarted', { kind: 'restarted' }, 'seated', 'take'),
  c(candidates.ended, 'a vacant seat is found', found(vacant), 'ended', ''),
];
