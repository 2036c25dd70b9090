import type { Fleet } from './fleet.ts';
import { siteFlag, sumsPerCell, varianceSum } from './fleet.ts';

/** Up to so many sites, every one is a target worth scoring. */
const scoredAllMax = 48;
/** Otherwise so many from each end: the emptiest, and the fullest into which a component still fits. */
const eachEnd = 6;
const peersMax = 4;
const asleepKindsMax = 3;
/** Looked at in one search that finds nothing, before it ends. */
const scanMax = 256;
const buckets = 128;
/** Fill of the last bucket's lower end. */
const fullestFill = 1.27;

/**
 * Which sites are worth scoring for a component. Sites awake stand in buckets by how full they are, so that a search
 * costs the same among fifty and among ten thousand.
 */
export class Targets {
  private readonly fleet: Fleet;
  private readonly all: boolean;
  private readonly awake: number[][] = Array.from({ length: buckets }, () => []);
  private readonly asleep: number[][] = [];
  private readonly kindOf: Int32Array;
  /** Where each site stands: its bucket, or -1 - kind while asleep. */
  private readonly standsIn: Int32Array;
  private readonly position: Int32Array;
  private readonly sitesOfRack: number[][];
  /** Mean capacity by resource, to guess what share of a site a component fills. */
  private readonly usualCapacity: Float64Array;
  private readonly seen: Int32Array;
  private search = 0;
  /** What the last `find` found. */
  readonly found: number[] = [];

  constructor(fleet: Fleet) {
    this.fleet = fleet;
    const { sites, racks } = fleet.shape;
    this.all = sites <= scoredAllMax;
    this.kindOf = kindsOf(fleet, this.asleep);
    this.standsIn = new Int32Array(sites);
    this.position = new Int32Array(sites).fill(-1);
    this.seen = new Int32Array(sites);
    this.sitesOfRack = Array.from({ length: racks }, () => []);
    this.usualCapacity = usualCapacity(fleet);
    for (let site = 0; site < sites; site += 1) {
      this.sitesOfRack[fleet.rackOf[site] ?? 0]?.push(site);
      this.insert(site);
    }
  }

  /** Takes note that a site's load has changed. */
  update(site: number): void {
    const list = this.listOf(this.standsIn[site] ?? 0);
    const at = this.position[site] ?? 0;
    const last = list.pop() ?? site;
    if (last !== site) {
      list[at] = last;
      this.position[last] = at;
    }
    this.insert(site);
  }

  /**
   * Sites that admit the component and are worth scoring, into `found`; not its own.
   *
   * @param wakes whether sites asleep are among them
   */
  find(component: number, wakes: boolean): readonly number[] {
    this.found.length = 0;
    this.search += 1;
    const own = this.fleet.siteOf[component] ?? -1;
    if (own >= 0) this.seen[own] = this.search;
    if (this.all) {
      for (let site = 0; site < this.fleet.shape.sites; site += 1) {
        if (wakes || (this.standsIn[site] ?? 0) >= 0) this.take(component, site);
      }
      return this.found;
    }
    this.nearPeers(component, wakes);
    this.emptiest(component);
    this.fullest(component);
    if (wakes) for (const kind of this.asleep.slice(0, asleepKindsMax)) this.firstOf(component, kind, 1);
    if (this.found.length === 0) this.anywhere(component, wakes);
    return this.found;
  }

  private take(component: number, site: number): boolean {
    if (this.seen[site] === this.search) return false;
    this.seen[site] = this.search;
    if (!this.fleet.admits(component, site)) return false;
    this.found.push(site);
    return true;
  }

  private firstOf(component: number, list: readonly number[], wanted: number): number {
    let taken = 0;
    const end = Math.min(list.length, scanMax);
    for (let at = 0; at < end && taken < wanted; at += 1) {
      if (this.take(component, list[at] ?? 0)) taken += 1;
    }
    return taken;
  }

  private emptiest(component: number): void {
    let wanted = eachEnd;
    for (let bucket = 0, looked = 0; bucket < buckets && wanted > 0 && looked < scanMax; bucket += 1) {
      const list = this.awake[bucket] ?? [];
      looked += list.length;
      wanted -= this.firstOf(component, list, wanted);
    }
  }

  private fullest(component: number): void {
    let wanted = eachEnd;
    const room = 1 - this.shareOf(component);
    for (
      let bucket = bucketOf(room), looked = 0;
      bucket >= 0 && wanted > 0 && looked < scanMax;
      bucket -= 1
    ) {
      const list = this.awake[bucket] ?? [];
      looked += list.length;
      wanted -= this.firstOf(component, list, wanted);
    }
  }

