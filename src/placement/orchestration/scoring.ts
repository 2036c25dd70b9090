import type { Objectives, OrchestrationPolicy } from './contract.ts';
import type { Fleet } from './fleet.ts';
import { cumulantSum, deviationSum, siteFlag, sumsPerCell, varianceSum } from './fleet.ts';
import { skewedExcess, skewedTail } from './overload-risk.ts';
import { powerW } from './power.ts';

/** Beyond so many standard deviations of slack, overload is not looked at. */
const safeDeviations = 8;

/** Utilisation at which the queueing wait stops growing: what is above it is charged as unserved. */
const queueingCap = 0.98;

/**
 * Scores sites and moves. The last score's parts stand in its fields, so that scoring allocates nothing: it is called
 * a million times a round.
 */
export class Scorer {
  private readonly fleet: Fleet;
  private readonly policy: OrchestrationPolicy;
  private readonly slowestMs: number;
  /** Placements that were scored. */
  evaluations = 0;

  /** Of the last `score`: ms/s, currency per hour, watts, expected share of steps in overload. */
  latency = 0;
  cost = 0;
  energy = 0;
  overload = 0;
  /** Whether demand stays below `fillMax` with `capacityQuantile`, in each step. */
  fits = true;

  /** Points of each site as it stands; kept by `rescore`. */
  readonly points: Float64Array;
  /** Expected share of steps in overload of each site, likewise. */
  readonly risk: Float64Array;

  constructor(fleet: Fleet, policy: OrchestrationPolicy) {
    this.fleet = fleet;
    this.policy = policy;
    this.slowestMs = fleet.waitMs.reduce((most, ms) => Math.max(most, ms), policy.localMs);
    this.points = new Float64Array(fleet.shape.sites);
    this.risk = new Float64Array(fleet.shape.sites);
    for (let site = 0; site < this.points.length; site += 1) this.rescore(site);
  }

  /** Takes a site's score as it stands now; after each change of it. */
  rescore(site: number): void {
    this.points[site] = this.score(site, -1, -1);
    this.risk[site] = this.overload;
  }

  /**
   * Points of a site as if one component more and one less were there (-1: none). Traffic is not in it.
   *
   * @returns points; the parts are in this scorer's fields
   */
  score(site: number, plus: number, minus: number): number {
    const { fleet, policy } = this;
    this.evaluations += 1;
    const count = (fleet.memberCount[site] ?? 0) + (plus >= 0 ? 1 : 0) - (minus >= 0 ? 1 : 0);
    const awake = count > 0 || ((fleet.siteFlags[site] ?? 0) & siteFlag.sleeps) === 0;
    this.latency = 0;
    this.overload = 0;
    this.cost = 0;
    this.energy = 0;
    this.fits = true;
    if (!awake) return 0;
    this.cost = fleet.pricePerHour[site] ?? 0;
    this.demandScore(site, plus, minus);
    const { weights } = policy;
    return weights.latency * this.latency + weights.cost * this.cost + weights.energy * this.energy;
  }

  /** Latency, overload, energy and fit of a site that is awake. */
  private demandScore(site: number, plus: number, minus: number): void {
    const { fleet, policy } = this;
    const { resources, capacity, base } = fleet;
    const { steps } = fleet.shape;
    const siteAt = site * resources;
    const lead = capacity[siteAt] ?? Infinity;
    const power = fleet.powerOf[site];
    let at = fleet.sumAt(site);
    let plusAt = plus * fleet.cells;
    let minusAt = minus * fleet.cells;
    let waitMs = 0;
    let watts = 0;
    let overload = 0;
    for (let step = 0; step < steps; step += 1) {
      let worst = 0;
      for (let r = 0; r < resources; r += 1, at += sumsPerCell, plusAt += 1, minusAt += 1) {
        const room = capacity[siteAt + r] ?? Infinity;
        if (room === Infinity) continue;
        const mean =
          this.meanOf(at, plus >= 0 ? plusAt : -1, minus >= 0 ? minusAt : -1) + (base[siteAt + r] ?? 0);
        if (r === 0) {
          if (power !== undefined) watts += powerW(power, mean / room);
          if (policy.burstiness > 0) waitMs += queueingMs(mean, room, policy.burstiness);
        }
        const tail = this.tailOf(at, mean, room, plus, plusAt, minus, minusAt);
        if (tail > worst) worst = tail;
        // In cores, so that a byte of memory too many and a core too many mean alike.
        waitMs += policy.unservedMsPerCore * this.excess * (r === 0 || lead === Infinity ? 1 : lead / room);
      }
      overload += worst;
      waitMs += policy.overloadMsPerSite * worst;
    }
    this.overload = overload / steps;
    this.latency = waitMs / steps;
    this.energy = watts / steps;
  }

