import type { ExecutionId } from '../../core/ids.ts';
import type { DeliveryState } from '../../protocols/delivery/state.ts';
import type { RuntimeEvent } from './contract.ts';
import type { PromiseRecord } from './method-code.ts';
import type { PendingEffectsState } from './pending-effects.ts';

/** An execution that this one started, until its outcome is here. */
export interface Child {
  /** Kept: whether it reached a host is known only by the outcome. Repeating it makes no second child. */
  readonly spawn: SpawnEvent;
  /** The epoch under which it was asked for last, 0 for none: the host that heard it may be gone before it did it. */
  epoch: number;
  readonly record: PromiseRecord;
}

export type SpawnEvent = Extract<RuntimeEvent, { readonly kind: 'spawn' }>;

export interface WaitingSend {
  readonly to: ExecutionId;
  readonly body: Uint8Array;
  readonly record: PromiseRecord;
}

/** What of the dealings travels in a snapshot, besides the promises in it. */
export interface DealingsState {
  /** Time that the execution has worked, for those who estimate what is left of it. */
  readonly workedMs: number;
  readonly parent: ExecutionId | null;
  readonly effects: PendingEffectsState;
  readonly children: readonly Child[];
  readonly mailbox: readonly unknown[];
  readonly receivers: readonly PromiseRecord[];
  readonly sends: readonly WaitingSend[];
  readonly delivery: DeliveryState;
  /** Whether the method has returned or thrown. */
  readonly isOver: boolean;
  /** What its parent is still to be told of that; null for nothing. */
  readonly lastWord: Uint8Array | null;
}
