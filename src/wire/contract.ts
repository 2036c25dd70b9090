import type { HostIdentity } from '../core/execution.ts';
import type { ActorAddress, IncarnationId, SnapshotDigest } from '../core/ids.ts';
import type { Probes } from '../protocols/probing/contract.ts';

/**
 * One message between two actors on different hosts. `message` is plain data: null, booleans, numbers, bigints of 64
 * bits, strings, arrays, plain objects and byte arrays (a `Buffer` arrives as a `Uint8Array` with memory of its own);
 * anything else is refused when it is sent, never changed silently.
 */
export interface Envelope {
  readonly to: ActorAddress;
  readonly from: ActorAddress;
  /** Joins an answer to its question; null for a `tell`. */
  readonly correlation: string | null;
  readonly message: { readonly kind: string };
}

/** `urgent`: on its way in this very turn, with all that was queued before it. `batched`: at the end of the turn. */
export type Urgency = 'urgent' | 'batched';

/**
 * `queued`: will be sent once, in order, if the link stands or can be opened; it may still be lost with its link.
 * `full`: the queue to this peer is at its bound, nothing was queued; `onDrained` tells when to try again.
 * `unknownPeer`: nobody has named this incarnation's address with `connect`, nor has it connected to us.
 * `unknownIncarnation`: another incarnation lives at its address: this one never answers again.
 * `stopped`: this end has been stopped.
 */
export type SendOutcome = 'queued' | 'full' | 'unknownPeer' | 'unknownIncarnation' | 'stopped';

/** Why a link ended or could not be opened. The host lives on, and so do its other links. */
export type LinkEnd =
  /** The connection was cut or failed. */
  | { readonly kind: 'lost'; readonly detail: string }
  /** Nobody answers at the address, or not in time. */
  | { readonly kind: 'unreachable'; readonly detail: string }
  /** No sign of life that is younger than the bound: rule 10. Bytes that were not read yet are dropped. */
  | { readonly kind: 'silent'; readonly silentMs: number; readonly silenceMaxMs: number }
  /** One end does not know the cluster secret, or a frame's seal is wrong. */
  | { readonly kind: 'unauthenticated'; readonly detail: string }
  | { readonly kind: 'malformed'; readonly detail: string }
  | { readonly kind: 'oversized'; readonly frameMaxBytes: number }
  | { readonly kind: 'outOfOrder'; readonly expected: number; readonly found: number }
  | { readonly kind: 'unknownVersion'; readonly expected: number; readonly found: number }
  /** The peer's address now belongs to another start of a host. */
  | { readonly kind: 'unknownIncarnation'; readonly expected: IncarnationId; readonly found: IncarnationId }
  /** The peer opened a newer link, because it had lost this one. */
  | { readonly kind: 'replaced' }
  /** Both ends dialed at once, and the other's link is the one that stands: never reported, since nothing failed. */
  | { readonly kind: 'superseded' }
  /** As many links stand as may. */
  | { readonly kind: 'crowded'; readonly linksMax: number }
  /** The lease of the end that says so is not live, so no link may be opened. */
  | { readonly kind: 'notLeased' }
  /** The peer refused, or closed the link on purpose. */
  | { readonly kind: 'closedByPeer'; readonly detail: string }
  /** `disconnect` or `stop` on this end. */
  | { readonly kind: 'disconnected' };

/** Called synchronously, in the order of events; must not throw. */
export interface LinksListener {
  /** Per peer in the order of `send`; each envelope at most once; none after `onDown` until the next `onUp`. */
  onEnvelope(from: IncarnationId, envelope: Envelope): void;
  onUp(peer: IncarnationId): void;
  /** A link that stood has ended. Envelopes that were on their way may have arrived or not; queued ones are kept. */
  onDown(peer: IncarnationId, reason: LinkEnd): void;
  /**
   * An attempt to open a link failed. It is repeated with backoff while envelopes are queued, so that they may still
   * arrive; except after `unknownIncarnation`, which drops the queue.
   */
  onDialFailed(peer: IncarnationId, reason: LinkEnd): void;
  /** After `full`: the queue has fallen to half its bound. */
  onDrained(peer: IncarnationId): void;
  onRoundTrip(peer: IncarnationId, roundTripMs: number): void;
  /** Somebody at `remote` (address:port) was turned away at the door; a flood is reported by its first few only. */
  onRefused(remote: string, reason: LinkEnd): void;
}

