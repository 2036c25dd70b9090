import { assert } from '../../core/assert.ts';
import type { IncarnationId } from '../../core/ids.ts';
import type { Clock } from '../../core/ports.ts';
import type { AnsweredProbe, Probes } from '../../protocols/probing/contract.ts';
import { unknownCoordinate } from '../../protocols/probing/coordinates.ts';
import type { RoundTrip } from '../../wire/contract.ts';

/** A network of probes under simulated time. */
export class ProbeNetwork {
  readonly #clock: Clock;
  readonly #ends = new Map<IncarnationId, SimulatedProbes>();
  /** Round trip between two ends, in ms; null when the probe is lost. */
  roundTripMs: (from: IncarnationId, to: IncarnationId) => number | null = () => 0.6;
  /** What the pings of every link measured. */
  ping: RoundTrip | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @param clock of the end's own machine, by which its probes are timed */
  open(self: IncarnationId, address: string, isAlive: () => boolean, clock: Clock): SimulatedProbes {
    const end = new SimulatedProbes(self, address, isAlive, clock, this);
    this.#ends.set(self, end);
    return end;
  }

  end(self: IncarnationId): SimulatedProbes {
    const end = this.#ends.get(self);
    assert(end !== undefined, `${self} has opened its probes`);
    return end;
  }

  carry(from: SimulatedProbes, to: IncarnationId, address: string, number: number): number {
    const target = this.#ends.get(to);
    const sentAtMs = from.clock.monotonicMs();
    const roundTripMs = this.roundTripMs(from.self, to);
    const reaches = target !== undefined && target.closed === null && target.address === address;
    if (roundTripMs === null || !reaches) return sentAtMs;
    this.#clock.after(roundTripMs, () => {
      if (!from.isAlive() || !target.isAlive()) return;
      const { coordinate } = target;
      from.deliver({ number, from: to, arrivedAtMs: from.clock.monotonicMs(), coordinate });
    });
    return sentAtMs;
  }
}

export class SimulatedProbes implements Probes {
  readonly self: IncarnationId;
  readonly isAlive: () => boolean;
  readonly clock: Clock;
  readonly #network: ProbeNetwork;
  address: string;
  coordinate = unknownCoordinate;
  sent = 0;
  /** Why it is closed; null while it is open. */
  closed: string | null = null;
  #listener: (answer: AnsweredProbe) => void = () => undefined;

  constructor(
    self: IncarnationId,
    address: string,
    isAlive: () => boolean,
    clock: Clock,
    network: ProbeNetwork,
  ) {
    this.self = self;
    this.address = address;
    this.isAlive = isAlive;
    this.clock = clock;
    this.#network = network;
  }

  standing: Probes['standing'] = () =>
    this.closed === null ? { kind: 'open', address: this.address } : { kind: 'closed', reason: this.closed };

  refused: Probes['refused'] = () => ({ unauthentic: 0, replayed: 0, tooMany: 0 });

  send: Probes['send'] = (to, address) => {
    if (this.closed !== null) return null;
    this.sent += 1;
    return { number: this.sent, sentAtMs: this.#network.carry(this, to, address, this.sent) };
  };

  announce: Probes['announce'] = (coordinate) => {
    this.coordinate = coordinate;
  };

  onAnswer: Probes['onAnswer'] = (listener) => {
    this.#listener = listener;
  };

  deliver(answer: AnsweredProbe): void {
    this.#listener(answer);
  }
}
