import { SystemClock } from '../../src/clock.ts';
import type { ScheduledPolicy } from '../../src/simulator/fleet/catalogue.ts';
import { tickMs } from '../../src/simulator/fleet/fleet.ts';
import type { FleetReport } from '../../src/simulator/fleet/metrics.ts';
import { measuredMoveCosts } from '../../src/simulator/fleet/move-costs.ts';
import { powerCurves } from '../../src/simulator/fleet/power.ts';
import { simulate } from '../../src/simulator/fleet/simulate.ts';
import type { Workload } from '../../src/simulator/fleet/workload.ts';

/** What all policies of a comparison share. */
export interface Setting {
  readonly workload: Workload;
  readonly hosts: number;
  readonly capacityCores: number;
  /** For each component. */
  readonly movesPerHour: number;
  readonly seed: number;
}

/** One move every four hours and component: what CloudSim's policies make on the same recordings. */
export const movesPerHour = 0.25;

const clock = new SystemClock();
const racks = 4;

export function runPolicy({ plan, roundMs }: ScheduledPolicy, setting: Setting): FleetReport {
  const { workload, hosts, capacityCores, seed } = setting;
  const [, power] = powerCurves;
  if (power === undefined) throw new RangeError('There are two power curves at least.');
  const perHour = setting.movesPerHour * workload.components;
  const fleet = {
    hosts,
    racks,
    capacityCores,
    power,
    traffic: null,
    rackLatencyMs: null,
    tickMs,
    ticksPerRound: Math.max(1, Math.round(roundMs / tickMs)),
    seed,
  };
  const budget = { movesPerHour: perHour, burst: Math.ceil(perHour / 4) };
  return simulate({ workload, burstOf: workload, fleet, costs: measuredMoveCosts, budget }, plan, clock);
}

export function leastOverload(reports: readonly FleetReport[]): FleetReport {
  const [best] = reports.toSorted((a, b) => a.overloadHostMinutes - b.overloadHostMinutes);
  if (best === undefined) throw new RangeError('Nothing was compared.');
  return best;
}

/** Hosts for 60 % mean utilisation, had they their nominal cores. */
export function hostsFor(workload: Workload, nominalCores: number): number {
  const mean = workload.demandCores.reduce((sum, cores) => sum + cores, 0) / workload.samples;
  return Math.ceil(mean / 0.6 / nominalCores);
}

/**
 * As much capacity as possible, while even the best of the given policies lets hosts be overloaded for this share of
 * their time: from the nominal cores downwards, by 1 % of them.
 */
export function scarceCapacity(
  rivals: readonly ScheduledPolicy[],
  setting: Setting,
  overloadShareMin: number,
): number {
  for (let percent = 100; percent > 50; percent -= 1) {
    const capacityCores = (setting.capacityCores * percent) / 100;
    const overloaded = (policy: ScheduledPolicy) =>
      runPolicy(policy, { ...setting, capacityCores }).overloadShare >= overloadShareMin;
    if (rivals.every(overloaded)) return capacityCores;
  }
  return setting.capacityCores / 2;
}
