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

/** Remembers the samples that were asked for last: every component asks for the same ones. */
function prophetOf(demand: DemandModel, { ticksPerSample, components }: FleetShape): Prophet {
  const { samples } = demand.workload;
  const known = new Map<number, Float32Array>();
  const sampleTicks = (sample: number): Float32Array => {
    const found = known.get(sample);
    if (found !== undefined) return found;
    const ticks = new Float32Array(components * ticksPerSample);
    for (let component = 0; component < components; component += 1)
      demand.fill(component, sample, ticks, component * ticksPerSample, 1);
    known.set(sample, ticks);
    if (known.size > samplesKnownMax) known.delete(Math.min(...known.keys()));
    return ticks;
  };
  return {
    futureCores(component, tick, count) {
      const end = Math.min(tick + count, samples * ticksPerSample);
      const future = new Float32Array(Math.max(0, end - tick));
      for (let at = tick; at < end; at += 1)
        future[at - tick] =
          sampleTicks(Math.floor(at / ticksPerSample))[component * ticksPerSample + (at % ticksPerSample)] ??
          0;
      return future;
    },
  };
}

const samplesKnownMax = 8;
