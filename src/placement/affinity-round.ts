import type { ExecutionId } from '../core/ids.ts';
import type { AffinityInputs, HostReport } from './affinity-inputs.ts';
import type { ChurnState } from './churn-budget.ts';
import { spendChurn } from './churn-budget.ts';
import type { Decider } from './affinity-record.ts';
import { affinityRecord } from './affinity-record.ts';
import type { AffinityRecord } from './decision-record.ts';
import { migrationDecision } from './affinity-decision.ts';
import type { MigrationDecision } from './migration-decision.ts';
import type { Move, StayReason } from './next-move.ts';
import { nextMove } from './next-move.ts';
import type { PlacementPolicy } from './placement-policy.ts';
import type { Ignored } from './soundness.ts';
import { soundInputs } from './soundness.ts';

/** What one round of an affinity actor came to. */
export interface AffinityRound {
  /** The requests, in order. */
  readonly decisions: readonly MigrationDecision[];
  /** One for each decision, in the same order. */
  readonly records: readonly AffinityRecord[];
  /** With these moves counted: the next round's input. */
  readonly churn: ChurnState;
  /** Why each of the others stays, as of the last step. */
  readonly stays: readonly { readonly executionId: ExecutionId; readonly because: StayReason }[];
  readonly ignored: readonly Ignored[];
}

/**
 * Decides which executions of one host to move, and where: one round. With what is outstanding, at most
 * `movesPerRoundMax`; each request counts in the next one's inputs as if it had been asked for before.
 *
 * @param inputs as reported; what is not sound is passed over
 */
export function decideRound(
  inputs: AffinityInputs,
  policy: PlacementPolicy,
  decider: Decider,
): AffinityRound {
  const sound = soundInputs(inputs);
  const decisions: MigrationDecision[] = [];
  const records: AffinityRecord[] = [];
  let stays: AffinityRound['stays'] = [];
  let standing = sound.inputs;
  while (standing !== null && standing.outstanding.length < policy.movesPerRoundMax) {
    const next = nextMove(standing, policy);
    stays = next.stays;
    if (next.move === null) break;
    decisions.push(migrationDecision(next.move, standing, policy));
    records.push(affinityRecord(next.move, next.rivals, standing, policy, decider));
    standing = afterwards(standing, next.move, policy);
  }
  return {
    decisions,
    records,
    churn: standing?.churn ?? inputs.churn,
    stays,
    ignored: sound.ignored,
  };
}

function afterwards(inputs: AffinityInputs, move: Move, policy: PlacementPolicy): AffinityInputs {
  const { executionId, demand, memoryShare } = move.execution;
  const targetHost = move.best.there.host;
  const target = inputs.candidates.find((host) => host.identity.name === targetHost) as HostReport;
  const began = { executionId, from: inputs.here.identity, to: target.identity };
  return {
    ...inputs,
    executions: inputs.executions.filter((execution) => execution !== move.execution),
    outstanding: [...inputs.outstanding, { executionId, targetHost, demand, memoryShare }],
    churn: spendChurn(inputs.churn, began, inputs.nowMs, policy.churn),
  };
}
