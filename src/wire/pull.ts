import { createHash, type Hash } from 'node:crypto';
import { Agent, type IncomingMessage, request } from 'node:http';
import type { HostIdentity } from '../core/execution.ts';
import type { Cancel } from '../core/ports.ts';
import { parseAddress } from './address.ts';
import { askChallenge, makeHello } from './challenge.ts';
import type { Cargo, LinkEnd } from './contract.ts';
import { type BulkPullCode, BulkPullError } from './errors.ts';
import {
  bulkPath,
  type Challenge,
  type ClusterSecret,
  handshakeHeader,
  type Hello,
  readRefusal,
  writeHeader,
} from './handshake.ts';
import type { WirePorts } from './settings.ts';

type Ticket = Cargo & { readonly kind: 'ticket' };

/** SHA-256 in hexadecimal. */
export function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Pulls one cargo from its source; `abort` makes `bytes` fail with `BULK_STOPPED`. */
export function startPull(
  from: HostIdentity,
  cargo: Ticket,
  ports: WirePorts,
  secret: ClusterSecret,
): { readonly bytes: Promise<Uint8Array>; readonly abort: () => void } {
  const pull = new Pull(from, cargo, ports, secret);
  const bytes = new Promise<Uint8Array>((resolve, reject) => pull.begin(resolve, reject));
  return { bytes, abort: () => pull.abort() };
}

class Pull {
  readonly #from: HostIdentity;
  readonly #cargo: Ticket;
  readonly #ports: WirePorts;
  readonly #secret: ClusterSecret;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });
  readonly #hash: Hash = createHash('sha256');
  /** Not from the pool: nothing else may share the memory of what is handed out. */
  readonly #bytes: Buffer;
  #received = 0;
  #cancelDeadline: Cancel = () => undefined;
  #resolve: (bytes: Uint8Array) => void = () => undefined;
  #reject: (error: BulkPullError) => void = () => undefined;
  #ended = false;

  constructor(from: HostIdentity, cargo: Ticket, ports: WirePorts, secret: ClusterSecret) {
    this.#from = from;
    this.#cargo = cargo;
    this.#ports = ports;
    this.#secret = secret;
    this.#bytes = Buffer.allocUnsafeSlow(cargo.sizeBytes);
  }

  begin(resolve: (bytes: Uint8Array) => void, reject: (error: BulkPullError) => void): void {
    this.#resolve = resolve;
    this.#reject = reject;
    const { random, self, settings } = this.#ports;
    // Until the first byte the source may let us wait for our turn, but not beyond the life of the ticket.
    this.#expectWithin(settings.cargoOfferMs);
    const hello = makeHello({
      purpose: 'bulk',
      from: self,
      to: this.#from.incarnation,
      nonce: random.hex(16),
      address: '',
      subject: this.#cargo.ticket,
    });
    askChallenge(this.#from.address, hello, this.#secret, this.#agent, (outcome) => {
      if (this.#ended) return;
      if (outcome.kind === 'failed') this.#fail(codeOf(outcome.reason), describe(outcome.reason));
      else this.#ask(hello, outcome.challenge);
    });
  }

  abort(): void {
    this.#fail('BULK_STOPPED', 'this host is stopping.');
  }

  #ask(hello: Hello, challenge: Challenge): void {
    const address = parseAddress(this.#from.address);
    const proof = this.#secret.proof('dialer', hello, challenge.incarnation, challenge.nonce);
    const asked = request({
      host: address?.host,
      port: address?.port,
      path: bulkPath,
      agent: this.#agent,
      headers: { [handshakeHeader]: writeHeader({ nonce: challenge.nonce, proof }) },
    });
    let answered = false;
    asked.on('error', (error) => {
      if (answered) this.#truncated();
      else this.#fail('BULK_UNREACHABLE', `${error.message}. Try again.`);
    });
    asked.on('response', (response) => {
      answered = true;
      this.#onResponse(response);
    });
    asked.end();
  }

  #onResponse(response: IncomingMessage): void {
    const { sizeBytes } = this.#cargo;
    if (response.statusCode !== 200) {
      const refusal = readRefusal(response.headers[handshakeHeader]);
      const code = refusalCodes.get(refusal?.kind ?? '') ?? 'BULK_UNAUTHENTICATED';
      return this.#fail(
        code,
        `the source answered ${response.statusCode}: ${refusal?.detail ?? 'no reason'}.`,
      );
    }
    const announced = Number(response.headers['content-length']);
    if (announced !== sizeBytes) {
      return this.#fail('BULK_TRUNCATED', `the source offers ${announced} bytes, expected ${sizeBytes}.`);
    }
    this.#expectWithin(this.#ports.settings.pullSilenceMaxMs);
    response.on('data', (chunk: Buffer) => this.#onChunk(chunk));
    response.on('error', () => this.#truncated());
    response.on('end', () => this.#onEnd());
    response.on('close', () => this.#truncated());
  }

  #onChunk(chunk: Buffer): void {
    if (this.#ended) return;
    this.#bytes.set(chunk, this.#received);
    this.#received += chunk.byteLength;
    this.#hash.update(chunk);
  }

  #onEnd(): void {
    if (this.#ended) return;
    if (this.#received !== this.#cargo.sizeBytes) return this.#truncated();
    const digest = this.#hash.digest('hex');
    if (digest !== this.#cargo.digest) {
      const why = `their digest is ${digest}, expected ${this.#cargo.digest}.`;
      return this.#fail('BULK_DIGEST_MISMATCH', why);
    }
    this.#finish();
    this.#resolve(new Uint8Array(this.#bytes.buffer, this.#bytes.byteOffset, this.#bytes.byteLength));
  }

  #truncated(): void {
    const why = `the connection ended after ${this.#received} of ${this.#cargo.sizeBytes} bytes.`;
    this.#fail('BULK_TRUNCATED', why);
  }

  /** Fails the pull when no byte arrives for so long. */
  #expectWithin(delayMs: number): void {
    this.#cancelDeadline();
    const before = this.#received;
    this.#cancelDeadline = this.#ports.clock.after(delayMs, () => {
      if (this.#received > before) return this.#expectWithin(delayMs);
      const why = `no byte for ${delayMs} ms, after ${before} of ${this.#cargo.sizeBytes} bytes.`;
      this.#fail('BULK_UNREACHABLE', why);
    });
  }

  #fail(code: BulkPullCode, why: string): void {
    if (this.#ended) return;
    this.#finish();
    this.#reject(new BulkPullError(code, this.#from.incarnation, why));
  }

  #finish(): void {
    this.#ended = true;
    this.#cancelDeadline();
    this.#agent.destroy();
  }
}

const refusalCodes: ReadonlyMap<string, BulkPullCode> = new Map([
  ['ticket', 'BULK_TICKET_REFUSED'],
  ['busy', 'BULK_BUSY'],
]);

function codeOf(reason: LinkEnd): BulkPullCode {
  return reason.kind === 'unauthenticated' ? 'BULK_UNAUTHENTICATED' : 'BULK_UNREACHABLE';
}

function describe(reason: LinkEnd): string {
  if (reason.kind === 'unknownIncarnation') return `${reason.found} lives at its address now.`;
  return 'detail' in reason ? `${reason.detail}.` : `${reason.kind}.`;
}
