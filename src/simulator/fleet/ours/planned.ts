import type { OrchestrationPolicy } from '../../../placement/orchestration/contract.ts';
import { Fleet, siteFlag } from '../../../placement/orchestration/fleet.ts';
import { layEdges } from '../../../placement/orchestration/fleet-traffic.ts';
import { planFleet } from '../../../placement/orchestration/planner.ts';
import { orchestrationPolicy } from '../../../placement/orchestration/policy.ts';
import type { FleetPolicy, FleetShape, FleetView, PolicyPlan } from '../policy.ts';
import type { OutlookPlan } from './outlook.ts';

/** What was tuned of the planner's policy. */
export type PlannedSetting = Partial<OrchestrationPolicy>;

/** `multi-objective` of src/placement/orchestration: sites are hosts. */
export function planned(name: string, setting: PlannedSetting, outlook: OutlookPlan): PolicyPlan {
  return {
    name,
    source: 'src/placement/orchestration, multi-objective',
    make: (shape, prophet) => plannedPolicy(name, shape, outlook(shape, prophet), setting),
  };
}

function plannedPolicy(
  name: string,
  shape: FleetShape,
  outlook: ReturnType<OutlookPlan>,
  setting: PlannedSetting,
): FleetPolicy {
  const fleet = fleetColumns(shape, outlook.steps);
  const policy: OrchestrationPolicy = { ...orchestrationPolicy, ...setting };
  return {
    name,
    decide(view) {
      outlook.fill(view, fleet);
      fleet.siteOf.set(view.hostOf);
      for (let component = 0; component < shape.components; component += 1)
        fleet.movable[component] = isRested(view, component, policy) ? 1 : 0;
      fleet.refresh();
      if (view.movesMax === 0) return [];
      const movesMax = Math.min(policy.movesMax, view.movesMax);
      const plan = planFleet(fleet, { ...policy, movesMax }, false);
      return plan.moves.map(({ component, to }) => ({ component, target: to }));
    },
  };
}

function isRested(
  { tick, shape, moving, movedAtTick }: FleetView,
  component: number,
  policy: OrchestrationPolicy,
) {
  const moved = movedAtTick[component] ?? -1;
  return moving[component] === 0 && (moved < 0 || (tick - moved) * shape.tickMs >= policy.coolDownMs);
}

function fleetColumns(shape: FleetShape, steps: number): Fleet {
  const { hosts, components, racks, power, traffic } = shape;
  const fleet = new Fleet({ sites: hosts, components, racks, resources: ['cpu'], steps });
  fleet.capacity.set(shape.capacityCores);
  fleet.rackOf.set(shape.rackOf);
  fleet.siteFlags.fill(siteFlag.accepting | siteFlag.sleeps);
  for (let host = 0; host < hosts; host += 1)
    fleet.powerOf.push({ kind: 'table', name: power.name, readingsW: power.watts });
  fleet.stateBytes.set(shape.stateBytes);
  fleet.waitMs.set(shape.rackLatencyMs.map((roundTripMs) => roundTripMs / 2));
  const edges = Array.from(traffic.from, (a, edge) => ({
    a,
    b: traffic.to[edge] ?? 0,
    messagesPerSecond: traffic.messagesPerSecond[edge] ?? 0,
    bytesPerSecond: traffic.bytesPerSecond[edge] ?? 0,
  }));
  layEdges(fleet, edges);
  return fleet;
}
