import type { IncarnationId } from '../../src/core/ids.ts';
import type { Clock } from '../../src/core/ports.ts';
import type { AnsweredProbe, Probes } from '../../src/protocols/probing/contract.ts';
import { unknownCoordinate } from '../../src/protocols/probing/coordinates.ts';

/** A network of probes under simulated time. */
export class ProbeNetwork {
  readonly #clock: Clock;
  readonly #ends = new Map<IncarnationId, SimulatedProbes>();
  /** Round trip between two ends, in ms; null when the probe is lost. */
  roundTripMs: (from: IncarnationId, to: IncarnationId) => number | null = () => 0.6;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  open(self: IncarnationId, address: string, isAlive: () => boolean): SimulatedProbes {
    const end = new SimulatedProbes(self, address, isAlive, this);
    this.#ends.set(self, end);
    return end;
  }

  carry(from: SimulatedProbes, to: IncarnationId, number: number): number {
    const target = this.#ends.get(to);
    const sentAtMs = this.#clock.monotonicMs();
    const roundTripMs = this.roundTripMs(from.self, to);
    if (roundTripMs !== null && target !== undefined) {
      this.#clock.after(roundTripMs, () => {
        if (!from.isAlive() || !target.isAlive()) return;
        const { coordinate } = target;
        from.deliver({ number, from: to, arrivedAtMs: this.#clock.monotonicMs(), coordinate });
      });
    }
    return sentAtMs;
  }
}

export class SimulatedProbes implements Probes {
  readonly self: IncarnationId;
  readonly isAlive: () => boolean;
  readonly #address: string;
  readonly #network: ProbeNetwork;
  coordinate = unknownCoordinate;
  sent = 0;
  closed: string | null = null;
  #listener: (answer: AnsweredProbe) => void = () => undefined;

  constructor(self: IncarnationId, address: string, isAlive: () => boolean, network: ProbeNetwork) {
    this.self = self;
    this.isAlive = isAlive;
    this.#address = address;
    this.#network = network;
  }

  standing: Probes['standing'] = () =>
    this.closed === null ? { kind: 'open', address: this.#address } : { kind: 'closed', reason: this.closed };

  refused: Probes['refused'] = () => ({ unauthentic: 0, replayed: 0, tooMany: 0 });

  send: Probes['send'] = (to) => {
    if (this.closed !== null) return null;
    this.sent += 1;
    return { number: this.sent, sentAtMs: this.#network.carry(this, to, this.sent) };
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
