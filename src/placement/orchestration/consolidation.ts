import { siteFlag } from './fleet.ts';
import type { Round } from './round.ts';

/** So many sites in a row that could not be emptied end the search. */
const failuresMax = 12;
const triedMax = 400;

/**
 * Empties sites that cost more than they carry: those first that save most for each component moved. Each site is
 * emptied completely, or not at all.
 */
export function consolidate(round: Round): void {
  let failures = 0;
  for (const site of worthEmptying(round).slice(0, triedMax)) {
    if (failures >= failuresMax || round.displaced.size >= round.policy.movesMax) return;
    failures = evacuate(round, site) ? 0 : failures + 1;
  }
}

function worthEmptying(round: Round): number[] {
  const { fleet, scorer, policy } = round;
  const { weights } = policy;
  const candidates: { site: number; saved: number }[] = [];
  for (let site = 0; site < fleet.shape.sites; site += 1) {
    const members = fleet.memberCount[site] ?? 0;
    const flags = fleet.siteFlags[site] ?? 0;
    if (members === 0 || (flags & siteFlag.sleeps) === 0 || (flags & siteFlag.draining) !== 0) continue;
    if (members > policy.movesMax - round.displaced.size) continue;
    scorer.score(site, -1, -1);
    const points = weights.cost * scorer.cost + weights.energy * scorer.energy;
    candidates.push({ site, saved: points / members - policy.weights.churn });
  }
  return candidates.sort((a, b) => b.saved - a.saved || a.site - b.site).map(({ site }) => site);
}

/** @returns whether the site was emptied, at a gain */
export function evacuate(round: Round, site: number): boolean {
  const { fleet, policy } = round;
  if ((fleet.memberCount[site] ?? 0) === 0) return false;
  const leaving = fleet.membersOf(site).toSorted((a, b) => sizeOf(round, b) - sizeOf(round, a) || a - b);
  if (leaving.some((i) => fleet.movable[i] !== 1)) return false;
  let gain = 0;
  let moved = 0;
  for (const component of leaving) {
    const best = round.affords(component) ? round.options(component, false, site)[0] : undefined;
    if (best === undefined) break;
    gain += best.gain;
    round.move(component, best.site);
    moved += 1;
  }
  if (moved === leaving.length && gain > 1e-9 && gain > policy.gainMin * moved) return true;
  for (let k = moved - 1; k >= 0; k -= 1) round.move(leaving[k] ?? 0, site);
  return false;
}

function sizeOf(round: Round, component: number): number {
  return round.fleet.mean[component * round.fleet.cells] ?? 0;
}
