import type { Tenure } from '../../core/execution.ts';
import type { ExecutionId } from '../../core/ids.ts';
import type { DeliveryPacket, DeliverySubject, Rewind } from './packet.ts';

/** A message that waits: in an outbox for its acknowledgement, or before its turn. */
export interface HeldMessage {
  readonly number: number;
  readonly subject: DeliverySubject;
  readonly body: Uint8Array;
}

/** One execution's side of its exchange with one peer. Plain data. */
export interface PeerState {
  readonly peer: ExecutionId;
  /** Highest number used towards the peer. */
  readonly sent: number;
  /** The peer has taken everything up to this number. */
  readonly acknowledged: number;
  /** Exactly the messages `acknowledged + 1` to `sent`. */
  readonly outbox: readonly HeldMessage[];
  /** Our rewinds, oldest first; both fields strictly increase. */
  readonly rewinds: readonly Rewind[];
  /** Whether the peer has shown that it knows our generation; until then messages to it wait. */
  readonly aligned: boolean;
  /** The peer's highest generation that we know of; 0 when none. */
  readonly generation: number;
  /** We have taken everything up to this number. */
  readonly taken: number;
  /** Messages after `taken`, ascending: they came out of order, or there was no room. */
  readonly early: readonly HeldMessage[];
}

/** All that one execution's delivery knows. Plain data (numbers, strings, arrays, bytes): it travels in the snapshot. */
export interface DeliveryState {
  readonly self: Tenure;
  readonly peers: readonly PeerState[];
  /** Peers that are known to have ended, oldest first: whatever they still send is acknowledged and dropped. */
  readonly ended: readonly ExecutionId[];
  /** Peers to whom a send was refused as `full` and no `free` has followed. */
  readonly waiting: readonly ExecutionId[];
}

/** Bounds of one execution's delivery. */
export interface DeliveryLimits {
  /** Peers that have not ended. At the bound a send to one more is refused, and messages of one more stay unacknowledged. */
  readonly peersMax: number;
  /** Unacknowledged messages to one peer. At the bound a send is refused as `full`. */
  readonly outboxMax: number;
  /** Unacknowledged bytes to all peers. At the bound a send is refused as `full`. */
  readonly outboxBytesMax: number;
  /** Bytes of one message. A larger one is refused as `tooLarge`. */
  readonly bodyBytesMax: number;
  /** How far ahead of the last acknowledgement a sender transmits, and a receiver keeps messages. */
  readonly windowMessages: number;
  /** Bytes of early messages from all peers. Beyond it, early messages are dropped; their sender repeats them. */
  readonly earlyBytesMax: number;
  /** Ended peers that are remembered. A packet of an older one, later than all that, would count as a new peer's. */
  readonly endedMax: number;
  /** Rewinds remembered for a peer; a peer that missed more of them in a row may lose messages of the oldest. */
  readonly rewindsMax: number;
}

export const deliveryLimits: DeliveryLimits = {
  peersMax: 10_000,
  outboxMax: 256,
  outboxBytesMax: 4 * 1024 * 1024,
  bodyBytesMax: 1024 * 1024,
  windowMessages: 64,
  earlyBytesMax: 4 * 1024 * 1024,
  endedMax: 256,
  rewindsMax: 8,
};

/** What happened to an execution's delivery. `room` is how many `user` messages its mailbox takes now, at least 0. */
export type DeliveryEvent =
  | {
      readonly kind: 'sent';
      readonly to: ExecutionId;
      readonly subject: DeliverySubject;
      readonly body: Uint8Array;
    }
  | { readonly kind: 'received'; readonly packet: DeliveryPacket; readonly room: number }
  /** The mailbox has room again. */
  | { readonly kind: 'emptied'; readonly room: number }
  /** Time to repeat what one peer (or every peer, when null) has not acknowledged. */
  | { readonly kind: 'retransmitted'; readonly peer: ExecutionId | null }
  /** The execution goes on as owner under this tenure: a higher epoch is a move, a higher generation a recovery. */
  | { readonly kind: 'claimed'; readonly tenure: Tenure }
  /**
   * The cluster said that the peer recovered. Its new life tells the peers that its checkpoint knows; only this event
   * finds those that it met later, in the life that was taken back.
   */
  | { readonly kind: 'peerRewound'; readonly peer: ExecutionId; readonly generation: number }
  /** The peer has settled for good, and will send nothing new: what is in the outbox for it is owed to nobody. */
  | { readonly kind: 'ended'; readonly peer: ExecutionId }
  /** The register has no such execution, and has not had one for long. */
  | { readonly kind: 'absent'; readonly peer: ExecutionId };

export type SendRefusal = 'full' | 'tooManyPeers' | 'tooLarge' | 'ended';

/** What the runtime must do, in order, before the next event. */
export type DeliveryEffect =
  | { readonly kind: 'transmit'; readonly packet: DeliveryPacket }
  | {
      readonly kind: 'deliver';
      readonly from: ExecutionId;
      readonly subject: DeliverySubject;
      readonly body: Uint8Array;
    }
  /** The `sent` of this step did not happen. `full`: suspend the sender until `free`, then send again. */
  | { readonly kind: 'refuse'; readonly to: ExecutionId; readonly reason: SendRefusal }
  /** A send to this peer, refused as `full`, would be taken now. */
  | { readonly kind: 'free'; readonly peer: ExecutionId }
  /** The peer recovered from a checkpoint: `takenBack` messages of its that were delivered here were never sent. */
  | {
      readonly kind: 'notifyRewound';
      readonly peer: ExecutionId;
      readonly generation: number;
      readonly takenBack: number;
    }
  /** This execution recovered: `count` messages of the peer were taken by the life that ended, and do not come again. */
  | { readonly kind: 'notifyMissed'; readonly peer: ExecutionId; readonly count: number }
  /** The peer ended before it took `count` messages, or never was. */
  | { readonly kind: 'notifyUndelivered'; readonly peer: ExecutionId; readonly count: number };
