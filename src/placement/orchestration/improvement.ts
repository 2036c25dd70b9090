import { evacuate } from './consolidation.ts';
import { Heap } from './heap.ts';
import { swap, swapGain } from './relief.ts';
import type { Round } from './round.ts';

/** In a large fleet, so many of the components that wait longest for their peers are tried. */
const talkersMax = 512;
/** Up to so many placements (sites × components), a fleet is searched thoroughly. */
const thoroughMax = 4_000;
/** Scores that the thorough search may spend: at most some 40 ms, and less on a smaller fleet. */
const thoroughEvaluations = 60_000;
const evaluationsPerPlacement = 600;
const ruinedMax = 8;
const closedMax = 24;
/** Of the search's steps, so many exchange all that two sites carry. */
const exchangeShare = 0.2;
/** Share of the fleet's points by which the search may stand above the best plan, at first. */
const slackShare = 0.02;

/** Brings components closer to their peers, while that gains. */
export function approach(round: Round): void {
  const { fleet, scorer, policy } = round;
  const heap = new Heap();
  for (let i = 0; i < fleet.siteOf.length; i += 1) {
    if (fleet.talk[2 * i] === 0 && fleet.talk[2 * i + 1] === 0) continue;
    // Less than its move costs cannot be gained by it.
    const costs = policy.weights.churn * scorer.churn(i) + policy.gainMin;
    if (scorer.trafficPointsMax(i) <= costs) continue;
    const here = fleet.siteOf[i] ?? -1;
    if (here < 0 || fleet.movable[i] !== 1) continue;
    const points = scorer.trafficPoints(i, here);
    if (points > costs) heap.push(i, points);
  }
  for (let tried = 0; tried < talkersMax && heap.size > 0; tried += 1) {
    const component = heap.pop();
    if (round.affords(component)) improve(round, component);
  }
}

function improve(round: Round, component: number): boolean {
  const [best] = round.options(component, true);
  if (best === undefined || best.gain <= Math.max(1e-9, round.policy.gainMin)) return false;
  round.move(component, best.site);
  return true;
}

export function isSmall(round: Round): boolean {
  return round.fleet.shape.sites * round.fleet.shape.components <= thoroughMax;
}

/**
 * Searches a small fleet thoroughly: to a local optimum of relocations, exchanges and evacuations; then by taking
 * several components out and putting them back by regret, over and over (Schrimpf et al., Journal of Computational
 * Physics 159, 2000), accepting what is not much worse than the best (Dueck's record-to-record travel).
 */
export function polish(round: Round): void {
  if (round.policy.movesMax === 0) return;
  const movable = Array.from(round.fleet.siteOf.keys()).filter(
    (i) => round.fleet.movable[i] === 1 && (round.fleet.siteOf[i] ?? -1) >= 0,
  );
  if (movable.length === 0) return;
  const spent = Math.min(
    thoroughEvaluations,
    evaluationsPerPlacement * round.fleet.shape.sites * movable.length,
  );
  const until = round.scorer.evaluations + spent;
  descend(round, movable, until);
  const chance = sequence(movable.length * 7_919 + round.fleet.shape.sites);
  const best = { sites: movable.map((i) => round.fleet.siteOf[i] ?? -1), points: 0 };
  const scale = slackShare * round.scorer.points.reduce((sum, points) => sum + Math.abs(points), 0);
  const start = round.scorer.evaluations;
  let points = 0;
  while (round.scorer.evaluations < until) {
    const left = 1 - (round.scorer.evaluations - start) / (until - start);
    const allowed = best.points - points + scale * left;
    if (chance() < exchangeShare) points += exchanged(round, chance, allowed);
    else {
      const { picked, closed } = pick(round, movable, chance);
      points += rebuilt(round, picked, closed, allowed);
    }
    if (points >= best.points - 1e-9) continue;
    best.points = points;
    best.sites = movable.map((i) => round.fleet.siteOf[i] ?? -1);
  }
  restore(round, movable, best.sites);
  descend(round, movable, until + spent / 4);
}

function descend(round: Round, movable: readonly number[], until: number): void {
  const { fleet, scorer } = round;
  for (let improved = true; improved && scorer.evaluations < until;) {
    improved = false;
    for (const i of movable) if (round.affords(i) && improve(round, i)) improved = true;
    for (const a of movable) {
      for (const b of movable) {
        if (a >= b || fleet.siteOf[a] === fleet.siteOf[b] || scorer.evaluations >= until) continue;
        if (!fleet.admits(a, fleet.siteOf[b] ?? -1) || !fleet.admits(b, fleet.siteOf[a] ?? -1)) continue;
        if (swapGain(round, a, b) > 1e-9 + 2 * round.policy.gainMin && swap(round, a, b)) improved = true;
      }
    }
    if (!round.policy.consolidates) continue;
    for (let site = 0; site < fleet.shape.sites; site += 1) if (evacuate(round, site)) improved = true;
  }
}

/**
 * Takes components out and puts them back, the largest regret first.
 *
 * @param closed a site that takes none of them back; -1: none
 * @returns the change of points; 0 when undone, since it would be above `allowed`
 */
