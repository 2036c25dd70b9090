import type { ExecutionId, HostName, MethodId, RackName } from '../core/ids.ts';
import type { AffinityPolicy } from './affinity.ts';
import { dynamicAffinity } from './affinity.ts';
import type { Bottleneck, HostLoad, HostStrain } from './availability.ts';
import { availability, bottleneck, carrying, cpuDelivered, memoryEasyShare } from './availability.ts';
import type { DeclaredAffinity, Place } from './original-affinity.ts';
import { originalAffinity } from './original-affinity.ts';

/** A host as its report shows it. */
export type HostReport = PlainHostReport | MeasuredHostReport;

/** One that also says what slows it down. */
export interface MeasuredHostReport extends PlainHostReport {
  readonly strain: HostStrain;
}

export interface PlainHostReport {
  readonly identity: { readonly name: HostName; readonly rack: RackName };
  readonly labels: readonly string[];
  readonly resource: { readonly memoryUsage: number };
  /** Cores that this host may use. */
  readonly cpuShare: number;
  /** Mean number of executions running or ready over the last sample. */
  readonly demand: number;
  /** Executions announced to it and not yet arrived; each counts as one of demand. */
  readonly reserved: number;
  readonly accepting: boolean;
}

/** An execution on the deciding host. */
export interface PlacedExecution {
  readonly executionId: ExecutionId;
  readonly methodId: MethodId;
  /** Where it was deployed. */
  readonly host: HostName;
  /** Where it now is. */
  readonly currentHost: HostName;
  readonly affinity: DeclaredAffinity;
  /** In [0, 1]; 1 is the heaviest to move. */
  readonly executionCost: number;
  /** Share of the last sample in which it was running or ready, in [0, 1]. */
  readonly demand: number;
  /** Share of a host's memory limit that it fills, in [0, 1]. */
  readonly memoryShare: number;
  /** Monotonic ms at which it came to this host by a move; null when it started here. */
  readonly movedAtMs: number | null;
  /** False while it is pinned, frozen, migrating or settled. */
  readonly movable: boolean;
}

/** A request of an earlier round whose outcome the hosts' reports do not show yet. */
export interface OutstandingMove {
  readonly executionId: ExecutionId;
  readonly targetHost: HostName;
  readonly demand: number;
  readonly memoryShare: number;
}

/** What a decision was made from. */
export interface ScoredHost {
  readonly host: HostName;
  readonly originalAffinity: number;
  /** With the execution there. */
  readonly resourceAvailability: number;
  readonly dynamicAffinity: number;
  readonly load: HostLoad;
}

/** One request, and why. */
export interface MigrationDecision {
  readonly methodExecution: {
    readonly executionId: ExecutionId;
    readonly methodId: MethodId;
    readonly host: HostName;
    readonly originalAffinity: number;
    readonly executionCost: number;
    readonly currentHost: HostName;
  };
  readonly targetHost: HostName;
  readonly here: ScoredHost;
  /** Every host that could take it, best first. */
  readonly candidates: readonly ScoredHost[];
  /** Dynamic affinity at the target less that here. */
  readonly gain: number;
  readonly decidedAtMs: number;
  /** For people: one sentence. */
  readonly text: string;
}

/** Moving what hardly runs would not relieve a CPU. */
const demandMin = 0.1;
/** Moving what is this small would not relieve a memory. */
const memoryShareMin = 0.001;

/** What the round believes, its own decisions included. */
interface Belief {
  readonly load: HostLoad;
  readonly place: Place;
}

/**
 * Decides which executions of one host to move, and where: one round.
 *
 * An execution that scores below the threshold here goes to the host where it would score best with the execution on
 * it, if that is better by the hysteresis, and if all that run on the two hosts gain by it: the CPU time that the
 * target newly delivers, over that which the source no longer does (each as an integral over demand, weighed like the
 * score), must exceed the hysteresis too. That sum over all hosts is bounded and rises with each such move; so under a
 * constant load the moves end, whatever the demands and affinities are. Moves for want of memory end since a host is
 * never filled beyond `memoryEasyShare`, so that memory in excess of it only falls.
 *
 * @param here the deciding host
 * @param executions those now on it
 * @param candidates other hosts; the deciding one among them is passed over
 * @param outstanding moves from here, asked for and not yet visible in the reports
 * @param nowMs monotonic ms
 * @returns the requests, in order; with `outstanding`, at most `movesPerRoundMax`
 */
