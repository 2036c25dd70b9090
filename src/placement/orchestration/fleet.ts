import { assert } from '../../core/assert.ts';
import type { ResourceName } from '../../core/resources.ts';
import type { PowerModel } from './power.ts';

/** How many of each a fleet has. Fewer resources and steps make a round faster. */
export interface FleetShape {
  readonly sites: number;
  readonly components: number;
  readonly racks: number;
  /** The first one is what power follows, and what waits are counted in: `cpu`, unless a trace has only another. */
  readonly resources: readonly ResourceName[];
  /** Steps of the horizon; they count alike. */
  readonly steps: number;
}

/** Sums over the components of a site, for one step and one resource: this many numbers, in this order. */
export const sumsPerCell = 4;
export const meanSum = 0;
export const varianceSum = 1;
export const deviationSum = 2;
/** Third cumulants: skewness × deviation³. They add up as variances do. */
export const cumulantSum = 3;

/** Bits of `Fleet.siteFlags`. */
export const siteFlag = { accepting: 1, draining: 2, sleeps: 4 } as const;

/**
 * The planner's problem in columns, kept from round to round: 10,000 sites with 1,000,000 components take about 200 MB
 * at two resources and three steps. Fill the columns, call `refresh`, plan; in later rounds write only what changed,
 * and `refresh` again. Site and component numbers are indices; -1 is nowhere.
 */
export class Fleet {
  readonly shape: FleetShape;
  readonly resources: number;
  /** Numbers a component has in `mean` and `deviation`. */
  readonly cells: number;

  /** Of each site, by [site × resources + resource]. Infinity: does not count. */
  readonly capacity: Float64Array;
  /** Demand of what is not among the components, laid out as `capacity`. */
  readonly base: Float64Array;
  readonly rackOf: Int32Array;
  readonly pricePerHour: Float64Array;
  readonly powerOf: PowerModel[];
  readonly siteFlags: Uint8Array;

  /** The site of each component; -1 while it is nowhere. Change it with `place`, or before `refresh`. */
  readonly siteOf: Int32Array;
  /** Mean of the demand forecast, by [component × cells + step × resources + resource]. */
  readonly mean: Float32Array;
  /** Standard deviation of the forecast's error, laid out as `mean`. */
  readonly deviation: Float32Array;
  /** Skewness of each component's error; 0 is symmetric. */
  readonly skewness: Float32Array;
  readonly stateBytes: Float64Array;
  /** CPU time that each still needs, in ms; Infinity where nobody knows. */
  readonly remainingMs: Float64Array;
  /** 1: may be moved now. */
  readonly movable: Uint8Array;
  /** Row of `siteClasses` that says where the component may be. */
  readonly classOf: Int32Array;
  /** Each row has one byte a site: 1 is allowed. Row 0 allows every site. */
  readonly siteClasses: Uint8Array[];
  /** Words that a component shares no site with, as numbers; absent for most. */
  readonly apartOf = new Map<number, readonly number[]>();

  /** Traffic: the peers of component i are at [edgeStart[i], edgeStart[i + 1]). */
  edgeStart: Int32Array;
  edgePeer = new Int32Array(0);
  edgeMessages = new Float32Array(0);
  edgeBytes = new Float32Array(0);
  /** What each component exchanges with all its peers: messages/s and bytes/s, by [2 × component]. */
  readonly talk: Float32Array;
  /** One-way wait of a message between two racks, in ms, by [from × racks + to]. Within a rack: between two sites. */
  readonly waitMs: Float64Array;

  /** Owned by `refresh` and `place`: read only. */
  readonly sums: Float64Array;
  readonly memberCount: Int32Array;
  /** Components at a site that carry a word, by [site, word]. */
  private readonly apartCount = new Map<number, Map<number, number>>();
  private memberStart: Int32Array;
  private members: Int32Array;
  private readonly changed = new Map<number, number[]>();

  constructor(shape: FleetShape) {
    const { sites, components, racks } = shape;
    const resources = shape.resources.length;
    assert(resources > 0 && shape.steps > 0, 'A fleet has at least one resource and one step.');
    this.shape = shape;
    this.resources = resources;
    this.cells = shape.steps * resources;
    this.capacity = new Float64Array(sites * resources).fill(Infinity);
    this.base = new Float64Array(sites * resources);
    this.rackOf = new Int32Array(sites);
    this.pricePerHour = new Float64Array(sites);
    this.powerOf = [];
    this.siteFlags = new Uint8Array(sites).fill(siteFlag.accepting | siteFlag.sleeps);
    this.siteOf = new Int32Array(components).fill(-1);
    this.mean = new Float32Array(components * this.cells);
    this.deviation = new Float32Array(components * this.cells);
    this.skewness = new Float32Array(components);
    this.stateBytes = new Float64Array(components);
    this.remainingMs = new Float64Array(components).fill(Infinity);
    this.movable = new Uint8Array(components).fill(1);
    this.classOf = new Int32Array(components);
    this.siteClasses = [new Uint8Array(sites).fill(1)];
    this.edgeStart = new Int32Array(components + 1);
    this.talk = new Float32Array(2 * components);
    this.waitMs = new Float64Array(racks * racks);
    this.sums = new Float64Array(sites * this.cells * sumsPerCell);
    this.memberCount = new Int32Array(sites);
    this.memberStart = new Int32Array(sites + 1);
    this.members = new Int32Array(0);
  }

