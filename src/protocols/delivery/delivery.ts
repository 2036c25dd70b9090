import { assert, assertNever } from '../../core/assert.ts';
import type { Tenure } from '../../core/execution.ts';
import type { ExecutionId } from '../../core/ids.ts';
import { alignmentOf, lastAlignment } from './alignment.ts';
import type {
  AcknowledgementPacket,
  AlignmentPacket,
  DeliveryPacket,
  DeliverySubject,
  MessagePacket,
} from './packet.ts';
import type { Peer } from './peer.ts';
import {
  bytesOf,
  capturePeer,
  dropEarly,
  keepEarly,
  newPeer,
  recordRewind,
  standingPrefix,
  trimOutbox,
  wakePeer,
} from './peer.ts';
import type {
  DeliveryEffect,
  DeliveryEvent,
  DeliveryLimits,
  DeliveryState,
  HeldMessage,
  SendRefusal,
} from './state.ts';
import { deliveryLimits } from './state.ts';

/** A new execution's delivery: it knows nobody. */
export function beginDelivery(self: Tenure): DeliveryState {
  return { self, peers: [], ended: [], waiting: [] };
}

/**
 * One execution's end of its messages: numbers, acknowledges, repeats, orders and deduplicates them, so that each is
 * delivered once, in order, whichever side moves (promise 4 and rule 11 of `docs/semantics.md`). It lives where the execution lives:
 * so an acknowledgement is always the owner's.
 *
 * Each step changes it in place, since to copy all peers for each message would cost more than the message; between
 * two steps `capture` yields the plain data that travels, and `new Delivery(captured)` goes on from there.
 */
export class Delivery {
  readonly #limits: DeliveryLimits;
  readonly #peers = new Map<ExecutionId, Peer>();
  readonly #ended: Set<ExecutionId>;
  readonly #waiting: Set<ExecutionId>;
  /** Peers whose next message is here and waits for room in the mailbox, the longest waiting first. */
  readonly #blocked = new Set<Peer>();
  #self: Tenure;
  #outboxBytes = 0;
  #earlyBytes = 0;
  #room = 0;
  #effects: DeliveryEffect[] = [];

  constructor(state: DeliveryState, limits: DeliveryLimits = deliveryLimits) {
    this.#limits = limits;
    this.#self = state.self;
    this.#ended = new Set(state.ended);
    this.#waiting = new Set(state.waiting);
    for (const captured of state.peers) {
      const peer = wakePeer(captured);
      this.#peers.set(peer.peer, peer);
      this.#outboxBytes += bytesOf(peer.outbox);
      this.#earlyBytes += bytesOf(peer.early);
      if (peer.early[0]?.number === peer.taken + 1) this.#blocked.add(peer);
    }
  }

