import type { AffinityPolicy } from './affinity.ts';
import { affinityPolicy } from './affinity.ts';
import type { ChurnLimits } from './churn-budget.ts';
import { churnLimits } from './churn-budget.ts';

/**
 * How affinity actors decide. Every policy has cool-down, budgets, and the rule that all who run on the two hosts
 * together must gain: see `nextMove`.
 */
export type PlacementPolicy = WeightedPolicy | UtilityPolicy;

interface AnyPolicy extends AffinityPolicy {
  readonly churn: ChurnLimits;
}

/** Who scores below the threshold goes where its dynamic affinity is best. */
export interface WeightedPolicy extends AnyPolicy {
  readonly kind: 'weighted';
}

/**
 * Who saves more waiting than its move costs goes where the net benefit is largest. `threshold` does not enter;
 * weights and hysteresis only through the common rule.
 */
export interface UtilityPolicy extends AnyPolicy {
  readonly kind: 'utility';
  readonly utility: UtilityParameters;
}

/** What things are worth to `utility`, all in ms of an execution's waiting. */
export interface UtilityParameters {
  /** Benefit must exceed cost by this factor, at least 1. */
  readonly safetyFactor: number;
  /** And by this much. */
  readonly netBenefitMinMs: number;
  /** What would be saved later than this is not counted: loads change. */
  readonly horizonMs: number;
  /** What others wait for each byte that is sent. */
  readonly msPerByte: number;
  /** Price of energy. */
  readonly msPerJoule: number;
  /** What a byte takes to be captured, sent and restored. */
  readonly joulesPerByte: number;
}

/**
 * The shipped defaults. Energy per byte is the slope of Liu, Xu, Jin, Gong and Liao, "Performance and energy modeling
 * for live migration of virtual machines" (HPDC 2011), 0.512 J/MB. A core that runs for a second draws about 10 J; at
 * one twentieth of what the core costs otherwise, a joule is worth 5 ms.
 */
export const utilityParameters: UtilityParameters = {
  safetyFactor: 1.5,
  netBenefitMinMs: 50,
  horizonMs: 600_000,
  msPerByte: 1e-6,
  msPerJoule: 5,
  joulesPerByte: 5.12e-7,
};

export const weightedPolicy: WeightedPolicy = { kind: 'weighted', ...affinityPolicy, churn: churnLimits };

export const utilityPolicy: UtilityPolicy = {
  kind: 'utility',
  ...affinityPolicy,
  churn: churnLimits,
  utility: utilityParameters,
};
