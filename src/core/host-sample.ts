import type { LaneIndex } from './ids.ts';

/*
 * What a host's process, its machine and its lanes used, over the time since the sample before. Null is what this
 * platform does not tell: outside Linux that is network, disk, stalls, throttling and quotas.
 */

export interface ResourceSample {
  /** Monotonic, when it was taken. */
  readonly atMs: number;
  /** 0 when nothing is known of the period: it is the first, or the machine was suspended in it. */
  readonly periodMs: number;
  readonly process: ProcessSample;
  readonly machine: MachineSample;
  readonly limits: LimitsSample;
  readonly stalls: StallSample | null;
}

export interface ProcessSample {
  /** Cores kept busy, all threads together. */
  readonly cpuCores: number;
  readonly residentBytes: number;
  /** What reached, or came from, a disk. */
  readonly disk: { readonly readBytesPerSecond: number; readonly writtenBytesPerSecond: number } | null;
  /** Of the thread that samples, over the last two periods. */
  readonly eventLoopDelay: EventLoopDelaySample;
}

export interface MachineMemory {
  readonly totalBytes: number;
  /** What programs could have without swapping, reclaimable caches included. */
  readonly availableBytes: number;
}

export interface MachineSample {
  readonly cores: number;
  /** Cores kept busy by everybody; inside a container, too. */
  readonly cpuCores: number;
  /** Of those, the ones that a hypervisor kept for others; 0 where nobody tells. */
  readonly stolenCores: number;
  /** Mean of the cores' clocks now; null where nobody tells. */
  readonly clockHz: number | null;
  readonly memory: MachineMemory;
  /** Of this process's network namespace. */
  readonly network: {
    readonly receivedBytesPerSecond: number;
    readonly sentBytesPerSecond: number;
    readonly loopbackBytesPerSecond: number;
  } | null;
}

export interface LimitsSample {
  /** Cores that this host may use: configured, else the lesser of cores and quota. */
  readonly cpuShareCores: number;
  /** Of the container; null when it has none. */
  readonly cpuQuotaCores: number | null;
  /** Share of the quota's periods in which it stopped us; null where no cgroup counts them. */
  readonly throttledRatio: number | null;
  /** The cgroup's limit, or the machine's memory. */
  readonly memoryLimitBytes: number;
  /** Of the cgroup's limit or of the machine's memory, whichever is fuller; in [0, 1]. */
  readonly memoryUsage: number;
  /** Reading and writing together; null when no cgroup limits it. */
  readonly ioBytesPerSecond: number | null;
  /** Both ways together, of the interfaces that are up; null where nobody tells. */
  readonly networkBytesPerSecond: number | null;
}

/** Share of the period in which work waited for a resource, each in [0, 1]. */
export interface StallSample {
  readonly cpuRatio: number;
  readonly memoryRatio: number;
  readonly memoryFullRatio: number;
  readonly ioRatio: number;
  readonly ioFullRatio: number;
}

/** How much later than due a thread ran its timers. */
export interface EventLoopDelaySample {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

/** One lane over its last trace period. */
export interface LaneSample {
  readonly lane: LaneIndex;
  /** Share of the time inside slices and commands, in [0, 1]. */
  readonly busyRatio: number;
  /** Cores that its thread was given; null where the kernel does not tell. Less than `busyRatio` under contention. */
  readonly cpuCores: number | null;
  /** Executions that were ready or running at its end. */
  readonly ready: number;
  readonly executions: number;
  readonly heapBytes: number;
  readonly eventLoopDelay: EventLoopDelaySample;
}
