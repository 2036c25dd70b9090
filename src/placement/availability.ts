import { assert } from '../core/assert.ts';

/** What a host carries, as far as its availability depends on it. */
export interface HostLoad {
  /** Cores that the host may use, above 0. */
  readonly cpuShare: number;
  /** Executions running or ready, on average over the last sample. Utilisation would be 100 % with one and with twelve. */
  readonly demand: number;
  /** Share of the host's memory limit in use, in [0, 1]. */
  readonly memoryUsage: number;
}

/**
 * Memory in use up to this share costs nobody anything (a busy CPU is shared, memory is not); above it, availability
 * falls to 0 at the limit. No host is chosen as a target that would be filled beyond it.
 */
export const memoryEasyShare = 0.8;

/** The resource that limits a host. */
export type Bottleneck = 'cpu' | 'memory';

/**
 * How much of the CPU an execution on this host gets, at most one core: `min(1, cpuShare / demand)`.
 *
 * @returns in (0, 1]; 1 when there is no more demand than cores
 */
export function cpuAvailability(cpuShare: number, demand: number): number {
  assert(cpuShare > 0 && demand >= 0, 'A host has a CPU share, and demand is not negative.');
  return demand <= cpuShare ? 1 : cpuShare / demand;
}

/** The integral of `cpuAvailability` over demand: concave, so sharing more evenly raises the sum over hosts. */
export function cpuDelivered(cpuShare: number, fromDemand: number, toDemand: number): number {
  const upTo = (demand: number) =>
    demand <= cpuShare ? demand : cpuShare * (1 + Math.log(demand / cpuShare));
  return upTo(Math.max(0, toDemand)) - upTo(Math.max(0, fromDemand));
}

/** @returns in [0, 1]; 1 up to `memoryEasyShare`, then falling evenly to 0 at the limit */
export function memoryAvailability(memoryUsage: number): number {
  return Math.max(0, Math.min(1, (1 - memoryUsage) / (1 - memoryEasyShare)));
}

/**
 * A host's availability score: that of its scarcest resource, since that is what its executions wait for. Network
 * bandwidth and latency do not enter: they belong to pairs of hosts.
 *
 * @returns in [0, 1]; 1 is idle
 */
export function availability(load: HostLoad): number {
  return Math.min(cpuAvailability(load.cpuShare, load.demand), memoryAvailability(load.memoryUsage));
}

export function bottleneck(load: HostLoad): Bottleneck {
  const cpu = cpuAvailability(load.cpuShare, load.demand);
  return memoryAvailability(load.memoryUsage) < cpu ? 'memory' : 'cpu';
}

/** The load as if the host carried more demand and memory; less, when they are negative. */
export function carrying(load: HostLoad, demand: number, memoryShare: number): HostLoad {
  return {
    cpuShare: load.cpuShare,
    demand: Math.max(0, load.demand + demand),
    memoryUsage: Math.max(0, Math.min(1, load.memoryUsage + memoryShare)),
  };
}