  private meanOf(at: number, plusAt: number, minusAt: number): number {
    const { fleet } = this;
    let mean = fleet.sums[at] ?? 0;
    if (plusAt >= 0) mean += fleet.mean[plusAt] ?? 0;
    if (minusAt >= 0) mean -= fleet.mean[minusAt] ?? 0;
    return mean;
  }

  /** E[(demand − capacity)+] of the last `tailOf`, in the resource's unit. */
  private excess = 0;

  /** P(demand > capacity) of one cell; sets `excess`, and clears `fits` where demand is too likely above `fillMax`. */
  private tailOf(
    at: number,
    mean: number,
    room: number,
    plus: number,
    plusAt: number,
    minus: number,
    minusAt: number,
  ): number {
    const { fleet, policy } = this;
    const { sums, deviation, skewness } = fleet;
    let variance = sums[at + varianceSum] ?? 0;
    let spread = sums[at + deviationSum] ?? 0;
    let cumulant = sums[at + cumulantSum] ?? 0;
    if (plus >= 0) {
      const sigma = deviation[plusAt] ?? 0;
      variance += sigma * sigma;
      spread += sigma;
      cumulant += (skewness[plus] ?? 0) * sigma * sigma * sigma;
    }
    if (minus >= 0) {
      const sigma = deviation[minusAt] ?? 0;
      variance -= sigma * sigma;
      spread -= sigma;
      cumulant -= (skewness[minus] ?? 0) * sigma * sigma * sigma;
    }
    // Equal correlation between any two errors: Var = (1 − ρ) Σσ² + ρ (Σσ)².
    const { correlation, fillMax } = policy;
    const total = (1 - correlation) * Math.max(0, variance) + correlation * spread * spread;
    const fill = fillMax * room;
    if (total <= room * room * 1e-18) {
      if (mean > fill * (1 + 1e-9)) this.fits = false;
      this.excess = Math.max(0, mean - room);
      return mean > room * (1 + 1e-9) ? 1 : 0;
    }
    const sigma = Math.sqrt(total);
    this.excess = 0;
    if (mean + safeDeviations * sigma < fill) return 0;
    const skew = variance > 0 ? cumulant / (total * sigma) : 0;
    const z = (room - mean) / sigma;
    const tail = skewedTail(z, skew);
    this.excess = sigma * skewedExcess(z, skew);
    const above = fillMax === 1 ? tail : skewedTail((fill - mean) / sigma, skew);
    if (above > 1 - policy.capacityQuantile) this.fits = false;
    return tail;
  }

  /** Points of a component's traffic as if it were at a site; to where its peers are now. */
  trafficPoints(component: number, site: number, swappedWith = -1, itsSite = -1): number {
    const { fleet } = this;
    const end = fleet.edgeStart[component + 1] ?? 0;
    let points = 0;
    for (let edge = fleet.edgeStart[component] ?? 0; edge < end; edge += 1) {
      const peer = fleet.edgePeer[edge] ?? -1;
      const there = peer === swappedWith ? itsSite : (fleet.siteOf[peer] ?? -1);
      if (there >= 0) points += this.edgePoints(edge, site, there);
    }
    return points;
  }

  /** Wait of an edge's messages per second, in ms/s, between two sites. */
  edgeWaitMs(edge: number, a: number, b: number): number {
    return (this.fleet.edgeMessages[edge] ?? 0) * this.wayMs(a, b);
  }

  /** Currency per hour of an edge's bytes between two sites. */
  edgeCost(edge: number, a: number, b: number): number {
    const { fleet, policy } = this;
    if (fleet.rackOf[a] === fleet.rackOf[b]) return 0;
    return ((fleet.edgeBytes[edge] ?? 0) * 3_600 * policy.pricePerCrossRackGb) / 1e9;
  }