  /** Everything, as plain data. Message bodies are shared: treat them as immutable. */
  capture(): DeliveryState {
    return {
      self: this.#self,
      peers: [...this.#peers.values()].map(capturePeer),
      ended: [...this.#ended],
      waiting: [...this.#waiting],
    };
  }

  /** Whether nothing is left to repeat: only then may an execution end, and its delivery with it. */
  get idle(): boolean {
    for (const peer of this.#peers.values()) if (peer.outbox.length > 0) return false;
    return true;
  }

  /** Advances by one event. The effects are to be performed in order, and (for `durable`) may be held back together. */
  step(event: DeliveryEvent): readonly DeliveryEffect[] {
    this.#effects = [];
    switch (event.kind) {
      case 'sent':
        this.#send(event.to, event.subject, event.body);
        break;
      case 'received':
        this.#room = event.room;
        this.#receive(event.packet);
        break;
      case 'emptied':
        this.#room = event.room;
        this.#unblock();
        break;
      case 'retransmitted':
        this.#retransmit(event.peer);
        break;
      case 'claimed':
        this.#claim(event.tenure);
        break;
      case 'peerRewound':
        this.#askRewound(event.peer, event.generation);
        break;
      case 'ended':
        this.#end(event.peer);
        break;
      case 'absent':
        this.#miss(event.peer);
        break;
      default:
        assertNever(event);
    }
    return this.#effects;
  }

  #send(to: ExecutionId, subject: DeliverySubject, body: Uint8Array): void {
    const reason = this.#refusal(to, body.byteLength, subject);
    if (reason !== null) {
      if (reason === 'full') this.#waiting.add(to);
      this.#effects.push({ kind: 'refuse', to, reason });
      return;
    }
    const known = this.#peers.get(to);
    const peer = known ?? this.#meet(to);
    peer.sent += 1;
    const message: HeldMessage = { number: peer.sent, subject, body };
    peer.outbox.push(message);
    this.#outboxBytes += body.byteLength;
    if (known === undefined && !peer.aligned) this.#transmitAlignment(peer);
    this.#transmitFrom(peer, peer.sent);
  }

  #refusal(to: ExecutionId, bytes: number, subject: DeliverySubject = 'user'): SendRefusal | null {
    const { bodyBytesMax, outboxMax, outboxBytesMax, peersMax } = this.#limits;
    if (bytes > bodyBytesMax) return 'tooLarge';
    if (this.#ended.has(to)) return 'ended';
    // A last message has nobody left who could wait for room.
    if (subject === 'childSettled') return null;
    const peer = this.#peers.get(to);
    if (peer === undefined && this.#peers.size >= peersMax) return 'tooManyPeers';
    if (peer !== undefined && peer.outbox.length >= outboxMax) return 'full';
    // With nothing outstanding even a bound smaller than the message must not block its sender for ever.
    return this.#outboxBytes > 0 && this.#outboxBytes + bytes > outboxBytesMax ? 'full' : null;
  }

  #receive(packet: MessagePacket | AcknowledgementPacket | AlignmentPacket): void {
    assert(packet.to === this.#self.execution, 'A packet is handed to the execution that it names.');
    switch (packet.kind) {
      case 'message':
        return this.#takeMessage(packet);
      case 'acknowledgement':
        return this.#takeAcknowledgement(packet);
      case 'alignment':
        return this.#takeAlignment(packet);
      default:
        assertNever(packet);
    }
  }

  #takeMessage(packet: MessagePacket): void {
    const { execution: from, generation } = packet.from;
    if (this.#ended.has(from)) return this.#acknowledge(from, generation, packet.number);
    const known = this.#peers.get(from);
    const peer = known ?? this.#hear(from);
    if (peer === null) return;
    if (peer.generation === 0) peer.generation = generation;
    if (known === undefined && !peer.aligned) this.#transmitAlignment(peer);
    // Lower: a life that was taken back. Higher: an alignment precedes it, and comes again if it was lost.
    if (generation !== peer.generation) return;
    const { number, subject, body } = packet;
    if (number > peer.taken + this.#limits.windowMessages) return;
    if (number > peer.taken) {
      const wanted = number === peer.taken + 1 && this.#fits(subject);
      if (wanted || this.#earlyBytes + body.byteLength <= this.#limits.earlyBytesMax) {
        this.#earlyBytes += keepEarly(peer, { number, subject, body });
      }
      if (number !== peer.taken + 1) return;
    }
    this.#acknowledgeTaken(peer, this.#drain(peer));
  }

  #takeAcknowledgement(packet: AcknowledgementPacket): void {
    const peer = this.#peers.get(packet.from.execution);
    if (peer === undefined) return;
    // An acknowledgement of, or by, a life that was taken back says nothing about the present one.
    if (packet.generation !== this.#self.generation || packet.from.generation < peer.generation) return;
    if (peer.generation === 0) peer.generation = packet.from.generation;
    this.#settleOutbox(peer, packet.upTo);
  }

  #takeAlignment(packet: AlignmentPacket): void {
    const { execution: from, generation } = packet.from;
    if (this.#ended.has(from)) return this.#transmit(lastAlignment(this.#self, packet));
    if (packet.knows > this.#self.generation) return;
    const peer = this.#peers.get(from) ?? this.#hear(from);
    if (peer === null || generation < peer.generation) return;
    // The order matters: what the peer took back, before what it no longer holds.
    if (generation > peer.generation) this.#rollBack(peer, packet);
    this.#skipMissed(peer, packet.acknowledged);
    const wasAligned = peer.aligned;
    peer.aligned = packet.knows === this.#self.generation;
    this.#settleOutbox(peer, Math.min(packet.taken, standingPrefix(peer.rewinds, packet.knows)));
    this.#acknowledgeTaken(peer, this.#drain(peer));
    if (!this.#peers.has(from)) return;
    if (packet.asks) this.#transmitAlignment(peer);
    if (packet.asks || !wasAligned) this.#transmitFrom(peer, peer.acknowledged + 1);
  }

  /** The peer goes on from a checkpoint: what it had sent after that was never sent. */
  #rollBack(peer: Peer, packet: AlignmentPacket): void {
    const standing = standingPrefix(packet.rewinds, peer.generation);
    const takenBack = peer.taken - standing;
    const known = peer.generation > 0;
    peer.generation = packet.from.generation;
    this.#earlyBytes -= dropEarly(peer, (number) => number > standing);
    if (takenBack > 0) peer.taken = standing;
    if (known) {
      this.#effects.push({
        kind: 'notifyRewound',
        peer: peer.peer,
        generation: peer.generation,
        takenBack: Math.max(0, takenBack),
      });
    }
  }

  /** An earlier life of ours took these messages, and the peer no longer has them. */
  #skipMissed(peer: Peer, acknowledged: number): void {
    const count = acknowledged - peer.taken;
    if (count <= 0) return;
    peer.taken = acknowledged;
    this.#earlyBytes -= dropEarly(peer, (number) => number <= acknowledged);
    this.#effects.push({ kind: 'notifyMissed', peer: peer.peer, count });
  }

  /** Delivers what is next in line, while there is room. @returns whether its sender's generation still counts */
  #drain(peer: Peer): boolean {
    this.#blocked.delete(peer);
    while (peer.early[0]?.number === peer.taken + 1) {
      const { number, subject, body } = peer.early[0];
      if (!this.#fits(subject)) {
        this.#blocked.add(peer);
        return true;
      }
      peer.early.shift();
      peer.taken = number;
      this.#earlyBytes -= body.byteLength;
      if (subject === 'user') this.#room -= 1;
      this.#effects.push({ kind: 'deliver', from: peer.peer, subject, body });
      if (subject === 'childSettled') {
        this.#acknowledge(peer.peer, peer.generation, number);
        this.#end(peer.peer);
        return false;
      }
    }
    return true;
  }

  #fits(subject: DeliverySubject): boolean {
    return subject === 'childSettled' || this.#room > 0;
  }

  #unblock(): void {
    for (const peer of this.#blocked) {
      if (this.#room <= 0) return;
      this.#acknowledgeTaken(peer, this.#drain(peer));
    }
  }

  #acknowledgeTaken(peer: Peer, alive: boolean): void {
    if (alive && peer.generation > 0 && peer.taken > 0) {
      this.#acknowledge(peer.peer, peer.generation, peer.taken);
    }
  }

