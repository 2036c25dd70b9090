import { assertNever } from '../core/assert.ts';
import type { IncarnationId, Nonce, Term } from '../core/ids.ts';
import { nonce } from '../core/ids.ts';
import type { CandidateEffect, CandidateEvent, CandidateState } from '../protocols/seats/candidate.ts';
import { beginCandidate, stepCandidate } from '../protocols/seats/candidate-step.ts';
import type { Directory } from './directory.ts';
import { heldWrite } from './held-write.ts';
import type { ActorContext, AnyBehaviour, AnyRef, Behaviour, SpawnOptions } from './kernel/contract.ts';
import { shutdown } from './kernel/exit-reason.ts';
import type { HostPorts } from './ports.ts';

export type SeatMessage =
  | { readonly kind: 'event'; readonly event: CandidateEvent }
  | { readonly kind: 'changed' }
  /** The occupant failed a while ago. */
  | { readonly kind: 'retake' }
  | { readonly kind: 'resign' };

export interface SeatPorts extends Pick<HostPorts, 'identity' | 'tables' | 'random' | 'gate' | 'barrier'> {
  readonly directory: Directory;
  /** As in the registry: `rack/r1`. */
  readonly seat: string;
  /** The seat's actor, for one term. */
  readonly occupant: (term: Term) => { readonly behaviour: AnyBehaviour; readonly options: SpawnOptions };
}

interface SeatState {
  candidate: CandidateState;
  occupant: AnyRef | null;
  backoffMs: number;
  /** Until an occupant that fails is started again; doubled each time within a term. */
  restartMs: number;
  /** The holder whose end was reported to the protocol last. */
  ousted: IncarnationId | null;
}

const lookEveryMs = 500;
const retryFirstMs = 50;
const retryMaxMs = 2_000;

type Context = ActorContext<SeatMessage>;

/**
 * A candidate for one seat. While it holds the seat, its child is the seat's actor; it loses the seat when its host
 * loses its lease. What the occupant orders carries its term, so that a former holder is fenced.
 */
export function seatActor(ports: SeatPorts): Behaviour<SeatState, SeatMessage> {
  return {
    init(context) {
      const { state, effects } = beginCandidate(ports.seat, ports.identity.incarnation);
      const seat: SeatState = {
        candidate: state,
        occupant: null,
        backoffMs: retryFirstMs,
        restartMs: retryFirstMs,
        ousted: null,
      };
      for (const effect of effects) perform(seat, effect, context, ports);
      context.after(lookEveryMs, { kind: 'changed' });
      return seat;
    },
    receive(seat, message, context) {
      switch (message.kind) {
        case 'event':
          advance(seat, message.event, context, ports);
          return seat;
        case 'changed':
          look(seat, context, ports);
          return seat;
        case 'retake':
          if (seat.candidate.phase === 'seated') take(seat, seat.candidate.term, context, ports);
          return seat;
        case 'resign':
          advance(seat, { kind: 'resignAsked' }, context, ports);
          return seat;
        default:
          return assertNever(message);
      }
    },
    signal(seat, signal, context) {
      // The occupant failed: it is started again, under the same term, and later each time.
      if (signal.kind === 'childExited' && signal.child === seat.occupant) {
        seat.occupant = null;
        context.after(seat.restartMs, { kind: 'retake' });
        seat.restartMs = Math.min(retryMaxMs, seat.restartMs * 2);
      }
      return seat;
    },
  };
}

function fresh(ports: SeatPorts): Nonce {
  return nonce(ports.random.hex(12));
}

/** Sees the holder's end, and whether the seat changed hands. */
function look(seat: SeatState, context: Context, ports: SeatPorts): void {
  context.after(lookEveryMs, { kind: 'changed' });
  if (ports.gate.ended) return advance(seat, { kind: 'leaseEnded' }, context, ports);
  const { candidate } = seat;
  if (candidate.phase === 'following' && ports.directory.leaseEnded(candidate.holder)) {
    return advance(
      seat,
      { kind: 'holderEnded', holder: candidate.holder, nonce: fresh(ports) },
      context,
      ports,
    );
  }
  const row = ports.directory.seat(ports.seat);
  const known = candidate.phase === 'following' || candidate.phase === 'seated' ? candidate.term : null;
  if (row?.term !== known) advance(seat, { kind: 'retryDue' }, context, ports);
}

function advance(seat: SeatState, event: CandidateEvent, context: Context, ports: SeatPorts): void {
  const { state, effects } = stepCandidate(seat.candidate, event);
  seat.candidate = state;
  for (const effect of effects) perform(seat, effect, context, ports);
}

function perform(seat: SeatState, effect: CandidateEffect, context: Context, ports: SeatPorts): void {
  switch (effect.kind) {
    case 'save': // Nothing is owed across a crash of this actor: it looks again.
      return;
    case 'read':
      context.pipe(
        ports.tables.seats.get(ports.seat),
        (found) =>
          event({
            kind: 'found',
            row: found?.row ?? null,
            revision: found?.revision ?? 0,
            nonce: fresh(ports),
          }),
        () => event({ kind: 'storeFailed' }),
      );
      return;
    case 'swap':
      if (!ports.gate.isValid()) return advance(seat, { kind: 'storeFailed' }, context, ports);
      context.pipe(
        heldWrite(ports.barrier, 'seat', ports.seat, () =>
          ports.tables.seats.cas(ports.seat, effect.expectedRevision, effect.row),
        ),
        (answer) =>
          event(
            answer.kind === 'done'
              ? { kind: 'swapped', token: effect.token }
              : { kind: 'swapRefused', token: effect.token },
          ),
        () => event({ kind: 'storeFailed' }),
      );
      return;
    case 'retryLater':
      context.after(seat.backoffMs, event({ kind: 'retryDue' }));
      seat.backoffMs = Math.min(retryMaxMs, seat.backoffMs * 2);
      return;
    case 'take':
      seat.restartMs = retryFirstMs;
      return take(seat, effect.term, context, ports);
    case 'leave':
      if (seat.occupant !== null) context.exitOther(seat.occupant, shutdown);
      seat.occupant = null;
      return;
    case 'follow':
      seat.backoffMs = retryFirstMs;
      return;
    default:
      return assertNever(effect);
  }
}

function take(seat: SeatState, term: Term, context: Context, ports: SeatPorts): void {
  seat.backoffMs = retryFirstMs;
  if (seat.occupant !== null) return;
  const { behaviour, options } = ports.occupant(term);
  seat.occupant = context.spawn(`term-${term}-${ports.random.hex(4)}`, behaviour, options) as AnyRef;
}

function event(inner: CandidateEvent): SeatMessage {
  return { kind: 'event', event: inner };
}
