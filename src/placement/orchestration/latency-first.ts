import type { ExecutionId, RackName } from '../../core/ids.ts';
import { resourceNames } from '../../core/resources.ts';
import type { ResourceName, ResourceVector } from '../../core/resources.ts';
import { Ignored, isFigure } from './soundness.ts';

/** A round trip between two racks, as far as this rule looks at it: a row of the latency matrix fits. */
export interface RackRoundTrip {
  readonly p50Ms: number;
  readonly ageMs: number;
  readonly source: 'measured' | 'link' | 'rack' | 'learned';
}

export interface RackLoad {
  readonly rack: RackName;
  /** 0: nobody knows, and it does not count. */
  readonly capacity: ResourceVector;
  readonly used: ResourceVector;
  /** False while no host of it takes anything. */
  readonly accepting: boolean;
}

export interface RankedComponent {
  readonly component: ExecutionId;
  readonly rack: RackName;
  /** Its part of the rack's present use. */
  readonly used: ResourceVector;
  /** The forecast's median, at its highest over the horizon. */
  readonly predicted: ResourceVector;
  /** Potential latency impact in ms/s: the highest goes first. */
  readonly latencyImpact: number;
  /** False while it is pinned, migrating, cooling down, or under a directive. */
  readonly movable: boolean;
}

export interface LatencyFirstPolicy {
  /** MAX_UTILIZATION, as a share of a rack's capacity. */
  readonly utilizationMax: number;
  readonly latencyMaxMs: number;
  /** Older latencies are as good as none. */
  readonly latencyAgeMaxMs: number;
  /** Whether an estimate may stand in for a measurement. */
  readonly acceptsLearned: boolean;
}

export const latencyFirstPolicy: LatencyFirstPolicy = {
  utilizationMax: 0.8,
  latencyMaxMs: 10,
  latencyAgeMaxMs: 300_000,
  acceptsLearned: false,
};

export interface LatencyFirstProblem {
  readonly racks: readonly RackLoad[];
  readonly components: readonly RankedComponent[];
  readonly latencies: Readonly<Record<RackName, Readonly<Record<RackName, RackRoundTrip>>>>;
  readonly policy: LatencyFirstPolicy;
}

/** A rack that was looked at for a component, and what came of it. */
export interface RackVerdict {
  readonly rack: RackName;
  /** From the component's rack; null without a figure that counts. */
  readonly latencyMs: number | null;
  /** With the component added, the fullest resource, as a share; null when it was not computed. */
  readonly utilization: number | null;
  readonly verdict: 'chosen' | 'farther' | 'noLatency' | 'tooFar' | 'tooFull' | 'notAccepting';
}

/** A resource that goes over: share in use without the component, and with what is predicted for it. */
export interface Breach {
  readonly resource: ResourceName;
  readonly without: number;
  readonly with: number;
}

export type LatencyFirstDecision =
  | {
      readonly kind: 'move';
      readonly component: ExecutionId;
      readonly from: RackName;
      readonly to: RackName;
      readonly latencyMs: number;
      readonly breach: Breach;
      /** The chosen one first, then by latency. */
      readonly racks: readonly RackVerdict[];
    }
  /** It should leave, and no rack qualifies. */
  | {
      readonly kind: 'nowhere';
      readonly component: ExecutionId;
      readonly from: RackName;
      readonly breach: Breach;
      readonly racks: readonly RackVerdict[];
    };

export interface LatencyFirstAnswer {
  /** In order: each was counted before the next component was looked at. Components that may stay are not listed. */
  readonly decisions: readonly LatencyFirstDecision[];
  readonly ignored: readonly string[];
}

type Use = Record<ResourceName, number>;

interface Rack {
  readonly capacity: ResourceVector;
  readonly accepting: boolean;
  /** With the directives so far counted. */
  readonly used: Use;
}

/**
 * Policy `latency-first`: for each component, by rank of latency impact, where the rack's utilisation without it and
 * its predicted demand exceed `utilizationMax` in any resource, the rack with the lowest measured latency from the
 * component's rack, below `latencyMaxMs`, among those that stay under `utilizationMax` with the component added.
 */
export function decideLatencyFirst(problem: LatencyFirstProblem): LatencyFirstAnswer {
  const ignored = new Ignored();
  const racks = soundRacks(problem.racks, ignored);
  const decisions: LatencyFirstDecision[] = [];
  for (const component of ranked(problem.components, ignored)) {
    const home = racks.get(component.rack);
    if (home === undefined || !component.movable) continue;
    const breach = breachOf(home, component, problem.policy.utilizationMax);
    if (breach === null) continue;
    const verdicts = judge(racks, component, problem);
    const [first] = verdicts;
    const { component: id, rack: from } = component;
    if (first === undefined || first.verdict !== 'chosen' || first.latencyMs === null) {
      decisions.push({ kind: 'nowhere', component: id, from, breach, racks: verdicts });
      continue;
    }
    decisions.push({
      kind: 'move',
      component: id,
      from,
      to: first.rack,
      latencyMs: first.latencyMs,
      breach,
      racks: verdicts,
    });
    count(home, racks.get(first.rack), component);
  }
  return { decisions, ignored: ignored.sentences };
}