  #acknowledge(to: ExecutionId, generation: number, upTo: number): void {
    this.#transmit({ kind: 'acknowledgement', from: this.#self, to, generation, upTo });
  }

  #settleOutbox(peer: Peer, upTo: number): void {
    const before = peer.acknowledged;
    this.#outboxBytes -= trimOutbox(peer, upTo);
    if (peer.acknowledged === before) return;
    this.#transmitFrom(peer, before + this.#limits.windowMessages + 1);
    this.#free();
  }

  #free(): void {
    for (const peer of this.#waiting) {
      if (this.#refusal(peer, 0) === 'full') continue;
      this.#waiting.delete(peer);
      this.#effects.push({ kind: 'free', peer });
    }
  }

  #transmitFrom(peer: Peer, first: number): void {
    if (!peer.aligned) return;
    const last = Math.min(peer.sent, peer.acknowledged + this.#limits.windowMessages);
    for (let number = first; number <= last; number += 1) {
      const message = peer.outbox[number - peer.acknowledged - 1];
      assert(message?.number === number, 'An outbox holds exactly what was sent and not acknowledged.');
      this.#transmit({ kind: 'message', from: this.#self, to: peer.peer, ...message });
    }
  }

  #transmitAlignment(peer: Peer): void {
    this.#transmit(alignmentOf(this.#self, peer));
  }

  #transmit(packet: DeliveryPacket): void {
    this.#effects.push({ kind: 'transmit', packet });
  }

  #retransmit(only: ExecutionId | null): void {
    for (const peer of this.#peers.values()) {
      if (only !== null && peer.peer !== only) continue;
      if (!peer.aligned) this.#transmitAlignment(peer);
      this.#transmitFrom(peer, peer.acknowledged + 1);
    }
  }

  #claim(tenure: Tenure): void {
    const { execution, generation, epoch } = this.#self;
    assert(tenure.execution === execution, 'A delivery serves one execution.');
    assert(tenure.epoch >= epoch && tenure.generation >= generation, 'Epochs and generations never fall.');
    this.#self = tenure;
    if (tenure.generation > generation) {
      for (const peer of this.#peers.values()) recordRewind(peer, tenure.generation, this.#limits.rewindsMax);
    }
    this.#retransmit(null);
  }

  #askRewound(execution: ExecutionId, generation: number): void {
    const peer = this.#peers.get(execution);
    if (peer === undefined || peer.generation >= generation) return;
    peer.aligned = false; // Until the peer's new life has answered: so the question is repeated.
    this.#transmitAlignment(peer);
  }

  #end(ended: ExecutionId): void {
    const peer = this.#peers.get(ended);
    if (peer !== undefined) this.#forget(peer);
    this.#ended.add(ended);
    for (const oldest of this.#ended) {
      if (this.#ended.size <= this.#limits.endedMax) break;
      this.#ended.delete(oldest);
    }
    this.#free();
  }

  /** Whoever was heard of has ended, and its row is gone. Anybody else may still come to be: everything begins anew then. */
  #miss(absent: ExecutionId): void {
    const peer = this.#peers.get(absent);
    if (peer === undefined || peer.outbox.length === 0) return;
    if (peer.generation > 0) return this.#end(absent);
    this.#forget(peer);
    this.#free();
  }

  #forget(peer: Peer): void {
    this.#peers.delete(peer.peer);
    this.#blocked.delete(peer);
    this.#outboxBytes -= bytesOf(peer.outbox);
    this.#earlyBytes -= bytesOf(peer.early);
    if (peer.outbox.length > 0)
      this.#effects.push({ kind: 'notifyUndelivered', peer: peer.peer, count: peer.outbox.length });
  }

  #meet(execution: ExecutionId): Peer {
    const peer = newPeer(execution, this.#self.generation);
    this.#peers.set(execution, peer);
    return peer;
  }

  /** Meets a peer that spoke first; null when there are too many: what it sent stays unacknowledged, and comes again. */
  #hear(execution: ExecutionId): Peer | null {
    if (this.#peers.size >= this.#limits.peersMax) return null;
    return this.#meet(execution);
  }
}
