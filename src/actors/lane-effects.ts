import type { Tenure } from '../core/execution.ts';
import type { Epoch, ExecutionId, Generation, LaneIndex } from '../core/ids.ts';

/** An effect that a lane has taken with it. */
export interface LostEffect {
  readonly execution: ExecutionId;
  readonly sequence: number;
  /** The generation that started it. */
  readonly life: Generation;
}

/** Under which tenure an effect was started, and whether it goes on here without its execution. */
interface Started extends Pick<Tenure, 'generation' | 'epoch'> {
  readonly name: string;
  isLeftBehind: boolean;
}

type BySequence = Map<number, Started>;

/** Started effects of one execution that are remembered on one lane. */
const startedMax = 10_000;
/** So many at a time are rare: most of them have ended unnoticed, since there was always another one pending. */
const crowdedFrom = 1_000;

/**
 * Effects that were started on each lane and may run there still, wherever their executions are by now. While its execution
 * runs here, one may have ended unnoticed: whoever awaits it knows. Of one that was left behind, the lane tells the end.
 */
export class LaneEffects {
  readonly #started = new Map<LaneIndex, Map<ExecutionId, BySequence>>();

  /** Names of those that go on here after their executions have left (rule 12: a drain waits for them). */
  get leftBehind(): readonly string[] {
    const all = [...this.#started.values()].flatMap((onLane) => [...onLane.values()]);
    return all
      .flatMap((ofExecution) => [...ofExecution.values()])
      .filter(({ isLeftBehind }) => isLeftBehind)
      .map(({ name }) => name);
  }

  started(
    lane: LaneIndex,
    { execution, generation, epoch }: Tenure,
    effect: { readonly sequence: number; readonly name: string },
  ): void {
    const onLane = this.#started.get(lane) ?? new Map<ExecutionId, BySequence>();
    this.#started.set(lane, onLane);
    const ofExecution = onLane.get(execution) ?? (new Map() as BySequence);
    onLane.set(execution, ofExecution);
    if (ofExecution.size >= startedMax) return;
    ofExecution.set(effect.sequence, { generation, epoch, name: effect.name, isLeftBehind: false });
  }

  ended(lane: LaneIndex, execution: ExecutionId, sequence: number): void {
    this.#forget(lane, execution, (at) => at === sequence);
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
    this.#forget(lane, execution, (_, started) => started.epoch === epoch);
  }

  /** Whether the lane is to be asked which of them still run. */
  isCrowded(lane: LaneIndex, execution: ExecutionId): boolean {
    return (this.#started.get(lane)?.get(execution)?.size ?? 0) >= crowdedFrom;
  }

  /** All that the execution waits for: of those on this lane, no other one runs any more. */
  awaited(lane: LaneIndex, execution: ExecutionId, pending: readonly { readonly sequence: number }[]): void {
    this.#forgetOthers(lane, execution, new Set(pending.map(({ sequence }) => sequence)));
  }

  /** Whether any of the execution's effects may run on any lane here. */
  mayRun(execution: ExecutionId): boolean {
    return [...this.#started.values()].some((onLane) => onLane.has(execution));
  }

  /**
   * The execution stands frozen on this lane, and is to leave: of its effects that run here, each that it waits for is left behind.
   *
   * @param pending those that it waits for, here or elsewhere
   */
  left(
    lane: LaneIndex,
    execution: ExecutionId,
    pending: readonly { readonly sequence: number; readonly name: string }[],
  ): void {
    const awaited = new Set(pending.map(({ sequence }) => sequence));
    this.#forgetOthers(lane, execution, awaited);
    this.#mark(execution, (sequence) => awaited.has(sequence));
  }

  /** The execution runs here: it is not left alone by any of them. */
  returned(execution: ExecutionId): void {
    this.#mark(execution, () => false);
  }

  /** @returns what may have run there, and runs no more */
  laneLost(lane: LaneIndex): readonly LostEffect[] {
    const onLane = this.#started.get(lane) ?? new Map<ExecutionId, BySequence>();
    this.#started.delete(lane);
    return [...onLane].flatMap(([execution, effects]) =>
      [...effects].map(([sequence, { generation }]) => ({ execution, sequence, life: generation })),
    );
  }

  #forgetOthers(lane: LaneIndex, execution: ExecutionId, awaited: ReadonlySet<number>): void {
    this.#forget(lane, execution, (sequence) => !awaited.has(sequence));
  }

  #forget(
    lane: LaneIndex,
    execution: ExecutionId,
    isOver: (sequence: number, started: Started) => boolean,
  ): void {
    const onLane = this.#started.get(lane);
    const ofExecution = onLane?.get(execution);
    if (onLane === undefined || ofExecution === undefined) return;
    for (const [sequence, started] of ofExecution)
      if (isOver(sequence, started)) ofExecution.delete(sequence);
    if (ofExecution.size === 0) onLane.delete(execution);
  }

  #mark(execution: ExecutionId, isLeftBehind: (sequence: number) => boolean): void {
    for (const onLane of this.#started.values()) {
      for (const [sequence, started] of onLane.get(execution) ?? [])
        started.isLeftBehind = isLeftBehind(sequence);
    }
  }
}
