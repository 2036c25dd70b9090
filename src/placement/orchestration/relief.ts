import { Heap } from './heap.ts';
import type { Option, Round } from './round.ts';

/** Of a hot site's components, so many are tried for real: those whose leaving gains most, by a first look. */
const triedMax = 7;
const swapTriedMax = 4;
const swapSitesMax = 8;
const swapMembersMax = 12;

interface Relocation {
  readonly component: number;
  readonly option: Option;
}

/** Empties draining sites: what has the most to lose by waiting goes first. */
export function drain(round: Round, draining: readonly number[]): void {
  for (const site of draining) {
    const leaving = round.fleet.membersOf(site).filter((i) => round.fleet.movable[i] === 1);
    for (const component of byRegret(round, leaving)) {
      const [best] = round.options(component, true);
      if (best !== undefined && round.affords(component)) round.move(component, best.site);
    }
  }
}

/** Largest first in memory of how much worse the second-best place is; what has one place only goes before all. */
function byRegret(round: Round, components: readonly number[]): number[] {
  const regrets = components.map((component) => {
    const [best, second] = round.options(component, true);
    const regret = best === undefined ? -1 : second === undefined ? Infinity : best.gain - second.gain;
    return { component, regret, size: round.fleet.mean[component * round.fleet.cells] ?? 0 };
  });
  return regrets
    .sort((a, b) =>
      a.regret === b.regret ? b.size - a.size || a.component - b.component : b.regret - a.regret,
    )
    .map(({ component }) => component);
}

/** Relieves sites that are likely to be overloaded, the best move of all of them first, while any move gains. */
export function relieve(round: Round, hot: readonly number[]): void {
  const heap = new Heap();
  const best = new Map<number, Relocation>();
  const look = (site: number): void => {
    const found = (round.scorer.risk[site] ?? 0) > round.policy.riskMin ? bestRelocation(round, site) : null;
    if (found === null) return;
    best.set(site, found);
    heap.push(site, found.option.gain);
  };
  for (const site of hot) look(site);
  while (heap.size > 0) {
    const site = heap.pop();
    const planned = best.get(site);
    if (planned === undefined) continue;
    // Others may have taken the place: look again, and go on with whoever is best now.
    const [now] = round.options(planned.component, true);
    if (now === undefined || now.gain < planned.option.gain - 1e-9) {
      best.delete(site);
      look(site);
      continue;
    }
    if (round.affords(planned.component)) round.move(planned.component, now.site);
    best.delete(site);
    if (round.displaced.size < round.policy.movesMax) look(site);
  }
  for (const site of hot) {
    for (
      let swaps = 0;
      swaps < swapTriedMax && (round.scorer.risk[site] ?? 0) > round.policy.riskMin;
      swaps += 1
    ) {
      if (!swapOut(round, site)) break;
    }
  }
}

function movableAt(round: Round, site: number): number[] {
  return round.fleet.membersOf(site).filter((i) => round.fleet.movable[i] === 1 && round.affords(i));
}

/** Components of a site by what their leaving gains after churn, the best first. */
function byLeaving(round: Round, site: number): { component: number; gain: number; enough: boolean }[] {
  return movableAt(round, site)
    .map((component) => {
      const gain = round.leavingGain(component) - round.policy.weights.churn * round.scorer.churn(component);
      return { component, gain, enough: round.scorer.overload <= round.policy.riskMin };
    })
    .sort((a, b) => b.gain - a.gain || a.component - b.component);
}

function bestRelocation(round: Round, site: number): Relocation | null {
  const leaving = byLeaving(round, site);
  // The smallest of those that are enough by themselves fit where the largest do not.
  const small = leaving.filter(({ enough }) => enough).slice(-2);
  let best: Relocation | null = null;
  for (const { component } of new Set([...leaving.slice(0, triedMax - small.length), ...small])) {
    const [option] = round.options(component, true);
    if (option === undefined || option.gain <= round.policy.gainMin) continue;
    if (best === null || option.gain > best.option.gain) best = { component, option };
  }
  return best;
}

/** Exchanges one of a site's components for a smaller one elsewhere, if that gains. */
function swapOut(round: Round, site: number): boolean {
  const { fleet, policy } = round;
  let best: { out: number; into: number; gain: number } | null = null;
  for (const { component: out } of byLeaving(round, site).slice(0, swapTriedMax)) {
    const size = fleet.mean[out * fleet.cells] ?? 0;
    for (const there of round.targets.find(out, false).slice(0, swapSitesMax)) {
      const smaller = movableAt(round, there)
        .filter((i) => (fleet.mean[i * fleet.cells] ?? 0) < size && fleet.admits(i, site))
        .slice(0, swapMembersMax);
      for (const into of smaller) {
        const gain = swapGain(round, out, into);
        if (gain > 2 * policy.gainMin && gain > 1e-9 && (best === null || gain > best.gain))
          best = { out, into, gain };
      }
    }
  }
  if (best === null) return false;
  return swap(round, best.out, best.into);
}

/** Points gained if two components change places; -Infinity when one does not fit. */
export function swapGain(round: Round, a: number, b: number): number {
  const { fleet, scorer } = round;
  const siteA = fleet.siteOf[a] ?? -1;
  const siteB = fleet.siteOf[b] ?? -1;
  const afterA = scorer.score(siteA, b, a);
  if (!scorer.fits && !round.isHome(b, siteA, a)) return -Infinity;
  const afterB = scorer.score(siteB, a, b);
  if (!scorer.fits && !round.isHome(a, siteB, b)) return -Infinity;
  const sites = (scorer.points[siteA] ?? 0) + (scorer.points[siteB] ?? 0) - afterA - afterB;
  // An edge between the two is as long after as before: it is counted twice, and left out twice.
  const before = scorer.trafficPoints(a, siteA) + scorer.trafficPoints(b, siteB);
  const after = scorer.trafficPoints(a, siteB, b, siteA) + scorer.trafficPoints(b, siteA, a, siteB);
  const churn =
    round.churnPoints(a, siteB) +
    round.churnPoints(b, siteA) -
    round.churnPoints(a, siteA) -
    round.churnPoints(b, siteB);
  return sites + before - after - churn;
}

/** Exchanges two components, if the budgets allow both. */
export function swap(round: Round, a: number, b: number): boolean {
  const siteA = round.fleet.siteOf[a] ?? -1;
  const siteB = round.fleet.siteOf[b] ?? -1;
  const fresh = [a, b].filter((i) => !round.displaced.has(i));
  const bytes = fresh.reduce((sum, i) => sum + (round.fleet.stateBytes[i] ?? 0), 0);
  if (
    round.displaced.size + fresh.length > round.policy.movesMax ||
    round.bytes + bytes > round.policy.bytesMax
  )
    return false;
  round.move(a, siteB);
  round.move(b, siteA);
  return true;
}
