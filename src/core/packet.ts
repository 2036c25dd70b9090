import type { Tenure } from './execution.ts';
import type { ExecutionId, Generation, IncarnationId } from './ids.ts';

/** Everything that passes between the delivery protocols of two executions, through any number of hosts. */
export type DeliveryPacket = MessagePacket | AcknowledgementPacket | AlignmentPacket;

/** Numbered from 1 per (sender, receiver); a rewound sender goes on from its checkpoint's number, in its new generation. */
export interface MessagePacket {
  readonly kind: 'message';
  readonly from: Tenure;
  readonly to: ExecutionId;
  readonly number: number;
  /** Encoded value. */
  readonly body: Uint8Array;
  /** What the receiver's runtime does with it. `childSettled` is the last message that a child sends its parent. */
  readonly subject: 'user' | 'childSettled';
}

export interface AcknowledgementPacket {
  readonly kind: 'acknowledgement';
  readonly from: Tenure;
  readonly to: ExecutionId;
  /** The generation of the messages' sender, whom this packet goes to. */
  readonly generation: number;
  /** Every number up to this one has been taken. */
  readonly upTo: number;
}

/**
 * Where one end stands. Two ends exchange it after a recovery of either, since a recovery takes back sends and
 * receipts; messages to a peer wait until it has shown that it knows the sender's generation.
 */
export interface AlignmentPacket {
  readonly kind: 'alignment';
  readonly from: Tenure;
  readonly to: ExecutionId;
  /** The sender's rewinds, oldest first, each with the highest number that it had sent to the receiver by then. */
  readonly rewinds: readonly Rewind[];
  /** The sender holds no message to the receiver up to this number: some life of the receiver acknowledged them. */
  readonly acknowledged: number;
  /** The sender has taken the receiver's messages up to this number. */
  readonly taken: number;
  /** The receiver's generation as far as the sender knows; 0 when it knows none. */
  readonly knows: number;
  /** Whether the sender still needs the receiver's alignment. */
  readonly asks: boolean;
}

/** One recovery, as one peer's numbering saw it: higher numbers of earlier generations were taken back. */
export interface Rewind {
  readonly generation: number;
  readonly sent: number;
}

export interface EffectOutcome {
  readonly sequence: number;
  readonly generation: number;
  readonly ok: boolean;
  /** Encoded value, or encoded error. */
  readonly value: Uint8Array;
}

/** An effect that will have no outcome where it was started: its lane is gone, and its incarnation is not. */
export interface LostOutcome {
  readonly incarnation: IncarnationId;
  readonly sequence: number;
  /** The generation that started it. */
  readonly life: Generation;
}