  private edgePoints(edge: number, a: number, b: number): number {
    const { weights } = this.policy;
    return weights.latency * this.edgeWaitMs(edge, a, b) + weights.cost * this.edgeCost(edge, a, b);
  }

  private wayMs(a: number, b: number): number {
    const { fleet, policy } = this;
    if (a === b) return policy.localMs / 2;
    return fleet.waitMs[(fleet.rackOf[a] ?? 0) * fleet.shape.racks + (fleet.rackOf[b] ?? 0)] ?? 0;
  }

  /** What moving a component costs, per second of the time in which it pays off, in churn points. */
  churn(component: number): number {
    const { moveCosts, payOffMs } = this.policy;
    const transferS = (this.fleet.stateBytes[component] ?? 0) / moveCosts.bytesPerSecond;
    const onceMs = moveCosts.perMoveMs + moveCosts.pauseMs + transferS * moveCosts.perTransferSecondMs;
    const servesMs = Math.min(payOffMs, this.fleet.remainingMs[component] ?? Infinity);
    return servesMs > 0 ? (onceMs / servesMs) * 1_000 : Infinity;
  }

  /** All axes of the fleet as it stands; `churn` is of the moves, so 0 here. */
  totals(): Objectives {
    const { fleet } = this;
    let latency = 0;
    let cost = 0;
    let energy = 0;
    let overload = 0;
    for (let site = 0; site < fleet.shape.sites; site += 1) {
      this.score(site, -1, -1);
      latency += this.latency;
      cost += this.cost;
      energy += this.energy;
      overload += this.overload;
    }
    const traffic = this.trafficTotals();
    latency += traffic.waitMs;
    cost += traffic.gbPerHour * this.policy.pricePerCrossRackGb;
    return { latency, cost, energy, churn: 0, overload };
  }

  /** One pass over a million edges: written for speed. */
  private trafficTotals(): { readonly waitMs: number; readonly gbPerHour: number } {
    const { siteOf, rackOf, waitMs, edgeStart, edgePeer, edgeMessages, edgeBytes, shape } = this.fleet;
    const localMs = this.policy.localMs / 2;
    let wait = 0;
    let bytes = 0;
    for (let i = 0, edge = 0; i < siteOf.length; i += 1) {
      const here = siteOf[i] ?? -1;
      const end = edgeStart[i + 1] ?? 0;
      const rack = here < 0 ? 0 : (rackOf[here] ?? 0);
      for (; edge < end; edge += 1) {
        const peer = edgePeer[edge] ?? -1;
        // Each edge is listed at both its ends.
        if (peer < i || here < 0) continue;
        const there = siteOf[peer] ?? -1;
        if (there < 0) continue;
        const to = rackOf[there] ?? 0;
        wait +=
          (edgeMessages[edge] ?? 0) * (here === there ? localMs : (waitMs[rack * shape.racks + to] ?? 0));
        if (to !== rack) bytes += edgeBytes[edge] ?? 0;
      }
    }
    return { waitMs: wait, gbPerHour: (bytes * 3_600) / 1e9 };
  }

  /** The most that a component's traffic can cost, wherever its peers are: with the slowest wait between two racks. */
  trafficPointsMax(component: number): number {
    const { fleet, policy } = this;
    const perByte = (policy.weights.cost * 3_600 * policy.pricePerCrossRackGb) / 1e9;
    const messages = fleet.talk[2 * component] ?? 0;
    return (
      policy.weights.latency * messages * this.slowestMs + perByte * (fleet.talk[2 * component + 1] ?? 0)
    );
  }
}

/**
 * Wait for a loaded site's CPU, in ms per s, of all that runs there: demand × Wq / S of Allen and Cunneen, with
 * Sakasegawa's ρ^(√(2 (c + 1)) − 1) / (c (1 − ρ)) for c cores.
 */
export function queueingMs(demand: number, cores: number, burstiness: number): number {
  const load = Math.min(queueingCap, demand / cores);
  if (load <= 0) return 0;
  const servers = Math.max(1, cores);
  const waits = load ** (Math.sqrt(2 * (servers + 1)) - 1) / (servers * (1 - load));
  return 1_000 * demand * burstiness * waits;
}
