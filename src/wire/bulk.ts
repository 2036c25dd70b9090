import type { ServerResponse } from 'node:http';
import type { HostIdentity } from '../core/execution.ts';
import type { IncarnationId, SnapshotDigest } from '../core/ids.ts';
import type { Cancel } from '../core/ports.ts';
import type { Bulk, Cargo } from './contract.ts';
import { BulkFullError, BulkPullError } from './errors.ts';
import { handshakeHeader, type ClusterSecret, type Hello, writeHeader } from './handshake.ts';
import { sha256Of, startPull } from './pull.ts';
import type { WirePorts } from './settings.ts';
import { Turns } from './turns.ts';

interface Offer {
  readonly to: IncarnationId;
  readonly bytes: Uint8Array;
  readonly cancelExpiry: Cancel;
}

/**
 * Snapshots over plain HTTP responses, each on a connection of its own: nothing is masked or framed, TCP's window is
 * the flow control, and between two chunks both ends' event loops turn, so that heartbeats pass.
 */
export class BulkChannel implements Bulk {
  readonly #ports: WirePorts;
  readonly #secret: ClusterSecret;
  /** By ticket. */
  readonly #offers = new Map<string, Offer>();
  #heldBytes = 0;
  readonly #serving: Turns;
  readonly #pulling: Turns;
  readonly #abortPulls = new Set<() => void>();
  #stopped = false;

  constructor(ports: WirePorts, secret: ClusterSecret) {
    const { pullsMax, pullsWaitingMax } = ports.settings;
    this.#ports = ports;
    this.#secret = secret;
    this.#serving = new Turns(pullsMax, pullsWaitingMax);
    this.#pulling = new Turns(pullsMax, pullsWaitingMax);
  }

  load(to: IncarnationId, bytes: Uint8Array, digest: SnapshotDigest): Cargo {
    const { clock, random, settings } = this.#ports;
    const sizeBytes = bytes.byteLength;
    if (sizeBytes <= settings.cargoInlineMaxBytes) return { kind: 'inline', bytes, digest };
    if (this.#heldBytes + sizeBytes > settings.cargoHeldMaxBytes || sizeBytes > settings.cargoMaxBytes) {
      const maxBytes = Math.min(settings.cargoHeldMaxBytes, settings.cargoMaxBytes);
      throw new BulkFullError(to, sizeBytes, this.#heldBytes, maxBytes);
    }
    const ticket = random.hex(16);
    const cancelExpiry = clock.after(settings.cargoOfferMs, () => this.#drop(ticket));
    this.#offers.set(ticket, { to, bytes, cancelExpiry });
    this.#heldBytes += sizeBytes;
    return { kind: 'ticket', ticket, sizeBytes, digest };
  }

  withdraw(cargo: Cargo): void {
    if (cargo.kind === 'ticket') this.#drop(cargo.ticket);
  }

  async unload(from: HostIdentity, cargo: Cargo): Promise<Uint8Array> {
    const { settings } = this.#ports;
    if (this.#stopped) throw this.#stoppedError(from);
    if (cargo.kind === 'inline') {
      if (sha256Of(cargo.bytes) === cargo.digest) return cargo.bytes;
      throw new BulkPullError('BULK_DIGEST_MISMATCH', from.incarnation, 'they do not match their digest.');
    }
    if (cargo.sizeBytes > settings.cargoMaxBytes) {
      const why = `${cargo.sizeBytes} bytes are announced, at most ${settings.cargoMaxBytes} are taken.`;
      throw new BulkPullError('BULK_OVERSIZED', from.incarnation, why);
    }
    const turn = await this.#pulling.next();
    if (turn === null) {
      const why = `${settings.pullsMax} pulls run and ${settings.pullsWaitingMax} wait. Try again later.`;
      throw new BulkPullError('BULK_BUSY', from.incarnation, why);
    }
    try {
      if (this.#stopped) throw this.#stoppedError(from);
      return await this.#pull(from, cargo);
    } finally {
      turn.end();
    }
  }

  /** Answers a target that has proven who it is; its hello's subject is the ticket. */
  serve(hello: Hello, response: ServerResponse): void {
    const offer = this.#offers.get(hello.subject);
    if (offer === undefined || offer.to !== hello.from) {
      return refuse(response, 403, 'ticket', 'the ticket is unknown, used, expired, or of another host');
    }
    // Used up from here on, whatever becomes of this pull; its bytes count as held until it ends.
    this.#offers.delete(hello.subject);
    offer.cancelExpiry();
    this.#serve(offer, response)
      .catch(() => response.destroy())
      .finally(() => {
        this.#heldBytes -= offer.bytes.byteLength;
      });
  }

  stop(): void {
    this.#stopped = true;
    for (const ticket of this.#offers.keys()) this.#drop(ticket);
    for (const abort of this.#abortPulls) abort();
  }

  async #serve(offer: Offer, response: ServerResponse): Promise<void> {
    const turn = await this.#serving.next();
    if (turn === null) return refuse(response, 503, 'busy', 'too many pulls wait');
    try {
      await this.#stream(offer.bytes, response);
    } finally {
      turn.end();
    }
  }

  async #stream(bytes: Uint8Array, response: ServerResponse): Promise<void> {
    const { chunkBytes, pullSilenceMaxMs } = this.#ports.settings;
    response.writeHead(200, { 'content-length': bytes.byteLength, connection: 'close' });
    for (let offset = 0; offset < bytes.byteLength && !response.destroyed; offset += chunkBytes) {
      const chunk = bytes.subarray(offset, offset + chunkBytes);
      const written = new Promise<void>((resolve) => {
        const cancel = this.#ports.clock.after(pullSilenceMaxMs, () => response.destroy());
        const done = (): void => {
          cancel();
          response.off('close', done);
          // The system may have taken the chunk at once: let the event loop turn all the same.
          setImmediate(resolve);
        };
        response.once('close', done);
        response.write(chunk, done);
      });
      await written;
    }
    response.end();
  }

  async #pull(from: HostIdentity, cargo: Cargo & { readonly kind: 'ticket' }): Promise<Uint8Array> {
    const { bytes, abort } = startPull(from, cargo, this.#ports, this.#secret);
    this.#abortPulls.add(abort);
    try {
      return await bytes;
    } finally {
      this.#abortPulls.delete(abort);
    }
  }

  #drop(ticket: string): void {
    const offer = this.#offers.get(ticket);
    if (offer === undefined) return;
    this.#offers.delete(ticket);
    offer.cancelExpiry();
    this.#heldBytes -= offer.bytes.byteLength;
  }

  #stoppedError(from: HostIdentity): BulkPullError {
    return new BulkPullError('BULK_STOPPED', from.incarnation, 'this host is stopping.');
  }
}

function refuse(response: ServerResponse, status: number, kind: string, detail: string): void {
  response.writeHead(status, { [handshakeHeader]: writeHeader({ kind, detail }), connection: 'close' });
  response.end();
}
