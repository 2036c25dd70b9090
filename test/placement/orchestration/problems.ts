import { executionId, rackName } from '../../../src/core/ids.ts';
import { noResources } from '../../../src/core/resources.ts';
import type {
  Movable,
  OrchestrationPolicy,
  OrchestrationProblem,
  Site,
  TrafficEdge,
} from '../../../src/placement/orchestration/contract.ts';
import { orchestrationPolicy } from '../../../src/placement/orchestration/policy.ts';

/** Four cores and 16 GB, awake for 100 to 200 W, and asleep while empty. */
export function site(id: string, changes: Partial<Site> = {}): Site {
  return {
    id,
    rack: rackName('r1'),
    capacity: { cpu: 4, memory: 16e9, io: 0, network: 0 },
    base: noResources,
    pricePerHour: 0,
    power: { kind: 'linear', idleW: 100, peakW: 200 },
    sleeps: true,
    labels: [],
    accepting: true,
    draining: false,
    ...changes,
  };
}

/** Of certain demand, and free to move. */
export function movable(id: string, at: string, cpu: number, changes: Partial<Movable> = {}): Movable {
  return {
    id: executionId(id),
    site: at,
    demand: { levels: [0.5], steps: [[{ ...noResources, cpu }]] },
    stateBytes: 1e6,
    labels: [],
    apart: [],
    near: [],
    remainingMs: null,
    movedAgoMs: null,
    movable: true,
    ...changes,
  };
}

export function traffic(a: string, b: string, messagesPerSecond: number, bytesPerSecond = 0): TrafficEdge {
  return { a: executionId(a), b: executionId(b), messagesPerSecond, bytesPerSecond };
}

export function problem(
  sites: readonly Site[],
  components: readonly Movable[],
  changes: Partial<Omit<OrchestrationProblem, 'sites' | 'components' | 'policy'>> & {
    readonly policy?: Partial<OrchestrationPolicy>;
  } = {},
): OrchestrationProblem {
  return {
    traffic: [],
    latencies: [],
    ...changes,
    sites,
    components,
    policy: { ...orchestrationPolicy, ...changes.policy },
  };
}

/** Where each component is after a plan. */
export function placesAfter(
  asked: OrchestrationProblem,
  moves: readonly { readonly component: string; readonly to: string }[],
): Record<string, string> {
  const places: Record<string, string> = {};
  for (const { id, site: at } of asked.components) places[id] = at;
  for (const { component, to } of moves) places[component] = to;
  return places;
}