function rebuilt(round: Round, picked: readonly number[], closed: number, allowed: number): number {
  const { fleet } = round;
  const sites = picked.map((i) => fleet.siteOf[i] ?? -1);
  let change = 0;
  for (const i of picked) {
    change -= round.leavingGain(i) + round.churnPoints(i, fleet.siteOf[i] ?? -1);
    round.put(i, -1);
    round.account(i);
  }
  const waiting = new Set(picked);
  // A site is closed by packing the largest first; otherwise, who has most to lose by waiting goes first.
  const bySize = closed >= 0;
  while (waiting.size > 0) {
    const next = mostRegret(round, waiting, closed, bySize);
    if (next === null) break;
    waiting.delete(next.component);
    change += next.loss;
    round.move(next.component, next.site);
  }
  if (waiting.size === 0 && change <= allowed + 1e-9) return change;
  restore(round, picked, sites);
  return 0;
}

/**
 * Exchanges all that two sites carry, one of which may be asleep: no step of a few components leads from a good
 * division of the work to the same division on better sites.
 *
 * @returns the change of points; 0 when undone
 */
function exchanged(round: Round, chance: () => number, allowed: number): number {
  const { fleet } = round;
  const a = Math.floor(chance() * fleet.shape.sites);
  const b = Math.floor(chance() * fleet.shape.sites);
  const all = a === b ? [] : [...fleet.membersOf(a), ...fleet.membersOf(b)];
  if (all.length === 0 || all.length > closedMax || all.some((i) => fleet.movable[i] !== 1)) return 0;
  const sites = all.map((i) => fleet.siteOf[i] ?? -1);
  let change = 0;
  for (const i of all) {
    change -= round.leavingGain(i) + round.churnPoints(i, fleet.siteOf[i] ?? -1);
    round.put(i, -1);
    round.account(i);
  }
  for (const [k, i] of all.entries()) {
    const to = sites[k] === a ? b : a;
    const home = to === round.originOf(i);
    const allows = home ? fleet.standsApart(i, to) : round.affords(i) && fleet.admits(i, to);
    change += allows ? round.arrivalLoss(i, to) + round.churnPoints(i, to) : Infinity;
    if (change === Infinity) break;
    round.move(i, to);
  }
  if (change <= allowed + 1e-9) return change;
  restore(round, all, sites);
  return 0;
}

function mostRegret(
  round: Round,
  waiting: ReadonlySet<number>,
  closed: number,
  bySize: boolean,
): { component: number; site: number; loss: number } | null {
  let next: { component: number; site: number; loss: number } | null = null;
  let most = -1;
  for (const component of waiting) {
    const [best, second] = losses(round, component, closed);
    if (best === undefined) return null;
    const size = round.fleet.mean[component * round.fleet.cells] ?? 0;
    const regret = bySize ? size : second === undefined ? Infinity : second.loss - best.loss;
    if (regret > most) {
      most = regret;
      next = { component, ...best };
    }
  }
  return next;
}

/** What putting a component that is nowhere to each place would cost, the least first. */
function losses(round: Round, component: number, closed: number): { site: number; loss: number }[] {
  const origin = round.originOf(component);
  const apart = round.fleet.standsApart(component, origin);
  const loss = apart ? round.arrivalLoss(component, origin) + round.churnPoints(component, origin) : Infinity;
  const home = loss < Infinity && origin !== closed ? [{ site: origin, loss }] : [];
  if (!round.affords(component)) return home;
  const found = round.targets
    .find(component, true)
    .filter((site) => site !== origin && site !== closed)
    .map((site) => ({ site, loss: round.arrivalLoss(component, site) + round.churnPoints(component, site) }))
    .filter(({ loss }) => loss < Infinity);
  return [...home, ...found].sort((a, b) => a.loss - b.loss || a.site - b.site);
}

/** Sites stand as they were, whatever the components pass through. */
function restore(round: Round, components: readonly number[], sites: readonly number[]): void {
  components.forEach((component, k) => {
    round.put(component, sites[k] ?? -1);
    round.account(component);
  });
}

/** What to take out: components of one site, of one conversation, or any; or all of a site, which is then closed. */
function pick(
  round: Round,
  movable: readonly number[],
  chance: () => number,
): { readonly picked: readonly number[]; readonly closed: number } {
  const { fleet } = round;
  const first = movable[Math.floor(chance() * movable.length)] ?? 0;
  const site = fleet.siteOf[first] ?? 0;
  const wanted = 2 + Math.floor(chance() * (Math.min(ruinedMax, movable.length) - 1));
  const picked = new Set([first]);
  const kind = Math.floor(chance() * 4);
  if (kind === 0 || kind === 1) {
    const most = kind === 0 ? ruinedMax : closedMax;
    for (const i of fleet.membersOf(site)) if (picked.size < most && fleet.movable[i] === 1) picked.add(i);
    if (kind === 1) {
      // What is to be packed more tightly needs another site's components out of the way.
      const other = fleet.membersOf(Math.floor(chance() * fleet.shape.sites));
      for (const i of other) if (picked.size < closedMax && fleet.movable[i] === 1) picked.add(i);
      return { picked: [...picked], closed: site };
    }
  } else if (kind === 2) {
    for (let edge = fleet.edgeStart[first] ?? 0; edge < (fleet.edgeStart[first + 1] ?? 0); edge += 1) {
      const peer = fleet.edgePeer[edge] ?? -1;
      if (picked.size < wanted && fleet.movable[peer] === 1 && (fleet.siteOf[peer] ?? -1) >= 0)
        picked.add(peer);
    }
  }
  for (let tries = 0; picked.size < Math.min(wanted, movable.length) && tries < 50; tries += 1) {
    picked.add(movable[Math.floor(chance() * movable.length)] ?? first);
  }
  return { picked: [...picked], closed: -1 };
}

/** Even numbers in [0, 1), always the same: a plan can be replayed. Multiplier and increment as in Numerical Recipes. */
function sequence(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 4_294_967_296;
  };
}
