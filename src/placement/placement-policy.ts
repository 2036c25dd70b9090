import type { AffinityPolicy } from './affinity.ts';
import type { ChurnLimits } from './churn-budget.ts';

/** How affinity actors decide. What every policy has: who looks around, how often, and that all hosts together gain. */
export type PlacementPolicy = WeightedPolicy | UtilityPolicy;

interface AnyPolicy extends AffinityPolicy {
  readonly churn: ChurnLimits;
}

/** The best dynamic affinity wins. */
export interface WeightedPolicy extends AnyPolicy {
  readonly kind: 'weighted';
}

/** The largest net benefit wins, if there is any. */
export interface UtilityPolicy extends AnyPolicy {
  readonly kind: 'utility';
  readonly utility: UtilityParameters;
}

/** What things are worth to `utility`, all in ms of an execution's waiting. */
export interface UtilityParameters {
  /** Benefit must exceed cost by this factor, at least 1. */
  readonly safetyFactor: number;
  /** And by this much, in ms. */
  readonly netBenefitMinMs: number;
  /** Work beyond this is not counted: loads change. */
  readonly horizonMs: number;
  /** What others wait for each byte that is sent, in ms. */
  readonly msPerByte: number;
  /** Price of energy. */
  readonly msPerJoule: number;
  /** What a byte takes to be captured, sent and restored. */
  readonly joulesPerByte: number;
}
