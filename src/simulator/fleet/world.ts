import { assert } from '../../core/assert.ts';
import { SeededRandom } from '../random.ts';
import type { DemandModel } from './demand.ts';
import type { FleetReport } from './metrics.ts';
import { slowdown, SlowdownHistogram } from './metrics.ts';
import type { MoveCosts } from './move-costs.ts';
import { transferMs } from './move-costs.ts';
import type { FleetMove, FleetPolicy, FleetShape, FleetView } from './policy.ts';
import { wattsAt } from './power.ts';
import { TrafficMeter } from './traffic-meter.ts';

/** How many moves a policy may make: a bucket that fills evenly. */
export interface MoveBudget {
  readonly movesPerHour: number;
  /** What it holds at most, and at the start. */
  readonly burst: number;
}

/** A component on its way. */
interface Transfer {
  readonly component: number;
  readonly from: number;
  readonly to: number;
  readonly startMs: number;
  readonly endMs: number;
}

/** Waiting work is dropped beyond this much of a component's present demand: callers give up. */
const backlogMaxTicks = 10;

/** A fleet under recorded demand and one policy, tick by tick. */
export class World {
  readonly #shape: FleetShape;
  readonly #demand: DemandModel;
  readonly #costs: MoveCosts;
  readonly #budget: MoveBudget;
  readonly #random: SeededRandom;
  /** Where each component is, or is on its way to. */
  readonly #hostOf: Int32Array;
  readonly #moving: Uint8Array;
  readonly #movedAtTick: Int32Array;
  readonly #backlog: Float64Array;
  readonly #usedBytes: Float64Array;
  /** When each host's link is free for another transfer. */
  readonly #linkFreeMs: Float64Array;
  /** Demand of the present sample, tick by tick, all components beside each other. */
  readonly #ticks: Float32Array;
  readonly #recent: Float32Array;
  readonly #latest: Float64Array;
  readonly #mean: Float64Array;
  readonly #history: Float32Array;
  readonly #load: Float64Array;
  readonly #carried: Int32Array;
  readonly #traffic: TrafficMeter;
  readonly #slowdowns = new SlowdownHistogram();
  readonly #overloadBySample: Float64Array;
  #transfers: Transfer[] = [];
  #allowance: number;
  #tick = 0;
  #overloadTicks = 0;
  #carryingTicks = 0;
  #demanded = 0;
  #unserved = 0;
  #wattTicks = 0;
  #moves = 0;
  #movedBytes = 0;

  constructor(
    shape: FleetShape,
    demand: DemandModel,
    placement: Int32Array,
    costs: MoveCosts,
    budget: MoveBudget,
    seed: number,
  ) {
    const { components, hosts } = shape;
    assert(placement.length === components, 'Every component has a host to start on.');
    this.#shape = shape;
    this.#demand = demand;
    this.#costs = costs;
    this.#budget = budget;
    this.#random = new SeededRandom(seed);
    this.#hostOf = placement.slice();
    this.#moving = new Uint8Array(components);
    this.#movedAtTick = new Int32Array(components).fill(-1);
    this.#backlog = new Float64Array(components);
    this.#usedBytes = new Float64Array(hosts);
    this.#linkFreeMs = new Float64Array(hosts);
    this.#ticks = new Float32Array(components * shape.ticksPerSample);
    this.#recent = new Float32Array(components * shape.ticksPerSample);
    this.#latest = new Float64Array(components);
    this.#mean = new Float64Array(components);
    this.#history = new Float32Array(components * demand.workload.samples);
    this.#load = new Float64Array(hosts);
    this.#carried = new Int32Array(hosts);
    this.#traffic = new TrafficMeter(shape, this.#hostOf);
    this.#overloadBySample = new Float64Array(demand.workload.samples);
    this.#allowance = budget.burst;
    for (let component = 0; component < components; component += 1) {
      const host = this.#hostOf[component] ?? 0;
      this.#usedBytes[host] = (this.#usedBytes[host] ?? 0) + (shape.stateBytes[component] ?? 0);
    }
  }

  get ended(): boolean {
    return this.#tick >= this.#demand.workload.samples * this.#shape.ticksPerSample;
  }

  /** Whether decisions are due before the next tick: never before anything was measured. */
  get roundIsDue(): boolean {
    return this.#tick > 0 && this.#tick % this.#shape.ticksPerRound === 0;
  }

