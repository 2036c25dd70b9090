import type { WebSocket } from 'ws';
import { assertNever } from '../core/assert.ts';
import type { IncarnationId } from '../core/ids.ts';
import type { Cancel } from '../core/ports.ts';
import { backoffMs } from './backoff.ts';
import type { LinkEnd, LinkStatus, RoundTrip, SendOutcome, Urgency } from './contract.ts';
import { dial } from './dial.ts';
import { batchEntryBytes } from './frame.ts';
import type { ClusterSecret, Hello, Session } from './handshake.ts';
import { Link } from './link.ts';
import { SendQueue } from './send-queue.ts';
import type { WirePorts } from './settings.ts';

/** Where a peer's link stands; each phase owns what ends with it. */
type PeerState =
  | { readonly phase: 'idle' }
  | { readonly phase: 'dialing'; readonly abort: () => void }
  | { readonly phase: 'up'; readonly link: Link }
  | { readonly phase: 'waiting'; readonly cancel: Cancel };

export interface PeerOwner {
  /** Where this process listens; empty when it does not. */
  ownAddress(): string;
  /** Another incarnation lives at this address of the peer's: forget the peer, and never dial it there again. */
  onGone(peer: IncarnationId, address: string): void;
  /** A peer that only itself can come back has left: forget it. */
  onLeft(peer: IncarnationId): void;
}

/** One other incarnation: its queue, and its link when one stands. */
export class Peer {
  readonly incarnation: IncarnationId;
  readonly #ports: WirePorts;
  readonly #secret: ClusterSecret;
  readonly #owner: PeerOwner;
  readonly #queue: SendQueue;
  /** Empty while it is not known, as with clients: then only the peer can open a link. */
  #address = '';
  #state: PeerState = { phase: 'idle' };
  #failures = 0;
  #lastLinkId = '';
  #flushScheduled = false;
  #wasFull = false;

  constructor(incarnation: IncarnationId, ports: WirePorts, secret: ClusterSecret, owner: PeerOwner) {
    this.incarnation = incarnation;
    this.#ports = ports;
    this.#secret = secret;
    this.#owner = owner;
    this.#queue = new SendQueue(ports.settings.queueMaxBytes, ports.settings.queueMaxCount);
  }

