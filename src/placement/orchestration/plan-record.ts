import type { ExpectedOutcome, RecordedAlternative, RecordOf } from '../decision-record.ts';
import { percent, rounded } from '../wording.ts';
import type {
  ObjectiveWeights,
  OrchestrationPlan,
  OrchestrationPolicy,
  OrchestrationProblem,
  PlannedMove,
} from './contract.ts';
import { plan } from './plan.ts';

export type PlanRecord = RecordOf<
  'orchestration',
  { readonly name: 'multi-objective' } & OrchestrationPolicy,
  Omit<OrchestrationProblem, 'policy'>
>;

/** Up to so many placements (sites × components), a record keeps the whole problem. */
const keptMax = 4_000;
/** Of a larger one, it keeps the sites that were compared, with at most so many components of each. */
const keptPerSite = 50;

const measures = [
  { name: 'gain', text: 'points gained by going there, after the move’s cost,', unit: '' },
  { name: 'latency', text: 'change of waiting', unit: 'ms per s' },
  { name: 'energy', text: 'change of power', unit: 'W' },
  { name: 'cost', text: 'change of cost', unit: 'an hour' },
  { name: 'overload', text: 'change of sites expected in overload', unit: '' },
] as const;

/** The record of one move of a plan. */
export function recordOfMove(
  problem: OrchestrationProblem,
  made: OrchestrationPlan,
  move: PlannedMove,
): Omit<PlanRecord, 'decider' | 'atWallMs' | 'subject'> {
  const { policy, ...whole } = problem;
  const inputs = keptInputs(whole, move);
  const left = problem.components.length - inputs.components.length;
  const lost = problem.sites.length - inputs.sites.length;
  const text =
    left === 0 && lost === 0
      ? ''
      : `${left} of ${problem.components.length} components and ${lost} of ${problem.sites.length} sites are left out: the record keeps the sites that were compared in the end.`;
  return {
    kind: 'orchestration',
    version: 1,
    policy: { name: 'multi-objective', ...policy },
    inputs,
    measures,
    present: { place: move.from, verdict: 'stay', scores: {}, why: reasonOf(move, made) },
    alternatives: [chosenOf(move), ...move.alternatives.map((one) => lostOf(one, move.gain))],
    leftOut: { alternatives: Math.max(0, lost), rivals: Math.max(0, left), text },
    chosen: move.to,
    expected: expectedOf(move, policy),
    text: textOf(move, made),
  };
}

/** For people: why, in one clause. */
export function textOf(move: PlannedMove, made: OrchestrationPlan): string {
  return `${reasonOf(move, made)}, and ${move.to} is the best place for it, by ${rounded(move.gain)} points`;
}

function reasonOf({ from, reason, change }: PlannedMove, { moves }: OrchestrationPlan): string {
  switch (reason) {
    case 'drain':
      return `${from} is to be emptied`;
    case 'relieve':
      return `${from} is likely to be overloaded: without it, ${percent(Math.max(0, -change.overload))} less`;
    case 'consolidate': {
      const together = moves.filter((one) => one.from === from);
      const watts = together.reduce((sum, one) => sum - one.change.energy, 0);
      return `${from} can be emptied by ${together.length} moves, which saves ${rounded(watts)} W`;
    }
    default:
      return `it is better off elsewhere: ${rounded(Math.max(0, -change.latency))} ms per s less waiting`;
  }
}

function chosenOf({ to, gain, change }: PlannedMove): RecordedAlternative {
  const { latency, energy, cost, overload } = change;
  return {
    place: to,
    verdict: 'chosen',
    scores: { gain, latency, energy, cost, overload },
    why: 'It gains most.',
  };
}

function lostOf({ site, gain }: PlannedMove['alternatives'][number], best: number): RecordedAlternative {
  const why =
    gain > best
      ? 'It would gain more by itself, but stood in the way of the moves that follow.'
      : `It would gain ${rounded(best - gain)} points less.`;
  return { place: site, verdict: 'lost', scores: { gain }, why };
}

function expectedOf(
  { change, bytes }: PlannedMove,
  { moveCosts, payOffMs }: OrchestrationPolicy,
): ExpectedOutcome {
  return {
    benefitMs: (-change.latency * payOffMs) / 1_000,
    pauseMs: moveCosts.pauseMs + (bytes / moveCosts.bytesPerSecond) * 1_000,
    bytes,
  };
}

function keptInputs(
  whole: Omit<OrchestrationProblem, 'policy'>,
  { component, from, to, alternatives }: PlannedMove,
): Omit<OrchestrationProblem, 'policy'> {
  if (whole.sites.length * whole.components.length <= keptMax) return whole;
  const names = new Set([from, to, ...alternatives.map(({ site }) => site)]);
  const sites = whole.sites.filter(({ id }) => names.has(id));
  const components = sites.flatMap(({ id }) =>
    whole.components
      .filter((one) => one.site === id)
      .toSorted((a, b) => Number(b.id === component) - Number(a.id === component))
      .slice(0, keptPerSite),
  );
  const kept = new Set<string>(components.map(({ id }) => id));
  const racks = new Set<string>(sites.map(({ rack }) => rack));
  return {
    sites,
    components,
    traffic: whole.traffic.filter(({ a, b }) => kept.has(a) && kept.has(b)),
    latencies: whole.latencies.filter((one) => racks.has(one.from) && racks.has(one.to)),
  };
}

/** What would have been otherwise. */
export interface PlanChanges {
  /** Null keeps the recorded ones. */
  readonly weights: ObjectiveWeights | null;
  /** Sites that would have taken nothing. */
  readonly without: readonly string[];
}

/**
 * Plans again what a record keeps, by the code that planned it.
 *
 * @returns the move of the same component; null when it would have stayed
 */
export function replayPlan(
  { inputs, policy }: PlanRecord,
  subject: string,
  { weights, without }: PlanChanges,
): PlannedMove | null {
  const sites = inputs.sites.map((site) =>
    without.includes(site.id) ? { ...site, accepting: false } : site,
  );
  const { moves } = plan({ ...inputs, sites, policy: { ...policy, weights: weights ?? policy.weights } });
  return moves.find(({ component }) => component === subject) ?? null;
}
