import type { AffinityInputs, EstimatedExecution } from './affinity-inputs.ts';
import { moveText } from './affinity-decision.ts';
import { churnOf } from './churn-budget.ts';
import type { AffinityRecord, Measure, RecordedAlternative } from './decision-record.ts';
import { recordedMax } from './decision-record.ts';
import type { ScoredHost } from './migration-decision.ts';
import type { Move, Option, RuledOut } from './next-move.ts';
import { optionsFor } from './next-move.ts';
import type { PlacementPolicy } from './placement-policy.ts';
import { milliseconds, rounded } from './wording.ts';

/** Who decides, and when by the clock on the wall. */
export interface Decider {
  /** Address of the actor. */
  readonly address: string;
  readonly wallMs: number;
}

const measures: readonly Measure[] = [
  { name: 'originalAffinity', text: 'original affinity', unit: '' },
  { name: 'resourceAvailability', text: 'availability with it there', unit: '' },
  { name: 'dynamicAffinity', text: 'dynamic affinity', unit: '' },
  { name: 'demand', text: 'executions that want a core', unit: '' },
  { name: 'cpuShare', text: 'CPU share', unit: 'cores' },
  { name: 'memoryUsage', text: 'share of memory in use', unit: '' },
  { name: 'benefitMs', text: 'waiting saved over the remaining work', unit: 'ms' },
  { name: 'costMs', text: 'cost of the move', unit: 'ms' },
  { name: 'netMs', text: 'net benefit', unit: 'ms' },
];

/** The record of a move, bounded: the best hosts and rivals stay, and what is left out is counted. */
export function affinityRecord(
  move: Move,
  rivals: readonly Move[],
  inputs: AffinityInputs,
  policy: PlacementPolicy,
  decider: Decider,
): AffinityRecord {
  const { execution, best } = move;
  const { here, options, ruledOut } = optionsFor(execution, inputs, policy);
  const looked = [
    ...options.map((option) => considered(option, here, best, policy)),
    ...ruledOut.map(refused),
  ];
  const alternatives = looked.slice(0, recordedMax);
  const ranked = [execution, ...rivals.map((rival) => rival.execution)];
  const others = inputs.executions.filter((one) => !ranked.includes(one));
  const executions = [...ranked, ...others].slice(0, recordedMax);
  const leftOut = {
    alternatives: looked.length - alternatives.length,
    rivals: inputs.executions.length - executions.length,
  };
  return {
    kind: 'affinity',
    version: 1,
    atWallMs: decider.wallMs,
    decider: decider.address,
    subject: execution.executionId,
    policy,
    inputs: trimmed(inputs, executions, alternatives),
    measures,
    present: {
      place: here.host,
      verdict: 'stay',
      scores: scoresAt(here),
      why: 'It is where the execution was.',
    },
    alternatives,
    leftOut: { ...leftOut, text: leftOutText(leftOut) },
    chosen: best.there.host,
    expected: {
      benefitMs: best.utility.benefitMs,
      pauseMs: best.utility.pauseMs,
      bytes: best.utility.bytes,
    },
    text: moveText(move, inputs, policy),
  };
}

function considered(
  option: Option,
  here: ScoredHost,
  best: Option,
  policy: PlacementPolicy,
): RecordedAlternative {
  const { there, utility } = option;
  const scores = {
    ...scoresAt(there),
    benefitMs: utility.benefitMs,
    costMs: utility.costMs,
    netMs: utility.netMs,
  };
  const isChosen = there.host === best.there.host;
  const why = isChosen ? chosenText(option, here, policy) : lostText(option, best, policy);
  return { place: there.host, verdict: isChosen ? 'chosen' : 'lost', scores, why };
}

function chosenText(option: Option, here: ScoredHost, policy: PlacementPolicy): string {
  const { there, utility } = option;
  return policy.kind === 'utility'
    ? `It saves ${milliseconds(utility.benefitMs)} of waiting for a cost of ${milliseconds(utility.costMs)}.`
    : `It scores best: ${rounded(there.dynamicAffinity)}, against ${rounded(here.dynamicAffinity)} where the ` +
        `execution was.`;
}

function lostText(option: Option, best: Option, policy: PlacementPolicy): string {
  const { there, utility, objection } = option;
  if (objection === 'others')
    return 'All who run on the two hosts would together have lost more than it gained.';
  if (policy.kind === 'utility')
    return objection === 'cost'
      ? `It would save ${milliseconds(utility.benefitMs)}, too little for a cost of ${milliseconds(utility.costMs)}.`
      : `Its net benefit is ${milliseconds(utility.netMs)}, against ${milliseconds(best.utility.netMs)}.`;
  return objection === 'hysteresis'
    ? `It scores ${rounded(there.dynamicAffinity)}: not better than staying by ${policy.hysteresis}.`
    : `It scores ${rounded(there.dynamicAffinity)}, against ${rounded(best.there.dynamicAffinity)}.`;
}

function refused({ host, why }: RuledOut): RecordedAlternative {
  return {
    place: host.identity.name,
    verdict: 'ruledOut',
    scores: {},
    why: `${why.charAt(0).toUpperCase()}${why.slice(1)}.`,
  };
}

function scoresAt(host: ScoredHost): Readonly<Record<string, number>> {
  const { originalAffinity, resourceAvailability, dynamicAffinity, load } = host;
  return { originalAffinity, resourceAvailability, dynamicAffinity, ...load };
}

/** What the same code needs to decide the same again among those that are kept. */
function trimmed(
  inputs: AffinityInputs,
  executions: readonly EstimatedExecution[],
  alternatives: readonly RecordedAlternative[],
): AffinityInputs {
  const places = new Set(alternatives.map(({ place }) => place));
  const candidates = inputs.candidates.filter((host) => places.has(host.identity.name));
  const ids = new Set<string>(executions.map(({ executionId }) => executionId));
  const hosts = [inputs.here, ...candidates];
  const names = new Set<string>(hosts.map((host) => host.identity.name));
  const keys = new Set([
    ...[...ids].map((id) => `execution/${id}`),
    ...hosts.flatMap(({ identity }) => [`host/${identity.name}`, `rack/${identity.rack}`]),
  ]);
  return {
    ...inputs,
    executions,
    candidates,
    bounds: inputs.bounds.filter(({ executionId }) => ids.has(executionId)),
    alarmed: inputs.alarmed.filter((executionId) => ids.has(executionId)),
    churn: churnOf(inputs.churn, (key) => keys.has(key)),
    moveCosts: { ...inputs.moveCosts, moves: [] },
    power: inputs.power.filter(({ host }) => names.has(host)),
  };
}

function leftOutText({ alternatives, rivals }: { alternatives: number; rivals: number }): string {
  if (alternatives + rivals === 0) return '';
  return (
    `This record keeps the best ${recordedMax} of each: ${alternatives} more hosts and ${rivals} more executions ` +
    `were looked at.`
  );
}
