import type { Tenure } from '../../core/execution.ts';
import type {
  Epoch,
  ExecutionId,
  Generation,
  IncarnationId,
  MigrationId,
  Nonce,
  SnapshotDigest,
} from '../../core/ids.ts';
import type { Claim, OwnerChange, RecoveryPoint, RegisterRow, ResultPointer } from './register.ts';

/** A frozen copy that came from another host. Without its `resume` it is nothing: never run, never recovered from. */
export interface ReceivedCopy {
  readonly migration: MigrationId;
  readonly from: IncarnationId;
  /** What the source holds. */
  readonly epoch: Epoch;
  readonly generation: Generation;
  readonly digest: SnapshotDigest;
}

/** Who owns the execution now, as a linearizable read showed it: for forwarding. */
export interface OwnerPointer {
  readonly owner: IncarnationId;
  readonly epoch: Epoch;
}

/** Which local copy stands behind a claim. */
export type ClaimCopy =
  /** Nothing local: it will be loaded from the register's recovery point. */
  | { readonly kind: 'none' }
  /** The target's copy of a migration. */
  | { readonly kind: 'received'; readonly copy: ReceivedCopy }
  /** The source's own frozen copy, under the tenure it was captured with. */
  | { readonly kind: 'own'; readonly tenure: Tenure };

/** What one host knows and holds of one execution; promise 1 rests on it. The phases that hold a copy say so. */
export type OwnershipState = {
  readonly execution: ExecutionId;
  readonly self: IncarnationId;
} & (
  | { readonly phase: 'absent'; readonly pointer: OwnerPointer | null }
  /** The register decides. `migration` is answered when it has. */
  | {
      readonly phase: 'claiming';
      readonly claim: Claim;
      readonly copy: ClaimCopy;
      readonly migration: MigrationId | null;
    }
  /** Owner; the copy is being rebuilt from the recovery point. */
  | { readonly phase: 'restoring'; readonly tenure: Tenure; readonly point: RecoveryPoint }
  /** Owner; the lane runs it whenever the lease is surely valid (rule 3: the lanes see to that). */
  | {
      readonly phase: 'running';
      readonly tenure: Tenure;
      /** The migration that brought it here, so that a repeated ask gets the same answer. */
      readonly arrival: MigrationId | null;
      /** On its way into the register. */
      readonly change: OwnerChange | null;
    }
  /** Owner; waits for the lane to capture. Runs until then. */
  | {
      readonly phase: 'freezing';
      readonly tenure: Tenure;
      readonly migration: MigrationId;
      /** Tells the capture that is awaited from late answers to earlier requests. */
      readonly request: Nonce;
    }
  /** Owner; frozen for a migration whose `resume` was not sent. May unfreeze freely. */
  | {
      readonly phase: 'frozen';
      readonly tenure: Tenure;
      readonly migration: MigrationId;
      readonly digest: SnapshotDigest;
      readonly sizeBytes: number;
    }
  /** In doubt: `resume` may be on its way. Runs again only after its own claim. */
  | {
      readonly phase: 'released';
      readonly tenure: Tenure;
      readonly migration: MigrationId;
      readonly digest: SnapshotDigest;
    }
  /** Another host's copy is being rebuilt, frozen. */
  | { readonly phase: 'receiving'; readonly copy: ReceivedCopy }
  | { readonly phase: 'received'; readonly copy: ReceivedCopy }
  /** Handed over; the frozen copy is kept until the new owner's first checkpoint is durable (rule 9). */
  | { readonly phase: 'retained'; readonly tenure: Tenure; readonly pointer: OwnerPointer }
  /** Owner; the method has ended and its result goes into the register. */
  | { readonly phase: 'settling'; readonly tenure: Tenure; readonly result: ResultPointer }
  | { readonly phase: 'settled'; readonly result: ResultPointer }
  /** This incarnation's lease has ended: it never acts again. */
  | { readonly phase: 'ended' }
);

export type OwnershipPhase = OwnershipState['phase'];

