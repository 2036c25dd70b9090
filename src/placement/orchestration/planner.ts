import type { MoveReason, Objectives, OrchestrationPolicy } from './contract.ts';
import type { Fleet } from './fleet.ts';

/** A move of a component, by their numbers in the fleet. */
export interface FleetMove {
  readonly component: number;
  readonly from: number;
  readonly to: number;
  readonly reason: MoveReason;
  /** Points gained, after the move's cost. */
  readonly gain: number;
  /** Change of each axis. */
  readonly change: Objectives;
  /** The next best targets with their gains, best first; at most 3. */
  readonly alternatives: readonly { readonly site: number; readonly gain: number }[];
}

export interface FleetPlan {
  readonly moves: readonly FleetMove[];
  readonly before: Objectives;
  readonly after: Objectives;
  /** Components of draining sites that fit nowhere. */
  readonly stuck: readonly number[];
  readonly evaluations: number;
}

/**
 * One round: what to move where. Deterministic. The fleet must have been refreshed; the moves are applied to it, so
 * that it stands as planned afterwards.
 */
export declare function planFleet(fleet: Fleet, policy: OrchestrationPolicy): FleetPlan;
