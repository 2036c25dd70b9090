import type { WebSocket } from 'ws';
import { assertNever } from '../core/assert.ts';
import type { Cancel } from '../core/ports.ts';
import { decodeEnvelope } from './codec.ts';
import type { Envelope, LinkEnd, RoundTrip } from './contract.ts';
import { batchParts, Opener, Sealer, splitBatch } from './frame.ts';
import type { Instant, Session } from './handshake.ts';
import { RoundTrips } from './round-trips.ts';
import type { WirePorts } from './settings.ts';

/** WebSocket close code of a link that was ended on purpose; its reason is the `kind` of the `LinkEnd`. */
const closeCode = 4000;
/** How long the peer may take to answer a close before the connection is cut. */
const closeGraceMs = 1000;

export interface LinkListener {
  onEnvelope(envelope: Envelope): void;
  onRoundTrip(roundTripMs: number): void;
  /** Some of what was sent has left this process. */
  onSent(): void;
  /** Called once; nothing else is called afterwards. */
  onEnd(reason: LinkEnd): void;
}

/**
 * One link that stands, between two incarnations. It owns its connection and its heartbeats.
 *
 * A heartbeat is a ping that the peer must answer. An answered ping proves that the peer was alive after the ping was
 * sent; frames arrive in order, so whatever is read before `silenceMaxMs` have passed since then is younger than that
 * bound, even if the network delayed it, or if this process or the whole machine stood still in between (rule 10).
 */
export class Link {
  readonly id: string;
  readonly dialedBy: 'self' | 'peer';
  readonly #socket: WebSocket;
  readonly #session: Session;
  readonly #ports: WirePorts;
  readonly #listener: LinkListener;
  readonly #sealer: Sealer;
  readonly #opener: Opener;
  readonly #pings = new RoundTrips();
  #provenAt: Instant;
  #ended = false;
  #bootChecked = false;
  #cancelHeartbeat: Cancel = () => undefined;
  #cancelWatch: Cancel = () => undefined;

