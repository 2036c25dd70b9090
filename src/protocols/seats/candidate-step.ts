import { assertNever } from '../../core/assert.ts';
import { term } from '../../core/ids.ts';
import type { IncarnationId, Term } from '../../core/ids.ts';
import type {
  CandidateEffect,
  CandidateEvent,
  CandidateState,
  CandidateStep,
  SeatClaim,
  SeatRow,
} from './candidate.ts';

type In<Phase extends CandidateState['phase']> = Extract<CandidateState, { phase: Phase }>;
type Found = Extract<CandidateEvent, { kind: 'found' }>;

/** A host that does not know yet who holds the seat. */
export function beginCandidate(seat: string, self: IncarnationId): CandidateStep {
  return { state: { seat, self, phase: 'looking' }, effects: [{ kind: 'save' }, { kind: 'read' }] };
}

/** Advances one candidature by one event: a term never has two holders (promise 8). Events that a phase does not expect change nothing. */
export function stepCandidate(state: CandidateState, event: CandidateEvent): CandidateStep {
  if (event.kind === 'leaseEnded' && state.phase !== 'ended') return retire(state);
  switch (state.phase) {
    case 'looking':
    case 'following':
      return stepFollowing(state, event);
    case 'claiming':
      return stepClaiming(state, event);
    case 'seated':
      return stepSeated(state, event);
    case 'resigning':
      return stepResigning(state, event);
    case 'ended':
      return stay(state);
    default:
      return assertNever(state);
  }
}

function stepFollowing(state: In<'looking'> | In<'following'>, event: CandidateEvent): CandidateStep {
  switch (event.kind) {
    case 'found':
      return look(state, event);
    case 'holderEnded':
      if (state.phase === 'looking') return stay(state, { kind: 'read' });
      if (event.holder !== state.holder) return stay(state);
      return claim(state, { nonce: event.nonce, term: next(state.term) }, event.holder, { kind: 'read' });
    case 'storeFailed':
      return stay(state, { kind: 'retryLater' });
    case 'retryDue':
    case 'restarted':
      return stay(state, { kind: 'read' });
    case 'resignAsked':
      return retire(state);
    default:
      return stay(state);
  }
}

/** Judges the seat afresh. */
function look(state: CandidateState, { row, revision, nonce }: Found): CandidateStep {
  if (row === null) return claimFrom(state, null, revision, { nonce, term: term(1) });
  if (row.standing === 'vacant') return claimFrom(state, row, revision, { nonce, term: next(row.term) });
  if (row.holder === state.self) return sit(state, row.term);
  if (state.phase === 'following' && state.term >= row.term) return stay(state);
  return follow(state, row.holder, row.term);
}

function stepClaiming(state: In<'claiming'>, event: CandidateEvent): CandidateStep {
  switch (event.kind) {
    case 'found':
      return settleClaim(state, event);
    case 'swapped':
      return event.token === state.claim.nonce ? sit(state, state.claim.term) : stay(state);
    case 'swapRefused':
      return event.token === state.claim.nonce ? stay(state, { kind: 'read' }) : stay(state);
    case 'storeFailed':
      return stay(state, { kind: 'retryLater' });
    case 'retryDue':
    case 'restarted':
      return stay(state, { kind: 'read' });
    case 'resignAsked':
      return enter({ ...common(state), phase: 'resigning', term: state.claim.term }, { kind: 'read' });
    default:
      return stay(state);
  }
}

function settleClaim(state: In<'claiming'>, event: Found): CandidateStep {
  const { row, revision } = event;
  if (row === null) return state.claim.term === 1 ? stay(state, swapFor(state, null, revision)) : stay(state);
  if (row.nonce === state.claim.nonce && row.standing === 'held') return sit(state, row.term);
  if (row.term >= state.claim.term) return look({ ...common(state), phase: 'looking' }, event);
  const isOpen = row.standing === 'vacant' || row.holder === state.ousted;
  return isOpen && next(row.term) === state.claim.term
    ? stay(state, swapFor(state, row, revision))
    : look({ ...common(state), phase: 'looking' }, event);
}

