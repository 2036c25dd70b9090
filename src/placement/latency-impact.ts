import type { ExecutionId, HostName } from '../core/ids.ts';

/** A host, as far as waiting on it depends on it. */
export interface WaitingRoom {
  readonly host: HostName;
  /** Cores that it may use, above 0. */
  readonly cpuShare: number;
  /** Cores wanted now by all that runs there. */
  readonly demand: number;
}

/** An execution, with what it will want. */
export interface TalkingExecution {
  readonly execution: ExecutionId;
  readonly component: ExecutionId;
  readonly host: HostName;
  /** Cores that it wants now, and is expected to want at the worst step of the horizon. */
  readonly demand: number;
  readonly predictedDemand: number;
  /** Cores that it gets. */
  readonly cpuCores: number;
  /** Messages of each of its peers, both ways, in messages/s. */
  readonly peers: readonly { readonly messagesPerSecond: number }[];
}

/**
 * Potential latency impact of each component, in ms/s: over its executions' peers, message rate × predicted added wait.
 *
 * A message costs its receiver the CPU time that it spends per message, s = CPU time / messages. Under processor sharing
 * that takes s × max(1, D / C) on a host of C cores on which D are wanted (Kleinrock, Queueing Systems II, 4.4: in
 * processor sharing the mean response is proportional to the service time). What is added is s × (its factor then − its
 * factor now), never less than 0; D then counts what every execution of that host is expected to want.
 */
export function latencyImpacts(
  rooms: readonly WaitingRoom[],
  executions: readonly TalkingExecution[],
): ReadonlyMap<ExecutionId, number> {
  const growth = new Map<HostName, number>();
  for (const { host, demand, predictedDemand } of executions) {
    growth.set(host, (growth.get(host) ?? 0) + predictedDemand - demand);
  }
  const added = new Map<HostName, number>();
  for (const { host, cpuShare, demand } of rooms) {
    const then = factor(Math.max(0, demand + (growth.get(host) ?? 0)), cpuShare);
    added.set(host, Math.max(0, then - factor(demand, cpuShare)));
  }
  const impacts = new Map<ExecutionId, number>();
  for (const { component, host, cpuCores, peers } of executions) {
    const rate = peers.reduce((sum, { messagesPerSecond }) => sum + messagesPerSecond, 0);
    // rate × s is the CPU time per second, whatever the rate is: a core is 1,000 ms/s.
    const impact = rate > 0 ? 1_000 * cpuCores * (added.get(host) ?? 0) : 0;
    impacts.set(component, (impacts.get(component) ?? 0) + impact);
  }
  return impacts;
}

function factor(demand: number, cpuShare: number): number {
  return Math.max(1, demand / cpuShare);
}
