import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { assert } from '../core/assert.ts';
import { messageOf } from '../core/errors.ts';
import type { IncarnationId } from '../core/ids.ts';
import type { Cancel, Clock } from '../core/ports.ts';
import type { NetworkCoordinate, ProbesStanding } from '../protocols/messages/latency.ts';
import type { AnsweredProbe, Probes, ProbesRefused, SentProbe } from '../protocols/probing/contract.ts';
import { unknownCoordinate } from '../protocols/probing/coordinates.ts';
import { ProbeGate, type ProbeRates, probeRates } from '../protocols/probing/gate.ts';
import { RateLimit } from '../protocols/probing/rate-limit.ts';
import { formatAddress, isLoopback, parseAddress } from './address.ts';
import { looksLikeProbe, type ProbePacket, ProbeSeal, tagOf } from './probe-packet.ts';

export interface ProbeSettings {
  readonly rates: ProbeRates;
  /** Packets of any kind that are received; beyond, the port is closed for a while, and nothing is spent on them. */
  readonly stormPerSecond: number;
  readonly stormRestMs: number;
  /** Probes that wait for an answer, to know whose it is; the oldest is forgotten first. */
  readonly waitingMax: number;
}

export const probeSettings: ProbeSettings = {
  rates: probeRates,
  stormPerSecond: 10_000,
  stormRestMs: 5_000,
  waitingMax: 4_096,
};

const ipv4Loopback = '127.0.0.1';

export interface UdpProbesPorts {
  readonly self: IncarnationId;
  readonly secret: Uint8Array;
  readonly clock: Clock;
  readonly settings: ProbeSettings;
}

/** The port that a storm had closed stays wanted; nothing else asks for it. */
type Phase = Bound | { readonly phase: 'resting'; readonly cancel: Cancel };
type Bound =
  | { readonly phase: 'closed'; readonly reason: string }
  | { readonly phase: 'open'; readonly socket: Socket; readonly address: string };

/**
 * Probes over UDP. Times are taken here, as close to the socket as can be. What is not sealed with the cluster secret,
 * was said before, or comes too often is dropped without a word.
 */
export class UdpProbes implements Probes {
  readonly #ports: UdpProbesPorts;
  readonly #seal: ProbeSeal;
  readonly #gate: ProbeGate;
  readonly #tag: string;
  /** By number, oldest first: whose answer it would be. */
  readonly #waiting = new Map<number, { readonly to: IncarnationId; readonly tag: string }>();
  #phase: Phase = { phase: 'closed', reason: 'it was not opened' };
  #storm: RateLimit;
  #coordinate = unknownCoordinate;
  #advertised: string | null = null;
  #number = 0;
  #refused: ProbesRefused = { unauthentic: 0, replayed: 0, tooMany: 0 };
  #listener: (answer: AnsweredProbe) => void = () => undefined;

  constructor(ports: UdpProbesPorts) {
    this.#ports = ports;
    this.#seal = new ProbeSeal(ports.secret);
    this.#gate = new ProbeGate(ports.settings.rates, ports.clock.monotonicMs());
    this.#tag = tagOf(ports.self);
    this.#storm = this.#newStorm();
  }