function soundRacks(loads: readonly RackLoad[], ignored: Ignored): Map<RackName, Rack> {
  const racks = new Map<RackName, Rack>();
  for (const { rack, capacity, used, accepting } of loads) {
    const sound = resourceNames.every((name) => isFigure(capacity[name]) && isFigure(used[name]));
    if (!sound || capacity.cpu === 0)
      ignored.say(`Rack ${rack} reports impossible figures: it takes no part.`);
    else if (racks.has(rack)) ignored.say(`There are two reports of rack ${rack}; the second was ignored.`);
    else racks.set(rack, { capacity, accepting, used: { ...used } });
  }
  return racks;
}

/** Most latency impact first; ties by id. */
function ranked(components: readonly RankedComponent[], ignored: Ignored): RankedComponent[] {
  const seen = new Set<ExecutionId>();
  const sound = components.filter((component) => {
    const { component: id, used, predicted } = component;
    if (seen.has(id)) {
      ignored.say(`There are two forecasts of component ${id}; the second was ignored.`);
      return false;
    }
    seen.add(id);
    if (resourceNames.every((name) => isFigure(used[name]) && isFigure(predicted[name]))) return true;
    ignored.say(`The forecast of component ${id} has impossible figures: it stays.`);
    return false;
  });
  const impact = ({ latencyImpact }: RankedComponent) => (isFigure(latencyImpact) ? latencyImpact : 0);
  return sound.sort((a, b) => impact(b) - impact(a) || (a.component < b.component ? -1 : 1));
}

/** The resource that goes over by most; null when none does. */
function breachOf(home: Rack, { used, predicted }: RankedComponent, utilizationMax: number): Breach | null {
  let worst: Breach | null = null;
  for (const resource of resourceNames) {
    const capacity = home.capacity[resource];
    if (capacity === 0) continue;
    const without = Math.max(0, home.used[resource] - used[resource]) / capacity;
    const together = without + predicted[resource] / capacity;
    if (together > utilizationMax && together > (worst?.with ?? 0))
      worst = { resource, without, with: together };
  }
  return worst;
}

/** All other racks: the chosen one first, if there is one, then by latency. */
function judge(
  racks: ReadonlyMap<RackName, Rack>,
  component: RankedComponent,
  { latencies, policy }: LatencyFirstProblem,
): RackVerdict[] {
  const judged: RackVerdict[] = [];
  for (const [rack, load] of racks) {
    if (rack === component.rack) continue;
    const latencyMs = latencyOf(latencies[component.rack]?.[rack], policy);
    const utilization = utilizationWith(load, component.predicted);
    judged.push({ rack, latencyMs, utilization, verdict: verdictOn(load, latencyMs, utilization, policy) });
  }
  judged.sort(
    (a, b) =>
      rankOf(a) - rankOf(b) ||
      (a.latencyMs ?? Infinity) - (b.latencyMs ?? Infinity) ||
      (a.rack < b.rack ? -1 : 1),
  );
  const [first] = judged;
  if (first?.verdict === 'farther') judged[0] = { ...first, verdict: 'chosen' };
  return judged;
}

function rankOf({ verdict }: RackVerdict): number {
  return verdict === 'farther' ? 0 : 1;
}

/** `farther` stands for all that qualify, until the nearest of them is known. */
function verdictOn(
  { accepting }: Rack,
  latencyMs: number | null,
  utilization: number,
  policy: LatencyFirstPolicy,
): RackVerdict['verdict'] {
  if (!accepting) return 'notAccepting';
  if (latencyMs === null) return 'noLatency';
  if (latencyMs >= policy.latencyMaxMs) return 'tooFar';
  return utilization < policy.utilizationMax ? 'farther' : 'tooFull';
}

function latencyOf(trip: RackRoundTrip | undefined, policy: LatencyFirstPolicy): number | null {
  if (trip === undefined || !isFigure(trip.p50Ms) || !isFigure(trip.ageMs)) return null;
  if (trip.ageMs > policy.latencyAgeMaxMs) return null;
  return trip.source === 'learned' && !policy.acceptsLearned ? null : trip.p50Ms;
}

function utilizationWith({ used, capacity }: Rack, added: ResourceVector): number {
  const shares = resourceNames
    .filter((name) => capacity[name] > 0)
    .map((name) => (used[name] + added[name]) / capacity[name]);
  return Math.max(...shares);
}

function count(home: Rack, target: Rack | undefined, { used, predicted }: RankedComponent): void {
  for (const name of resourceNames) {
    home.used[name] = Math.max(0, home.used[name] - used[name]);
    if (target !== undefined) target.used[name] += predicted[name];
  }
}
