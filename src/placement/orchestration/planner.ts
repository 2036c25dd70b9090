import type { MoveReason, Objectives, OrchestrationPolicy } from './contract.ts';
import { consolidate } from './consolidation.ts';
import type { Fleet } from './fleet.ts';
import { siteFlag } from './fleet.ts';
import { approach, isSmall, polish } from './improvement.ts';
import { drain, relieve } from './relief.ts';
import type { Option } from './round.ts';
import { Round } from './round.ts';

/** A move of a component, by their numbers in the fleet. */
export interface FleetMove {
  readonly component: number;
  readonly from: number;
  readonly to: number;
  readonly reason: MoveReason;
  /** Points gained, after the move's cost. */
  readonly gain: number;
  /** Change of each axis. */
  readonly change: Objectives;
  /** The next best targets with their gains, best first; at most 3. */
  readonly alternatives: readonly Option[];
}

export interface FleetPlan {
  readonly moves: readonly FleetMove[];
  readonly before: Objectives;
  readonly after: Objectives;
  /** Components of draining sites that fit nowhere, or for which the budgets did not suffice. */
  readonly stuck: readonly number[];
  readonly evaluations: number;
}

/** Beyond so many moves, they are not put into an order in which each fits when its turn comes. */
const orderedMax = 400;
const alternativesMax = 3;

/**
 * One round: what to move where. Deterministic. The fleet must have been refreshed; the moves are applied to it, so
 * that it stands as planned afterwards.
 *
 * Only sites that drain, are likely to be overloaded, or may be emptied are looked into, and components that wait for
 * peers; a small fleet is searched thoroughly.
 *
 * @param thorough false leaves that search out: for whoever decides every few seconds, and will decide again
 */
export function planFleet(fleet: Fleet, policy: OrchestrationPolicy, thorough = true): FleetPlan {
  const round = new Round(fleet, policy);
  const before = round.scorer.totals();
  const draining: number[] = [];
  const hot: number[] = [];
  for (let site = 0; site < fleet.shape.sites; site += 1) {
    if (((fleet.siteFlags[site] ?? 0) & siteFlag.draining) !== 0) draining.push(site);
    else if ((round.scorer.risk[site] ?? 0) > policy.riskMin) hot.push(site);
  }
  drain(round, draining);
  relieve(round, hot);
  if (fleet.edgePeer.length > 0) approach(round);
  if (policy.consolidates) consolidate(round);
  if (thorough && isSmall(round)) polish(round);
  const moves = replay(round);
  const stuck = draining.flatMap((site) => fleet.membersOf(site).toSorted((a, b) => a - b));
  const after = moves.reduce((sum, { change }) => sumOf(sum, change), before);
  return { moves, before, after, stuck, evaluations: round.scorer.evaluations };
}

/** Goes through the moves once more from the start, in the order in which they should begin, and says what each does. */
function replay(round: Round): FleetMove[] {
  const { fleet } = round;
  const wanted = [...round.displaced].map((component) => ({
    component,
    to: fleet.siteOf[component] ?? -1,
    reason: reasonOf(round, round.originOf(component)),
  }));
  const rank: Record<MoveReason, number> = { drain: 0, relieve: 1, consolidate: 2, improve: 3 };
  wanted.sort((a, b) => rank[a.reason] - rank[b.reason]);
  for (const { component } of wanted) round.move(component, round.originOf(component));
  const moves: FleetMove[] = [];
  while (wanted.length > 0) {
    const at =
      wanted.length > orderedMax
        ? 0
        : Math.max(
            0,
            wanted.findIndex(({ component, to }) => round.arrivalLoss(component, to) < Infinity),
          );
    const [next] = wanted.splice(at, 1);
    if (next !== undefined) moves.push(made(round, next));
  }
  return moves;
}

/** Why something left a site, in a round that has been planned. */
function reasonOf(round: Round, origin: number): MoveReason {
  if (round.drains(origin)) return 'drain';
  if ((round.firstRisk[origin] ?? 0) > round.policy.riskMin) return 'relieve';
  return (round.fleet.memberCount[origin] ?? 0) === 0 ? 'consolidate' : 'improve';
}

function made(
  round: Round,
  { component, to, reason }: { readonly component: number; readonly to: number; readonly reason: MoveReason },
): FleetMove {
  const { fleet, policy } = round;
  const from = fleet.siteOf[component] ?? -1;
  // All alternatives leave, too: that it leaves is no merit of theirs.
  const staying = round.churnPoints(component, from);
  const alternatives = round
    .options(component, true, to)
    .slice(0, alternativesMax)
    .map(({ site, gain }) => ({ site, gain: gain - staying }));
  const was = pairTotals(round, component, from, to);
  round.move(component, to);
  const is = pairTotals(round, component, from, to);
  const change: Objectives = {
    latency: is.latency - was.latency,
    cost: is.cost - was.cost,
    energy: is.energy - was.energy,
    churn: round.scorer.churn(component),
    overload: is.overload - was.overload,
  };
  return { component, from, to, reason, gain: -pointsOf(change, policy), change, alternatives };
}

/** Axes of two sites and of one component's traffic, as they stand. */
function pairTotals(round: Round, component: number, from: number, to: number): Objectives {
  const { fleet, scorer } = round;
  let sum: Objectives = { latency: 0, cost: 0, energy: 0, churn: 0, overload: 0 };
  for (const site of [from, to]) {
    scorer.score(site, -1, -1);
    const { latency, cost, energy, overload } = scorer;
    sum = sumOf(sum, { latency, cost, energy, churn: 0, overload });
  }
  const here = fleet.siteOf[component] ?? -1;
  let { latency, cost } = sum;
  for (let edge = fleet.edgeStart[component] ?? 0; edge < (fleet.edgeStart[component + 1] ?? 0); edge += 1) {
    const there = fleet.siteOf[fleet.edgePeer[edge] ?? -1] ?? -1;
    if (there < 0) continue;
    latency += scorer.edgeWaitMs(edge, here, there);
    cost += scorer.edgeCost(edge, here, there);
  }
  return { ...sum, latency, cost };
}

/** Points of a vector of axes under a policy's weights. */
export function pointsOf(axes: Objectives, { weights }: OrchestrationPolicy): number {
  return (
    weights.latency * axes.latency +
    weights.cost * axes.cost +
    weights.energy * axes.energy +
    weights.churn * axes.churn
  );
}

function sumOf(a: Objectives, b: Objectives): Objectives {
  return {
    latency: a.latency + b.latency,
    cost: a.cost + b.cost,
    energy: a.energy + b.energy,
    churn: a.churn + b.churn,
    overload: a.overload + b.overload,
  };
}
