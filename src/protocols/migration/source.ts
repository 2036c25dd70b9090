import type { Epoch, SnapshotDigest } from '../../core/ids.ts';
import type { OwnershipAnswer, OwnershipAsk, OwnerPointer } from '../ownership/ownership.ts';
import type { Cargo, Passage, SourceMessage, TargetMessage } from './messages.ts';

/** How a move ended at its source. */
export type SourceOutcome =
  | { readonly kind: 'moved'; readonly pointer: OwnerPointer }
  /** The execution never stopped. */
  | { readonly kind: 'refused'; readonly reason: string }
  /** It was frozen for a moment, and runs on here; `epoch` is higher when the source had to claim it back. */
  | { readonly kind: 'rolledBack'; readonly reason: string; readonly epoch: Epoch }
  /** It is not here any more: it ended, or another host recovered it. */
  | { readonly kind: 'gone'; readonly reason: string };

/** The source's end of one migration. */
export type SourceState = {
  readonly passage: Passage;
  readonly cargo: Cargo;
  /** How many more times `prepare` may be sent. */
  readonly attemptsLeft: number;
} &
  /** Waits for the target's word; the execution runs. */
  (
    | { readonly phase: 'preparing' }
    /** Waits for the lane to capture. */
    | { readonly phase: 'freezing' }
    /** Frozen; waits for the target to hold a verified copy. */
    | { readonly phase: 'transferring'; readonly digest: SnapshotDigest; readonly sizeBytes: number }
    /** The transfer failed: runs on, and then tries again or gives up. */
    | { readonly phase: 'unfreezing'; readonly afterwards: 'retry' | 'rollBack'; readonly reason: string }
    /** Asks ownership for leave to send `resume`: from its answer on, only the register decides. */
    | { readonly phase: 'releasing'; readonly digest: SnapshotDigest }
    /** `resume` was sent; silent. */
    | { readonly phase: 'resuming'; readonly digest: SnapshotDigest }
    /** Nobody knows who runs: asks ownership to settle it by a claim. */
    | { readonly phase: 'doubting'; readonly reason: string }
    /** The target said `resumed`: asks ownership to see it in the register. */
    | { readonly phase: 'confirming' }
    /** Tells the target that the source knows, until it answers. */
    | { readonly phase: 'committing'; readonly pointer: OwnerPointer }
    | { readonly phase: 'done'; readonly outcome: SourceOutcome }
  );

export type SourcePhase = SourceState['phase'];

export type SourceTimer = 'prepare' | 'transfer' | 'resume' | 'commit';

export type SourceEvent =
  | { readonly kind: 'received'; readonly message: TargetMessage }
  | { readonly kind: 'answered'; readonly answer: OwnershipAnswer }
  /** A timer of `startTimer`; late and repeated ones are harmless. */
  | { readonly kind: 'timedOut'; readonly timer: SourceTimer }
  /** An operator, a drain deadline or the orchestrator calls it off. Too late once `resume` was released. */
  | { readonly kind: 'cancelled'; readonly reason: string }
  /** The target incarnation's lease was read as ended. */
  | { readonly kind: 'targetEnded' }
  /** The step's child was restarted from the saved state. */
  | { readonly kind: 'restarted' };

/** What a source may ask of its actor. Each is safe to perform twice. */
export type SourceEffect =
  /** Keep the state where a restarted step finds it, before any later effect. */
  | { readonly kind: 'save' }
  | { readonly kind: 'send'; readonly message: SourceMessage }
  | { readonly kind: 'askOwnership'; readonly ask: OwnershipAsk }
  | { readonly kind: 'startTimer'; readonly timer: SourceTimer }
  /** The last effect of a migration; the supervisor may stop. */
  | { readonly kind: 'finish'; readonly outcome: SourceOutcome };

export interface SourceStep {
  readonly state: SourceState;
  readonly effects: readonly SourceEffect[];
}
