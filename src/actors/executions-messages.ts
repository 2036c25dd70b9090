import type { MethodRef, Tenure } from '../core/execution.ts';
import type { ExecutionId, Generation } from '../core/ids.ts';
import type { AffinityDeclaration } from '../protocols/messages.ts';
import type { OwnerChange, ResultPointer } from '../protocols/ownership/register.ts';
import type { ChildResult } from './children.ts';
import type { ReplyTo } from './kernel/contract.ts';
import type { LaneReport } from './lane-board.ts';
import type { StartReply } from './ownership-messages.ts';
import type { ReceiverRead } from './receivers.ts';

/** An execution that is to begin on this host. */
export type StartOrder = Extract<ExecutionsMessage, { readonly kind: 'start' }>;

/** What the group actor of a host's executions is told. */
export type ExecutionsMessage =
  /** The ownership actor's view of an execution has another phase now. */
  | { readonly kind: 'phase'; readonly execution: ExecutionId }
  | { readonly kind: 'report'; readonly report: LaneReport }
  | {
      readonly kind: 'start';
      readonly execution: ExecutionId;
      readonly method: MethodRef;
      readonly args: Uint8Array;
      readonly affinity: AffinityDeclaration;
      readonly durable: boolean;
      readonly parent: Tenure | null;
      readonly replyTo: ReplyTo<unknown> | null;
    }
  | { readonly kind: 'argumentsStored'; readonly start: StartOrder }
  | { readonly kind: 'startFailed'; readonly start: StartOrder; readonly reason: string }
  | { readonly kind: 'started'; readonly start: StartOrder; readonly reply: StartReply }
  | {
      readonly kind: 'resultStored';
      readonly execution: ExecutionId;
      readonly life: Generation;
      readonly result: ResultPointer;
    }
  | { readonly kind: 'storingFailed'; readonly execution: ExecutionId; readonly life: Generation }
  /** Tries an obligation, again where it was tried before. */
  | { readonly kind: 'meet'; readonly key: string }
  | { readonly kind: 'met'; readonly key: string }
  | { readonly kind: 'notMet'; readonly key: string }
  | {
      readonly kind: 'changed';
      readonly execution: ExecutionId;
      readonly change: OwnerChange;
      readonly outcome: 'done' | 'fenced' | 'superseded';
    }
  /** Puts right what was missed: results that are not in the register yet, executions without an actor. */
  | { readonly kind: 'lookOver' }
  | { readonly kind: 'sweepFailed'; readonly execution: ExecutionId }
  | { readonly kind: 'sweepDue'; readonly execution: ExecutionId }
  | ChildResult
  | ReceiverRead
  | { readonly kind: 'noted' };
