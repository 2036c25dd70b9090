import type { Tenure } from '../core/execution.ts';
import type { ExecutionId } from '../core/ids.ts';
import type { Capture, LaneEvent } from './contract.ts';

type CheckpointWanted = Extract<LaneEvent, { readonly kind: 'checkpointWanted' }>;

/**
 * Executions that want a checkpoint, until the host is told. What one wants between two reports is one wish. Between slices it
 * is captured there and then, so that the host need not ask for what it will want anyway.
 */
export class WantedCheckpoints {
  readonly #tenures = new Map<ExecutionId, Tenure>();

  add(tenure: Tenure): void {
    this.#tenures.set(tenure.execution, tenure);
  }

  /** @param offer a capture of the execution, or null where the host is to ask for one */
  take(offer: (execution: ExecutionId) => Capture | null): readonly CheckpointWanted[] {
    if (this.#tenures.size === 0) return [];
    const tenures = [...this.#tenures.values()];
    this.#tenures.clear();
    return tenures.map((tenure) => ({
      kind: 'checkpointWanted',
      tenure,
      capture: offer(tenure.execution),
    }));
  }
}
