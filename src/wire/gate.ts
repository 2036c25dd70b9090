import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type WebSocket } from 'ws';
import { formatAddress, isLoopback } from './address.ts';
import type { LinkEnd } from './contract.ts';
import { ListenFailedError, ListenRefusedError, PortInUseError } from './errors.ts';
import { frameOverheadBytes } from './frame.ts';
import {
  bulkPath,
  challengePath,
  type ClusterSecret,
  handshakeHeader,
  handshakeVersion,
  type Hello,
  type Instant,
  linkPath,
  readAnswer,
  readHello,
  readVersion,
  type Session,
  writeHeader,
} from './handshake.ts';
import type { WirePorts } from './settings.ts';

const headerMaxBytes = 8192;
/** Refusals that are answered and reported at once; further ones are cut without a word. */
const refusalsBurst = 16;
const refusalsPerSecond = 1;

/** What the gate lets in, after both proofs. */
export interface GateRoutes {
  /** @returns why the link is not wanted, or null */
  admitLink(hello: Hello): LinkEnd | null;
  onLink(socket: WebSocket, session: Session): void;
  onBulk(hello: Hello, response: ServerResponse): void;
}

interface Pending {
  readonly hello: Hello;
  readonly at: Instant;
}

/**
 * The door of one process: hands out challenges, checks proofs, and only then parses a WebSocket. Without a valid
 * proof nothing but one short header is ever read.
 */
export class Gate {
  readonly #ports: WirePorts;
  readonly #secret: ClusterSecret;
  readonly #routes: GateRoutes;
  readonly #server: Server;
  readonly #sockets: WebSocketServer;
  /** By our nonce; oldest first. */
  readonly #pending = new Map<string, Pending>();
  #refusalsLeft = refusalsBurst;
  #refusalsAtMs: number;