export function choose(
  here: HostReport,
  executions: readonly PlacedExecution[],
  candidates: readonly HostReport[],
  outstanding: readonly OutstandingMove[],
  nowMs: number,
  policy: AffinityPolicy,
): readonly MigrationDecision[] {
  const asked = new Set(outstanding.map((move) => move.executionId));
  const left = executions.filter(
    (execution) =>
      execution.movable && !asked.has(execution.executionId) && isRested(execution, nowMs, policy),
  );
  let source = believeHere(here, outstanding);
  const targets = candidates
    .filter((host) => host.accepting && host.identity.name !== here.identity.name)
    .map((host) => believeTarget(host, outstanding));
  const decisions: MigrationDecision[] = [];
  while (decisions.length + outstanding.length < policy.movesPerRoundMax) {
    const best = bestMove(left, source, targets, nowMs, policy);
    if (best === null) break;
    const { execution, decision } = best;
    decisions.push(decision);
    left.splice(left.indexOf(execution), 1);
    source = shifted(source, -execution.demand, -execution.memoryShare);
    const at = targets.findIndex((target) => target.place.host === decision.targetHost);
    targets[at] = shifted(targets[at] as Belief, execution.demand, execution.memoryShare);
  }
  return decisions;
}

function isRested(execution: PlacedExecution, nowMs: number, policy: AffinityPolicy): boolean {
  return execution.movedAtMs === null || nowMs - execution.movedAtMs >= policy.coolDownMs;
}

function placeOf(host: HostReport): Place {
  return { host: host.identity.name, rack: host.identity.rack, labels: host.labels };
}

function loadOf(host: HostReport): HostLoad {
  return { cpuShare: host.cpuShare, demand: host.demand, memoryUsage: host.resource.memoryUsage };
}

/** What is reserved here has not arrived yet: it is no reason to move anything. */
function believeHere(host: HostReport, outstanding: readonly OutstandingMove[]): Belief {
  const load = outstanding.reduce(
    (rest, move) => carrying(rest, -move.demand, -move.memoryShare),
    loadOf(host),
  );
  return { load, place: placeOf(host) };
}

/** Reservations may be our own outstanding moves: to count both errs towards sparing the target. */
function believeTarget(host: HostReport, outstanding: readonly OutstandingMove[]): Belief {
  const reserved = carrying(loadOf(host), host.reserved, 0);
  const load = outstanding
    .filter((move) => move.targetHost === host.identity.name)
    .reduce((sum, move) => carrying(sum, move.demand, move.memoryShare), reserved);
  return { load, place: placeOf(host) };
}

function shifted(belief: Belief, demand: number, memoryShare: number): Belief {
  return { ...belief, load: carrying(belief.load, demand, memoryShare) };
}

interface Move {
  readonly execution: PlacedExecution;
  readonly decision: MigrationDecision;
}

/** The move that gains most; of equals, the lightest to move, then the busiest, then by id. */
function bestMove(
  executions: readonly PlacedExecution[],
  source: Belief,
  targets: readonly Belief[],
  nowMs: number,
  policy: AffinityPolicy,
): Move | null {
  const scarce = bottleneck(source.load);
  const moves = executions
    .filter((execution) => relieves(execution, scarce))
    .flatMap((execution) => consider(execution, source, targets, nowMs, policy) ?? []);
  return moves.toSorted(compareMoves)[0] ?? null;
}

function compareMoves(a: Move, b: Move): number {
  return (
    b.decision.gain - a.decision.gain ||
    a.execution.executionCost - b.execution.executionCost ||
    b.execution.demand - a.execution.demand ||
    (a.execution.executionId < b.execution.executionId ? -1 : 1)
  );
}

function relieves(execution: PlacedExecution, scarce: Bottleneck): boolean {
  return scarce === 'cpu' ? execution.demand >= demandMin : execution.memoryShare >= memoryShareMin;
}