  /** The sites of its heaviest peers, and the emptiest that a short look finds in their racks. */
  private nearPeers(component: number, wakes: boolean): void {
    const { fleet } = this;
    const start = fleet.edgeStart[component] ?? 0;
    const end = Math.min(fleet.edgeStart[component + 1] ?? 0, start + 4 * peersMax);
    for (let edge = start, taken = 0; edge < end && taken < peersMax; edge += 1) {
      const there = fleet.siteOf[fleet.edgePeer[edge] ?? -1] ?? -1;
      if (there < 0) continue;
      if (this.take(component, there)) taken += 1;
      const rack = this.sitesOfRack[fleet.rackOf[there] ?? 0] ?? [];
      let best = -1;
      const from = component % Math.max(1, rack.length);
      for (let look = 0; look < Math.min(16, rack.length); look += 1) {
        const site = rack[(from + look) % rack.length] ?? 0;
        const stands = this.standsIn[site] ?? 0;
        if (this.seen[site] === this.search || (stands < 0 && !wakes)) continue;
        if (best < 0 || stands < (this.standsIn[best] ?? 0)) best = site;
      }
      if (best >= 0) this.take(component, best);
    }
  }

  /** For a component that few sites admit. */
  private anywhere(component: number, wakes: boolean): void {
    for (let site = 0; site < this.fleet.shape.sites && this.found.length < eachEnd; site += 1) {
      if (wakes || (this.standsIn[site] ?? 0) >= 0) this.take(component, site);
    }
  }

  private shareOf(component: number): number {
    const { fleet } = this;
    let share = 0;
    for (let cell = 0; cell < fleet.cells; cell += 1) {
      const size = fleet.mean[component * fleet.cells + cell] ?? 0;
      share = Math.max(share, size / (this.usualCapacity[cell % fleet.resources] ?? Infinity));
    }
    return share;
  }

  private listOf(stands: number): number[] {
    return (stands >= 0 ? this.awake[stands] : this.asleep[-1 - stands]) ?? [];
  }

  private insert(site: number): void {
    const { fleet } = this;
    const sleeping =
      (fleet.memberCount[site] ?? 0) === 0 && ((fleet.siteFlags[site] ?? 0) & siteFlag.sleeps) !== 0;
    const stands = sleeping ? -1 - (this.kindOf[site] ?? 0) : bucketOf(fillOf(fleet, site));
    const list = this.listOf(stands);
    this.standsIn[site] = stands;
    this.position[site] = list.length;
    list.push(site);
  }
}

function bucketOf(fill: number): number {
  return Math.max(0, Math.min(buckets - 1, Math.floor((fill / fullestFill) * buckets)));
}

/** The fullest cell of a site: mean and one deviation, as a share of its capacity. */
function fillOf(fleet: Fleet, site: number): number {
  let fill = 0;
  let at = fleet.sumAt(site);
  for (let cell = 0; cell < fleet.cells; cell += 1, at += sumsPerCell) {
    const resource = site * fleet.resources + (cell % fleet.resources);
    const wanted = (fleet.sums[at] ?? 0) + Math.sqrt(Math.max(0, fleet.sums[at + varianceSum] ?? 0));
    fill = Math.max(fill, (wanted + (fleet.base[resource] ?? 0)) / (fleet.capacity[resource] ?? Infinity));
  }
  return fill;
}

/** Sites asleep are alike when capacity, price and power are. */
function kindsOf(fleet: Fleet, asleep: number[][]): Int32Array {
  const kinds = new Map<string, number>();
  const kindOf = new Int32Array(fleet.shape.sites);
  for (let site = 0; site < kindOf.length; site += 1) {
    const power = fleet.powerOf[site];
    const watts = power === undefined ? 0 : power.kind === 'linear' ? power.idleW : (power.readingsW[0] ?? 0);
    const capacity = fleet.capacity.subarray(site * fleet.resources, (site + 1) * fleet.resources);
    const key = `${capacity.join(' ')}/${fleet.pricePerHour[site]}/${watts}`;
    let kind = kinds.get(key);
    if (kind === undefined) {
      kinds.set(key, (kind = kinds.size));
      asleep.push([]);
    }
    kindOf[site] = kind;
  }
  return kindOf;
}

function usualCapacity(fleet: Fleet): Float64Array {
  const { resources } = fleet;
  const usual = new Float64Array(resources);
  for (let at = 0; at < fleet.capacity.length; at += 1) {
    const resource = at % resources;
    usual[resource] = (usual[resource] ?? 0) + (fleet.capacity[at] ?? 0) / fleet.shape.sites;
  }
  return usual;
}
