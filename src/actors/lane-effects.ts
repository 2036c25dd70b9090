import type { Tenure } from '../core/execution.ts';
import type { Epoch, ExecutionId, Generation, LaneIndex } from '../core/ids.ts';

/** An effect that a lane has taken with it. */
export interface LostEffect {
  readonly execution: ExecutionId;
  readonly sequence: number;
  /** The generation that started it. */
  readonly life: Generation;
}

/** Under which tenure an effect was started. */
type Started = Pick<Tenure, 'generation' | 'epoch'>;

/** Started effects of one execution that are remembered on one lane. */
const startedMax = 10_000;

/**
 * Effects that were started on each lane and may run there still, wherever their executions are by now. Some may have
 * ended unnoticed: whoever awaits them knows.
 */
export class LaneEffects {
  readonly #started = new Map<LaneIndex, Map<ExecutionId, Map<number, Started>>>();

  started(lane: LaneIndex, { execution, generation, epoch }: Tenure, sequence: number): void {
    const onLane = this.#started.get(lane) ?? new Map<ExecutionId, Map<number, Started>>();
    this.#started.set(lane, onLane);
    const ofExecution = onLane.get(execution) ?? new Map<number, Started>();
    onLane.set(execution, ofExecution);
    if (ofExecution.size < startedMax) ofExecution.set(sequence, { generation, epoch });
  }

  ended(lane: LaneIndex, execution: ExecutionId, sequence: number): void {
    const ofExecution = this.#started.get(lane)?.get(execution);
    ofExecution?.delete(sequence);
    if (ofExecution?.size === 0) this.#started.get(lane)?.delete(execution);
  }

  /** The execution has ended. */
  allEnded(lane: LaneIndex, execution: ExecutionId): void {
    this.#started.get(lane)?.delete(execution);
  }

  /**
   * A capture showed that nothing runs on this lane that the copy of this stay has started. What an earlier stay has started may
   * run there still.
   */
  stayEnded(lane: LaneIndex, execution: ExecutionId, epoch: Epoch): void {
    const ofExecution = this.#started.get(lane)?.get(execution);
    if (ofExecution === undefined) return;
    for (const [sequence, started] of ofExecution) if (started.epoch === epoch) ofExecution.delete(sequence);
    if (ofExecution.size === 0) this.#started.get(lane)?.delete(execution);
  }

  /** @returns what may have run there, and runs no more */
  laneLost(lane: LaneIndex): readonly LostEffect[] {
    const onLane = this.#started.get(lane) ?? new Map<ExecutionId, Map<number, Started>>();
    this.#started.delete(lane);
    return [...onLane].flatMap(([execution, effects]) =>
      [...effects].map(([sequence, { generation }]) => ({ execution, sequence, life: generation })),
    );
  }
}
