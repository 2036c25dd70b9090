/** What work uses of a machine, in the order in which tables show it. */
export const resourceNames = ['cpu', 'memory', 'io', 'network'] as const;

export type ResourceName = (typeof resourceNames)[number];

/** An amount of each resource: used, wanted or had. Means over the time that they are said to be of. */
export interface ResourceVector {
  /** Cores. */
  readonly cpu: number;
  /** Bytes. */
  readonly memory: number;
  /** Bytes per second, read and written. */
  readonly io: number;
  /** Bytes per second, in and out, without the loopback. */
  readonly network: number;
}

export const noResources: ResourceVector = { cpu: 0, memory: 0, io: 0, network: 0 };

export function plus(a: ResourceVector, b: ResourceVector): ResourceVector {
  return {
    cpu: a.cpu + b.cpu,
    memory: a.memory + b.memory,
    io: a.io + b.io,
    network: a.network + b.network,
  };
}

/** What is left, never less than nothing. */
export function minus(a: ResourceVector, b: ResourceVector): ResourceVector {
  return {
    cpu: Math.max(0, a.cpu - b.cpu),
    memory: Math.max(0, a.memory - b.memory),
    io: Math.max(0, a.io - b.io),
    network: Math.max(0, a.network - b.network),
  };
}
