import type { IncarnationId, Nonce, Term } from '../../core/ids.ts';

/** The registry row of one seat. The holder's authority ends with its host's lease; `term` fences its orders. */
export interface SeatRow {
  readonly seat: string;
  readonly standing: 'held' | 'vacant';
  readonly holder: IncarnationId;
  readonly term: Term;
  readonly nonce: Nonce;
}

/** Where seats stand in the registry: `seat/rack/r1`, `seat/control`. */
export const seatPrefix = 'seat/';

export interface SeatClaim {
  readonly nonce: Nonce;
  readonly term: Term;
}

/** One host's candidature for one seat. */
export type CandidateState = { readonly seat: string; readonly self: IncarnationId } &
  /** Knows nothing yet. */
  (
    | { readonly phase: 'looking' }
    | { readonly phase: 'following'; readonly holder: IncarnationId; readonly term: Term }
    /** Sees nobody in the seat; the register decides. */
    | { readonly phase: 'claiming'; readonly claim: SeatClaim; readonly ousted: IncarnationId | null }
    /** In the seat, as long as this host's lease is surely valid. */
    | { readonly phase: 'seated'; readonly term: Term }
    /** Leaves the seat by a write, so that nobody has to wait for a lease to end. */
    | { readonly phase: 'resigning'; readonly term: Term }
    | { readonly phase: 'ended' }
  );

export type CandidateEvent =
  /** A linearizable read of the seat. */
  | { readonly kind: 'found'; readonly row: SeatRow | null; readonly revision: number; readonly nonce: Nonce }
  /** The lease of this incarnation was read as ended (written). */
  | { readonly kind: 'holderEnded'; readonly holder: IncarnationId; readonly nonce: Nonce }
  | { readonly kind: 'swapped'; readonly token: string }
  | { readonly kind: 'swapRefused'; readonly token: string }
  | { readonly kind: 'storeFailed' }
  /** Look again: after `retryLater`, or because the seat's key changed. */
  | { readonly kind: 'retryDue' }
  /** This host drains or stops. */
  | { readonly kind: 'resignAsked' }
  | { readonly kind: 'leaseEnded' }
  | { readonly kind: 'restarted' };

export type CandidateEffect =
  | { readonly kind: 'save' }
  | { readonly kind: 'read' }
  | {
      readonly kind: 'swap';
      readonly token: string;
      readonly expectedRevision: number | null;
      readonly row: SeatRow;
    }
  | { readonly kind: 'retryLater' }
  /** Start the seat's actor here; its orders carry the term. */
  | { readonly kind: 'take'; readonly term: Term }
  /** Stop the seat's actor. */
  | { readonly kind: 'leave'; readonly term: Term }
  /** Somebody else holds the seat: send there. */
  | { readonly kind: 'follow'; readonly holder: IncarnationId; readonly term: Term };

export interface CandidateStep {
  readonly state: CandidateState;
  readonly effects: readonly CandidateEffect[];
}
