import type { ExecutionId, HostName, MethodId, RackName } from '../core/ids.ts';

/** Executions that one talks to, summed up by where they are. */
export interface Pull {
  readonly host: HostName;
  readonly rack: RackName;
  /** Bytes per second, measured or presumed. */
  readonly bytesPerSecond: number;
}

/** Those around an execution, as its original affinity sees them. */
export interface Neighbourhood {
  readonly pulls: readonly Pull[];
  /** Hosts with somebody that it must be apart from. */
  readonly avoided: readonly HostName[];
  /** How much the pulls count, in [0, 1]: less with each move that it has made. */
  readonly patience: number;
}

export const nobody: Neighbourhood = { pulls: [], avoided: [], patience: 1 };

/** Another execution of the cluster, where it now is. */
export interface Acquaintance {
  readonly execution: ExecutionId;
  readonly method: MethodId;
  readonly host: HostName;
  readonly rack: RackName;
  /** What it asks for itself: both sides of a pair are meant. */
  readonly near: readonly MethodId[];
  readonly apart: readonly MethodId[];
}

/** What an execution says of those it wants around it, or not. */
export interface Relations {
  readonly method: MethodId;
  readonly near: readonly MethodId[];
  readonly apart: readonly MethodId[];
  /** Executions that it started or was started by: the call graph's edges that have come to be. */
  readonly kin: ReadonlySet<ExecutionId>;
  /** Methods that it starts or is started by, as the code says; of those any execution may become kin. */
  readonly calls: ReadonlySet<MethodId>;
  /** What was measured with each peer, in bytes per second, a message's overhead included: see `trafficOf`. */
  readonly measured: ReadonlyMap<ExecutionId, number>;
}

/** Framing, acknowledgement and the turn of two event loops, as bytes: a chatty pair of small messages is a pair, too. */
const messageOverheadBytes = 500;
/** Presumed of all executions of a method that the author wants near, together, until more is measured. */
const nearBytesPerSecond = 100_000;
/** Presumed of kin, and of all executions of a method that the code calls, together, until more is measured. */
const callBytesPerSecond = 2_000;
/** At which traffic is worth half of what it can ever be: below, placement by load matters more. */
const halfKnownBytesPerSecond = 10_000;
/** To another host of the rack a message takes some of the way that it takes to another rack. */
const sameRackShare = 0.5;

/** @returns bytes per second that a peer is worth */
export function trafficOf(bytesPerSecond: number, messagesPerSecond: number): number {
  const worth = bytesPerSecond + messageOverheadBytes * messagesPerSecond;
  return Number.isFinite(worth) ? Math.max(0, worth) : 0;
}

/** Who of the others pulls an execution to itself, how strongly, and whom it must avoid. */
export function neighbourhoodOf(relations: Relations, others: readonly Acquaintance[]): Neighbourhood {
  const { near, kin, calls, measured, method } = relations;
  const counts = new Map<MethodId, number>();
  for (const other of others) counts.set(other.method, (counts.get(other.method) ?? 0) + 1);
  const pulls = new Map<HostName, { host: HostName; rack: RackName; bytesPerSecond: number }>();
  const avoided = new Set<HostName>();
  for (const other of others) {
    if (mustBeApart(relations, other)) avoided.add(other.host);
    const each = 1 / (counts.get(other.method) ?? 1);
    const presumed = Math.max(
      near.includes(other.method) || other.near.includes(method) ? nearBytesPerSecond * each : 0,
      kin.has(other.execution) ? callBytesPerSecond : 0,
      calls.has(other.method) ? callBytesPerSecond * each : 0,
    );
    const bytesPerSecond = Math.max(presumed, measured.get(other.execution) ?? 0);
    if (bytesPerSecond <= 0) continue;
    const pull = pulls.get(other.host) ?? { host: other.host, rack: other.rack, bytesPerSecond: 0 };
    pull.bytesPerSecond += bytesPerSecond;
    pulls.set(other.host, pull);
  }
  return { pulls: [...pulls.values()], avoided: [...avoided], patience: 1 };
}

/** After so many moves nobody pulls an execution any more: who chases traffic without end gains nothing. */
const movesMax = 12;

/** An execution that runs, and where it has come to. */
export interface Resident extends Relations {
  readonly execution: ExecutionId;
  readonly host: HostName;
  /** Changes of its owner. */
  readonly moves: number;
}

/**
 * The neighbourhood of an execution that runs. Of two that want each other near, or apart, the one with the smaller id
 * stays where it is, and the other one comes, or leaves: if both went they would pass each other on the way. Once
 * together, each holds the other.
 */
export function settledNeighbourhood(resident: Resident, others: readonly Acquaintance[]): Neighbourhood {
  const { execution, host, moves } = resident;
  const near: Acquaintance[] = [];
  const avoided = new Set<HostName>();
  for (const other of others) {
    const yields = execution > other.execution;
    if (mustBeApart(resident, other) && (yields || other.host !== host)) avoided.add(other.host);
    if (yields || other.host === host) near.push(other);
  }
  const { pulls } = neighbourhoodOf(resident, near);
  return { pulls, avoided: [...avoided], patience: Math.max(0, 1 - moves / movesMax) };
}

function mustBeApart({ apart, method }: Relations, other: Acquaintance): boolean {
  return apart.includes(other.method) || other.apart.includes(method);
}

/**
 * @returns `share`: of the traffic, how much a host keeps short, in [0, 1]: all of what is there, half of what is in its
 *   rack. `known`: how much the traffic counts, in [0, 1): half at 10 kB/s, less for who has moved often
 */
export function closeness(
  { pulls, patience }: Neighbourhood,
  place: { readonly host: HostName; readonly rack: RackName },
): { readonly known: number; readonly share: number } {
  let total = 0;
  let kept = 0;
  for (const { host, rack, bytesPerSecond } of pulls) {
    total += bytesPerSecond;
    if (host === place.host) kept += bytesPerSecond;
    else if (rack === place.rack) kept += sameRackShare * bytesPerSecond;
  }
  if (total === 0) return { known: 0, share: 1 };
  return { known: (patience * total) / (total + halfKnownBytesPerSecond), share: kept / total };
}
