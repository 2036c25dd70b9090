import { Agent } from 'node:http';
import { WebSocket } from 'ws';
import type { IncarnationId } from '../core/ids.ts';
import { askChallenge, makeHello, refusalOf } from './challenge.ts';
import type { LinkEnd } from './contract.ts';
import { frameOverheadBytes } from './frame.ts';
import {
  type Challenge,
  type ClusterSecret,
  handshakeHeader,
  type Hello,
  linkPath,
  type Session,
  writeHeader,
} from './handshake.ts';
import type { WirePorts } from './settings.ts';

export interface DialTarget {
  readonly peer: IncarnationId;
  readonly address: string;
  /** Where we listen; empty for a client. */
  readonly ownAddress: string;
  /** The last link that stood between the two; empty when there was none. */
  readonly lastLinkId: string;
}

/** One of the two is called, once, unless the dial is aborted. */
export interface DialListener {
  onOpened(socket: WebSocket, session: Session): void;
  onFailed(reason: LinkEnd): void;
}

/** Opens a link: challenge, proofs, upgrade, all over one connection. Returns what aborts it. */
export function dial(
  target: DialTarget,
  ports: WirePorts,
  secret: ClusterSecret,
  listener: DialListener,
): () => void {
  const attempt = new Dial(target, ports, secret, listener);
  attempt.begin();
  return () => attempt.abort();
}

class Dial {
  readonly #target: DialTarget;
  readonly #ports: WirePorts;
  readonly #secret: ClusterSecret;
  readonly #listener: DialListener;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });
  readonly #cancelDeadline: () => void;
  #abortStep: () => void = () => undefined;
  #ended = false;

  constructor(target: DialTarget, ports: WirePorts, secret: ClusterSecret, listener: DialListener) {
    this.#target = target;
    this.#ports = ports;
    this.#secret = secret;
    this.#listener = listener;
    const { handshakeMaxMs } = ports.settings;
    const detail = `${target.address}: no link within ${handshakeMaxMs} ms`;
    this.#cancelDeadline = ports.clock.after(handshakeMaxMs, () =>
      this.#fail({ kind: 'unreachable', detail }),
    );
  }

  begin(): void {
    const { clock, random, self } = this.#ports;
    const { peer, address, ownAddress, lastLinkId } = this.#target;
    const hello = makeHello({
      purpose: 'link',
      from: self,
      to: peer,
      nonce: random.hex(16),
      address: ownAddress,
      subject: lastLinkId,
    });
    const provenAt = { monotonicMs: clock.monotonicMs(), bootMs: clock.bootMs() };
    this.#abortStep = askChallenge(address, hello, this.#secret, this.#agent, (outcome) => {
      if (this.#ended) return;
      if (outcome.kind === 'failed') return this.#fail(outcome.reason);
      const session = this.#secret.session('dialer', hello, outcome.challenge, address, provenAt);
      this.#upgrade(hello, outcome.challenge, session);
    });
  }

  abort(): void {
    if (this.#ended) return;
    this.#finish();
    this.#abortStep();
    this.#agent.destroy();
  }

  #upgrade(hello: Hello, challenge: Challenge, session: Session): void {
    const { settings, self } = this.#ports;
    const proof = this.#secret.proof('dialer', hello, challenge.incarnation, challenge.nonce);
    const socket = new WebSocket(`ws://${this.#target.address}${linkPath}`, {
      agent: this.#agent,
      headers: { [handshakeHeader]: writeHeader({ nonce: challenge.nonce, proof }) },
      perMessageDeflate: false,
      autoPong: false,
      maxPayload: settings.frameMaxBytes + frameOverheadBytes,
      followRedirects: false,
      // A mask of zeros costs no pass over the bytes. Masks protect careless proxies, of which there are none here.
      generateMask: (mask) => mask.fill(0),
    });
    // Before the socket is open, `terminate` itself raises an error, which must not be reported.
    this.#abortStep = () => {
      socket.removeAllListeners();
      socket.on('error', () => undefined);
      socket.terminate();
    };
    socket.on('unexpected-response', (_request, response) => {
      this.#fail(refusalOf(response.headers[handshakeHeader], response.statusCode, this.#target.peer));
    });
    socket.on('error', (error) => this.#fail({ kind: 'unreachable', detail: `${self}: ${error.message}` }));
    socket.on('open', () => {
      socket.removeAllListeners();
      this.#finish();
      this.#listener.onOpened(socket, session);
    });
  }

  #fail(reason: LinkEnd): void {
    if (this.#ended) return;
    this.#finish();
    this.#abortStep();
    this.#agent.destroy();
    this.#listener.onFailed(reason);
  }

  #finish(): void {
    this.#ended = true;
    this.#cancelDeadline();
  }
}
