import type { HostName } from '../core/ids.ts';
import type { EstimatedExecution } from './affinity-inputs.ts';
import type { ScoredHost } from './migration-decision.ts';
import type { MoveCostModel } from './move-cost.ts';
import { expectedCost } from './move-cost.ts';
import type { UtilityParameters } from './placement-policy.ts';

/** What a move would bring and take, in ms of the execution's waiting unless the name says otherwise. */
export interface Utility {
  /** Waiting saved over the remaining work that falls within the horizon; negative when it would wait longer. */
  readonly benefitMs: number;
  readonly pauseMs: number;
  readonly bytes: number;
  /** What others wait for its bytes. */
  readonly bytesCostMs: number;
  /** Negative when the target needs less power for the rest of the work than the move takes. */
  readonly energyCostMs: number;
  /** Share of moves that fail × (pause + work since the last checkpoint). */
  readonly riskMs: number;
  /** Pause, bytes, energy and risk together. */
  readonly costMs: number;
  readonly netMs: number;
}

/** A place without any availability still ends sometime: nobody divides by nothing. */
const speedMin = 0.01;

/**
 * Work goes on at `speed = availability × original affinity`: where an author says that a host suits a method half as
 * well, an hour of work there counts as two. What is saved is `work / speed here − work / speed there`, both with the
 * execution where it is compared, over the median of the work that remains, as far as it would be done here within the
 * horizon.
 *
 * @param here with the execution there, as it is
 * @param there with the execution there
 * @param wattsPerCore hosts whose power nobody knows count as equal to each other
 */
export function utilityOf(
  execution: EstimatedExecution,
  here: ScoredHost,
  there: ScoredHost,
  model: MoveCostModel,
  wattsPerCore: ReadonlyMap<HostName, number>,
  parameters: UtilityParameters,
): Utility {
  const workMs = Math.min(execution.remaining.medianMs, parameters.horizonMs * speedAt(here));
  const benefitMs = workMs / speedAt(here) - workMs / speedAt(there);
  const { pauseMs, bytes } = expectedCost(model, execution.snapshotBytes);
  const joules =
    parameters.joulesPerByte * bytes +
    (workMs / 1000) * (watts(wattsPerCore, there) - watts(wattsPerCore, here));
  const bytesCostMs = parameters.msPerByte * bytes;
  const energyCostMs = parameters.msPerJoule * joules;
  const riskMs = model.failureRatio * (pauseMs + execution.uncheckpointedMs);
  const costMs = pauseMs + bytesCostMs + energyCostMs + riskMs;
  return {
    benefitMs,
    pauseMs,
    bytes,
    bytesCostMs,
    energyCostMs,
    riskMs,
    costMs,
    netMs: benefitMs - costMs,
  };
}

/** Whether a move pays: its benefit exceeds its cost by the factor, and by the least net benefit. */
export function pays({ benefitMs, costMs, netMs }: Utility, parameters: UtilityParameters): boolean {
  return benefitMs > 0 && benefitMs > parameters.safetyFactor * costMs && netMs >= parameters.netBenefitMinMs;
}

function speedAt({ resourceAvailability, originalAffinity }: ScoredHost): number {
  return Math.max(speedMin, resourceAvailability * originalAffinity);
}

function watts(wattsPerCore: ReadonlyMap<HostName, number>, { host }: ScoredHost): number {
  return wattsPerCore.get(host) ?? 0;
}
