import type { MethodRef } from './core/execution.ts';
import type { Epoch, ExecutionId, Generation, HostName } from './core/ids.ts';
import { hostOf } from './core/ids.ts';
import type { ExecutionSummary } from './protocols/messages.ts';
import type { RegisterRow, ResultPointer } from './protocols/ownership/register.ts';

/** An execution that has ended. Its outcome's value is what `outcome` gives. */
export interface SettledExecution {
  readonly execution: ExecutionId;
  readonly method: MethodRef;
  /** Where it ended. */
  readonly host: HostName;
  readonly outcome: ResultPointer['outcome'];
  readonly epoch: Epoch;
  readonly generation: Generation;
}

/** What the register alone knows: its host does not answer. */
export function unanswered(row: RegisterRow): ExecutionSummary {
  return {
    execution: row.execution,
    method: row.method,
    phase: row.standing.phase === 'quarantined' ? 'quarantined' : 'frozen',
    activity: 'frozen',
    host: hostOf(row.owner),
    deployedOn: row.deployment.host,
    epoch: row.epoch,
    generation: row.generation,
    fuel: 0,
    cpuMs: 0,
    executionCost: 0,
    snapshotBytes: 0,
    pin: null,
    usage: null,
    lastLog: row.standing.phase === 'quarantined' ? row.standing.reason : '',
  };
}

/** @returns null for one that has not ended */
export function settledExecution(row: RegisterRow): SettledExecution | null {
  const { execution, method, owner, epoch, generation, standing } = row;
  if (standing.phase !== 'settled') return null;
  return { execution, method, host: hostOf(owner), outcome: standing.result.outcome, epoch, generation };
}
