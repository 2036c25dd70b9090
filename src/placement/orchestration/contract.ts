import type { ExecutionId, RackName } from '../../core/ids.ts';
import type { ResourceVector } from '../../core/resources.ts';
import type { PowerModel } from './power.ts';

/*
 * What the planner over several objectives is asked, and what it answers. All of it is JSON. A site is a host or a
 * rack: the planner does not know which. `Fleet` is the same problem in columns, for thousands of sites.
 */

/** Where components can be. */
export interface Site {
  readonly id: string;
  readonly rack: RackName;
  /** 0: nobody knows, and it does not count. */
  readonly capacity: ResourceVector;
  /** Used by what is not listed among the components, and stays. */
  readonly base: ResourceVector;
  /** Price of having it awake for an hour, in any one currency. */
  readonly pricePerHour: number;
  readonly power: PowerModel;
  /** True: it is off, and costs and draws nothing, while no component is there. */
  readonly sleeps: boolean;
  readonly labels: readonly string[];
  /** False: nothing may come. */
  readonly accepting: boolean;
  /** True: everything should leave; nothing may come. */
  readonly draining: boolean;
}

/** Demand over the horizon: each step its quantiles, as forecast. */
export interface DemandForecast {
  /** Ascending in (0, 1); 0.5 is among them. */
  readonly levels: readonly number[];
  /** For each step of the horizon, for each level, the demand. The steps are the same for all components. */
  readonly steps: readonly (readonly ResourceVector[])[];
}

/** What can be moved: an execution, or a component with its children. */
export interface Movable {
  readonly id: ExecutionId;
  readonly site: string;
  readonly demand: DemandForecast;
  readonly stateBytes: number;
  /** A site needs all of these. */
  readonly labels: readonly string[];
  /** No two components with a word in common share a site. */
  readonly apart: readonly string[];
  /** Components with a word in common wish to be near each other, as if they exchanged `nearMessagesPerSecond`. */
  readonly near: readonly string[];
  /** CPU time that it still needs; null where nobody knows. */
  readonly remainingMs: number | null;
  /** Since its last move, whoever asked; null when it never moved. */
  readonly movedAgoMs: number | null;
  readonly movable: boolean;
}

/** Traffic between two components, both ways together. */
export interface TrafficEdge {
  readonly a: ExecutionId;
  readonly b: ExecutionId;
  readonly messagesPerSecond: number;
  readonly bytesPerSecond: number;
}

/** Round trips between two racks, or within one; in ms. */
export interface RackLatency {
  readonly from: RackName;
  readonly to: RackName;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly ageMs: number;
}

/** The four axes that an operator weighs, and what they are made of. All are rates; lower is better. */
export interface Objectives {
  /** Expected wait, in ms per s: of messages for the network, and of work for a loaded site. */
  readonly latency: number;
  /** Currency per hour: sites awake, and bytes between racks. */
  readonly cost: number;
  /** Watts. */
  readonly energy: number;
  /** Points of the moves made, as `MoveCosts` counts them, spread over the time in which each pays off. */
  readonly churn: number;
  /** Part of `latency`: sites expected to have more demand than capacity. */
  readonly overload: number;
}

/** Points for one unit of each axis. One point is one ms/s of wait while `latency` is 1. */
export interface ObjectiveWeights {
  readonly latency: number;
  readonly cost: number;
  readonly energy: number;
  readonly churn: number;
}

/** What one move costs, once, in ms of wait. */
export interface MoveCosts {
  /** For any move: its risk, and the work of everybody concerned. */
  readonly perMoveMs: number;
  /** Pause of an execution with no state. */
  readonly pauseMs: number;
  /** Transfer rate, which lengthens pause or load. */
  readonly bytesPerSecond: number;
  /** What a second of transfer costs, in ms of wait. */
  readonly perTransferSecondMs: number;
}

/** How the planner decides. The defaults stand in `policy.ts`, with their reasons. */
export interface OrchestrationPolicy {
  readonly weights: ObjectiveWeights;
  readonly moveCosts: MoveCosts;
  /** ms/s of wait that one overloaded site is charged, beside the demand that it does not serve. */
  readonly overloadMsPerSite: number;
  /** ms/s of wait that one core of demand beyond capacity is charged: 1,000 by definition, more where backlog stays. */
  readonly unservedMsPerCore: number;
  /** (ca² + cs²) / 2 of Allen and Cunneen: how bursty arrivals within a step are; 0 leaves queueing out. */
  readonly burstiness: number;
  /** Share of a site's capacity that demand may fill, in (0, 1]. */
  readonly fillMax: number;
  /** With this probability, a site that receives something stays below `fillMax` in each step of the horizon. */
  readonly capacityQuantile: number;
  /** A site whose probability of overload is above it is looked into. */
  readonly riskMin: number;
  /** Correlation between the forecast errors of any two components, in [0, 1). */
  readonly correlation: number;
  /** A move pays off within this, or within the component's remaining work if that is less. */
  readonly payOffMs: number;
  readonly coolDownMs: number;
  readonly movesMax: number;
  readonly bytesMax: number;
  /** Whether sites that are worth less than they draw are emptied. */
  readonly consolidates: boolean;
  /** No plan frees a site for which each move would gain less than this, in points. */
  readonly gainMin: number;
  readonly pricePerCrossRackGb: number;
  /** Round trip within a site. */
  readonly localMs: number;
  readonly nearMessagesPerSecond: number;
  /** Measured latencies that are older are ignored. */
  readonly latencyAgeMaxMs: number;
  /** Round trip between racks that nobody measured. */
  readonly unknownLatencyMs: number;
}

export interface OrchestrationProblem {
  readonly sites: readonly Site[];
  readonly components: readonly Movable[];
  readonly traffic: readonly TrafficEdge[];
  readonly latencies: readonly RackLatency[];
  readonly policy: OrchestrationPolicy;
}

/** Why a move was planned. */
export type MoveReason = 'drain' | 'relieve' | 'consolidate' | 'improve';

export interface PlannedMove {
  readonly component: ExecutionId;
  readonly from: string;
  readonly to: string;
  readonly bytes: number;
  readonly reason: MoveReason;
  /** Points gained by this move, after its cost; negative for some moves of an evacuation, whose sum is positive. */
  readonly gain: number;
  /** Change of each axis by this move alone, on top of those before it. */
  readonly change: Objectives;
  /** The next best targets, best first, with the points that they would have gained. At most 3. */
  readonly alternatives: readonly { readonly site: string; readonly gain: number }[];
}

export interface OrchestrationPlan {
  /** In the order in which they should begin. */
  readonly moves: readonly PlannedMove[];
  readonly before: Objectives;
  readonly after: Objectives;
  /** What should have left and could not. */
  readonly stuck: readonly { readonly component: ExecutionId; readonly site: string }[];
  /** Input that was ignored, and why: at most 20 sentences. */
  readonly ignored: readonly string[];
  /** Placements that were scored. */
  readonly evaluations: number;
}
