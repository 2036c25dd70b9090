import { noResources } from '../../../core/resources.ts';
import type { LatencyFirstPolicy } from '../../../placement/orchestration/latency-first.ts';
import { decideLatencyFirst } from '../../../placement/orchestration/latency-first.ts';
import type { HostLoads } from '../host-loads.ts';
import { hostLoads, relocate } from '../host-loads.ts';
import type { FleetMove, FleetPolicy, FleetShape, FleetView, PolicyPlan } from '../policy.ts';
import type { FleetNames } from './names.ts';
import { fleetNames } from './names.ts';

/**
 * The rule `latency-first` of src/placement/orchestration: it names racks, and within the rack the least loaded host
 * takes the component. Its demand is what monitors saw over the last sample.
 */
export function latencyFirst(policy: LatencyFirstPolicy): PolicyPlan {
  return {
    name: 'latency-first',
    source: 'src/placement/orchestration, latency-first',
    make: (shape) => latencyFirstOf(shape, policy),
  };
}

function latencyFirstOf(shape: FleetShape, policy: LatencyFirstPolicy): FleetPolicy {
  const names = fleetNames(shape);
  const rates = messageRates(shape);
  const latencies = latenciesOf(shape, names);
  const capacity = new Float64Array(shape.racks);
  for (let host = 0; host < shape.hosts; host += 1)
    capacity[shape.rackOf[host] ?? 0] =
      (capacity[shape.rackOf[host] ?? 0] ?? 0) + (shape.capacityCores[host] ?? 0);
  return {
    name: 'latency-first',
    decide(view) {
      const loads = hostLoads(view, view.meanCores);
      const used = new Float64Array(shape.racks);
      for (let host = 0; host < shape.hosts; host += 1)
        used[shape.rackOf[host] ?? 0] = (used[shape.rackOf[host] ?? 0] ?? 0) + (loads.cores[host] ?? 0);
      // Nothing leaves a rack that is below the limit: not worth asking about.
      const full = names.racks.map(
        (_, rack) => (used[rack] ?? 0) > policy.utilizationMax * (capacity[rack] ?? 0),
      );
      if (!full.some(Boolean)) return [];
      const answer = decideLatencyFirst({
        racks: names.racks.map((rack, at) => ({
          rack,
          capacity: { ...noResources, cpu: capacity[at] ?? 0 },
          used: { ...noResources, cpu: used[at] ?? 0 },
          accepting: true,
        })),
        components: ranked(view, names, rates, (rack) => full[rack] === true),
        latencies,
        policy,
      });
      return answer.decisions.flatMap((decision): readonly FleetMove[] => {
        if (decision.kind === 'nowhere') return [];
        const component = names.executionAt.get(decision.component) ?? 0;
        return [settle(view, loads, component, names.rackAt.get(decision.to) ?? 0)];
      });
    },
  };
}

function ranked(view: FleetView, names: FleetNames, rates: Float64Array, isFull: (rack: number) => boolean) {
  return names.executions.flatMap((component, at) => {
    const rack = view.shape.rackOf[view.hostOf[at] ?? 0] ?? 0;
    const name = names.racks[rack];
    if (name === undefined || !isFull(rack)) return [];
    const cpu = view.meanCores[at] ?? 0;
    return {
      component,
      rack: name,
      used: { ...noResources, cpu },
      predicted: { ...noResources, cpu },
      latencyImpact: rates[at] ?? 0,
      movable: view.moving[at] === 0,
    };
  });
}

/** The least loaded host of the rack takes it. */
function settle(view: FleetView, loads: HostLoads, component: number, rack: number): FleetMove {
  const { shape, hostOf, meanCores } = view;
  let target = -1;
  for (let host = 0; host < shape.hosts; host += 1)
    if (shape.rackOf[host] === rack && (target < 0 || (loads.cores[host] ?? 0) < (loads.cores[target] ?? 0)))
      target = host;
  const bytes = shape.stateBytes[component] ?? 0;
  relocate(loads, component, hostOf[component] ?? 0, target, meanCores[component] ?? 0, bytes);
  return { component, target };
}

function messageRates({ traffic, components }: FleetShape): Float64Array {
  const rates = new Float64Array(components);
  for (const ends of [traffic.from, traffic.to])
    for (const [edge, component] of ends.entries())
      rates[component] = (rates[component] ?? 0) + (traffic.messagesPerSecond[edge] ?? 0);
  return rates;
}

function latenciesOf({ racks, rackLatencyMs }: FleetShape, names: FleetNames) {
  return Object.fromEntries(
    names.racks.map((from, row) => [
      from,
      Object.fromEntries(
        names.racks.map((to, column) => [
          to,
          { p50Ms: rackLatencyMs[row * racks + column] ?? 0, ageMs: 0, source: 'measured' as const },
        ]),
      ),
    ]),
  );
}