  /** @param socket open, its first message not read yet */
  constructor(
    socket: WebSocket,
    session: Session,
    dialedBy: 'self' | 'peer',
    ports: WirePorts,
    listener: LinkListener,
  ) {
    this.id = session.linkId;
    this.dialedBy = dialedBy;
    this.#socket = socket;
    this.#session = session;
    this.#ports = ports;
    this.#listener = listener;
    this.#sealer = new Sealer(session.sendKey);
    this.#opener = new Opener(session.receiveKey);
    this.#provenAt = session.provenAt;
    socket.on('message', (data, isBinary) => this.#onMessage(data as Buffer, isBinary));
    socket.on('error', (error) => this.#end(endOf(error, ports.settings.frameMaxBytes)));
    socket.on('close', (code, reason) => this.#end(endOfClose(code, reason.toString('utf8'))));
  }

  /** Starts heartbeats; apart from the constructor, so that the owner holds the link before it calls back. */
  start(): void {
    this.#beat();
    this.#watch();
  }

  /** Bytes that the system has not taken yet. */
  get waitingBytes(): number {
    return this.#socket.bufferedAmount;
  }

  roundTrip(): RoundTrip | null {
    return this.#pings.read();
  }

  /** Sends encoded envelopes in one frame, in this turn. */
  sendBatch(envelopes: readonly Uint8Array[]): void {
    if (this.#ended) return;
    this.#socket.send(this.#sealer.seal('envelopes', batchParts(envelopes)), () => {
      if (!this.#ended) this.#listener.onSent();
    });
  }

  /** Ends the link; bytes that were not read yet are dropped. */
  close(reason: LinkEnd): void {
    this.#end(reason);
  }

  #end(reason: LinkEnd): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#cancelHeartbeat();
    this.#cancelWatch();
    if (reason.kind === 'silent') this.#socket.terminate();
    else this.#closeSocket(reason);
    this.#listener.onEnd(reason);
  }

  /** Tells the peer why, and cuts the connection if the peer does not close its side. */
  #closeSocket(reason: LinkEnd): void {
    const socket = this.#socket;
    if (socket.readyState === socket.CLOSED) return;
    socket.close(closeCode, reason.kind);
    const cancel = this.#ports.clock.after(closeGraceMs, () => socket.terminate());
    socket.once('close', cancel);
  }

  #onMessage(data: Buffer, isBinary: boolean): void {
    if (this.#ended || !this.#isFresh()) return;
    if (!isBinary) return this.#end({ kind: 'malformed', detail: 'a text frame, expected binary' });
    const opened = this.#opener.open(data);
    if (opened.kind === 'refused') return this.#end(opened.reason);
    switch (opened.frame) {
      case 'envelopes':
        return this.#onBatch(opened.body);
      case 'ping':
        return this.#onPing(opened.body);
      case 'pong':
        return this.#onPong(opened.body);
      default:
        return assertNever(opened.frame);
    }
  }

  #onBatch(body: Buffer): void {
    const entries = splitBatch(body);
    if (entries === null) return this.#end({ kind: 'malformed', detail: 'lengths in a batch do not add up' });
    for (const entry of entries) {
      const decoded = decodeEnvelope(entry);
      if (decoded.kind === 'malformed') return this.#end(decoded);
      this.#listener.onEnvelope(decoded.envelope);
      // The listener may have closed the link.
      if (this.#ended) return;
    }
  }

  #onPing(body: Buffer): void {
    const sender = body.subarray(4).toString('utf8');
    if (body.byteLength < 4 || sender !== this.#session.peer) {
      return this.#end({
        kind: 'malformed',
        detail: `a heartbeat of '${sender}', not of ${this.#session.peer}`,
      });
    }
    this.#socket.send(this.#sealer.seal('pong', [body.subarray(0, 4)]));
  }

  #onPong(body: Buffer): void {
    if (body.byteLength !== 4) {
      return this.#end({ kind: 'malformed', detail: `an answer of ${body.byteLength} bytes to a heartbeat` });
    }
    const answer = this.#pings.answered(body.readUInt32BE(0), this.#ports.clock.monotonicMs());
    if (answer === null) return;
    this.#provenAt = answer.sentAt;
    this.#listener.onRoundTrip(answer.roundTripMs);
  }

  #beat(): void {
    const { clock, settings, self } = this.#ports;
    // However short the bound on silence is, a few lost or late heartbeats must not reach it.
    const delayMs = Math.min(settings.heartbeatEveryMs, settings.silenceMaxMs / 4);
    this.#cancelHeartbeat = clock.after(delayMs, () => this.#beat());
    const ping = Buffer.allocUnsafe(4);
    ping.writeUInt32BE(this.#pings.sent(this.#now()));
    this.#socket.send(this.#sealer.seal('ping', [ping, Buffer.from(self)]));
  }

  #watch(): void {
    const silentMs = this.#silentMs();
    const leftMs = this.#ports.settings.silenceMaxMs - silentMs;
    if (leftMs <= 0) return this.#endSilent(silentMs);
    this.#cancelWatch = this.#ports.clock.after(leftMs, () => this.#watch());
  }

  /**
   * Checked before anything is read, since a process that stood still reads before its timers fire. The boot clock
   * is dear, so it is asked once in a turn: a suspended machine resumes with a new turn, or else in one whose host has
   * ended its own lease by the time it acts.
   */
  #isFresh(): boolean {
    const { clock, settings } = this.#ports;
    const silentMs = this.#bootChecked ? clock.monotonicMs() - this.#provenAt.monotonicMs : this.#silentMs();
    if (silentMs >= settings.silenceMaxMs) {
      this.#endSilent(silentMs);
      return false;
    }
    if (!this.#bootChecked) {
      this.#bootChecked = true;
      setImmediate(() => {
        this.#bootChecked = false;
      });
    }
    return true;
  }

  #endSilent(silentMs: number): void {
    this.#end({ kind: 'silent', silentMs, silenceMaxMs: this.#ports.settings.silenceMaxMs });
  }

  /** By the clock that went further: one of the two stops while the machine is suspended. */
  #silentMs(): number {
    const now = this.#now();
    return Math.max(now.monotonicMs - this.#provenAt.monotonicMs, now.bootMs - this.#provenAt.bootMs);
  }

  #now(): Instant {
    return { monotonicMs: this.#ports.clock.monotonicMs(), bootMs: this.#ports.clock.bootMs() };
  }
}

function endOf(error: Error, frameMaxBytes: number): LinkEnd {
  const code = 'code' in error ? String(error.code) : '';
  if (code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH' || code === 'WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH') {
    return { kind: 'oversized', frameMaxBytes };
  }
  return code.startsWith('WS_ERR_')
    ? { kind: 'malformed', detail: error.message }
    : { kind: 'lost', detail: error.message };
}

function endOfClose(code: number, reason: string): LinkEnd {
  return code === closeCode
    ? { kind: 'closedByPeer', detail: reason }
    : { kind: 'lost', detail: `connection closed with code ${code}` };
}
