import type { Tenure } from '../../core/execution.ts';
import type { ExecutionId } from '../../core/ids.ts';
import type { DeliveryPacket as MessageOrAcknowledgement } from '../../core/packet.ts';

/** Everything that passes between the delivery protocols of two executions, through any number of hosts. */
export type DeliveryPacket = MessageOrAcknowledgement | AlignmentPacket;

/** Numbered from 1 per (sender, receiver); a rewound sender goes on from its checkpoint's number, in its new generation. */
export type MessagePacket = Extract<MessageOrAcknowledgement, { readonly kind: 'message' }>;
export type AcknowledgementPacket = Extract<MessageOrAcknowledgement, { readonly kind: 'acknowledgement' }>;

/** What the receiver's runtime does with a message. `childSettled` is the last message that a child sends its parent. */
export type DeliverySubject = MessagePacket['subject'];

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
