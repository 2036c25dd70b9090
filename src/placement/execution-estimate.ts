import type { TracedExecution } from './execution-cost.ts';
import { executionCost } from './execution-cost.ts';
import type { MethodHistory } from './method-history.ts';
import { remainingQuantile } from './method-history.ts';
import type { LoopProgress, WorkEstimate } from './remaining-work.ts';
import { remainingWork } from './remaining-work.ts';

/** What one execution has cost, will cost, and would cost to move. */
export interface ExecutionEstimate {
  /** CPU cycles used so far: CPU time × the clock of its host. */
  readonly cyclesUsed: number;
  readonly remaining: WorkEstimate;
  /** Cycles for the median of the remaining work. */
  readonly remainingCycles: number;
  /** Of its last capture; before the first, the mean of its method. */
  readonly footprintBytes: number;
  /** In [0, 1); 1 would be the heaviest to move. */
  readonly executionCost: number;
}

/** What an execution of a method is expected to cost before it has begun. */
export interface MethodEstimate {
  readonly ended: number;
  /** Null while too few have ended. */
  readonly medianCpuMs: number | null;
  readonly medianCycles: number | null;
  readonly meanSnapshotBytes: number;
}

const cyclesPerMs = (clockHz: number): number => clockHz / 1000;

/** @param clockHz of the host's cores */
export function estimateExecution(
  traced: TracedExecution,
  progress: LoopProgress | null,
  history: MethodHistory,
  clockHz: number,
): ExecutionEstimate {
  const remaining = remainingWork(traced.cpuMs, progress, history);
  const footprintBytes = traced.snapshotBytes > 0 ? traced.snapshotBytes : history.meanSnapshotBytes;
  return {
    cyclesUsed: traced.cpuMs * cyclesPerMs(clockHz),
    remaining,
    remainingCycles: remaining.medianMs * cyclesPerMs(clockHz),
    footprintBytes,
    executionCost: executionCost({ cpuMs: traced.cpuMs, snapshotBytes: footprintBytes }),
  };
}

/** @param clockHz of the host's cores */
export function estimateMethod(history: MethodHistory, clockHz: number): MethodEstimate {
  const medianCpuMs = remainingQuantile(history, 0, 0.5);
  return {
    ended: history.ended,
    medianCpuMs,
    medianCycles: medianCpuMs === null ? null : medianCpuMs * cyclesPerMs(clockHz),
    meanSnapshotBytes: history.meanSnapshotBytes,
  };
}
