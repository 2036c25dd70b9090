import type { ExecutionId, HostName, RackName } from '../core/ids.ts';
import type { AffinityInputs, EstimatedExecution, HostReport } from './affinity-inputs.ts';
import type { AffinityPolicy } from './affinity.ts';
import {
  bottleneck,
  cpuDelivered,
  cpuShareLeft,
  memoryEasyShare,
  strainAvailability,
} from './availability.ts';
import type { Belief } from './belief.ts';
import { believeHere, believeTarget, scored, withExecution } from './belief.ts';
import { spentBudget, spentKeys } from './churn-budget.ts';
import { coolDownLeftMs } from './cool-down.ts';
import type { ScoredHost } from './migration-decision.ts';
import { isAvoided } from './original-affinity.ts';
import type { PlacementPolicy } from './placement-policy.ts';
import { utilityParameters } from './placement-policy.ts';
import type { Utility } from './utility.ts';
import { pays, utilityOf } from './utility.ts';
import { percent } from './wording.ts';

/** Moving what hardly runs would not relieve a CPU. */
const demandMin = 0.1;
/** Moving what is this small would not relieve a memory. */
const memoryShareMin = 0.001;
/** Also without a hysteresis, a move must gain something: between equals it would go on for ever. */
const gainMin = 1e-6;

/** A host that could take an execution, as the policy compares it. */
export interface Option {
  readonly there: ScoredHost;
  readonly utility: Utility;
  /** What the policy ranks by: dynamic affinity, or the net benefit in ms. */
  readonly rank: number;
  /** Why the policy does not take it; null when it would. */
  readonly objection: Objection | null;
}

/** `hysteresis`: not better by enough. `others`: all who run on the two hosts together would lose. */
export type Objection = 'hysteresis' | 'others' | 'cost';

/** A host that could not take an execution whatever it scores. */
export interface RuledOut {
  readonly host: HostReport;
  /** For people: `it accepts nothing`. */
  readonly why: string;
}

/** Why an execution stays. */
export type StayReason =
  | 'notMovable'
  | 'asked'
  | 'coolDown'
  | 'budget'
  | 'relievesNothing'
  | 'aboveThreshold'
  | 'nowhereToGo'
  | Objection;

/** What comes of looking at one execution. */
export type Verdict =
  | { readonly kind: 'stays'; readonly executionId: ExecutionId; readonly because: StayReason }
  | { readonly kind: 'moves'; readonly move: Move };

/** One execution that the policy would move. */
export interface Move {
  readonly execution: EstimatedExecution;
  readonly here: ScoredHost;
  readonly best: Option;
  /** By how much the best ranks above staying. */
  readonly gain: number;
}

interface Target {
  readonly host: HostReport;
  readonly belief: Belief;
  /** Why it takes no execution, whichever; null when it might. */
  readonly closed: string | null;
}

/** What one step looks at, computed once. */
interface Situation {
  readonly inputs: AffinityInputs;
  readonly policy: PlacementPolicy;
  readonly source: Belief;
  readonly targets: readonly Target[];
  readonly spent: ReadonlySet<string>;
  readonly asked: ReadonlySet<ExecutionId>;
  readonly alarmed: ReadonlySet<ExecutionId>;
  /** Where directives that are in force hold executions. */
  readonly bounds: ReadonlyMap<ExecutionId, RackName>;
  readonly wattsPerCore: ReadonlyMap<HostName, number>;
}

export interface NextMove {
  /** The one to ask for now; null when nobody should move. */
  readonly move: Move | null;
  /** The others that would move, best first. */
  readonly rivals: readonly Move[];
  readonly stays: readonly { readonly executionId: ExecutionId; readonly because: StayReason }[];
}

/**
 * Decides which execution of one host to move next, and where, if any.
 *
 * Under each policy, an execution moves only if all that run on the two hosts gain by it: the CPU time that the target
 * newly delivers, over that which the source no longer does (each as an integral of availability over demand, weighed
 * like the score), must exceed the hysteresis. That sum over all hosts is bounded and rises with each such move; so
 * under a constant load the moves end, whatever the demands and affinities are. Moves for want of memory end since a
 * host is never filled beyond `memoryEasyShare`, so that memory in excess of it only falls.
 *
 * @param inputs sound: see `soundInputs`
 */
export function nextMove(inputs: AffinityInputs, policy: PlacementPolicy): NextMove {
  const situation = situationOf(inputs, policy);
  const moves: Move[] = [];
  const stays: { readonly executionId: ExecutionId; readonly because: StayReason }[] = [];
  for (const execution of inputs.executions) {
    const verdict = judge(execution, situation);
    if (verdict.kind === 'moves') moves.push(verdict.move);
    else stays.push(verdict);
  }
  const [move = null, ...rivals] = moves.toSorted(compareMoves);
  return { move, rivals, stays };
}

