import type { Directory } from './actors/directory.ts';
import type { HouseParts } from './actors/house.ts';
import type { LeaseGate } from './actors/ports.ts';
import type { HostConfig } from './config.ts';
import type { HostIdentity } from './core/execution.ts';
import type { ResourceSample } from './core/host-sample.ts';
import type { ExecutionId, HostName } from './core/ids.ts';
import type {
  ExecutionUsage,
  HostAvailability,
  HostDescription,
  HostMonitoring,
} from './protocols/messages.ts';

/** What a host is doing, besides what its actors hold. */
export interface Standing {
  open: boolean;
  frozen: boolean;
  drained: boolean;
  /** The monitor's newest report; null before the first. */
  availability: HostAvailability | null;
  /** What that report was made of; null before the first. */
  monitoring: HostMonitoring | null;
  /** The monitor's newest usage report, by execution. */
  usage: ReadonlyMap<ExecutionId, ExecutionUsage>;
  /** What this host's rack offered last. */
  offered: readonly HostAvailability[];
}

export function beginStanding(): Standing {
  return {
    open: true,
    frozen: false,
    drained: false,
    availability: null,
    monitoring: null,
    usage: new Map(),
    offered: [],
  };
}

/** What the actors see of it, and change. */
export function standingParts(
  standing: Standing,
  directory: Directory,
  identity: HostIdentity,
): Pick<
  HouseParts,
  'refuges' | 'onOffer' | 'isOpen' | 'closeDoors' | 'doneDraining' | 'usageOf' | 'publish' | 'publishUsage'
> {
  return {
    refuges: () => refuges(directory, identity, standing.offered),
    onOffer: (hosts) => {
      standing.offered = hosts;
    },
    isOpen: () => standing.open,
    closeDoors: () => {
      standing.open = false;
    },
    doneDraining: () => {
      standing.drained = true;
    },
    usageOf: (execution) => standing.usage.get(execution) ?? null,
    publish: (report, monitoring) => Object.assign(standing, { availability: report, monitoring }),
    publishUsage: ({ executions }) => {
      standing.usage = new Map(executions.map((usage) => [usage.execution, usage]));
    },
  };
}

export function phaseOf(standing: Standing): HostDescription['phase'] {
  if (standing.frozen) return 'frozen';
  if (standing.open) return 'serving';
  return standing.drained ? 'drained' : 'draining';
}

export function closedBecause(standing: Standing, gate: LeaseGate): string | null {
  if (!standing.open) return 'it is draining';
  return gate.isValid() ? null : 'its lease is not surely valid now';
}

export function freeBytes(latest: HostAvailability | null, first: ResourceSample, memoryMax: number): number {
  const memoryUsage = latest?.resource.memoryUsage ?? first.limits.memoryUsage;
  return Math.max(0, (memoryMax - memoryUsage) * first.limits.memoryLimitBytes);
}

/** A host that was just started and has sampled nothing: it carries nothing. */
export function unsampled(identity: HostIdentity, config: HostConfig, cpuShare: number): HostAvailability {
  return {
    identity,
    labels: config.labels,
    resource: { hostId: identity.name, cpuLoad: 0, memoryUsage: 0, networkBandwidth: 0, latency: 0 },
    strain: {
      cpuStolenRatio: 0,
      memoryStallRatio: 0,
      ioStallRatio: 0,
      networkUsage: 0,
      eventLoopDelayMs: 0,
    },
    executions: 0,
    demand: 0,
    reserved: 0,
    cpuShare,
    availability: 1,
    accepting: true,
    sample: 0,
  };
}

/** Where a drain moves to: the most available hosts that were offered, then those that nobody spoke of. */
export function refuges(
  directory: Directory,
  identity: HostIdentity,
  offered: readonly HostAvailability[],
): readonly HostName[] {
  const up = directory.hosts().filter((host) => host.incarnation !== identity.incarnation);
  const known = new Map(offered.map((report) => [report.identity.incarnation, report]));
  const open = up.flatMap((host) => known.get(host.incarnation) ?? []).filter((report) => report.accepting);
  const best = open.toSorted((a, b) => b.availability - a.availability).map((report) => report.identity.name);
  const unspoken = up.filter((host) => !known.has(host.incarnation)).map((host) => host.name);
  return best.length > 0 ? best : unspoken;
}
