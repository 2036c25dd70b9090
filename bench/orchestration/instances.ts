import { executionId, rackName } from '../../src/core/ids.ts';
import { noResources } from '../../src/core/resources.ts';
import type {
  Movable,
  OrchestrationProblem,
  RackLatency,
  TrafficEdge,
} from '../../src/placement/orchestration/contract.ts';
import { Fleet } from '../../src/placement/orchestration/fleet.ts';
import { layEdges } from '../../src/placement/orchestration/fleet-traffic.ts';
import { orchestrationPolicy } from '../../src/placement/orchestration/policy.ts';
import { proLiantG5 } from '../../src/placement/orchestration/power.ts';

/** Even numbers in [0, 1), by a seed (Park and Miller). */
export function chanceFrom(seed: number): () => number {
  let state = (seed * 48_271) % 2_147_483_647 || 1;
  return () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
}

/** 3 to 6 sites in two racks, 10 to 24 components that talk in groups, placed at random: some sites are too full. */
export function smallProblem(seed: number): OrchestrationProblem {
  const chance = chanceFrom(seed);
  const sites = 3 + Math.floor(4 * chance());
  const count = 10 + Math.floor(15 * chance());
  const fill = 0.45 + 0.35 * chance();
  const cpu = (sites * 8 * fill) / count;
  const components = Array.from({ length: count }, (_, i): Movable => {
    const size = cpu * (0.3 + 1.4 * chance());
    const memory = 4 * size * (0.5 + chance());
    const steps = [0, 1].map(() => [
      { ...noResources, cpu: round(size * (0.8 + 0.4 * chance())), memory: round(memory) },
    ]);
    return {
      id: executionId(`x${String(i).padStart(2, '0')}`),
      site: `s${Math.floor(sites * chance() ** 1.5)}`,
      demand: { levels: [0.5], steps },
      stateBytes: Math.round(2e9 * chance() ** 4),
      labels: [],
      apart: [],
      near: [],
      remainingMs: chance() < 0.2 ? 60_000 * (1 + Math.floor(9 * chance())) : null,
      movedAgoMs: null,
      movable: true,
    };
  });
  const traffic = talk(components, chance);
  const latencies = ['r0', 'r1'].flatMap((from) =>
    ['r0', 'r1'].map((to): RackLatency => {
      const tripMs = from === to ? 0.2 : 1;
      return { from: rackName(from), to: rackName(to), p50Ms: tripMs, p95Ms: tripMs, ageMs: 0 };
    }),
  );
  return {
    sites: Array.from({ length: sites }, (_, s) => ({
      id: `s${s}`,
      rack: rackName(`r${s % 2}`),
      capacity: { cpu: 8, memory: 40, io: 0, network: 0 },
      base: noResources,
      pricePerHour: round(0.2 + 0.3 * chance()),
      power: { kind: 'linear', idleW: Math.round(70 + 60 * chance()), peakW: 250 },
      sleeps: true,
      labels: [],
      accepting: true,
      draining: false,
    })),
    components,
    traffic,
    latencies,
    policy: orchestrationPolicy,
  };
}

/** Each with one of the few before it, at rates that differ widely. */
function talk(components: readonly Movable[], chance: () => number): TrafficEdge[] {
  const traffic: TrafficEdge[] = [];
  components.forEach(({ id }, i) => {
    const peer = components[i - 1 - Math.floor(Math.min(i, 4) * chance())];
    if (peer === undefined) return;
    traffic.push({
      a: id,
      b: peer.id,
      messagesPerSecond: round(300 * chance() ** 3),
      bytesPerSecond: round(2e6 * chance() ** 4),
    });
  });
  return traffic;
}

function round(value: number): number {
  return Number(value.toPrecision(4));
}

/** A fleet whose sites are three fifths full, one in fifty of them too full; each component talks to two others. */
export function largeFleet(sites: number, components: number, seed: number): Fleet {
  const chance = chanceFrom(seed);
  const racks = Math.max(1, Math.round(sites / 40));
  const fleet = new Fleet({ sites, components, racks, resources: ['cpu', 'memory'], steps: 3 });
  const each = components / sites;
  for (let site = 0; site < sites; site += 1) {
    fleet.capacity[2 * site] = 0.52 * each;
    fleet.capacity[2 * site + 1] = 0.4 * each;
    fleet.rackOf[site] = Math.floor((site * racks) / sites);
    fleet.powerOf[site] = proLiantG5;
  }
  for (let from = 0; from < racks; from += 1) {
    for (let to = 0; to < racks; to += 1) fleet.waitMs[from * racks + to] = from === to ? 0.1 : 0.3;
  }
  for (let i = 0; i < components; i += 1) {
    fleet.siteOf[i] = chance() < 0.01 ? Math.floor((chance() * sites) / 50) : Math.floor(chance() * sites);
    fleet.stateBytes[i] = 1e8 * chance();
    fleet.skewness[i] = 1;
  }
  demand(fleet, chance);
  const edges = Array.from({ length: components }, (_, a) => ({
    a,
    b: Math.floor(chance() * components),
    messagesPerSecond: 2 * chance(),
    bytesPerSecond: 1_000,
  }));
  layEdges(
    fleet,
    edges.filter(({ a, b }) => a !== b),
  );
  return fleet;
}

/** New demand of every component: what a round begins with. */
export function demand(fleet: Fleet, chance: () => number): void {
  for (let i = 0; i < fleet.shape.components; i += 1) {
    const size = 0.6 * chance();
    for (let cell = 0; cell < fleet.cells; cell += 1) {
      const cpu = cell % 2 === 0;
      fleet.mean[i * fleet.cells + cell] = cpu ? size * (1 + 0.02 * cell) : 0.2;
      fleet.deviation[i * fleet.cells + cell] = cpu ? 0.3 * size : 0.02;
    }
  }
}