  constructor(ports: WirePorts, secret: ClusterSecret, routes: GateRoutes) {
    const { settings } = ports;
    this.#ports = ports;
    this.#secret = secret;
    this.#routes = routes;
    this.#refusalsAtMs = ports.clock.monotonicMs();
    this.#sockets = new WebSocketServer({
      noServer: true,
      perMessageDeflate: false,
      clientTracking: false,
      autoPong: false,
      maxPayload: settings.frameMaxBytes + frameOverheadBytes,
    });
    this.#server = createServer({
      maxHeaderSize: headerMaxBytes,
      headersTimeout: settings.handshakeMaxMs,
      requestTimeout: settings.handshakeMaxMs,
      connectionsCheckingInterval: settings.handshakeMaxMs,
    });
    this.#server.maxConnections = settings.linksMax + settings.challengesMax;
    this.#server.on('request', (request, response) => this.#onRequest(request, response));
    this.#server.on('upgrade', (request, socket, head) => this.#onUpgrade(request, socket, head));
    this.#server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
      const remote = remoteOf(socket);
      // Whoever hangs up at the door has said nothing wrong.
      if (error.code !== 'ECONNRESET' && this.#spendRefusal()) {
        this.#ports.listener.onRefused(remote, { kind: 'malformed', detail: `not HTTP: ${error.message}` });
      }
      socket.destroy();
    });
  }

  /** See `Wire.listen`. */
  async listen(host: string, port: number): Promise<string> {
    if (!isLoopback(host)) throw new ListenRefusedError(host);
    await new Promise<void>((resolve, reject) => {
      const onError = (error: Error): void => {
        const inUse = 'code' in error && error.code === 'EADDRINUSE';
        reject(inUse ? new PortInUseError(host, port, error) : new ListenFailedError(host, port, error));
      };
      this.#server.once('error', onError);
      this.#server.listen(port, host, () => {
        this.#server.off('error', onError);
        resolve();
      });
    });
    const bound = this.#server.address();
    if (bound === null || typeof bound === 'string') {
      throw new ListenFailedError(host, port, new Error('the system gave no port'));
    }
    return formatAddress(host, bound.port);
  }

  async close(): Promise<void> {
    this.#pending.clear();
    if (!this.#server.listening) return;
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }

  #onRequest(request: IncomingMessage, response: ServerResponse): void {
    if (request.url === challengePath) return this.#challenge(request, response);
    const refuse = (reason: LinkEnd): void => this.#refuse(request, reason, response);
    if (request.url !== bulkPath) return refuse({ kind: 'malformed', detail: 'no such path' });
    const pending = this.#checkAnswer(request, 'bulk');
    if ('kind' in pending) return refuse(pending);
    this.#routes.onBulk(pending.hello, response);
  }

  #challenge(request: IncomingMessage, response: ServerResponse): void {
    const header = request.headers[handshakeHeader];
    const version = readVersion(header)?.version;
    if (version !== undefined && version !== handshakeVersion) {
      const reason: LinkEnd = { kind: 'unknownVersion', expected: handshakeVersion, found: version };
      return this.#refuse(request, reason, response);
    }
    const hello = readHello(header);
    if (hello === null) {
      return this.#refuse(request, { kind: 'malformed', detail: 'not a hello' }, response);
    }
    const { clock, random, self, settings } = this.#ports;
    const nonce = random.hex(16);
    if (this.#pending.size >= settings.challengesMax) {
      for (const oldest of this.#pending.keys()) {
        this.#pending.delete(oldest);
        break;
      }
    }
    this.#pending.set(nonce, { hello, at: { monotonicMs: clock.monotonicMs(), bootMs: clock.bootMs() } });
    const proof = this.#secret.proof('acceptor', hello, self, nonce);
    response.writeHead(200, { [handshakeHeader]: writeHeader({ incarnation: self, nonce, proof }) });
    response.end();
  }

  #onUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => socket.destroy());
    const refuse = (reason: LinkEnd): void => this.#refuse(request, reason, socket);
    if (request.url !== linkPath) return refuse({ kind: 'malformed', detail: 'no such path' });
    const pending = this.#checkAnswer(request, 'link');
    if ('kind' in pending) return refuse(pending);
    const { hello, session } = pending;
    const unwanted = this.#routes.admitLink(hello);
    if (unwanted !== null) return refuse(unwanted);
    this.#sockets.handleUpgrade(request, socket, head, (opened) => this.#routes.onLink(opened, session));
  }

  /** Checks the dialer's proof; each challenge serves once. */
  #checkAnswer(
    request: IncomingMessage,
    purpose: Hello['purpose'],
  ): { readonly hello: Hello; readonly session: Session } | LinkEnd {
    const { clock, self, settings } = this.#ports;
    const answer = readAnswer(request.headers[handshakeHeader]);
    if (answer === null) return { kind: 'malformed', detail: 'not an answer to a challenge' };
    const pending = this.#pending.get(answer.nonce);
    this.#pending.delete(answer.nonce);
    if (
      pending === undefined ||
      pending.hello.purpose !== purpose ||
      clock.monotonicMs() - pending.at.monotonicMs > settings.handshakeMaxMs
    ) {
      return { kind: 'unauthenticated', detail: 'the challenge is unknown, used up or too old' };
    }
    const { hello, at } = pending;
    if (!this.#secret.proves(answer.proof, 'dialer', hello, self, answer.nonce)) {
      return {
        kind: 'unauthenticated',
        detail: `${hello.from} did not prove that it knows the cluster secret`,
      };
    }
    if (hello.to !== self) return { kind: 'unknownIncarnation', expected: hello.to, found: self };
    const challenge = { incarnation: self, nonce: answer.nonce };
    return { hello, session: this.#secret.session('acceptor', hello, challenge, '', at) };
  }

  #refuse(request: IncomingMessage, reason: LinkEnd, to: ServerResponse | Duplex): void {
    if (reason.kind !== 'superseded') {
      if (!this.#spendRefusal()) return void request.socket.destroy();
      this.#ports.listener.onRefused(remoteOf(request.socket), reason);
    }
    const refusal = writeHeader({ kind: reason.kind, detail: 'detail' in reason ? reason.detail : '' });
    if ('writeHead' in to) {
      to.writeHead(403, { [handshakeHeader]: refusal, connection: 'close' });
      to.end();
    } else {
      const lines = ['HTTP/1.1 403 Forbidden', `${handshakeHeader}: ${refusal}`, 'connection: close', '', ''];
      // HTTP servers let the other side stay half open for ever, and would wait for it when they close.
      to.end(lines.join('\r\n'), () => to.destroy());
    }
  }

  /** Valid proofs never pass here, so a flood of false ones locks nobody out. */
  #spendRefusal(): boolean {
    const nowMs = this.#ports.clock.monotonicMs();
    const gained = ((nowMs - this.#refusalsAtMs) / 1000) * refusalsPerSecond;
    this.#refusalsLeft = Math.min(refusalsBurst, this.#refusalsLeft + gained);
    this.#refusalsAtMs = nowMs;
    if (this.#refusalsLeft < 1) return false;
    this.#refusalsLeft -= 1;
    return true;
  }
}

function remoteOf(socket: object): string {
  const host = 'remoteAddress' in socket ? String(socket.remoteAddress) : 'unknown';
  const port = 'remotePort' in socket ? Number(socket.remotePort) : 0;
  return formatAddress(host, port);
}
