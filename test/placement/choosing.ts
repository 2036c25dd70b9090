import type { HostReport, OutstandingMove, PlacedExecution } from '../../src/placement/affinity-inputs.ts';
import type { AffinityPolicy } from '../../src/placement/affinity.ts';
import { decideRound } from '../../src/placement/affinity-round.ts';
import { churnLimits } from '../../src/placement/churn-budget.ts';
import type { MigrationDecision } from '../../src/placement/migration-decision.ts';
import { moveCostPrior } from '../../src/placement/move-cost.ts';

export type * from '../../src/placement/affinity-inputs.ts';
export type * from '../../src/placement/migration-decision.ts';
export { scoresOf } from '../../src/placement/affinity-decision.ts';

/**
 * Decides which executions of one host to move, and where, by the policy `weighted` and from nothing but reports: one
 * round of `decideRound` without directives, alarms, budgets or records.
 *
 * @param here the deciding host
 * @param executions those now on it
 * @param candidates other hosts; the deciding one among them is passed over
 * @param outstanding moves from here, asked for and not yet visible in the reports
 * @param nowMs monotonic ms
 * @returns the requests, in order; with `outstanding`, at most `movesPerRoundMax`
 */
export function choose(
  here: HostReport,
  executions: readonly PlacedExecution[],
  candidates: readonly HostReport[],
  outstanding: readonly OutstandingMove[],
  nowMs: number,
  policy: AffinityPolicy,
): readonly MigrationDecision[] {
  const round = decideRound(
    {
      nowMs,
      here,
      executions: executions.map((execution) => ({
        ...execution,
        snapshotBytes: 0,
        remaining: { lowMs: 0, medianMs: 0, highMs: 0, source: 'age' },
        uncheckpointedMs: 0,
      })),
      candidates,
      outstanding,
      bounds: [],
      alarmed: [],
      churn: {},
      moveCosts: moveCostPrior,
      power: [],
    },
    { kind: 'weighted', ...policy, churn: churnLimits },
    { address: `host/${here.identity.name}/affinity`, wallMs: 0 },
  );
  return round.decisions;
}
