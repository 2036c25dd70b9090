import type { ResourceSample } from '../../core/host-sample.ts';

/** A machine with one core for the host and room for everything; what a test says differs. */
export function resourceSample(
  cpuCores: number,
  { periodMs = 1_000, ...changes }: Partial<ResourceSample> = {},
): ResourceSample {
  return {
    atMs: 0,
    periodMs,
    process: {
      cpuCores,
      residentBytes: 100e6,
      disk: { readBytesPerSecond: 1_000, writtenBytesPerSecond: 3_000 },
      eventLoopDelay: { p50Ms: 0, p99Ms: 0, maxMs: 0 },
    },
    machine: {
      cores: 8,
      cpuCores,
      stolenCores: 0,
      clockHz: 2e9,
      memory: { totalBytes: 1e9, availableBytes: 9e8 },
      network: { receivedBytesPerSecond: 500, sentBytesPerSecond: 700, loopbackBytesPerSecond: 0 },
    },
    limits: {
      cpuShareCores: 1,
      cpuQuotaCores: null,
      throttledRatio: null,
      memoryLimitBytes: 1e9,
      memoryUsage: 0.1,
      ioBytesPerSecond: null,
      networkBytesPerSecond: null,
    },
    stalls: null,
    ...changes,
  };
}
