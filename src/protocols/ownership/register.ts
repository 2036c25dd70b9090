import type { MethodRef, Tenure } from '../../core/execution.ts';
import type { Epoch, ExecutionId, Generation, IncarnationId, Nonce, SnapshotDigest } from '../../core/ids.ts';

/** Where a recovery starts from. There is one from the first write on, so no execution is ever without. */
export type RecoveryPoint =
  /** No checkpoint yet: the encoded arguments, which start the method from its beginning. */
  | { readonly kind: 'arguments'; readonly vaultKey: string }
  | {
      readonly kind: 'snapshot';
      readonly vaultKey: string;
      readonly digest: SnapshotDigest;
      /** The tenure under which it was captured. */
      readonly epoch: Epoch;
      readonly generation: Generation;
      /** The highest effect sequence that the snapshot covers; 0 when none. */
      readonly effectSequence: number;
    };

/** How an execution ended; the value (or the error) stands in the vault. */
export interface ResultPointer {
  readonly vaultKey: string;
  readonly outcome: 'returned' | 'threw';
}

/**
 * The register of one execution (rule 1): the only truth about who owns it. Only a compare-and-set changes it, and only
 * the changes below exist.
 */
export interface RegisterRow {
  readonly execution: ExecutionId;
  readonly method: MethodRef;
  /** The tenure of the execution that started this one; null for one started from outside. */
  readonly parent: Tenure | null;
  readonly owner: IncarnationId;
  readonly epoch: Epoch;
  readonly generation: Generation;
  /** Which claim wrote owner and epoch. */
  readonly nonce: Nonce;
  readonly recovery: RecoveryPoint;
  readonly standing:
    { readonly phase: 'live' } | { readonly phase: 'settled'; readonly result: ResultPointer };
}

/** Where registers stand in the registry; list or watch this prefix to find every execution. */
export const registerPrefix = 'execution/';

export function registerKey(execution: ExecutionId): string {
  return registerPrefix + execution;
}

/** A claim to the register: what must stand there, and what is written. */
export type Claim =
  /** The first owner creates the row. */
  | { readonly kind: 'start'; readonly nonce: Nonce; readonly row: RegisterRow }
  /** Rule 5: the target of a migration, after a `resume` that named this migration and the digest of its copy. */
  | { readonly kind: 'migration'; readonly nonce: Nonce; readonly from: IncarnationId; readonly epoch: Epoch }
  /** Rule 6: the source, after it sent `resume`. */
  | { readonly kind: 'takeBack'; readonly nonce: Nonce; readonly epoch: Epoch }
  /** Rule 4: anybody, after the lease of `owner` was read as ended; or the owner itself, when its copy is gone. */
  | {
      readonly kind: 'recovery';
      readonly nonce: Nonce;
      readonly owner: IncarnationId;
      readonly epoch: Epoch;
    };
