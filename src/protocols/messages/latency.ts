import type { HostIdentity } from '../../core/execution.ts';
import type { HostName, RackName, Term } from '../../core/ids.ts';

/*
 * What latency agents tell: a host its rack's actor, and a rack's actor the cluster's orchestrator, so that nobody hears
 * from every host. All times are durations on the clock of whoever measured; no two clocks are ever compared.
 */

/** Round trips between two places over the last window. Times in ms. */
export interface LatencyStatistics {
  readonly p50Ms: number;
  readonly p95Ms: number;
  /** Mean difference between consecutive round trips (RFC 3550, 6.4.1, applied to round trips). */
  readonly jitterMs: number;
  /** Share of probes that were not answered, in [0, 1]; 0 for a link, whose transport repeats what is lost. */
  readonly lossRatio: number;
  readonly samples: number;
  /** Age of the newest measurement. */
  readonly ageMs: number;
  /**
   * `measured` by probes over UDP; `link` by the pings of a link, where no probe gets through. Where nothing was
   * measured between the two: `learned` from coordinates if these did better than the racks' plain figures on pairs
   * that were measured and held back, else `rack`.
   */
  readonly source: 'measured' | 'link' | 'rack' | 'learned';
}

/** The matrix of the latency monitoring service: rack → rack → latency. Within a rack, between its hosts. */
export type LMSMeasurements = Readonly<Record<RackName, Readonly<Record<RackName, LatencyStatistics>>>>;

/** What a host's latency agent measured to one other host. */
export interface PeerLatency {
  readonly host: HostName;
  readonly rack: RackName;
  readonly statistics: LatencyStatistics;
  /** Median time from asking an actor there to its answer, that actor's work included; null when none was asked. */
  readonly answersP50Ms: number | null;
}

/** A point of the space in which distances estimate round trips (Vivaldi with height). */
export interface NetworkCoordinate {
  readonly vectorMs: readonly number[];
  readonly heightMs: number;
  /** In (0, 1.5]; 1.5 before anything was measured. */
  readonly error: number;
}

/** Whether a host sends and answers probes; where it does not, its links' pings stand in. */
export type ProbesStanding =
  { readonly kind: 'open'; readonly address: string } | { readonly kind: 'closed'; readonly reason: string };

/** What one host's latency agent knows; sent to its rack's actor each round. */
export interface HostLatencies {
  readonly identity: HostIdentity;
  /** Counts this incarnation's reports; one that is not newer than the last is dropped. */
  readonly report: number;
  /** The most recently measured, at most `reportedPeersMax` of `src/protocols/probing/settings.ts`. */
  readonly peers: readonly PeerLatency[];
  readonly coordinate: NetworkCoordinate;
  readonly probes: ProbesStanding;
}

/** One rack's row of the matrix; sent by its actor to `cluster/orchestrator`. */
export interface RackLatencies {
  readonly rack: RackName;
  readonly term: Term;
  /** Counts this term's reports. */
  readonly report: number;
  /** To each rack that one of its hosts measured, itself included. */
  readonly row: Readonly<Record<RackName, LatencyStatistics>>;
  /** In the middle of its hosts'; null before any of them measured. */
  readonly coordinate: NetworkCoordinate | null;
}

/** How coordinates do against plain figures, on rack pairs that were measured but kept from the coordinates. */
export interface LearnedScore {
  /** Whether pairs without measurement get the learned estimate. */
  readonly used: boolean;
  readonly pairs: number;
  /** Median of |estimate − measured| / measured; 0 when there is no pair. */
  readonly learnedError: number;
  readonly plainError: number;
}

/** `host/<name>/latency` */
export type LatencyMessage =
  | { readonly kind: 'matrix' }
  /** Asked by a host whose probes to the usual port get no answer. */
  | { readonly kind: 'probeAddress' };

export type LatencyReply =
  | { readonly kind: 'matrix'; readonly latencies: HostLatencies }
  | { readonly kind: 'probeAddress'; readonly probes: ProbesStanding };

/** What a rack's actor takes from latency agents, and from whoever asks for its row. */
export type RackLatencyMessage =
  { readonly kind: 'latencies'; readonly latencies: HostLatencies } | { readonly kind: 'latencyRow' };

export type RackLatencyReply = { readonly kind: 'latencyRow'; readonly latencies: RackLatencies };

/** What `cluster/orchestrator` takes from the racks' actors. */
export interface RackLatenciesMessage {
  readonly kind: 'rackLatencies';
  readonly latencies: RackLatencies;
}
