import type { MethodRef } from '../core/execution.ts';
import type { ExecutionId, IncarnationId, MigrationId } from '../core/ids.ts';
import type { OwnershipAsk, OwnershipEvent } from '../protocols/ownership/ownership.ts';
import type { RegisterRow } from '../protocols/ownership/register.ts';
import type { LaneReport } from './lane-board.ts';
import type { Along } from './ports.ts';

/** What the ownership actor takes, from the other actors of its host. */
export type OwnershipMessage =
  /** Creates an execution that starts here; its arguments stand in the vault already. */
  | { readonly kind: 'start'; readonly row: RegisterRow }
  /** From a migration actor; answered with `answered` at the migration's address. */
  | { readonly kind: 'asked'; readonly execution: ExecutionId; readonly ask: OwnershipAsk }
  /** The bytes of a copy that this host fetched, before `receive` is asked. */
  | {
      readonly kind: 'fetched';
      readonly execution: ExecutionId;
      readonly migration: MigrationId;
      readonly bytes: Uint8Array;
      readonly method: MethodRef;
    }
  /** As `asked`, after the register was read: a kept copy may not be needed any more. */
  | {
      readonly kind: 'askedAgain';
      readonly execution: ExecutionId;
      readonly ask: OwnershipAsk;
      readonly read: OwnershipEvent;
    }
  | { readonly kind: 'event'; readonly execution: ExecutionId; readonly event: OwnershipEvent }
  /** A `checkpointStored`, with what is to come into the vault together with it; null when all stands there already. */
  | {
      readonly kind: 'checkpoint';
      readonly execution: ExecutionId;
      readonly event: Extract<OwnershipEvent, { readonly kind: 'checkpointStored' }>;
      readonly along: Along | null;
    }
  | { readonly kind: 'migrationFailed'; readonly execution: ExecutionId; readonly migration: MigrationId }
  | { readonly kind: 'report'; readonly report: LaneReport }
  | { readonly kind: 'lost'; readonly execution: ExecutionId }
  | { readonly kind: 'retryDue'; readonly execution: ExecutionId }
  /** Looks for rows whose owner's lease has ended (rule 4). */
  | { readonly kind: 'sweep' }
  /** That incarnation's lease was read as ended. */
  | { readonly kind: 'peerEnded'; readonly incarnation: IncarnationId }
  /** See `ForgottenLeases`. */
  | { readonly kind: 'forgotten'; readonly incarnations: readonly IncarnationId[] }
  | { readonly kind: 'ownLeaseEnded' };

export type StartReply =
  | { readonly kind: 'created' }
  | { readonly kind: 'existed' }
  | { readonly kind: 'refused'; readonly reason: string };
