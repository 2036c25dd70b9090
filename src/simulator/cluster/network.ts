import type { Freight, Freighter } from '../../actors/ports.ts';
import { GodwitError } from '../../core/errors.ts';
import type { HostIdentity } from '../../core/execution.ts';
import type { IncarnationId } from '../../core/ids.ts';
import type { Envelope, Links, SendOutcome } from '../../wire/contract.ts';
import type { SimulatedClock } from '../clock.ts';
import type { SeededRandom } from '../random.ts';
import type { Machine } from './machine.ts';

/** What the network needs of one process. */
export interface NetworkEnd {
  readonly identity: HostIdentity;
  readonly machine: Machine;
  readonly alive: boolean;
  /** Rule 10: only who holds a live lease opens a link. */
  readonly mayOpen: () => boolean;
  /** A link without a sign of life for longer is closed by its receiver, unread bytes included. */
  readonly silenceMaxMs: number;
  readonly receive: (from: IncarnationId, envelope: Envelope) => void;
  readonly peerDown: (peer: IncarnationId, why: string) => void;
}

/** How messages pass now, between all hosts. Ratios in [0, 1]. */
export interface NetworkWeather {
  delayMinMs: number;
  delayMaxMs: number;
  /** Of messages that the protocols repeat by themselves: moves, and what executions tell each other. */
  lossRatio: number;
  duplicateRatio: number;
  /** Of the same: how many are held back, so that later ones overtake them. */
  reorderRatio: number;
  /** Of all messages: the connection breaks, and what was on its way is lost. */
  breakRatio: number;
}

export const calm: NetworkWeather = {
  delayMinMs: 0.1,
  delayMaxMs: 0.5,
  lossRatio: 0,
  duplicateRatio: 0,
  reorderRatio: 0,
  breakRatio: 0,
};

/** Smaller snapshots travel inside their message. */
const inlineMaxBytes = 4_096;
/** Of a pulled snapshot. */
const bytesPerMs = 100_000;
const pullMaxMs = 400;
const dialAgainMs = 200;
const queueMax = 10_000;
const reorderMaxMs = 50;

/** A snapshot that was to be pulled did not come. */
export class SimulatedPullError extends GodwitError {
  override readonly name = 'SimulatedPullError';
  readonly code = 'PULL_FAILED';
  readonly retryable = true;

  constructor(from: IncarnationId, why: string) {
    super(`The snapshot could not be pulled from ${from}: ${why}.`);
  }
}

/** The connection of two processes, both ways: it stands or it does not. */
class Connection {
  readonly ends: readonly [NetworkEnd, NetworkEnd];
  isUp = false;
  dialing = false;
  /** Counts connections: what is on its way arrives only over the one that it was sent on. */
  version = 0;
  /** Cuts of each direction, by the sender's place among the ends. */
  readonly cuts: [number, number] = [0, 0];
  /** When the last message of each direction arrives: the next is not earlier. */
  readonly lastAtMs: [number, number] = [0, 0];
  readonly queues: [Envelope[], Envelope[]] = [[], []];

  constructor(one: NetworkEnd, other: NetworkEnd) {
    this.ends = [one, other];
  }

  get isCut(): boolean {
    return this.cuts[0] > 0 || this.cuts[1] > 0;
  }

  get isAlive(): boolean {
    return this.ends[0].alive && this.ends[1].alive;
  }
}

/** Joins the processes of a world: ordered connections that break, are cut one way or both, and are opened again. */
export class SimulatedNetwork {
  weather: NetworkWeather = { ...calm };
  /** Tells of each message as it arrives. */
  onArrival: (from: NetworkEnd, to: NetworkEnd, envelope: Envelope) => void = () => undefined;
  /** Messages that a test loses, whatever the weather. */
  loses: (from: NetworkEnd, to: NetworkEnd, envelope: Envelope) => boolean = () => false;
  readonly #clock: SimulatedClock;
  readonly #random: SeededRandom;
  readonly #ends = new Map<IncarnationId, NetworkEnd>();
  readonly #connections = new Map<string, Connection>();
  /** Cuts between names, which outlive the processes: `h1>h2`. */
  readonly #cutNames = new Map<string, number>();
  /** Snapshots that may be pulled: by whom they were loaded, and their digest. */
  readonly #offers = new Set<string>();

  constructor(clock: SimulatedClock, random: SeededRandom) {
    this.#clock = clock;
    this.#random = random;
  }

  join(end: NetworkEnd): void {
    this.#ends.set(end.identity.incarnation, end);
  }