/** What a migration actor asks (rule 15). Every ask may be repeated; each is answered with `answer`. */
export type OwnershipAsk =
  /** Source: capture and stay frozen. -> frozen | pinned | gone | busy */
  | { readonly kind: 'freeze'; readonly migration: MigrationId; readonly epoch: Epoch }
  /** Source: run on. -> unfrozen | handedOver | gone; settles by a claim of its own if it was released. */
  | { readonly kind: 'unfreeze'; readonly migration: MigrationId }
  /** Source: `resume` is about to be sent. -> released | gone */
  | { readonly kind: 'release'; readonly migration: MigrationId; readonly digest: SnapshotDigest }
  /** Source: what does the register say? -> handedOver | released (still in doubt) | unfrozen | gone */
  | { readonly kind: 'confirmHandOver'; readonly migration: MigrationId }
  /** Target: rebuild this copy, frozen; the bytes were fetched and stand ready under the digest. -> received | notReceived */
  | { readonly kind: 'receive'; readonly migration: MigrationId; readonly copy: ReceivedCopy }
  /** Target: `resume` came. -> claimed | lost | mismatched */
  | { readonly kind: 'claim'; readonly migration: MigrationId; readonly digest: SnapshotDigest }
  /** Target: forget the received copy. -> dropped | claimed (too late: it owns the execution) */
  | { readonly kind: 'drop'; readonly migration: MigrationId };

export type OwnershipAnswer =
  | { readonly kind: 'frozen'; readonly digest: SnapshotDigest; readonly sizeBytes: number }
  | { readonly kind: 'pinned'; readonly reason: string }
  | { readonly kind: 'gone'; readonly reason: string }
  | { readonly kind: 'busy'; readonly reason: string }
  | { readonly kind: 'unfrozen'; readonly epoch: Epoch }
  | { readonly kind: 'released' }
  | { readonly kind: 'handedOver'; readonly pointer: OwnerPointer }
  | { readonly kind: 'received'; readonly digest: SnapshotDigest }
  | { readonly kind: 'notReceived'; readonly reason: string }
  | { readonly kind: 'claimed'; readonly epoch: Epoch }
  | { readonly kind: 'lost' }
  | { readonly kind: 'mismatched' }
  | { readonly kind: 'dropped' };

export type OwnershipEvent =
  /** A new execution: `row` names this incarnation as owner, epoch 1, generation 1, and the arguments in the vault. */
  | { readonly kind: 'startAsked'; readonly row: RegisterRow }
  /** A migration actor asks; `nonce` is fresh each time and used if the ask needs a claim. */
  | { readonly kind: 'asked'; readonly ask: OwnershipAsk; readonly nonce: Nonce }
  /** The sweep found a row whose owner's lease was read as ended (written!), and this host is to recover it. */
  | {
      readonly kind: 'ownerEnded';
      readonly owner: IncarnationId;
      readonly epoch: Epoch;
      readonly generation: Generation;
      readonly nonce: Nonce;
    }
  /** The migration's supervisor gave up: settle whatever it left behind. */
  | { readonly kind: 'migrationFailed'; readonly migration: MigrationId; readonly nonce: Nonce }
  /** A linearizable read of the register; `row` null when there is none. */
  | { readonly kind: 'found'; readonly row: RegisterRow | null; readonly revision: number }
  /** The compare-and-set with this token was done. */
  | { readonly kind: 'swapped'; readonly token: string }
  /** It was not done: the revision differed. */
  | { readonly kind: 'swapRefused'; readonly token: string }
  /** A store call failed, timed out (it may have happened), or was withheld because the lease was not surely valid. */
  | { readonly kind: 'storeFailed' }
  /** The time of `retryLater` has passed; a fresh nonce comes with it. Harmless at any time. */
  | { readonly kind: 'retryDue'; readonly nonce: Nonce }
  /** From the lane, to the `freeze` with this request. */
  | {
      readonly kind: 'captured';
      readonly request: Nonce;
      readonly digest: SnapshotDigest;
      readonly sizeBytes: number;
    }
  | { readonly kind: 'capturePinned'; readonly request: Nonce; readonly reason: string }
  /** The copy that `rebuild` or `load` asked for stands, frozen. */
  | { readonly kind: 'restored'; readonly tenure: Tenure; readonly digest: SnapshotDigest | null }
  | { readonly kind: 'restoreFailed'; readonly tenure: Tenure; readonly reason: string }
  /** The lane died, or lost the copy. */
  | { readonly kind: 'copyLost'; readonly nonce: Nonce }
  /**
   * A checkpoint of this tenure stands in the vault, flushed, or comes there together with the row that names it. `seen`: the
   * register as it was shown last, which may be outdated; null when it was not.
   */
  | {
      readonly kind: 'checkpointStored';
      readonly tenure: Tenure;
      readonly point: RecoveryPoint;
      readonly proven: boolean;
      readonly seen: { readonly row: RegisterRow; readonly revision: number } | null;
    }
  /** It has run here under this tenure for long enough to be no danger to its host, and no checkpoint can say so. */
  | { readonly kind: 'proven'; readonly tenure: Tenure }
  /** The method ended under this tenure; its result stands in the vault, flushed. */
  | { readonly kind: 'resultStored'; readonly tenure: Tenure; readonly result: ResultPointer }
  /** This incarnation's own lease has ended. */
  | { readonly kind: 'leaseEnded' }
  /** The actor was restarted from its saved state: issue again what the phase waits for. */
  | { readonly kind: 'restarted' };

