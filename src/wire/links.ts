import type { WebSocket } from 'ws';
import { assert } from '../core/assert.ts';
import type { HostIdentity } from '../core/execution.ts';
import type { IncarnationId } from '../core/ids.ts';
import { encodeEnvelope } from './codec.ts';
import type { Envelope, LinkEnd, Links, LinkStatus, RoundTrip, SendOutcome, Urgency } from './contract.ts';
import { batchEntryBytes } from './frame.ts';
import type { ClusterSecret, Hello, Session } from './handshake.ts';
import { Peer, type PeerOwner } from './peer.ts';
import type { WirePorts } from './settings.ts';

/** Incarnations that are remembered as gone; the oldest is forgotten first. */
const goneMax = 4096;

/** All links of one process, over WebSockets. */
export class SocketLinks implements Links, PeerOwner {
  readonly self: IncarnationId;
  readonly #ports: WirePorts;
  readonly #secret: ClusterSecret;
  readonly #peers = new Map<IncarnationId, Peer>();
  /** With the address at which another incarnation was found. */
  readonly #gone = new Map<IncarnationId, string>();
  #ownAddress = '';
  #stopped = false;

  constructor(ports: WirePorts, secret: ClusterSecret) {
    this.self = ports.self;
    this.#ports = ports;
    this.#secret = secret;
  }

  connect(peer: HostIdentity): void {
    assert(peer.incarnation !== this.self, 'nobody links to itself');
    if (this.#stopped || this.#gone.get(peer.incarnation) === peer.address) return;
    this.#gone.delete(peer.incarnation);
    this.#peer(peer.incarnation).connect(peer.address);
  }

  send(to: IncarnationId, envelope: Envelope, urgency: Urgency): SendOutcome {
    const encoded = encodeEnvelope(envelope, this.#ports.settings.frameMaxBytes - batchEntryBytes);
    if (this.#stopped) return 'stopped';
    if (this.#gone.has(to)) return 'unknownIncarnation';
    return this.#peers.get(to)?.send(encoded, urgency) ?? 'unknownPeer';
  }

  disconnect(incarnation: IncarnationId): void {
    const peer = this.#peers.get(incarnation);
    this.#peers.delete(incarnation);
    peer?.close({ kind: 'disconnected' });
  }

  roundTrip(peer: IncarnationId): RoundTrip | null {
    return this.#peers.get(peer)?.roundTrip() ?? null;
  }

  status(): readonly LinkStatus[] {
    return [...this.#peers.values()].map((peer) => peer.status());
  }

  ownAddress(): string {
    return this.#ownAddress;
  }

  /** Peers learn it with the next link, and can then dial back. */
  announce(address: string): void {
    this.#ownAddress = address;
  }

  onGone(incarnation: IncarnationId, address: string): void {
    this.#peers.delete(incarnation);
    this.#gone.set(incarnation, address);
    if (this.#gone.size <= goneMax) return;
    for (const oldest of this.#gone.keys()) {
      this.#gone.delete(oldest);
      return;
    }
  }

  onLeft(incarnation: IncarnationId): void {
    this.#peers.delete(incarnation);
  }

  /** @returns why the link that `hello` asks for is not wanted, or null */
  admit(hello: Hello): LinkEnd | null {
    const { mayOpen, settings } = this.#ports;
    if (this.#stopped) return { kind: 'disconnected' };
    if (!mayOpen()) return { kind: 'notLeased' };
    if (hello.from === this.self) return { kind: 'malformed', detail: 'a link to itself' };
    const peer = this.#peers.get(hello.from);
    if (peer !== undefined) return peer.admits(hello) ? null : { kind: 'superseded' };
    if (this.#peers.size >= settings.linksMax) this.#forgetIdle();
    return this.#peers.size < settings.linksMax ? null : { kind: 'crowded', linksMax: settings.linksMax };
  }

  /** Takes a link that was admitted in this turn. */
  accept(socket: WebSocket, session: Session): void {
    this.#gone.delete(session.peer);
    this.#peer(session.peer).accept(socket, session);
  }

  stop(): void {
    this.#stopped = true;
    for (const incarnation of this.#peers.keys()) this.disconnect(incarnation);
  }

  #peer(incarnation: IncarnationId): Peer {
    const known = this.#peers.get(incarnation);
    if (known !== undefined) return known;
    const peer = new Peer(incarnation, this.#ports, this.#secret, this);
    this.#peers.set(incarnation, peer);
    return peer;
  }

  #forgetIdle(): void {
    for (const { peer, phase, queuedCount } of this.status()) {
      if (phase === 'idle' && queuedCount === 0) this.#peers.delete(peer);
    }
  }
}