  /** The process is gone: its peers' connections to it break. */
  leave(end: NetworkEnd): void {
    for (const connection of this.#connectionsOf(end)) this.#break(connection, 'lost');
  }

  /** Nothing passes in this direction any more; a connection whose receiver hears nothing for long is closed. */
  cut(from: string, to: string): void {
    this.#count(from, to, 1);
  }

  heal(from: string, to: string): void {
    this.#count(from, to, -1);
  }

  /** A process stopped answering: those that wait for its signs of life give it up in time. */
  silence(end: NetworkEnd, isSilent: () => boolean): void {
    for (const connection of this.#connectionsOf(end)) this.#watchSilence(connection, end, isSilent);
  }

  links(self: NetworkEnd, roundTrip: Links['roundTrip'] = () => null): Links {
    return {
      self: self.identity.incarnation,
      connect: () => undefined,
      send: (to, envelope) => this.#send(self, to, envelope),
      disconnect: (peer) => {
        const end = this.#ends.get(peer);
        const connection = end === undefined ? null : this.#between(self, end);
        if (connection === null) return;
        connection.queues[connection.ends.indexOf(self)]?.splice(0);
        this.#break(connection, 'disconnected');
      },
      roundTrip,
      status: () => [],
    };
  }

  freighter(self: NetworkEnd): Freighter {
    return {
      load: (_to, bytes, digest): Freight => {
        this.#offers.add(`${self.identity.incarnation} ${digest}`);
        return { digest, cargo: { kind: 'inline', bytes: bytes.slice(), digest } };
      },
      withdraw: ({ digest }) => void this.#offers.delete(`${self.identity.incarnation} ${digest}`),
      unload: (from, freight) => this.#unload(self, from, freight),
    };
  }

  #unload(self: NetworkEnd, from: HostIdentity, { cargo }: Freight): Promise<Uint8Array> {
    if (cargo.kind !== 'inline')
      return Promise.reject(new SimulatedPullError(from.incarnation, 'it was not loaded here'));
    const { bytes } = cargo;
    if (bytes.byteLength <= inlineMaxBytes) return Promise.resolve(bytes.slice());
    const source = this.#ends.get(from.incarnation);
    return new Promise((resolve, reject) => {
      const fail = (why: string): void =>
        self.machine.main.pass(() => reject(new SimulatedPullError(from.incarnation, why)));
      const takesMs = this.#delayMs() + bytes.byteLength / bytesPerMs;
      this.#clock.after(takesMs, () => {
        const cut = this.#isCut(from.name, self.identity.name) || this.#isCut(self.identity.name, from.name);
        if (source?.alive !== true) fail('the source is gone');
        else if (cut || !source.machine.main.isOpen) this.#clock.after(pullMaxMs, () => fail('nothing came'));
        else if (!this.#offers.has(`${from.incarnation} ${cargo.digest}`)) fail('it was withdrawn');
        else self.machine.main.pass(() => resolve(bytes.slice()));
      });
    });
  }

