import type { Clock } from '../../core/ports.ts';
import { DemandModel } from './demand.ts';
import type { FleetSpec } from './fleet.ts';
import { firstPlacement, fleetShape } from './fleet.ts';
import type { FleetReport } from './metrics.ts';
import type { MoveCosts } from './move-costs.ts';
import type { FleetShape, PolicyPlan, Prophet } from './policy.ts';
import type { Workload } from './workload.ts';
import type { MoveBudget } from './world.ts';
import { World } from './world.ts';

/** One simulation: the same for every policy that is compared. */
export interface Simulation {
  readonly workload: Workload;
  /** What burstiness is estimated from: the workload, unless a variant of it is simulated. */
  readonly burstOf: Workload;
  readonly fleet: FleetSpec;
  readonly costs: MoveCosts;
  readonly budget: MoveBudget;
}

/**
 * Runs one policy from the first sample to the last. The same simulation and policy give the same report, but for the
 * decision times.
 *
 * @param clock measures how long decisions take; nothing that is simulated depends on it
 */
export function simulate(
  { workload, burstOf, fleet, costs, budget }: Simulation,
  plan: PolicyPlan,
  clock: Pick<Clock, 'monotonicMs'>,
): FleetReport {
  const shape = fleetShape(fleet, workload);
  const demand = new DemandModel(workload, shape.ticksPerSample, fleet.seed, burstOf);
  const policy = plan.make(shape, prophetOf(demand, shape));
  const placement = firstPlacement(shape, fleet.seed);
  const world = new World(shape, demand, placement, costs, budget, fleet.seed + 4);
  const decisionsMs: number[] = [];
  while (!world.ended) {
    if (world.roundIsDue) {
      const startedMs = clock.monotonicMs();
      world.decide(policy);
      decisionsMs.push(clock.monotonicMs() - startedMs);
    }
    world.advance();
  }
  return world.report(plan.name, decisionsMs);
}

function prophetOf(demand: DemandModel, shape: FleetShape): Prophet {
  const { ticksPerSample } = shape;
  const { samples } = demand.workload;
  const sampleTicks = new Float32Array(ticksPerSample);
  return {
    futureCores(component, tick, count) {
      const end = Math.min(tick + count, samples * ticksPerSample);
      const future = new Float32Array(Math.max(0, end - tick));
      for (let sample = Math.floor(tick / ticksPerSample); sample * ticksPerSample < end; sample += 1) {
        demand.fill(component, sample, sampleTicks, 0, 1);
        for (const [offset, cores] of sampleTicks.entries()) {
          const at = sample * ticksPerSample + offset - tick;
          if (at >= 0 && at < future.length) future[at] = cores;
        }
      }
      return future;
    },
  };
}