  /**
   * Takes the port, or if somebody has it, any free one. Never fails: a host without probes has its links.
   *
   * @param host a loopback address, as that of the link server
   * @param advertised where others are to send their probes instead; null: where it listens
   */
  async open(host: string, port: number, advertised: string | null = null): Promise<void> {
    assert(this.#phase.phase === 'closed', 'probes are opened once');
    assert(isLoopback(host), 'probes are opened where the link server listens');
    this.#advertised = advertised;
    this.#phase = await this.#bindSomewhere(host, port);
  }

  async close(): Promise<void> {
    const phase = this.#phase;
    this.#phase = { phase: 'closed', reason: 'this host has stopped' };
    if (phase.phase === 'resting') phase.cancel();
    if (phase.phase === 'open') await closed(phase.socket);
  }

  standing(): ProbesStanding {
    const { phase } = this.#phase;
    if (phase === 'open') return { kind: 'open', address: this.#advertised ?? this.#phase.address };
    const reason = phase === 'closed' ? this.#phase.reason : 'too many packets came; it rests for a while';
    return { kind: 'closed', reason };
  }

  refused(): ProbesRefused {
    return this.#refused;
  }

  announce(coordinate: NetworkCoordinate): void {
    this.#coordinate = coordinate;
  }

  onAnswer(listener: (answer: AnsweredProbe) => void): void {
    this.#listener = listener;
  }

  send(to: IncarnationId, address: string): SentProbe | null {
    const target = parseAddress(address);
    if (this.#phase.phase !== 'open' || target === null || !isLoopback(target.host)) return null;
    this.#number += 1;
    const number = this.#number;
    const tag = tagOf(to);
    this.#waiting.set(number, { to, tag });
    this.#waiting.delete(number - this.#ports.settings.waitingMax);
    const bytes = this.#write('probe', number, tag);
    const sentAtMs = this.#ports.clock.monotonicMs();
    this.#post(this.#phase.socket, bytes, target.port, target.host);
    return { number, sentAtMs };
  }

  async #bindSomewhere(host: string, port: number): Promise<Bound> {
    const bound = await this.#bind(host, port);
    return bound.phase === 'open' || port === 0 ? bound : this.#bind(host, 0);
  }

  async #bind(host: string, port: number): Promise<Bound> {
    const isIpv6 = host.includes(':');
    const socket = createSocket({
      type: isIpv6 ? 'udp6' : 'udp4',
      // Addresses only: a probe never waits for a name to be looked up, and leaves in the turn that stamps it.
      lookup: (name, _options, found) =>
        found(null, name === 'localhost' ? ipv4Loopback : name, isIpv6 ? 6 : 4),
    });
    const failed = await new Promise<Error | null>((resolve) => {
      socket.once('error', resolve);
      socket.bind({ address: host, port, exclusive: true }, () => {
        socket.off('error', resolve);
        resolve(null);
      });
    });
    // A refused datagram is a lost one.
    socket.on('error', () => undefined);
    if (failed !== null) return { phase: 'closed', reason: `no UDP port could be had: ${messageOf(failed)}` };
    socket.on('message', (bytes, remote) => this.#receive(bytes, remote));
    return { phase: 'open', socket, address: formatAddress(host, socket.address().port) };
  }

  #receive(bytes: Buffer, remote: RemoteInfo): void {
    const nowMs = this.#ports.clock.monotonicMs();
    if (!this.#storm.spend(nowMs)) return this.#rest();
    const source = formatAddress(remote.address, remote.port);
    if (!looksLikeProbe(bytes)) return this.#refuse('unauthentic');
    if (!this.#gate.admits(source, nowMs)) return this.#refuse('tooMany');
    const packet = this.#seal.read(bytes);
    if (packet === null || packet.to !== this.#tag) return this.#refuse('unauthentic');
    if (packet.kind === 'answer') return this.#answered(packet, nowMs, source);
    if (!this.#gate.isNew(packet.from, packet.number)) return this.#refuse('replayed');
    this.#gate.learn(source);
    if (this.#phase.phase !== 'open') return;
    this.#post(
      this.#phase.socket,
      this.#write('answer', packet.number, packet.from),
      remote.port,
      remote.address,
    );
  }

  #answered(packet: ProbePacket, arrivedAtMs: number, source: string): void {
    const probe = this.#waiting.get(packet.number);
    if (probe === undefined || probe.tag !== packet.from) return this.#refuse('replayed');
    this.#waiting.delete(packet.number);
    this.#gate.learn(source);
    this.#listener({ number: packet.number, from: probe.to, arrivedAtMs, coordinate: packet.coordinate });
  }

  /** Whatever is received costs, even if it is dropped: only a closed port costs nothing. */
  #rest(): void {
    if (this.#phase.phase !== 'open') return;
    const { socket } = this.#phase;
    const { address, port } = socket.address();
    this.#refuse('tooMany');
    void closed(socket);
    const again = (): void => {
      this.#storm = this.#newStorm();
      void this.#reopen(address, port);
    };
    this.#phase = {
      phase: 'resting',
      cancel: this.#ports.clock.after(this.#ports.settings.stormRestMs, again),
    };
  }

  async #reopen(host: string, port: number): Promise<void> {
    const bound = await this.#bindSomewhere(host, port);
    // It may have been closed for good in the meantime.
    if (this.#phase.phase === 'resting') this.#phase = bound;
    else if (bound.phase === 'open') await closed(bound.socket);
  }

  #newStorm(): RateLimit {
    const { settings, clock } = this.#ports;
    const rate = { burst: settings.stormPerSecond, perSecond: settings.stormPerSecond };
    return new RateLimit(rate, clock.monotonicMs());
  }

  #write(kind: ProbePacket['kind'], number: number, to: string): Buffer {
    return this.#seal.write({ kind, number, from: this.#tag, to, coordinate: this.#coordinate });
  }

  #post(socket: Socket, bytes: Buffer, port: number, host: string): void {
    socket.send(bytes, port, host, () => undefined);
  }

  #refuse(why: keyof ProbesRefused): void {
    this.#refused = { ...this.#refused, [why]: this.#refused[why] + 1 };
  }
}

function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.close(() => resolve()));
}
