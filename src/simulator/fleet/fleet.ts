import { SeededRandom } from '../random.ts';
import type { FleetShape, PowerCurve, Traffic } from './policy.ts';
import { communityTraffic, normal, plantedTraffic, shuffled } from './traffic.ts';
import type { Workload } from './workload.ts';

/** What a fleet is made of. */
export interface FleetSpec {
  readonly hosts: number;
  readonly racks: number;
  /** Cores of each host; the same for all. */
  readonly capacityCores: number;
  readonly power: PowerCurve;
  /** Null draws one from the seed: see `plantedTraffic`. */
  readonly traffic: Traffic | null;
  /** Rack → rack in ms; null takes `defaultRackLatencyMs` within a rack and between two. */
  readonly rackLatencyMs: Float64Array | null;
  readonly tickMs: number;
  readonly ticksPerRound: number;
  readonly seed: number;
}

/** Medians of measured round trips between VMs of one zone, and between zones of one region (IBM, 2023–2026). */
export const defaultRackLatencyMs = { within: 0.1, between: 1.6 };

export const tickMs = 30_000;

/** Hosts are given to the racks in turn; memory never binds, unless the workload brings its own. */
export function fleetShape(spec: FleetSpec, workload: Workload): FleetShape {
  const stateBytes = workload.memoryBytes ?? drawnStates(workload.components, spec.seed);
  const all = stateBytes.reduce((sum, bytes) => sum + bytes, 0);
  const largest = stateBytes.reduce((most, bytes) => Math.max(most, bytes), 0);
  return {
    hosts: spec.hosts,
    racks: spec.racks,
    components: workload.components,
    rackOf: Int32Array.from({ length: spec.hosts }, (_, host) => host % spec.racks),
    capacityCores: new Float64Array(spec.hosts).fill(spec.capacityCores),
    capacityBytes: new Float64Array(spec.hosts).fill((2 * all) / spec.hosts + largest),
    stateBytes,
    traffic: spec.traffic ?? plantedTraffic(workload.components, communityTraffic, spec.seed + 1),
    rackLatencyMs: spec.rackLatencyMs ?? evenLatency(spec.racks),
    power: spec.power,
    tickMs: spec.tickMs,
    ticksPerSample: Math.max(1, Math.round(workload.sampleMs / spec.tickMs)),
    ticksPerRound: spec.ticksPerRound,
  };
}

/** Log-normal, median 64 MiB, σ 1.5, so that one in three hundred has 4 GiB, the most there is. */
function drawnStates(components: number, seed: number): Float64Array {
  const random = new SeededRandom(seed + 2);
  return Float64Array.from({ length: components }, () =>
    Math.min(4 * 2 ** 30, 64 * 2 ** 20 * Math.exp(1.5 * normal(random))),
  );
}

function evenLatency(racks: number): Float64Array {
  const { within, between } = defaultRackLatencyMs;
  return Float64Array.from({ length: racks * racks }, (_, cell) =>
    Math.floor(cell / racks) === cell % racks ? within : between,
  );
}

/** Where every simulation starts: as many components on each host, at random. It is also what `static` keeps. */
export function firstPlacement(shape: FleetShape, seed: number): Int32Array {
  const placement = new Int32Array(shape.components);
  for (const [index, component] of shuffled(shape.components, new SeededRandom(seed + 3)).entries())
    placement[component] = index % shape.hosts;
  return placement;
}
