import type { Tenure } from './execution.ts';
import type { ExecutionId } from './ids.ts';

/** What passes between the delivery protocols of two executions, through any number of hosts. */
export type DeliveryPacket =
  | {
      readonly kind: 'message';
      readonly from: Tenure;
      readonly to: ExecutionId;
      /** From 1, per (sender, receiver, sender's generation). */
      readonly number: number;
      /** Encoded value. */
      readonly body: Uint8Array;
      /** What the receiver's runtime does with it. */
      readonly subject: 'user' | 'childSettled';
    }
  | {
      readonly kind: 'acknowledgement';
      readonly from: Tenure;
      readonly to: ExecutionId;
      /** The generation of the messages' sender, whom this packet goes to. */
      readonly generation: number;
      /** Every number up to this one has been taken. */
      readonly upTo: number;
    };

export interface EffectOutcome {
  readonly sequence: number;
  readonly generation: number;
  readonly ok: boolean;
  /** Encoded value, or encoded error. */
  readonly value: Uint8Array;
}