/** Round trips of one link, on our own monotonic clock; pings bypass the queue. */
export interface RoundTrip {
  readonly lastMs: number;
  readonly leastMs: number;
  /** Exponentially weighted mean, new sample 1/8. */
  readonly smoothedMs: number;
  /** Exponentially weighted mean deviation, new sample 1/4. */
  readonly jitterMs: number;
  readonly samples: number;
  /** Pings of this link that have had no answer yet, the one on its way included. */
  readonly unanswered: number;
}

export interface LinkStatus {
  readonly peer: IncarnationId;
  readonly phase: 'idle' | 'dialing' | 'up' | 'waiting';
  readonly queuedCount: number;
  readonly queuedBytes: number;
}

/** This incarnation's links to others, at most one for each. */
export interface Links {
  readonly self: IncarnationId;
  /** Makes a peer's address known and opens a link now, unless one stands or is being opened. */
  connect(peer: HostIdentity): void;
  /**
   * Queues an envelope, and opens a link if none stands.
   *
   * @throws {EnvelopeRefusedError} when it is not plain data, or larger than a frame may be
   */
  send(to: IncarnationId, envelope: Envelope, urgency: Urgency): SendOutcome;
  /** Closes the link, drops the queue and forgets the peer: for one whose lease has ended. */
  disconnect(peer: IncarnationId): void;
  /** Null when no link stands, or no ping of it was answered yet. */
  roundTrip(peer: IncarnationId): RoundTrip | null;
  status(): readonly LinkStatus[];
}

/** Large bytes on their way to one host: inside the message while they are small, else to be pulled. */
export type Cargo =
  | { readonly kind: 'inline'; readonly bytes: Uint8Array; readonly digest: SnapshotDigest }
  | {
      readonly kind: 'ticket';
      /** Good for one pull, by the incarnation that it was issued to, for a bounded time. */
      readonly ticket: string;
      readonly sizeBytes: number;
      readonly digest: SnapshotDigest;
    };

/** Carries snapshots on connections of their own, so that they never delay a heartbeat. */
export interface Bulk {
  /**
   * On the source: keeps `bytes` for `to` until they are pulled, withdrawn or expired. The bytes must not change.
   *
   * @param digest SHA-256 of `bytes`
   * @throws {BulkFullError} when too many bytes are on offer already
   */
  load(to: IncarnationId, bytes: Uint8Array, digest: SnapshotDigest): Cargo;
  /** On the source: drops the offer; harmless when it is gone. */
  withdraw(cargo: Cargo): void;
  /**
   * On the target: the bytes, in memory of their own, digest checked.
   *
   * @throws {BulkPullError} when they cannot be had; the code says why
   */
  unload(from: HostIdentity, cargo: Cargo): Promise<Uint8Array>;
}

/** Where a process is reached and where it listens, `host:port` each; the same unless it advertises another place. */
export interface Reached {
  readonly address: string;
  readonly bound: string;
}

/** The wire of one process. */
export interface Wire {
  readonly links: Links;
  readonly bulk: Bulk;
  /** Closed until `listen`: then on the same port number over UDP, or if that is taken, on another. */
  readonly probes: Probes;
  /**
   * Starts to accept links. A client does not call this.
   *
   * @param host a loopback address; any other is refused
   * @param port 0 picks a free one
   * @param advertised `host:port` where peers reach it instead, over TCP and UDP; null: where it listens
   * @throws {ListenRefusedError} when one of the addresses is not on loopback
   * @throws {PortInUseError}
   */
  listen(host: string, port: number, advertised: string | null): Promise<Reached>;
  /** Closes every link and connection, and the port. */
  stop(): Promise<void>;
}
