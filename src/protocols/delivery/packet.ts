import type { MessagePacket } from '../../core/packet.ts';

export type {
  AcknowledgementPacket,
  AlignmentPacket,
  DeliveryPacket,
  MessagePacket,
  Rewind,
} from '../../core/packet.ts';

/** What the receiver's runtime does with a message. */
export type DeliverySubject = MessagePacket['subject'];