function stepSeated(state: In<'seated'>, event: CandidateEvent): CandidateStep {
  switch (event.kind) {
    case 'found': {
      const { row } = event;
      if (row !== null && (row.term < state.term || isOwn(state, row))) return stay(state);
      return enter(
        { ...common(state), phase: 'looking' },
        { kind: 'leave', term: state.term },
        { kind: 'read' },
      );
    }
    case 'retryDue':
      return stay(state, { kind: 'read' });
    case 'restarted':
      return stay(state, { kind: 'take', term: state.term });
    case 'resignAsked':
      return enter(
        { ...common(state), phase: 'resigning', term: state.term },
        { kind: 'leave', term: state.term },
        { kind: 'read' },
      );
    default:
      return stay(state);
  }
}

function stepResigning(state: In<'resigning'>, event: CandidateEvent): CandidateStep {
  const token = `resign ${state.term}`;
  switch (event.kind) {
    case 'found': {
      const { row, revision } = event;
      if (row === null || !isOwn(state, row)) return retire(state);
      return stay(state, {
        kind: 'swap',
        token,
        expectedRevision: revision,
        row: { ...row, standing: 'vacant' },
      });
    }
    case 'swapped':
      return event.token === token ? retire(state) : stay(state);
    case 'swapRefused':
      return event.token === token ? stay(state, { kind: 'read' }) : stay(state);
    case 'storeFailed':
      return stay(state, { kind: 'retryLater' });
    case 'retryDue':
    case 'restarted':
      return stay(state, { kind: 'read' });
    default:
      return stay(state);
  }
}

function isOwn(state: In<'seated'> | In<'resigning'>, row: SeatRow): boolean {
  return row.standing === 'held' && row.holder === state.self && row.term === state.term;
}

function claimFrom(
  state: CandidateState,
  row: SeatRow | null,
  revision: number,
  made: SeatClaim,
): CandidateStep {
  const claiming = { ...common(state), phase: 'claiming', claim: made, ousted: null } as const;
  return enter(claiming, swapFor(claiming, row, revision));
}

function claim(
  state: CandidateState,
  made: SeatClaim,
  ousted: IncarnationId | null,
  effect: CandidateEffect,
): CandidateStep {
  return enter({ ...common(state), phase: 'claiming', claim: made, ousted }, effect);
}

function swapFor(state: In<'claiming'>, row: SeatRow | null, revision: number): CandidateEffect {
  const { seat, self, claim: made } = state;
  return {
    kind: 'swap',
    token: made.nonce,
    expectedRevision: row === null ? null : revision,
    row: { seat, standing: 'held', holder: self, term: made.term, nonce: made.nonce },
  };
}

function sit(state: CandidateState, held: Term): CandidateStep {
  return enter({ ...common(state), phase: 'seated', term: held }, { kind: 'take', term: held });
}

function follow(state: CandidateState, holder: IncarnationId, held: Term): CandidateStep {
  return enter(
    { ...common(state), phase: 'following', holder, term: held },
    { kind: 'follow', holder, term: held },
  );
}

function retire(state: CandidateState): CandidateStep {
  const leaves: CandidateEffect[] = state.phase === 'seated' ? [{ kind: 'leave', term: state.term }] : [];
  return enter({ ...common(state), phase: 'ended' }, ...leaves);
}

function next(held: Term): Term {
  return term(held + 1);
}

function common(state: CandidateState): Pick<CandidateState, 'seat' | 'self'> {
  return { seat: state.seat, self: state.self };
}

/** A change of phase is saved before anything that follows from it is done. */
function enter(state: CandidateState, ...effects: CandidateEffect[]): CandidateStep {
  return { state, effects: [{ kind: 'save' }, ...effects] };
}

function stay(state: CandidateState, ...effects: CandidateEffect[]): CandidateStep {
  return { state, effects };
}
