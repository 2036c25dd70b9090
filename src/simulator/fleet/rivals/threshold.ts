import { hasRoom, hostLoads, relocate } from '../host-loads.ts';
import type { FleetMove, FleetPolicy, FleetView, PolicyPlan } from '../policy.ts';

export interface ThresholdSetting {
  /** Hosts below this share of their CPU may receive; memory is not scarce here. */
  readonly low: number;
  /** Hosts above this share give. */
  readonly high: number;
  /** Whether the two are distances from the fleet's mean rather than shares. */
  readonly relative: boolean;
  /** Rounds in a row in which a host must be above before it gives. */
  readonly rounds: number;
}

/**
 * Reactive thresholds, as the Kubernetes descheduler's plugin LowNodeUtilization (its README: `thresholds`,
 * `targetThresholds`, `useDeviationThresholds`; the shipped manifests run it every 5 min; there are no default
 * thresholds, its example has 20 and 50 % of what pods request): what runs on nodes above the target is evicted, the
 * first that is found first, while there are nodes below the low threshold with room up to the target; the scheduler
 * puts it on the least loaded of them (its default score, `LeastAllocated`). Kinder than published: it is told demand
 * rather than requests, and may take several from a node in one round, which the plugin does not when it goes by usage.
 */
export function threshold(setting: ThresholdSetting): PolicyPlan {
  return {
    name: 'threshold',
    source: 'Kubernetes descheduler, LowNodeUtilization',
    make: (shape) => thresholdPolicy(setting, new Int32Array(shape.hosts)),
  };
}

function thresholdPolicy(setting: ThresholdSetting, above: Int32Array): FleetPolicy {
  return {
    name: 'threshold',
    decide(view) {
      const { shape, meanCores, moving } = view;
      const loads = hostLoads(view, meanCores);
      const share = (host: number): number => (loads.cores[host] ?? 0) / (shape.capacityCores[host] ?? 1);
      const { low, high } = bounds(view, setting, share);
      const hosts = Array.from({ length: shape.hosts }, (_, host) => host);
      for (const host of hosts) above[host] = share(host) > high ? (above[host] ?? 0) + 1 : 0;
      const targets = hosts.filter((host) => share(host) < low);
      const givers = hosts
        .filter((host) => (above[host] ?? 0) >= setting.rounds)
        .toSorted((a, b) => share(b) - share(a) || a - b);
      const moves: FleetMove[] = [];
      for (const from of givers) {
        for (const component of (loads.members[from] ?? []).slice()) {
          if (share(from) <= high || moves.length >= view.movesMax) break;
          const cores = meanCores[component] ?? 0;
          if (moving[component] === 1 || cores === 0) continue;
          const fits = (host: number): boolean =>
            share(host) + cores / (shape.capacityCores[host] ?? 1) <= high &&
            hasRoom(view, loads, component, host);
          const target = targets.filter(fits).toSorted((a, b) => share(a) - share(b) || a - b)[0];
          if (target === undefined) continue;
          relocate(loads, component, from, target, cores, shape.stateBytes[component] ?? 0);
          moves.push({ component, target });
        }
      }
      return moves;
    },
  };
}

function bounds(
  view: FleetView,
  { low, high, relative }: ThresholdSetting,
  share: (host: number) => number,
): { readonly low: number; readonly high: number } {
  if (!relative) return { low, high };
  let sum = 0;
  for (let host = 0; host < view.shape.hosts; host += 1) sum += share(host);
  const mean = sum / view.shape.hosts;
  return { low: mean - low, high: mean + high };
}
