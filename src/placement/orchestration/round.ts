import type { OrchestrationPolicy } from './contract.ts';
import type { Fleet } from './fleet.ts';
import { siteFlag } from './fleet.ts';
import { Scorer } from './scoring.ts';
import { Targets } from './targets.ts';

/** A target and what going there would gain, in points. */
export interface Option {
  readonly site: number;
  readonly gain: number;
}

/** What staying on a draining site counts: more than anything else could gain. */
const stayingPoints = 1e7;

/**
 * One round of planning: the fleet as it stands so far, its scores, and what was moved from where. A component that
 * comes back to where it was has not moved.
 */
export class Round {
  readonly fleet: Fleet;
  readonly policy: OrchestrationPolicy;
  readonly scorer: Scorer;
  readonly targets: Targets;
  /** Where each component was when the round began. */
  readonly origin: Int32Array;
  /** Those that are not there any more, in the order in which they left. */
  readonly displaced = new Set<number>();
  /** Of each site, when the round began. */
  readonly firstRisk: Float64Array;
  /** How many of a site's components came in this round. */
  private readonly arrivals: Int32Array;
  /** State of the displaced ones. */
  bytes = 0;

  constructor(fleet: Fleet, policy: OrchestrationPolicy) {
    this.fleet = fleet;
    this.policy = policy;
    this.origin = fleet.siteOf.slice();
    this.arrivals = new Int32Array(fleet.shape.sites);
    this.scorer = new Scorer(fleet, policy);
    this.firstRisk = this.scorer.risk.slice();
    this.targets = new Targets(fleet);
  }

  originOf(component: number): number {
    return this.origin[component] ?? -1;
  }

  /** Whether everything should leave a site. */
  drains(site: number): boolean {
    return ((this.fleet.siteFlags[site] ?? 0) & siteFlag.draining) !== 0;
  }

  /** Whether the budgets allow a component to be somewhere else than at its origin. */
  affords(component: number): boolean {
    if (this.displaced.has(component)) return true;
    const bytes = this.fleet.stateBytes[component] ?? 0;
    return this.displaced.size < this.policy.movesMax && this.bytes + bytes <= this.policy.bytesMax;
  }

  /** Churn points of a component that is at a site; and those of staying where everything should leave. */
  churnPoints(component: number, site: number): number {
    if (site === this.originOf(component)) return this.drains(site) ? stayingPoints : 0;
    return this.policy.weights.churn * this.scorer.churn(component);
  }

  /** Points gained at its own site when a component leaves it: site and traffic, not churn. */
  leavingGain(component: number): number {
    const { scorer } = this;
    const here = this.fleet.siteOf[component] ?? -1;
    return (
      (scorer.points[here] ?? 0) - scorer.score(here, -1, component) + scorer.trafficPoints(component, here)
    );
  }

  /** Points lost by a component's arrival at a site that it is not at; Infinity when it does not fit. */
  arrivalLoss(component: number, site: number): number {
    const { scorer } = this;
    const after = scorer.score(site, component, -1);
    if (!scorer.fits && !this.isHome(component, site, -1)) return Infinity;
    return after - (scorer.points[site] ?? 0) + scorer.trafficPoints(component, site);
  }

  /**
   * Whether a site need not fit a component, since it was there before and nothing came since; but for one that leaves
   * now (-1: none). A site may be too full of what was there, never of what came.
   */
  isHome(component: number, site: number, leaving: number): boolean {
    const left = leaving >= 0 && this.originOf(leaving) !== site ? 1 : 0;
    return site === this.originOf(component) && this.arrivals[site] === left;
  }

  /** Targets of a component with their gains, the best first; without those where it does not fit. */
  options(component: number, wakes: boolean, except = -1): Option[] {
    const leaving =
      this.leavingGain(component) + this.churnPoints(component, this.fleet.siteOf[component] ?? -1);
    const options: Option[] = [];
    for (const site of this.targets.find(component, wakes)) {
      if (site === except) continue;
      const gain = leaving - this.arrivalLoss(component, site) - this.churnPoints(component, site);
      if (gain > -Infinity) options.push({ site, gain });
    }
    return options.sort((a, b) => b.gain - a.gain || a.site - b.site);
  }

  /** Puts a component at a site, or nowhere, and takes the scores of the two sites. */
  put(component: number, site: number): void {
    const { fleet } = this;
    const from = fleet.siteOf[component] ?? -1;
    if (from === site) return;
    fleet.place(component, site);
    const origin = this.originOf(component);
    if (from >= 0 && from !== origin) this.arrivals[from] = (this.arrivals[from] ?? 0) - 1;
    if (site >= 0 && site !== origin) this.arrivals[site] = (this.arrivals[site] ?? 0) + 1;
    for (const changed of [from, site]) {
      if (changed < 0) continue;
      this.scorer.rescore(changed);
      this.targets.update(changed);
    }
  }

  /** Moves a component, within what `affords` allows. */
  move(component: number, site: number): void {
    this.put(component, site);
    this.account(component);
  }

  /** Counts a component as displaced, or as at home again; one that is nowhere is neither. */
  account(component: number): void {
    const site = this.fleet.siteOf[component] ?? -1;
    const away = site >= 0 && site !== this.origin[component];
    if (away === this.displaced.has(component)) return;
    const bytes = this.fleet.stateBytes[component] ?? 0;
    if (away) this.displaced.add(component);
    else this.displaced.delete(component);
    this.bytes += away ? bytes : -bytes;
  }
}
