import type { HostName, RackName } from '../../core/ids.ts';

/** Round trips between two places over the last window. Times in ms. */
export interface LatencyStatistics {
  readonly p50Ms: number;
  readonly p95Ms: number;
  /** Mean difference between consecutive round trips (RFC 3550, 6.4.1, applied to round trips). */
  readonly jitterMs: number;
  /** Share of probes that were not answered, in [0, 1]. */
  readonly lossRatio: number;
  readonly samples: number;
  /** Age of the newest measurement. */
  readonly ageMs: number;
  /** `learned` where nothing was measured between the two, and coordinates did better than the racks' plain figures. */
  readonly source: 'measured' | 'rack' | 'learned';
}

/** The matrix of the latency monitoring service: rack → rack → latency. Within a rack, between its hosts. */
export type LMSMeasurements = Readonly<Record<RackName, Readonly<Record<RackName, LatencyStatistics>>>>;

/** What a host's latency agent measured to one other host. */
export interface PeerLatency {
  readonly host: HostName;
  readonly rack: RackName;
  readonly statistics: LatencyStatistics;
}

/** A point of the space in which distances estimate round trips (Vivaldi with height). */
export interface NetworkCoordinate {
  readonly vectorMs: readonly number[];
  readonly heightMs: number;
  /** In (0, 1.5]; 1.5 before anything was measured. */
  readonly error: number;
}
