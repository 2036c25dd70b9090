import type { RackName } from '../../core/ids.ts';
import { resourceNames } from '../../core/resources.ts';
import type { ExpectedOutcome, RecordedAlternative, RecordOf } from '../decision-record.ts';
import { recordedMax } from '../decision-record.ts';
import type {
  LatencyFirstDecision,
  LatencyFirstPolicy,
  LatencyFirstProblem,
  RackVerdict,
  RankedComponent,
} from './latency-first.ts';
import { decideLatencyFirst } from './latency-first.ts';

/** A move that `latency-first` decided, and the round up to it. */
export type LatencyFirstMove = Extract<LatencyFirstDecision, { kind: 'move' }>;

/** What the record keeps to decide again: the racks as they stood when this component's turn came, and the component. */
export type LatencyFirstInputs = Omit<LatencyFirstProblem, 'policy'>;

export type LatencyFirstRecord = RecordOf<
  'orchestration',
  { readonly name: 'latency-first' } & LatencyFirstPolicy,
  LatencyFirstInputs
>;

const measures = [
  { name: 'latencyMs', text: 'round trip from where it was', unit: 'ms' },
  { name: 'utilization', text: 'share of its fullest resource in use, with it there', unit: '' },
] as const;

/**
 * The record of one move of a round.
 *
 * @param problem of the round
 * @param earlier moves of the same round that were counted before this one
 */
export function recordOf(
  problem: LatencyFirstProblem,
  move: LatencyFirstMove,
  earlier: readonly LatencyFirstMove[],
  expected: ExpectedOutcome,
): Omit<LatencyFirstRecord, 'decider' | 'atWallMs' | 'subject'> {
  const { from, to, breach, racks } = move;
  const components = new Map(problem.components.map((one) => [one.component, one]));
  const moved = components.get(move.component);
  const alternatives = racks.map((verdict) => alternativeOf(verdict, problem.policy));
  const left = Math.max(0, alternatives.length - recordedMax);
  return {
    kind: 'orchestration',
    version: 1,
    policy: { name: 'latency-first', ...problem.policy },
    inputs: {
      racks: counted(problem, earlier, components),
      components: moved === undefined ? [] : [moved],
      latencies: { [from]: problem.latencies[from] ?? {} },
    },
    measures,
    present: {
      place: from,
      verdict: 'stay',
      scores: { utilization: breach.with },
      why: `Its ${breach.resource} would be used by ${percent(breach.with)}, of which ${percent(breach.without)} without it.`,
    },
    alternatives: alternatives.slice(0, recordedMax),
    leftOut: {
      alternatives: left,
      rivals: 0,
      text: left === 0 ? '' : `${left} racks that are farther, or did not qualify, are left out.`,
    },
    chosen: to,
    expected,
    text: textOf(move, problem.policy),
  };
}

export function textOf(
  { from, to, breach, latencyMs }: LatencyFirstMove,
  policy: LatencyFirstPolicy,
): string {
  return (
    `${breach.resource} of rack ${from} is forecast to be used by ${percent(breach.with)}, above ` +
    `${percent(policy.utilizationMax)}; ${to} is the nearest rack with room, ${round(latencyMs)} ms away`
  );
}

/** The racks after the earlier moves: the round counts each before it looks at the next. */
function counted(
  { racks }: LatencyFirstProblem,
  earlier: readonly LatencyFirstMove[],
  components: ReadonlyMap<string, RankedComponent>,
): LatencyFirstProblem['racks'] {
  return racks.map((rack) => {
    const used = { ...rack.used };
    for (const { component, from, to } of earlier) {
      const moved = components.get(component);
      if (moved === undefined) continue;
      for (const name of resourceNames) {
        if (from === rack.rack) used[name] = Math.max(0, used[name] - moved.used[name]);
        if (to === rack.rack) used[name] += moved.predicted[name];
      }
    }
    return { ...rack, used };
  });
}

function alternativeOf(
  { rack, latencyMs, utilization, verdict }: RackVerdict,
  policy: LatencyFirstPolicy,
): RecordedAlternative {
  const scores = {
    ...(latencyMs === null ? {} : { latencyMs }),
    ...(utilization === null ? {} : { utilization }),
  };
  const why: Readonly<Record<RackVerdict['verdict'], string>> = {
    chosen: 'It is the nearest that stays under the limit.',
    farther: 'It would have had room, and is farther.',
    noLatency: 'Nobody has measured the way there of late.',
    tooFar: `The way there takes ${policy.latencyMaxMs} ms or more.`,
    tooFull: `With it there, ${percent(policy.utilizationMax)} or more of a resource would be used.`,
    notAccepting: 'None of its hosts takes anything.',
  };
  const ruledOut = verdict !== 'chosen' && verdict !== 'farther';
  return {
    place: rack,
    verdict: verdict === 'chosen' ? 'chosen' : ruledOut ? 'ruledOut' : 'lost',
    scores,
    why: why[verdict],
  };
}

/** What would have been otherwise. */
export interface LatencyFirstChanges {
  readonly utilizationMax: number | null;
  readonly latencyMaxMs: number | null;
  /** Racks that would not have been there. */
  readonly without: readonly RackName[];
}

/**
 * Decides a recorded decision again, by the code that decided it; what the round had decided before it is taken as
 * made.
 *
 * @returns null when the component would have stayed, since nothing would have been over
 */
export function replayLatencyFirst(
  { inputs, policy }: LatencyFirstRecord,
  changes: LatencyFirstChanges,
): LatencyFirstDecision | null {
  const { decisions } = decideLatencyFirst({
    ...inputs,
    racks: inputs.racks.filter(({ rack }) => !changes.without.includes(rack)),
    policy: {
      ...policy,
      utilizationMax: changes.utilizationMax ?? policy.utilizationMax,
      latencyMaxMs: changes.latencyMaxMs ?? policy.latencyMaxMs,
    },
  });
  return decisions[0] ?? null;
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

function round(value: number): string {
  return String(Math.round(value * 1_000) / 1_000);
}
