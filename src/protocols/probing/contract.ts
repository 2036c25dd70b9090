import type { HostIdentity } from '../../core/execution.ts';
import type { IncarnationId } from '../../core/ids.ts';
import type { NetworkCoordinate, ProbesStanding } from '../messages/latency.ts';

/** A probe on its way. */
export interface SentProbe {
  /** Never used before by this incarnation, and larger than all before. */
  readonly number: number;
  /** On the sender's monotonic clock. */
  readonly sentAtMs: number;
}

/** An authentic answer to a probe of ours. Whether that probe still waits for one, the prober knows. */
export interface AnsweredProbe {
  readonly number: number;
  readonly from: IncarnationId;
  /** On the prober's own monotonic clock, taken when the answer arrived. */
  readonly arrivedAtMs: number;
  readonly coordinate: NetworkCoordinate;
}

/** What the responder turned away, and why, since it was opened. Nothing of it is answered. */
export interface ProbesRefused {
  /** Wrong length, version or seal, or meant for another incarnation. */
  readonly unauthentic: number;
  readonly replayed: number;
  /** Beyond the rate of one source, or of all. */
  readonly tooMany: number;
}

/** Sends probes, and answers those of others; carries them over UDP, or through a simulated network. */
export interface Probes {
  standing(): ProbesStanding;
  refused(): ProbesRefused;
  /** @returns null when it could not be sent: probes are closed, or the address is none */
  send(to: IncarnationId, address: string): SentProbe | null;
  /** What answers carry, from now on. */
  announce(coordinate: NetworkCoordinate): void;
  /** The one who hears of answers; replaces the one before. Called synchronously; must not throw. */
  onAnswer(listener: (answer: AnsweredProbe) => void): void;
}

/** Where a host's responder listens unless it says otherwise: the port number of its link server. */
export function usualProbeAddress(host: HostIdentity): string {
  return host.address;
}
