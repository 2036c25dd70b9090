import type { ExecutionId, LaneIndex } from '../core/ids.ts';

interface Departed {
  readonly lane: LaneIndex;
  /** Names by sequence. */
  readonly effects: Map<number, string>;
}

/** Started effects of one execution that are remembered between two captures. */
const startedMax = 10_000;

/** Effects that go on here after their executions have left, until they end. One entry for each execution with any. */
export class Departures {
  /** Sequences of the effects that an execution started here, and that may still run. */
  readonly #started = new Map<ExecutionId, Set<number>>();
  readonly #departed = new Map<ExecutionId, Departed>();

  get names(): readonly string[] {
    return [...this.#departed.values()].flatMap(({ effects }) => [...effects.values()]);
  }

  started(execution: ExecutionId, sequence: number): void {
    const known = this.#started.get(execution) ?? new Set();
    this.#started.set(execution, known);
    if (known.size < startedMax) known.add(sequence);
  }

  /** A capture showed that none of its effects runs here. */
  allEnded(execution: ExecutionId): void {
    this.#started.delete(execution);
  }

  /** The execution stands frozen on this lane while these are pending, here or elsewhere. */
  noted(
    lane: LaneIndex,
    execution: ExecutionId,
    pending: readonly { readonly sequence: number; readonly name: string }[],
  ): void {
    const started = this.#started.get(execution);
    const here = pending.filter(({ sequence }) => started?.has(sequence) === true);
    if (here.length === 0) return;
    this.#departed.set(execution, {
      lane,
      effects: new Map(here.map(({ sequence, name }) => [sequence, name])),
    });
  }

  /** The execution runs here: its effects end where it is. */
  returned(execution: ExecutionId): void {
    this.#departed.delete(execution);
  }

  released(execution: ExecutionId): void {
    this.#started.delete(execution);
  }

  ended(execution: ExecutionId, sequence: number): void {
    // It may end between the capture and the answer that names it.
    this.#started.get(execution)?.delete(sequence);
    const departed = this.#departed.get(execution);
    departed?.effects.delete(sequence);
    if (departed?.effects.size === 0) this.#departed.delete(execution);
  }

  laneLost(lane: LaneIndex): void {
    for (const [execution, departed] of this.#departed) {
      if (departed.lane === lane) this.#departed.delete(execution);
    }
  }
}