/** The verdict on one execution alone, whoever else would go first. */
export function verdictOn(
  execution: EstimatedExecution,
  inputs: AffinityInputs,
  policy: PlacementPolicy,
): Verdict {
  return judge(execution, situationOf(inputs, policy));
}

/** Every host for one execution: those that could take it, best first, and those that could not. */
export function optionsFor(
  execution: EstimatedExecution,
  inputs: AffinityInputs,
  policy: PlacementPolicy,
): {
  readonly here: ScoredHost;
  readonly options: readonly Option[];
  readonly ruledOut: readonly RuledOut[];
} {
  const situation = situationOf(inputs, policy);
  const here = scored(execution, situation.source, policy);
  const options: Option[] = [];
  const ruledOut: RuledOut[] = [];
  for (const target of situation.targets) {
    const why = exclusion(execution, target, situation);
    if (why === null) options.push(optionOf(execution, here, target.belief, situation));
    else ruledOut.push({ host: target.host, why });
  }
  return { here, options: options.toSorted((a, b) => compareOptions(a, b, policy)), ruledOut };
}

function situationOf(inputs: AffinityInputs, policy: PlacementPolicy): Situation {
  const { here, candidates, outstanding, churn, nowMs, alarmed, bounds, power } = inputs;
  const spent = spentKeys(churn, nowMs, policy.churn);
  const targetOf = (host: HostReport): Target => {
    const closed = host.accepting ? closedBy(here, host, spent, policy) : 'it accepts nothing now';
    return { host, belief: believeTarget(host, outstanding), closed };
  };
  const inForce = bounds.filter(({ endsAtMs }) => nowMs < endsAtMs);
  return {
    inputs,
    policy,
    source: believeHere(here, outstanding),
    targets: candidates.filter((host) => host.identity.name !== here.identity.name).map(targetOf),
    spent,
    asked: new Set(outstanding.map((move) => move.executionId)),
    alarmed: new Set(alarmed),
    bounds: new Map(inForce.map(({ executionId, rack }) => [executionId, rack])),
    wattsPerCore: new Map(power.map(({ host, wattsPerCore }) => [host, wattsPerCore])),
  };
}

/** @returns which budget of the two hosts, their racks or the cluster forbids a move, for people; null when none does */
function closedBy(
  here: HostReport,
  host: HostReport,
  spent: ReadonlySet<string>,
  policy: PlacementPolicy,
): string | null {
  const budget = spentBudget(spent, { from: here.identity, to: host.identity }, policy.churn);
  if (budget === null) return null;
  const { movesMax, windowMs } = budget.limit;
  return `the budget of ${budget.key} is spent: ${movesMax} moves in ${windowMs / 1000} s`;
}

function judge(execution: EstimatedExecution, situation: Situation): Verdict {
  const { executionId } = execution;
  const { inputs, policy, source } = situation;
  const stays = (because: StayReason): Verdict => ({ kind: 'stays', executionId, because });
  if (!execution.movable) return stays('notMovable');
  if (situation.asked.has(executionId)) return stays('asked');
  const ageMs = execution.movedAtMs === null ? null : inputs.nowMs - execution.movedAtMs;
  if (coolDownLeftMs([ageMs], policy.coolDownMs) > 0) return stays('coolDown');
  if (policy.churn.execution.movesMax <= 0 || situation.spent.has(`execution/${executionId}`))
    return stays('budget');
  if (!relieves(execution, source)) return stays('relievesNothing');
  const here = scored(execution, source, policy);
  if (!looksAround(execution, here, situation)) return stays('aboveThreshold');
  const best = bestOption(execution, here, situation);
  if (best === null) return stays('nowhereToGo');
  if (best.objection !== null) return stays(best.objection);
  const gain = policy.kind === 'weighted' ? best.rank - here.dynamicAffinity : best.rank;
  return { kind: 'moves', move: { execution, here, best, gain } };
}

function relieves(execution: EstimatedExecution, source: Belief): boolean {
  return isShortOfMemory(source) ? execution.memoryShare >= memoryShareMin : execution.demand >= demandMin;
}

/** Stalls alone do not count: only what fills a host can be carried away until it does no more. */
function isShortOfMemory({ load, strain }: Pick<Belief, 'load' | 'strain'>): boolean {
  return bottleneck(load, strain) === 'memory' && load.memoryUsage > memoryEasyShare;
}

/**
 * The option that ranks higher first; of equals, by name. Under `utility`, whatever nothing speaks against goes before
 * the rest; `weighted` looks at the best host only.
 */