  #send(from: NetworkEnd, to: IncarnationId, envelope: Envelope): SendOutcome {
    const end = this.#ends.get(to);
    if (end === undefined) return 'unknownPeer';
    const connection = this.#between(from, end);
    const side = connection.ends.indexOf(from) as 0 | 1;
    const queue = connection.queues[side];
    if (queue.length >= queueMax) return 'full';
    if (connection.isUp) this.#carry(connection, side, envelope);
    else {
      queue.push(envelope);
      this.#dial(connection, from, 0);
    }
    return 'queued';
  }

  #carry(connection: Connection, side: 0 | 1, envelope: Envelope): void {
    const { weather } = this;
    const fragile = isRepeated(envelope);
    if (weather.breakRatio > 0 && this.#random.next() < weather.breakRatio) {
      this.#break(connection, 'lost');
      return;
    }
    if (fragile && weather.lossRatio > 0 && this.#random.next() < weather.lossRatio) return;
    const reordered = fragile && weather.reorderRatio > 0 && this.#random.next() < weather.reorderRatio;
    const nowMs = this.#clock.monotonicMs();
    const atMs = Math.max(connection.lastAtMs[side], nowMs + this.#delayMs());
    if (!reordered) connection.lastAtMs[side] = atMs;
    const extraMs = reordered ? this.#random.next() * reorderMaxMs : 0;
    this.#arriveLater(connection, side, envelope, atMs + extraMs - nowMs);
    if (fragile && weather.duplicateRatio > 0 && this.#random.next() < weather.duplicateRatio) {
      this.#arriveLater(connection, side, envelope, atMs - nowMs + this.#random.next() * reorderMaxMs);
    }
  }

  #arriveLater(connection: Connection, side: 0 | 1, envelope: Envelope, inMs: number): void {
    const { version } = connection;
    const from = connection.ends[side];
    const to = connection.ends[1 - side] as NetworkEnd;
    const arrive = (): void => {
      if (connection.version !== version || !to.alive) return;
      if (connection.cuts[side] > 0) {
        // It is repeated below the surface until the cut heals, or the connection is given up.
        this.#clock.after(dialAgainMs / 10, arrive);
        return;
      }
      to.machine.main.pass(() => {
        if (connection.version !== version || this.loses(from, to, envelope)) return;
        this.onArrival(from, to, envelope);
        to.receive(from.identity.incarnation, copyOf(envelope));
      });
    };
    this.#clock.after(inMs, arrive);
  }

  /** Tries to open a connection, and again while something waits to be sent. */
  #dial(connection: Connection, by: NetworkEnd, inMs: number): void {
    if (connection.dialing || connection.isUp) return;
    connection.dialing = true;
    this.#clock.after(inMs + 2 * this.#delayMs(), () => {
      connection.dialing = false;
      const { ends, queues } = connection;
      if (connection.isUp || !by.alive) return;
      const other = ends[1 - ends.indexOf(by)] as NetworkEnd;
      if (!other.alive) {
        queues[ends.indexOf(by) as 0 | 1].length = 0;
        by.machine.main.pass(() => by.peerDown(other.identity.incarnation, 'unknownIncarnation'));
        return;
      }
      const isReachable = !connection.isCut && ends.every((end) => end.machine.main.isOpen);
      if (!isReachable || !ends.every((end) => end.mayOpen())) {
        by.machine.main.pass(() => by.peerDown(other.identity.incarnation, 'unreachable'));
        const dialer = ends.find((end, side) => (queues[side]?.length ?? 0) > 0 && end.alive);
        if (dialer !== undefined) this.#dial(connection, dialer, dialAgainMs);
        return;
      }
      connection.isUp = true;
      connection.version += 1;
      for (const side of [0, 1] as const) {
        const waiting = queues[side].splice(0);
        for (const envelope of waiting) {
          if (connection.isUp) this.#carry(connection, side, envelope);
        }
      }
    });
  }

  #break(connection: Connection, why: string): void {
    if (!connection.isUp) return;
    connection.isUp = false;
    connection.version += 1;
    for (const [side, end] of connection.ends.entries()) {
      const other = connection.ends[1 - side] as NetworkEnd;
      if (!end.alive) continue;
      this.#clock.after(this.#delayMs(), () =>
        end.machine.main.pass(() => end.peerDown(other.identity.incarnation, why)),
      );
    }
  }

  #watchSilence(connection: Connection, silent: NetworkEnd, isSilent: () => boolean): void {
    const { version } = connection;
    const { silenceMaxMs } = silent;
    this.#clock.after(silenceMaxMs, () => {
      if (connection.version === version && isSilent()) this.#break(connection, 'silent');
    });
  }

  #count(from: string, to: string, by: number): void {
    const key = `${from}>${to}`;
    this.#cutNames.set(key, (this.#cutNames.get(key) ?? 0) + by);
    for (const connection of this.#connections.values()) {
      for (const side of [0, 1] as const) {
        const ends = [connection.ends[side], connection.ends[1 - side] as NetworkEnd] as const;
        if (ends[0].identity.name !== from || ends[1].identity.name !== to) continue;
        connection.cuts[side] += by;
        if (by > 0) this.#watchSilence(connection, ends[0], () => connection.cuts[side] > 0);
      }
    }
  }

  #isCut(from: string, to: string): boolean {
    return (this.#cutNames.get(`${from}>${to}`) ?? 0) > 0;
  }

  #between(one: NetworkEnd, other: NetworkEnd): Connection {
    const [a, b] = one.identity.incarnation < other.identity.incarnation ? [one, other] : [other, one];
    const key = `${a.identity.incarnation} ${b.identity.incarnation}`;
    const known = this.#connections.get(key);
    if (known !== undefined) return known;
    const connection = new Connection(a, b);
    connection.cuts[0] = this.#cutNames.get(`${a.identity.name}>${b.identity.name}`) ?? 0;
    connection.cuts[1] = this.#cutNames.get(`${b.identity.name}>${a.identity.name}`) ?? 0;
    this.#connections.set(key, connection);
    return connection;
  }

  #connectionsOf(end: NetworkEnd): readonly Connection[] {
    return [...this.#connections.values()].filter(({ ends }) => ends.includes(end));
  }

  #delayMs(): number {
    const { delayMinMs, delayMaxMs } = this.weather;
    return delayMinMs + this.#random.next() * (delayMaxMs - delayMinMs);
  }
}

/** What the protocols repeat by themselves until it is answered. */
function isRepeated({ message }: Envelope): boolean {
  return message.kind === 'passage' || message.kind === 'packet';
}

/** The receiver owns what it gets, as after a passage over a wire. Plain data only. */
function copyOf<Value>(value: Value): Value {
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Uint8Array) return value.slice() as Value;
  if (Array.isArray(value)) return value.map((item: unknown) => copyOf(item)) as Value;
  const copy: Record<string, unknown> = {};
  for (const key of Object.keys(value)) copy[key] = copyOf((value as Record<string, unknown>)[key]);
  return copy as Value;
}
