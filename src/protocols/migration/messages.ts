import type { MethodRef } from '../../core/execution.ts';
import type {
  CodeId,
  Epoch,
  ExecutionId,
  Generation,
  IncarnationId,
  MigrationId,
  SnapshotDigest,
} from '../../core/ids.ts';

/** Which move this is: the same at both ends for its whole life. */
export interface Passage {
  readonly migration: MigrationId;
  readonly execution: ExecutionId;
  readonly source: IncarnationId;
  readonly target: IncarnationId;
  /** What the source holds when it starts the move. */
  readonly epoch: Epoch;
  readonly generation: Generation;
}

/** What a target needs to know before it says yes. */
export interface Cargo {
  readonly method: MethodRef;
  /** Code that the frames refer to; the target must have it, or fetch the package. */
  readonly codeIds: readonly CodeId[];
  readonly estimatedBytes: number;
  readonly strategy: 'stopAndCopy';
}

/** From source to target. */
export type SourceMessage =
  | { readonly kind: 'prepare'; readonly passage: Passage; readonly cargo: Cargo }
  /** The captured state is ready to be pulled under this digest. */
  | {
      readonly kind: 'transfer';
      readonly passage: Passage;
      readonly digest: SnapshotDigest;
      readonly sizeBytes: number;
    }
  | { readonly kind: 'resume'; readonly passage: Passage; readonly digest: SnapshotDigest }
  | { readonly kind: 'commit'; readonly passage: Passage }
  | { readonly kind: 'cancel'; readonly passage: Passage; readonly reason: string };

/** From target to source. */
export type TargetMessage =
  | { readonly kind: 'prepared'; readonly passage: Passage }
  | { readonly kind: 'refused'; readonly passage: Passage; readonly reason: string }
  | { readonly kind: 'transferred'; readonly passage: Passage; readonly digest: SnapshotDigest }
  | {
      readonly kind: 'transferFailed';
      readonly passage: Passage;
      readonly digest: SnapshotDigest;
      readonly reason: string;
    }
  /** The target owns the execution, at this epoch. */
  | { readonly kind: 'resumed'; readonly passage: Passage; readonly epoch: Epoch }
  /** The target has no such copy, or lost the claim. The source asks the register. */
  | { readonly kind: 'declined'; readonly passage: Passage; readonly reason: string }
  | { readonly kind: 'committed'; readonly passage: Passage };

export type MigrationMessage = SourceMessage | TargetMessage;
