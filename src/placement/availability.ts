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
 * What slows a host's executions down besides their number. Shares in [0, 1], over the last sample; where something
 * cannot be measured, it is as in `unstrained`.
 */
export interface HostStrain {
  /** Share of `cpuShare` that others took: steal time of the machine, or neighbours that an unguaranteed share must yield to. */
  readonly cpuStolenRatio: number;
  /** Pressure stall information, memory, `full`: share of time in which nothing ran for want of memory. */
  readonly memoryStallRatio: number;
  /** Pressure stall information, I/O, `full`. */
  readonly ioStallRatio: number;
  /** Share of the network's bandwidth in use, of the busier direction; 0 where the bandwidth is not known. */
  readonly networkUsage: number;
  /** 99th percentile of the delay of the host's event loop, through which every message and every move passes. */
  readonly eventLoopDelayMs: number;
}

/** A host about which nothing but its load is known. */
export const unstrained: HostStrain = {
  cpuStolenRatio: 0,
  memoryStallRatio: 0,
  ioStallRatio: 0,
  networkUsage: 0,
  eventLoopDelayMs: 0,
};

/**
 * Memory in use up to this share costs nobody anything (a busy CPU is shared, memory is not); above it, availability
 * falls to 0 at the limit. No host is chosen as a target that would be filled beyond it.
 */
export const memoryEasyShare = 0.8;
/** A link's queues are short up to this share of its bandwidth; above it, availability falls to 0 when it is full. */
export const networkEasyShare = 0.8;
/** Up to this delay nobody notices an event loop; above it, messages take that many times as long as they may. */
export const eventLoopEasyMs = 50;
/** A host whose every core is stolen still has this share of them: nobody divides by nothing. */
const cpuLeftMin = 0.01;

/** The resource that limits a host. */
export type Bottleneck = 'cpu' | 'memory' | 'io' | 'network' | 'eventLoop';

/**
 * How much of the CPU an execution on this host gets, at most one core: `min(1, cpuShare / demand)`.
 *
 * @returns in (0, 1]; 1 when there is no more demand than cores
 */
export function cpuAvailability(cpuShare: number, demand: number): number {
  assert(cpuShare > 0 && demand >= 0, 'A host has a CPU share, and demand is not negative.');
  return demand <= cpuShare ? 1 : cpuShare / demand;
}

/** Cores that are left to the host's executions. */
export function cpuShareLeft(cpuShare: number, strain: HostStrain): number {
  return cpuShare * Math.max(cpuLeftMin, 1 - strain.cpuStolenRatio);
}

/**
 * The integral of availability over demand, where something else than the CPU limits it to `limit`: concave, so
 * sharing more evenly raises the sum over hosts.
 *
 * @param limit in [0, 1]: see `strainAvailability`
 */
export function cpuDelivered(cpuShare: number, fromDemand: number, toDemand: number, limit = 1): number {
  if (limit <= 0) return 0;
  const bend = cpuShare / limit;
  const upTo = (demand: number) =>
    demand <= bend ? demand * limit : cpuShare * (1 + Math.log(demand / bend));
  return upTo(Math.max(0, toDemand)) - upTo(Math.max(0, fromDemand));
}

/** @returns in [0, 1]; 1 up to `memoryEasyShare`, then falling evenly to 0 at the limit */
export function memoryAvailability(memoryUsage: number): number {
  return evenly(memoryUsage, memoryEasyShare);
}

function evenly(usage: number, easyShare: number): number {
  return Math.max(0, Math.min(1, (1 - usage) / (1 - easyShare)));
}

/** What is left of each resource that no count of executions describes; in [0, 1]. */
function strained(strain: HostStrain): Readonly<Record<Exclude<Bottleneck, 'cpu'>, number>> {
  return {
    memory: 1 - strain.memoryStallRatio,
    io: 1 - strain.ioStallRatio,
    network: evenly(strain.networkUsage, networkEasyShare),
    eventLoop: Math.min(1, eventLoopEasyMs / Math.max(eventLoopEasyMs, strain.eventLoopDelayMs)),
  };
}

/** How far strain alone limits a host's executions, whatever it carries: in [0, 1]. */
export function strainAvailability(strain: HostStrain): number {
  const left = strained(strain);
  return Math.min(left.memory, left.io, left.network, left.eventLoop);
}

/**
 * A host's availability score: that of its scarcest resource, since that is what its executions wait for:
 * `min(cpu, memory, io, network, event loop)`, where `cpu = min(1, cpuShare × (1 − stolen) / demand)`. Quota
 * throttling does not enter by itself: it is what a demand above the share looks like from outside. Latency does not
 * either: it belongs to pairs of hosts.
 *
 * @returns in [0, 1]; 1 is idle
 */
export function availability(load: HostLoad, strain: HostStrain = unstrained): number {
  return Math.min(
    cpuAvailability(cpuShareLeft(load.cpuShare, strain), load.demand),
    memoryAvailability(load.memoryUsage),
    strainAvailability(strain),
  );
}

/** Of equally scarce resources, the CPU, then memory. */
export function bottleneck(load: HostLoad, strain: HostStrain = unstrained): Bottleneck {
  const left = strained(strain);
  const scarce: readonly (readonly [Bottleneck, number])[] = [
    ['cpu', cpuAvailability(cpuShareLeft(load.cpuShare, strain), load.demand)],
    ['memory', Math.min(memoryAvailability(load.memoryUsage), left.memory)],
    ['io', left.io],
    ['network', left.network],
    ['eventLoop', left.eventLoop],
  ];
  return scarce.reduce((least, one) => (one[1] < least[1] ? one : least))[0];
}

/** The load as if the host carried more demand and memory; less, when they are negative. */
export function carrying(load: HostLoad, demand: number, memoryShare: number): HostLoad {
  return {
    cpuShare: load.cpuShare,
    demand: Math.max(0, load.demand + demand),
    memoryUsage: Math.max(0, Math.min(1, load.memoryUsage + memoryShare)),
  };
}