function compareOptions(a: Option, b: Option, policy: PlacementPolicy): number {
  const objections =
    policy.kind === 'utility' ? Number(a.objection !== null) - Number(b.objection !== null) : 0;
  return objections || b.rank - a.rank || (a.there.host < b.there.host ? -1 : 1);
}

/** The move that gains most; of equals, the lightest to move, then the busiest, then by id. */
function compareMoves(a: Move, b: Move): number {
  return (
    b.gain - a.gain ||
    a.execution.executionCost - b.execution.executionCost ||
    b.execution.demand - a.execution.demand ||
    (a.execution.executionId < b.execution.executionId ? -1 : 1)
  );
}

function looksAround(execution: EstimatedExecution, here: ScoredHost, situation: Situation): boolean {
  const { policy, alarmed } = situation;
  if (policy.kind === 'utility' || alarmed.has(execution.executionId)) return true;
  return here.dynamicAffinity < policy.threshold;
}

/** Where nothing but the rank counts, only the best is looked at closely: there are as many as hosts × executions. */
function bestOption(execution: EstimatedExecution, here: ScoredHost, situation: Situation): Option | null {
  const { policy, targets } = situation;
  const open = targets.filter((target) => exclusion(execution, target, situation) === null);
  if (policy.kind === 'utility') {
    const options = open.map(({ belief }) => optionOf(execution, here, belief, situation));
    return options.reduce<Option | null>(
      (best, one) => (best === null || compareOptions(one, best, policy) < 0 ? one : best),
      null,
    );
  }
  let best: Belief | null = null;
  let bestRank = -Infinity;
  for (const { belief } of open) {
    const rank = scored(execution, withExecution(belief, execution), policy).dynamicAffinity;
    if (rank < bestRank || (rank === bestRank && best !== null && best.place.host < belief.place.host))
      continue;
    best = belief;
    bestRank = rank;
  }
  return best === null ? null : optionOf(execution, here, best, situation);
}

/** @returns why this host cannot take the execution, for people; null when it could */
function exclusion(
  execution: EstimatedExecution,
  { host, belief, closed }: Target,
  { bounds }: Situation,
): string | null {
  if (closed !== null) return closed;
  const bound = bounds.get(execution.executionId);
  if (bound !== undefined && bound !== host.identity.rack)
    return `it is in rack ${host.identity.rack}, and a directive holds the execution in ${bound}`;
  if (isAvoided(execution.affinity, host.identity.name))
    return 'it carries an execution that this one must be apart from';
  const memoryUsage = belief.load.memoryUsage + execution.memoryShare;
  if (memoryUsage <= memoryEasyShare) return null;
  return (
    `its memory would be ${percent(Math.min(1, memoryUsage))} full with the execution there, ` +
    `more than ${percent(memoryEasyShare)}`
  );
}

function optionOf(
  execution: EstimatedExecution,
  here: ScoredHost,
  belief: Belief,
  { inputs, policy, wattsPerCore }: Situation,
): Option {
  const there = scored(execution, withExecution(belief, execution), policy);
  const parameters = policy.kind === 'utility' ? policy.utility : utilityParameters;
  const utility = utilityOf(execution, here, there, inputs.moveCosts, wattsPerCore, parameters);
  const others = paysForAll(execution, here, there, policy) ? null : 'others';
  if (policy.kind === 'utility')
    return { there, utility, rank: utility.netMs, objection: pays(utility, parameters) ? others : 'cost' };
  const isBetter = there.dynamicAffinity - here.dynamicAffinity >= Math.max(gainMin, policy.hysteresis);
  return { there, utility, rank: there.dynamicAffinity, objection: isBetter ? others : 'hysteresis' };
}

/** Whether the sum that `nextMove` names rises by enough. */
function paysForAll(
  execution: EstimatedExecution,
  here: ScoredHost,
  there: ScoredHost,
  policy: AffinityPolicy,
): boolean {
  if (isShortOfMemory(here)) return true;
  const { demand } = execution;
  const { weights, hysteresis } = policy;
  const delivered = deliveredTo(demand, there) - deliveredTo(demand, here);
  const preferred = demand * (there.originalAffinity - here.originalAffinity);
  const rise = weights.resourceAvailability * delivered + weights.originalAffinity * preferred;
  return rise >= demand * Math.max(gainMin, hysteresis);
}

/** What the last `demand` of all that a host carries is given, in cores. */
function deliveredTo(demand: number, { load, strain }: ScoredHost): number {
  const share = cpuShareLeft(load.cpuShare, strain);
  return cpuDelivered(share, load.demand - demand, load.demand, strainAvailability(strain));
}