  /** What is known now. */
  view(): FleetView {
    const { ticksPerSample, tickMs } = this.#shape;
    return {
      shape: this.#shape,
      tick: this.#tick,
      nowMs: this.#tick * tickMs,
      hostOf: this.#hostOf,
      moving: this.#moving,
      movedAtTick: this.#movedAtTick,
      latestCores: this.#latest,
      meanCores: this.#mean,
      samples: Math.floor(this.#tick / ticksPerSample),
      history: this.#history,
      historyStride: this.#demand.workload.samples,
      movesMax: Math.floor(this.#allowance + 1e-9),
      random: this.#random,
    };
  }

  /** One round: asks the policy, and starts what the budget and the targets' memory allow. */
  decide(policy: FleetPolicy): void {
    const { tickMs, ticksPerRound } = this.#shape;
    this.#allowance = Math.min(
      this.#budget.burst,
      this.#allowance + (this.#budget.movesPerHour * ticksPerRound * tickMs) / 3_600_000,
    );
    const readyMs = this.#tick * tickMs + this.#costs.reactionMs;
    for (const move of policy.decide(this.view())) {
      if (this.#allowance < 1 - 1e-9) break;
      if (this.#start(move, readyMs)) this.#allowance -= 1;
    }
  }

  #start({ component, target }: FleetMove, readyMs: number): boolean {
    const { stateBytes, capacityBytes } = this.#shape;
    const from = this.#hostOf[component];
    assert(from !== undefined && target >= 0 && target < this.#shape.hosts, 'A move names what there is.');
    const bytes = stateBytes[component] ?? 0;
    const used = this.#usedBytes[target] ?? 0;
    if (from === target || this.#moving[component] === 1) return false;
    if (used + bytes > (capacityBytes[target] ?? 0)) return false;
    // One transfer at a time over each link.
    const startMs = Math.max(readyMs, this.#linkFreeMs[from] ?? 0, this.#linkFreeMs[target] ?? 0);
    const endMs = startMs + transferMs(this.#costs, bytes);
    this.#linkFreeMs[from] = endMs;
    this.#linkFreeMs[target] = endMs;
    this.#usedBytes[target] = used + bytes;
    this.#transfers.push({ component, from, to: target, startMs, endMs });
    this.#hostOf[component] = target;
    this.#moving[component] = 1;
    this.#movedAtTick[component] = this.#tick;
    this.#traffic.move(component, from, target);
    this.#moves += 1;
    this.#movedBytes += bytes;
    return true;
  }

  /** Lets one tick pass. */
  advance(): void {
    const { ticksPerSample } = this.#shape;
    assert(!this.ended, 'A recording that has ended does not go on.');
    if (this.#tick % ticksPerSample === 0) this.#enterSample(this.#tick / ticksPerSample);
    const demand = this.#tickDemand();
    this.#place(demand);
    this.#carry(demand);
    this.#serve(demand);
    this.#measure(demand);
    this.#tick += 1;
    this.#traffic.pass(this.#shape.tickMs);
    if (this.#tick % ticksPerSample === 0) this.#leaveSample(this.#tick / ticksPerSample - 1);
  }

  #enterSample(sample: number): void {
    const { components } = this.#shape;
    for (let component = 0; component < components; component += 1)
      this.#demand.fill(component, sample, this.#ticks, component, components);
  }

  #leaveSample(sample: number): void {
    const { components } = this.#shape;
    const { samples, demandCores } = this.#demand.workload;
    for (let component = 0; component < components; component += 1) {
      const cell = component * samples + sample;
      this.#history[cell] = demandCores[cell] ?? 0;
    }
  }

  #tickDemand(): Float32Array {
    const { components, ticksPerSample } = this.#shape;
    const at = (this.#tick % ticksPerSample) * components;
    return this.#ticks.subarray(at, at + components);
  }

  /** Every component's demand falls on its host. */
  #place(demand: Float32Array): void {
    this.#load.fill(0);
    this.#carried.fill(0);
    for (let component = 0; component < demand.length; component += 1) {
      const host = this.#hostOf[component] ?? 0;
      this.#load[host] = (this.#load[host] ?? 0) + (demand[component] ?? 0);
      this.#carried[host] = (this.#carried[host] ?? 0) + 1;
      this.#demanded += demand[component] ?? 0;
    }
  }

  /** Until its transfer ends, a component's demand falls on the source; the transfer itself falls on both. */
  #carry(demand: Float32Array): void {
    const { tickMs } = this.#shape;
    const fromMs = this.#tick * tickMs;
    const toMs = fromMs + tickMs;
    const shift = (host: number, cores: number): void => {
      this.#load[host] = (this.#load[host] ?? 0) + cores;
    };
    this.#transfers = this.#transfers.filter((transfer) => {
      const { component, from, to, startMs, endMs } = transfer;
      const cores = demand[component] ?? 0;
      const left = Math.max(0, Math.min(endMs, toMs) - fromMs) / tickMs;
      const busy = Math.max(0, Math.min(endMs, toMs) - Math.max(startMs, fromMs)) / tickMs;
      shift(from, cores * left + this.#costs.transferCores * busy);
      shift(to, -cores * left + this.#costs.transferCores * busy);
      this.#backlog[component] = (this.#backlog[component] ?? 0) + cores * busy;
      this.#carried[from] = (this.#carried[from] ?? 0) + 1;
      if (endMs > toMs) return true;
      this.#moving[component] = 0;
      this.#usedBytes[from] = (this.#usedBytes[from] ?? 0) - (this.#shape.stateBytes[component] ?? 0);
      return false;
    });
  }

  /** Processor sharing: what does not fit waits, each component's share alike. */
  #serve(demand: Float32Array): void {
    const { hosts, capacityCores, tickMs } = this.#shape;
    const waiting = new Float64Array(hosts);
    for (let component = 0; component < demand.length; component += 1) {
      const host = this.#hostOf[component] ?? 0;
      waiting[host] = (waiting[host] ?? 0) + (this.#backlog[component] ?? 0);
    }
    const left = new Float64Array(hosts);
    for (let host = 0; host < hosts; host += 1) {
      const load = Math.max(0, this.#load[host] ?? 0);
      const capacity = capacityCores[host] ?? 0;
      const all = load + (waiting[host] ?? 0);
      left[host] = all > capacity ? 1 - capacity / all : 0;
      this.#account(load, all, capacity, this.#carried[host] ?? 0, tickMs);
    }
    for (let component = 0; component < demand.length; component += 1) {
      const share = left[this.#hostOf[component] ?? 0] ?? 0;
      const cores = demand[component] ?? 0;
      const rest = share * (cores + (this.#backlog[component] ?? 0));
      this.#backlog[component] = Math.min(rest, backlogMaxTicks * cores);
    }
  }

  #account(load: number, all: number, capacity: number, carried: number, tickMs: number): void {
    const { power, ticksPerSample } = this.#shape;
    if (carried === 0) {
      this.#wattTicks += power.sleepWatts;
      return;
    }
    this.#carryingTicks += 1;
    this.#wattTicks += wattsAt(power, all / capacity);
    this.#slowdowns.add(slowdown(all / capacity, capacity, tickMs), load);
    if (load <= capacity * (1 + 1e-9)) return;
    this.#overloadTicks += 1;
    this.#unserved += load - capacity;
    const sample = Math.floor(this.#tick / ticksPerSample);
    this.#overloadBySample[sample] = (this.#overloadBySample[sample] ?? 0) + tickMs / 60_000;
  }

  /** What monitors report at the end of a tick. */
  #measure(demand: Float32Array): void {
    const { components, ticksPerSample } = this.#shape;
    const at = (this.#tick % ticksPerSample) * components;
    const known = Math.min(this.#tick + 1, ticksPerSample);
    for (let component = 0; component < components; component += 1) {
      const cores = demand[component] ?? 0;
      const before = this.#mean[component] ?? 0;
      this.#latest[component] = cores;
      this.#mean[component] =
        this.#tick < ticksPerSample
          ? before + (cores - before) / known
          : before + (cores - (this.#recent[at + component] ?? 0)) / ticksPerSample;
      this.#recent[at + component] = cores;
    }
  }

  /** @param decisionsMs how long each round took */
  report(policy: string, decisionsMs: readonly number[]): FleetReport {
    const { tickMs } = this.#shape;
    const ticks = Math.max(1, this.#tick);
    return {
      policy,
      overloadHostMinutes: (this.#overloadTicks * tickMs) / 60_000,
      overloadShare: this.#overloadTicks / Math.max(1, this.#carryingTicks),
      unservedShare: this.#demanded > 0 ? this.#unserved / this.#demanded : 0,
      slowdownP50: this.#slowdowns.quantile(0.5),
      slowdownP95: this.#slowdowns.quantile(0.95),
      slowdownP99: this.#slowdowns.quantile(0.99),
      crossRackBytes: this.#traffic.crossRackBytes,
      messageLatencyMs: this.#traffic.meanLatencyMs,
      energyWh: (this.#wattTicks * tickMs) / 3_600_000,
      hostsInUse: this.#carryingTicks / ticks,
      moves: this.#moves,
      movedBytes: this.#movedBytes,
      decisionMs: decisionsMs.reduce((sum, ms) => sum + ms, 0) / Math.max(1, decisionsMs.length),
      decisionMaxMs: decisionsMs.reduce((most, ms) => Math.max(most, ms), 0),
      overloadBySample: this.#overloadBySample,
    };
  }
}
