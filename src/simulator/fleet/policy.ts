import type { SeededRandom } from '../random.ts';

/*
 * What a policy of the fleet is told, and what it may ask for. Hosts, racks and components are numbers from 0, and
 * CPU is counted in cores. Every policy is told the same: demand (what would run if nobody else did), not use, so
 * that an overloaded host does not hide what it lacks.
 */

/** The fleet as it stands: what does not change during a simulation. */
export interface FleetShape {
  readonly hosts: number;
  readonly racks: number;
  readonly components: number;
  /** Rack of each host. */
  readonly rackOf: Int32Array;
  /** Cores of each host. */
  readonly capacityCores: Float64Array;
  /** Memory of each host, in bytes. */
  readonly capacityBytes: Float64Array;
  /** Memory and state of each component, in bytes: what a move transfers. */
  readonly stateBytes: Float64Array;
  readonly traffic: Traffic;
  /** Round trip between two racks in ms, row by row; the diagonal is within a rack. */
  readonly rackLatencyMs: Float64Array;
  readonly power: PowerCurve;
  /** Length of a tick: the resolution of the simulation and of the monitors. */
  readonly tickMs: number;
  /** Ticks in a sample of the recorded demand. */
  readonly ticksPerSample: number;
  /** Ticks between two rounds of decisions. */
  readonly ticksPerRound: number;
}

/** Who talks to whom: edge k joins `from[k]` and `to[k]`, both ways together. */
export interface Traffic {
  readonly from: Int32Array;
  readonly to: Int32Array;
  readonly messagesPerSecond: Float64Array;
  readonly bytesPerSecond: Float64Array;
}

/** Watts at 0, 10, …, 100 % of a host's CPU; in between the line is straight. A host that carries nothing sleeps. */
export interface PowerCurve {
  readonly name: string;
  readonly watts: readonly number[];
  readonly sleepWatts: number;
}

/** What is known at a round. Arrays are the world's own: they are only to be read, and only during `decide`. */
export interface FleetView {
  readonly shape: FleetShape;
  readonly tick: number;
  readonly nowMs: number;
  /** Where each component is, or is on its way to. */
  readonly hostOf: Int32Array;
  /** 1 while a component is on its way: a move of it would be refused. */
  readonly moving: Uint8Array;
  /** Tick of each component's last move; −1 before the first. */
  readonly movedAtTick: Int32Array;
  /** Demand of each component over the last tick that monitors reported, in cores. */
  readonly latestCores: Float64Array;
  /** Mean demand of each component over the last `ticksPerSample` reported ticks, in cores. */
  readonly meanCores: Float64Array;
  /** How many complete samples `history` holds for each component. */
  readonly samples: number;
  /** Mean demand of each sample so far, component by component, `historyStride` apart. */
  readonly history: Float32Array;
  readonly historyStride: number;
  /** Moves that may still be asked for in this round. What goes beyond is dropped. */
  readonly movesMax: number;
  readonly random: SeededRandom;
}

export interface FleetMove {
  readonly component: number;
  readonly target: number;
}

/** One way to decide. It may keep state between the rounds of one simulation. */
export interface FleetPolicy {
  readonly name: string;
  /** Asked for once a round; carried out in order, until the budget is spent. */
  decide(view: FleetView): readonly FleetMove[];
}

/** Tells the future. Only the oracle gets one. */
export interface Prophet {
  /** Demand in cores over each of the `count` ticks from `tick` on; ticks beyond the recording are left out. */
  futureCores(component: number, tick: number, count: number): Float32Array;
}

/** How a policy comes to be, for one simulation. */
export interface PolicyPlan {
  readonly name: string;
  /** Paper, product or file that it follows, and what was tuned. */
  readonly source: string;
  readonly make: (shape: FleetShape, prophet: Prophet) => FleetPolicy;
}
