import type { Epoch, SnapshotDigest } from '../../core/ids.ts';
import type { OwnershipAnswer, OwnershipAsk } from '../ownership/ownership.ts';
import type { Cargo, Passage, SourceMessage, TargetMessage } from './messages.ts';

/** How a move ended at its target. */
export type TargetOutcome =
  | { readonly kind: 'owner'; readonly epoch: Epoch }
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'dropped'; readonly reason: string };

/** The target's end of one migration. */
export type TargetState = {
  readonly passage: Passage;
  readonly cargo: Cargo;
} &
  /** Checks the code and reserves capacity. */
  (
    | { readonly phase: 'admitting' }
    | { readonly phase: 'prepared' }
    /** Pulls the bytes from the source. */
    | { readonly phase: 'fetching'; readonly digest: SnapshotDigest; readonly sizeBytes: number }
    /** Ownership rebuilds the copy, frozen. */
    | { readonly phase: 'rebuilding'; readonly digest: SnapshotDigest }
    /** Holds a verified, frozen copy; it is nothing until `resume` names it. */
    | { readonly phase: 'transferred'; readonly digest: SnapshotDigest }
    /** `resume` came: ownership claims the register. */
    | { readonly phase: 'claiming'; readonly digest: SnapshotDigest }
    /** Owner; tells the source until it commits. */
    | { readonly phase: 'resumed'; readonly epoch: Epoch }
    /** Gives the copy up. */
    | { readonly phase: 'dropping'; readonly reason: string }
    | { readonly phase: 'done'; readonly outcome: TargetOutcome }
  );

export type TargetPhase = TargetState['phase'];

/** `reservation` bounds how long capacity and a copy without `resume` are kept. */
export type TargetTimer = 'reservation' | 'commit';

export type TargetEvent =
  | { readonly kind: 'received'; readonly message: SourceMessage }
  /** The code is here and capacity is reserved. */
  | { readonly kind: 'admitted' }
  | { readonly kind: 'notAdmitted'; readonly reason: string }
  /** The bytes are here, and their digest was verified. */
  | { readonly kind: 'fetched'; readonly digest: SnapshotDigest }
  | { readonly kind: 'fetchFailed'; readonly digest: SnapshotDigest; readonly reason: string }
  | { readonly kind: 'answered'; readonly answer: OwnershipAnswer }
  | { readonly kind: 'timedOut'; readonly timer: TargetTimer }
  /** The source incarnation's lease was read as ended. */
  | { readonly kind: 'sourceEnded' }
  | { readonly kind: 'restarted' };

/** What a target may ask of its actor. Each is safe to perform twice. */
export type TargetEffect =
  | { readonly kind: 'save' }
  | { readonly kind: 'send'; readonly message: TargetMessage }
  /** Check or fetch the code, and reserve capacity for a bounded time. -> admitted | notAdmitted */
  | { readonly kind: 'admit'; readonly cargo: Cargo }
  | { readonly kind: 'releaseReservation' }
  /** Pull the bytes from the source and verify the digest. -> fetched | fetchFailed */
  | { readonly kind: 'fetch'; readonly digest: SnapshotDigest; readonly sizeBytes: number }
  | { readonly kind: 'askOwnership'; readonly ask: OwnershipAsk }
  | { readonly kind: 'startTimer'; readonly timer: TargetTimer }
  | { readonly kind: 'finish'; readonly outcome: TargetOutcome };

export interface TargetStep {
  readonly state: TargetState;
  readonly effects: readonly TargetEffect[];
}
