import type { ExecutionId } from '../../core/ids.ts';
import type { Rewind } from './packet.ts';
import type { HeldMessage, PeerState } from './state.ts';

/** A peer's state while its execution is awake: the same plain data, changed in place. */
export interface Peer {
  readonly peer: ExecutionId;
  sent: number;
  acknowledged: number;
  readonly outbox: HeldMessage[];
  rewinds: readonly Rewind[];
  aligned: boolean;
  generation: number;
  taken: number;
  readonly early: HeldMessage[];
}

/** A peer never heard of. Where we were recovered, an earlier life of ours may have known it: align first. */
export function newPeer(peer: ExecutionId, ourGeneration: number): Peer {
  const aligned = ourGeneration === 1;
  // Whatever an earlier life sent was taken back: the peer must start from 0 again.
  const rewinds = aligned ? [] : [{ generation: ourGeneration, sent: 0 }];
  return {
    peer,
    sent: 0,
    acknowledged: 0,
    outbox: [],
    rewinds,
    aligned,
    generation: 0,
    taken: 0,
    early: [],
  };
}

export function wakePeer(state: PeerState): Peer {
  return { ...state, outbox: [...state.outbox], early: [...state.early] };
}

export function capturePeer(peer: Peer): PeerState {
  return { ...peer, outbox: [...peer.outbox], early: [...peer.early] };
}

/**
 * Records that we go on from a checkpoint, in `generation`, with `peer.sent` as that checkpoint has it. An earlier
 * rewind with a number as high says nothing that this one does not say too: so both fields strictly increase.
 */
export function recordRewind(peer: Peer, generation: number, rewindsMax: number): void {
  const kept = peer.rewinds.filter((rewind) => rewind.sent < peer.sent);
  peer.rewinds = [...kept, { generation, sent: peer.sent }].slice(-rewindsMax);
  peer.aligned = false;
}

/** Up to which number messages that were counted in generation `knows` still stand, after all rewinds since. */
export function standingPrefix(rewinds: readonly Rewind[], knows: number): number {
  // `sent` increases: the first rewind after `knows` has the least.
  return rewinds.find((rewind) => rewind.generation > knows)?.sent ?? Infinity;
}

/** Drops from the outbox what the peer has taken. @returns the bytes freed */
export function trimOutbox(peer: Peer, upTo: number): number {
  const count = Math.min(upTo, peer.sent) - peer.acknowledged;
  if (count <= 0) return 0;
  peer.acknowledged += count;
  return bytesOf(peer.outbox.splice(0, count));
}

/** Keeps a message for its turn; once. @returns the bytes kept */
export function keepEarly(peer: Peer, message: HeldMessage): number {
  let at = peer.early.length;
  while (at > 0 && (peer.early[at - 1] as HeldMessage).number > message.number) at -= 1;
  if (at > 0 && (peer.early[at - 1] as HeldMessage).number === message.number) return 0;
  peer.early.splice(at, 0, message);
  return message.body.byteLength;
}

/** Drops early messages that `drop` names. @returns the bytes dropped */
export function dropEarly(peer: Peer, drop: (number: number) => boolean): number {
  const dropped = peer.early.filter((message) => drop(message.number));
  const kept = peer.early.filter((message) => !drop(message.number));
  peer.early.splice(0, peer.early.length, ...kept);
  return bytesOf(dropped);
}

export function bytesOf(messages: readonly HeldMessage[]): number {
  return messages.reduce((sum, message) => sum + message.body.byteLength, 0);
}
