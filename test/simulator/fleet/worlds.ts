import type { FleetSpec } from '../../../src/simulator/fleet/fleet.ts';
import { measuredMoveCosts } from '../../../src/simulator/fleet/move-costs.ts';
import type { FleetPolicy, PolicyPlan, Traffic } from '../../../src/simulator/fleet/policy.ts';
import { powerCurves } from '../../../src/simulator/fleet/power.ts';
import type { Simulation } from '../../../src/simulator/fleet/simulate.ts';
import { noTraffic } from '../../../src/simulator/fleet/traffic.ts';
import type { Workload } from '../../../src/simulator/fleet/workload.ts';
import { workloadOf } from '../../../src/simulator/fleet/workload.ts';
import { SeededRandom } from '../../../src/simulator/random.ts';

export const sampleMs = 300_000;

/** A clock that stands: nothing that is simulated depends on one. */
export const stillClock = { monotonicMs: () => 0 };

export function workload(columns: readonly (readonly number[])[]): Workload {
  const series = columns.map((column) => Float64Array.from(column));
  return workloadOf(series, { name: 'made', sampleMs, coresPerUnit: 1 });
}

/** Components whose demand wanders between 0 and a core, drawn from a seed. */
export function wandering(components: number, samples: number, seed: number): Workload {
  const random = new SeededRandom(seed);
  return workload(
    Array.from({ length: components }, () => {
      let level = random.next() * 0.6;
      return Array.from({ length: samples }, () => {
        level = Math.max(0, Math.min(1, level + 0.25 * (random.next() - 0.5)));
        return level;
      });
    }),
  );
}

export interface Variation {
  readonly hosts: number;
  readonly capacityCores: number;
  readonly movesPerHour: number;
  readonly traffic: Traffic;
  readonly ticksPerRound: number;
}

export const usual: Variation = {
  hosts: 4,
  capacityCores: 4,
  movesPerHour: 60,
  traffic: noTraffic,
  ticksPerRound: 1,
};

export function simulationOf(recorded: Workload, variation: Partial<Variation> = {}): Simulation {
  const { hosts, capacityCores, movesPerHour, traffic, ticksPerRound } = { ...usual, ...variation };
  const [, power] = powerCurves;
  if (power === undefined) throw new RangeError('There are two power curves at least.');
  const fleet: FleetSpec = {
    hosts,
    racks: 2,
    capacityCores,
    power,
    traffic,
    rackLatencyMs: null,
    tickMs: 30_000,
    ticksPerRound,
    seed: 7,
  };
  return {
    workload: recorded,
    burstOf: recorded,
    fleet,
    costs: measuredMoveCosts,
    budget: { movesPerHour, burst: movesPerHour },
  };
}

/** A policy made of its decisions alone. */
export function deciding(decide: FleetPolicy['decide']): PolicyPlan {
  return { name: 'made', source: 'a test', make: () => ({ name: 'made', decide }) };
}