/**
 * What the ownership actor performs, in order. Each is safe to perform twice.
 *
 * Duties of the driver:
 * - `save` keeps the state where a restart of the actor (not of the process) finds it, before any later effect.
 * - `swap` is sent only while this incarnation's lease is surely valid, else it is answered with `storeFailed`.
 * - A lane runs a copy only after `run`, and acts only while the lease deadline in shared memory lies ahead.
 */
export type OwnershipEffect =
  | { readonly kind: 'save' }
  /** A linearizable read of the register. -> found | storeFailed */
  | { readonly kind: 'read' }
  /** Compare-and-set; `expectedRevision` null: the row must not exist. -> swapped | swapRefused | storeFailed */
  | {
      readonly kind: 'swap';
      readonly token: string;
      readonly expectedRevision: number | null;
      readonly row: RegisterRow;
    }
  /** Bring a `retryDue` after a pause, with backoff. */
  | { readonly kind: 'retryLater' }
  /** Lane: capture and stay frozen. -> captured | capturePinned | copyLost */
  | { readonly kind: 'freeze'; readonly tenure: Tenure; readonly request: Nonce }
  /** Lane: let the frozen copy run under this tenure. */
  | { readonly kind: 'run'; readonly tenure: Tenure }
  /** Lane: a frozen copy from the bytes fetched for this migration. -> restored | restoreFailed */
  | { readonly kind: 'rebuild'; readonly copy: ReceivedCopy }
  /** Lane: a frozen copy from the vault. -> restored | restoreFailed */
  | { readonly kind: 'load'; readonly tenure: Tenure; readonly point: RecoveryPoint }
  /** Lane: end the local copy without a trace. */
  | { readonly kind: 'discard' }
  /** Take a full checkpoint soon: somebody keeps a copy until it is durable, or nothing covers this tenure yet. */
  | { readonly kind: 'checkpointSoon'; readonly tenure: Tenure }
  | { readonly kind: 'answer'; readonly migration: MigrationId; readonly answer: OwnershipAnswer }
  /** For events and telemetry: this host recovered the execution, at this tenure, from this point (null: its own frozen copy). */
  | { readonly kind: 'recovered'; readonly tenure: Tenure; readonly point: RecoveryPoint | null }
  /** For events and telemetry: this host found that it dies wherever it runs; nobody runs it any more. */
  | { readonly kind: 'quarantined'; readonly reason: string }
  /** The start was refused: the execution exists already; or done: its row stands. */
  | { readonly kind: 'started'; readonly outcome: 'created' | 'existed' }
  /**
   * What became of a checkpoint or result. `fenced`: this host is not the owner any more and has discarded its copy.
   * `superseded`: a newer one, or a move, took its place; it may or may not have been written.
   */
  | {
      readonly kind: 'changed';
      readonly change: OwnerChange;
      readonly outcome: 'done' | 'fenced' | 'superseded';
    };

export interface OwnershipStep {
  readonly state: OwnershipState;
  readonly effects: readonly OwnershipEffect[];
}