function consider(
  execution: PlacedExecution,
  source: Belief,
  targets: readonly Belief[],
  nowMs: number,
  policy: AffinityPolicy,
): Move | null {
  const here = scored(execution, source, policy);
  if (here.dynamicAffinity >= policy.threshold) return null;
  const candidates = targets
    .map((target) => shifted(target, execution.demand, execution.memoryShare))
    .filter(({ load }) => load.memoryUsage <= memoryEasyShare)
    .map((target) => scored(execution, target, policy))
    .toSorted((a, b) => b.dynamicAffinity - a.dynamicAffinity || (a.host < b.host ? -1 : 1));
  const there = candidates[0];
  if (there === undefined) return null;
  const gain = there.dynamicAffinity - here.dynamicAffinity;
  if (gain < policy.hysteresis || !paysForAll(execution, here, there, policy)) return null;
  return { execution, decision: decide(execution, here, candidates, gain, nowMs, policy) };
}

function scored(execution: PlacedExecution, { load, place }: Belief, policy: AffinityPolicy): ScoredHost {
  const scores = {
    originalAffinity: originalAffinity(execution.affinity, place),
    resourceAvailability: availability(load),
    executionCost: execution.executionCost,
  };
  return {
    host: place.host,
    originalAffinity: scores.originalAffinity,
    resourceAvailability: scores.resourceAvailability,
    dynamicAffinity: dynamicAffinity(scores, policy.weights),
    load,
  };
}

/** Whether the sum that `choose` names rises by enough. */
function paysForAll(
  execution: PlacedExecution,
  here: ScoredHost,
  there: ScoredHost,
  policy: AffinityPolicy,
): boolean {
  if (bottleneck(here.load) === 'memory') return true;
  const { demand } = execution;
  const { weights, hysteresis } = policy;
  const delivered =
    cpuDelivered(there.load.cpuShare, there.load.demand - demand, there.load.demand) -
    cpuDelivered(here.load.cpuShare, here.load.demand - demand, here.load.demand);
  const preferred = demand * (there.originalAffinity - here.originalAffinity);
  const rise = weights.resourceAvailability * delivered + weights.originalAffinity * preferred;
  return rise >= demand * hysteresis;
}

function decide(
  execution: PlacedExecution,
  here: ScoredHost,
  candidates: readonly ScoredHost[],
  gain: number,
  nowMs: number,
  policy: AffinityPolicy,
): MigrationDecision {
  const there = candidates[0] as ScoredHost;
  const { executionId, methodId, host, currentHost, executionCost } = execution;
  const scarce = bottleneck(here.load) === 'cpu' ? demandText(here.load) : memoryText(here.load);
  return {
    methodExecution: {
      executionId,
      methodId,
      host,
      originalAffinity: here.originalAffinity,
      executionCost,
      currentHost,
    },
    targetHost: there.host,
    here,
    candidates,
    gain,
    decidedAtMs: nowMs,
    text:
      `${scarce}: dynamic affinity ${round(here.dynamicAffinity)} at ${here.host} is below ${policy.threshold}, ` +
      `${round(there.dynamicAffinity)} at ${there.host} with it there`,
  };
}

function demandText({ demand, cpuShare }: HostLoad): string {
  return `${round(demand)} executions want ${round(cpuShare)} cores`;
}

function memoryText({ memoryUsage }: HostLoad): string {
  return `memory is ${Math.round(memoryUsage * 100)} % full`;
}

function round(value: number): string {
  return String(Math.round(value * 1000) / 1000);
}

/** A decision's numbers by name, for a log or a message. */
export function scoresOf(decision: MigrationDecision): Readonly<Record<string, number>> {
  const { here, candidates, gain, methodExecution } = decision;
  const scores: Record<string, number> = { gain, executionCost: methodExecution.executionCost };
  for (const [name, host] of [
    ['here', here],
    ...candidates.map((one) => [one.host, one] as const),
  ] as const) {
    scores[`${name}.originalAffinity`] = host.originalAffinity;
    scores[`${name}.resourceAvailability`] = host.resourceAvailability;
    scores[`${name}.dynamicAffinity`] = host.dynamicAffinity;
  }
  return scores;
}
