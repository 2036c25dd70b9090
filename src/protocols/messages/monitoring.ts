import type { HostIdentity, MethodRef } from '../../core/execution.ts';
import type { LaneSample, ResourceSample } from '../../core/host-sample.ts';
import type { ExecutionId, RackName, Term } from '../../core/ids.ts';
import type { ResourceVector } from '../../core/resources.ts';

/*
 * What monitors tell: a host its rack's actor, and a rack's actor the cluster's analyzer and orchestrator, so that
 * nobody hears from every host.
 */

/** Traffic of one execution with one peer, both ways, as its own side counted it. */
export interface PeerTraffic {
  readonly peer: ExecutionId;
  readonly messagesPerSecond: number;
  readonly bytesPerSecond: number;
}

/** What one execution used since the report before. */
export interface ExecutionUsage {
  readonly execution: ExecutionId;
  readonly method: MethodRef;
  /** The execution that started all of its component: itself, when nobody in the cluster started it. */
  readonly component: ExecutionId;
  readonly used: ResourceVector;
  /** Executions running or ready that it counted as, in [0, 1]; what it would use if nobody else did. */
  readonly demand: number;
  /** Estimated from its lane's allocations by its share of the lane's time. */
  readonly allocatedBytesPerSecond: number;
  readonly cyclesPerSecond: number;
  /** 0 before the first capture. */
  readonly snapshotBytes: number;
  /** CPU time that it still needs, where its loops or its method's history show it; null where nothing does. */
  readonly remainingMs: number | null;
  /** In [0, 1]; 1 is the heaviest to move. */
  readonly executionCost: number;
  /** Wall time of its last change of host, whoever asked; 0 when it never moved. */
  readonly movedAtWallMs: number;
  /** The heaviest, by bytes; at most `peersMax`. */
  readonly peers: readonly PeerTraffic[];
}

/** Calls of one method that arrived, from clients and from other executions. */
export interface MethodArrivals {
  readonly method: MethodRef;
  readonly perSecond: number;
}

/** What having a host costs, as its operator says. */
export interface HostExpense {
  /** In any one currency, of the whole cluster. */
  readonly pricePerHour: number;
  readonly idleW: number;
  readonly peakW: number;
}

/** What a host has and what runs on it. Sent every `monitor.usageMs`. */
export interface HostUsage {
  readonly identity: HostIdentity;
  readonly labels: readonly string[];
  /** Counts this incarnation's reports; one that is not newer than the last is dropped. */
  readonly report: number;
  readonly atWallMs: number;
  readonly periodMs: number;
  readonly capacity: ResourceVector;
  readonly expense: HostExpense;
  readonly used: ResourceVector;
  readonly accepting: boolean;
  /** The heaviest by CPU time, at most `executionsMax`. */
  readonly executions: readonly ExecutionUsage[];
  /** What the executions that are not listed used, together, and how many they are. */
  readonly rest: { readonly executions: number; readonly used: ResourceVector };
  readonly arrivals: readonly MethodArrivals[];
}

/**
 * What a rack's actor gathered since its report before, each host at most once. A rack with more than `usageHostsMax`
 * hosts, or `usageExecutionsMax` executions listed, sends several.
 */
export interface RackUsage {
  readonly rack: RackName;
  readonly term: Term;
  readonly hosts: readonly HostUsage[];
}

export const usageHostsMax = 64;
export const usageExecutionsMax = 4_096;

/** What the actors at `cluster/analyzer` and `cluster/orchestrator` take from the racks' actors. */
export interface RackUsageMessage {
  readonly kind: 'rackUsage';
  readonly usage: RackUsage;
}

/**
 * What slows a host's executions down besides their number, over the last sample. Shares are in [0, 1]; what cannot be
 * measured is 0.
 */
export interface HostStrain {
  /** Share of the host's CPU share that others took. */
  readonly cpuStolenRatio: number;
  /** Share of time in which nothing ran for want of memory, and of a disk (pressure stall information, `full`). */
  readonly memoryStallRatio: number;
  readonly ioStallRatio: number;
  /** Share of the network's bandwidth in use, of the busier direction. */
  readonly networkUsage: number;
  /** 99th percentile, of the host's own thread. */
  readonly eventLoopDelayMs: number;
}

/** Everything that a host's monitor saw last, for people and tools. */
export interface HostMonitoring {
  readonly sample: ResourceSample;
  readonly lanes: readonly LaneSample[];
}