  /** Sums everything anew from the columns: once a round, after they were written. */
  refresh(): void {
    const { siteOf, sums, memberCount } = this;
    this.changed.clear();
    this.apartCount.clear();
    sums.fill(0);
    memberCount.fill(0);
    for (let i = 0; i < siteOf.length; i += 1) {
      const site = siteOf[i] ?? -1;
      if (site < 0) continue;
      memberCount[site] = (memberCount[site] ?? 0) + 1;
      this.addSums(i, site, 1);
    }
    for (const [component] of this.apartOf) this.countApart(component, this.siteOf[component] ?? -1, 1);
    this.listMembers();
  }

  /** Moves a component to a site, or nowhere (-1), and keeps the sums. */
  place(component: number, site: number): void {
    const from = this.siteOf[component] ?? -1;
    if (from === site) return;
    if (from >= 0) {
      const left = this.membersOf(from);
      left.splice(left.indexOf(component), 1);
      this.memberCount[from] = (this.memberCount[from] ?? 0) - 1;
      // An empty site's sums are exactly 0, whatever rounding left of them.
      if (this.memberCount[from] === 0) this.sums.fill(0, this.sumAt(from), this.sumAt(from + 1));
      else this.addSums(component, from, -1);
      this.countApart(component, from, -1);
    }
    if (site >= 0) {
      this.membersOf(site).push(component);
      this.memberCount[site] = (this.memberCount[site] ?? 0) + 1;
      this.addSums(component, site, 1);
      this.countApart(component, site, 1);
    }
    this.siteOf[component] = site;
  }

  /** The components at a site; valid until the next `place` or `refresh`, in no particular order. */
  membersOf(site: number): number[] {
    const known = this.changed.get(site);
    if (known !== undefined) return known;
    const from = this.memberStart[site] ?? 0;
    const list = Array.from(this.members.subarray(from, this.memberStart[site + 1]));
    this.changed.set(site, list);
    return list;
  }

  /** Whether labels, drains and words allow a component to come to a site; capacity is another matter. */
  admits(component: number, site: number): boolean {
    const flags = this.siteFlags[site] ?? 0;
    if ((flags & siteFlag.accepting) === 0 || (flags & siteFlag.draining) !== 0) return false;
    if (this.siteClasses[this.classOf[component] ?? 0]?.[site] !== 1) return false;
    return this.standsApart(component, site);
  }

  /** Whether no other component at a site carries a word of this one's. */
  standsApart(component: number, site: number): boolean {
    const words = this.apartOf.get(component);
    if (words === undefined) return true;
    const here = this.apartCount.get(site);
    const own = this.siteOf[component] === site ? 1 : 0;
    return here === undefined || words.every((word) => (here.get(word) ?? 0) <= own);
  }

  /** Where a site's sums begin in `sums`. */
  sumAt(site: number): number {
    return site * this.cells * sumsPerCell;
  }

  private addSums(component: number, site: number, sign: 1 | -1): void {
    const { sums, mean, deviation, cells } = this;
    const skewness = this.skewness[component] ?? 0;
    let from = component * cells;
    let at = this.sumAt(site);
    for (let cell = 0; cell < cells; cell += 1, from += 1, at += sumsPerCell) {
      const sigma = deviation[from] ?? 0;
      const variance = sigma * sigma;
      sums[at] = (sums[at] ?? 0) + sign * (mean[from] ?? 0);
      sums[at + varianceSum] = (sums[at + varianceSum] ?? 0) + sign * variance;
      sums[at + deviationSum] = (sums[at + deviationSum] ?? 0) + sign * sigma;
      sums[at + cumulantSum] = (sums[at + cumulantSum] ?? 0) + sign * skewness * variance * sigma;
    }
  }

  private countApart(component: number, site: number, change: 1 | -1): void {
    const words = this.apartOf.get(component);
    if (words === undefined || site < 0) return;
    let counts = this.apartCount.get(site);
    if (counts === undefined) this.apartCount.set(site, (counts = new Map()));
    for (const word of words) counts.set(word, (counts.get(word) ?? 0) + change);
  }

  /** A counting sort of the components by site. */
  private listMembers(): void {
    const { siteOf, memberCount } = this;
    const starts = new Int32Array(memberCount.length + 1);
    for (let site = 0; site < memberCount.length; site += 1) {
      starts[site + 1] = (starts[site] ?? 0) + (memberCount[site] ?? 0);
    }
    const next = starts.slice();
    const members = new Int32Array(starts[memberCount.length] ?? 0);
    for (let i = 0; i < siteOf.length; i += 1) {
      const site = siteOf[i] ?? -1;
      if (site < 0) continue;
      const at = next[site] ?? 0;
      members[at] = i;
      next[site] = at + 1;
    }
    this.memberStart = starts;
    this.members = members;
  }
}