  connect(address: string): void {
    this.#address = address;
    if (this.#state.phase === 'idle') this.#dial();
  }

  send(encoded: Uint8Array, urgency: Urgency): SendOutcome {
    if (!this.#queue.push(encoded)) {
      this.#wasFull = true;
      return 'full';
    }
    if (this.#state.phase === 'idle') this.#dial();
    else if (this.#state.phase === 'up') this.#plan(urgency);
    return 'queued';
  }

  roundTrip(): RoundTrip | null {
    return this.#state.phase === 'up' ? this.#state.link.roundTrip() : null;
  }

  status(): LinkStatus {
    return {
      peer: this.incarnation,
      phase: this.#state.phase,
      queuedCount: this.#queue.count,
      queuedBytes: this.#queue.bytes,
    };
  }

  /**
   * Whether a link that the peer opens would stand; both ends come to the same answer. When both dial at once, the
   * link of the lower incarnation stands. When one stands already, a new one replaces it only if its dialer has
   * lost it: it dialed the old one too (nobody dials beside a link of one's own), or it names the old one as its last.
   */
  admits(hello: Hello): boolean {
    switch (this.#state.phase) {
      case 'up':
        return this.#state.link.dialedBy === 'peer' || hello.subject === this.#state.link.id;
      case 'dialing':
        return this.incarnation < this.#ports.self;
      default:
        return true;
    }
  }

  /** Takes the link that the peer opened, and drops what stood before. */
  accept(socket: WebSocket, session: Session): void {
    if (session.peerAddress !== '') this.#address = session.peerAddress;
    this.#leave({ kind: 'replaced' });
    // What the listener may have begun when it heard of that.
    this.#leave({ kind: 'superseded' });
    this.#stand(socket, session, 'peer');
  }

  /** Ends the link and drops the queue; the peer must not be used afterwards. */
  close(reason: LinkEnd): void {
    this.#clearQueue();
    this.#leave(reason);
  }

  #dial(): void {
    if (this.#address === '') return this.#enter({ phase: 'idle' });
    if (!this.#ports.mayOpen()) return this.#onDialFailed({ kind: 'notLeased' });
    const target = {
      peer: this.incarnation,
      address: this.#address,
      ownAddress: this.#owner.ownAddress(),
      lastLinkId: this.#lastLinkId,
    };
    const abort = dial(target, this.#ports, this.#secret, {
      onOpened: (socket, session) => this.#stand(socket, session, 'self'),
      onFailed: (reason) => this.#onDialFailed(reason),
    });
    this.#enter({ phase: 'dialing', abort });
  }

  #onDialFailed(reason: LinkEnd): void {
    this.#enter({ phase: 'idle' });
    if (reason.kind === 'unknownIncarnation') {
      this.#clearQueue();
      this.#owner.onGone(this.incarnation, this.#address);
    } else {
      this.#retry();
    }
    // Superseded: the peer's link is about to stand, so nothing has failed for those who wait for answers.
    if (reason.kind !== 'superseded') this.#ports.listener.onDialFailed(this.incarnation, reason);
  }

  #retry(): void {
    if (this.#queue.count === 0 || this.#address === '') return this.#enter({ phase: 'idle' });
    this.#failures += 1;
    const { backoffFirstMs, backoffMaxMs } = this.#ports.settings;
    const delayMs = backoffMs(this.#failures, backoffFirstMs, backoffMaxMs, this.#ports.random.next());
    this.#enter({ phase: 'waiting', cancel: this.#ports.clock.after(delayMs, () => this.#dial()) });
  }

  #stand(socket: WebSocket, session: Session, dialedBy: 'self' | 'peer'): void {
    const { listener } = this.#ports;
    const link: Link = new Link(socket, session, dialedBy, this.#ports, {
      onEnvelope: (envelope) => listener.onEnvelope(this.incarnation, envelope),
      onRoundTrip: (roundTripMs) => this.#onRoundTrip(roundTripMs),
      onSent: () => this.#flush(),
      onEnd: (reason) => this.#onEnd(link, reason),
    });
    this.#lastLinkId = link.id;
    this.#enter({ phase: 'up', link });
    link.start();
    listener.onUp(this.incarnation);
    this.#flush();
  }

  #onEnd(link: Link, reason: LinkEnd): void {
    if (this.#state.phase !== 'up' || this.#state.link !== link) return;
    this.#enter({ phase: 'idle' });
    this.#retry();
    if (this.#address === '') {
      this.#clearQueue();
      this.#owner.onLeft(this.incarnation);
    }
    this.#ports.listener.onDown(this.incarnation, reason);
  }

  #onRoundTrip(roundTripMs: number): void {
    // Only an answer proves the link good; one that dies at birth must not be dialed in a tight loop.
    this.#failures = 0;
    this.#ports.listener.onRoundTrip(this.incarnation, roundTripMs);
    // A lease that was renewed lets go what was held back.
    this.#flush();
  }

  #plan(urgency: Urgency): void {
    if (urgency === 'urgent') return this.#flush();
    if (this.#flushScheduled) return;
    this.#flushScheduled = true;
    setImmediate(() => {
      this.#flushScheduled = false;
      this.#flush();
    });
  }

  /** Hands over what the connection takes. Nothing leaves while our own lease is not live. */
  #flush(): void {
    const { settings, mayOpen, listener } = this.#ports;
    while (
      this.#state.phase === 'up' &&
      this.#queue.count > 0 &&
      this.#state.link.waitingBytes < settings.socketMaxBytes &&
      mayOpen()
    ) {
      const { batchMaxBytes, batchMaxCount } = settings;
      this.#state.link.sendBatch(this.#queue.take(batchMaxBytes, batchMaxCount, batchEntryBytes));
    }
    if (this.#wasFull && this.#queue.isRoomy) {
      this.#wasFull = false;
      listener.onDrained(this.incarnation);
    }
  }

  #clearQueue(): void {
    this.#queue.clear();
    this.#wasFull = false;
  }

  #enter(state: PeerState): void {
    this.#state = state;
  }

  /** Leaves the present phase with all that it owns. The listener is called last: it may send, and so dial. */
  #leave(reason: LinkEnd): void {
    const state = this.#state;
    this.#enter({ phase: 'idle' });
    switch (state.phase) {
      case 'dialing':
        return state.abort();
      case 'waiting':
        return state.cancel();
      case 'up':
        state.link.close(reason);
        return this.#ports.listener.onDown(this.incarnation, reason);
      case 'idle':
        return;
      default:
        return assertNever(state);
    }
  }
}
