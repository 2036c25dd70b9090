import type { ResourceSample } from '../core/host-sample.ts';
import type { HostStrain } from '../protocols/messages.ts';

/**
 * What slows this host's executions down besides their number. A share that is configured, or that a container's quota
 * sets, is taken as guaranteed: of it only the hypervisor takes anything. Any other share has to yield to neighbours.
 *
 * @param configured 0 where nothing is configured
 */
export function strainOf(
  { process: own, machine, limits, stalls }: ResourceSample,
  configured: { readonly cpuShare: number; readonly networkBytesPerSecond: number },
): HostStrain {
  const { network, stolenCores } = machine;
  const bandwidth = configured.networkBytesPerSecond || limits.networkBytesPerSecond;
  const busier = network === null ? 0 : Math.max(network.receivedBytesPerSecond, network.sentBytesPerSecond);
  const guaranteed = configured.cpuShare > 0 || limits.cpuQuotaCores !== null;
  const neighbours = guaranteed ? 0 : Math.max(0, machine.cpuCores - stolenCores - own.cpuCores);
  // Whatever the neighbours take, it comes off the cores that this host does not count on first.
  const left = Math.max(0, machine.cores - stolenCores - neighbours);
  return {
    cpuStolenRatio: limits.cpuShareCores > 0 ? share(1 - left / limits.cpuShareCores) : 0,
    memoryStallRatio: share(stalls?.memoryFullRatio ?? 0),
    ioStallRatio: share(stalls?.ioFullRatio ?? 0),
    // Bandwidth counts both ways, usage the busier one.
    networkUsage: bandwidth === null || bandwidth <= 0 ? 0 : share((2 * busier) / bandwidth),
    eventLoopDelayMs: own.eventLoopDelay.p99Ms,
  };
}

function share(part: number): number {
  return Number.isFinite(part) ? Math.min(1, Math.max(0, part)) : 0;
}
