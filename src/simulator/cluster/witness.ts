import type { Tenure } from '../../core/execution.ts';
import type { ExecutionId, IncarnationId } from '../../core/ids.ts';
import type { RegisterRow } from '../../protocols/ownership/register.ts';

/** An act as it reached the outside. */
export interface WitnessedAct {
  readonly tenure: Tenure;
  readonly count: number;
  readonly by: IncarnationId;
  /** Of the world. */
  readonly atMs: number;
}

/** A promise that was broken, as it shows outside. */
export interface Violation {
  readonly atMs: number;
  readonly execution: ExecutionId;
  /** Which promise. */
  readonly promise:
    /** Two copies acted: one of an older generation or epoch, or two hosts under one. */
    | 'neverTwo'
    /** Within a generation an act was left out or made again. */
    | 'onceInOrder'
    /** After a recovery an act was made again that a durable checkpoint covers, or one was left out. */
    | 'checkpointed'
    /** It neither went on nor ended in time. */
    | 'neverNone'
    /** It ended with another result than it had to. */
    | 'rightResult'
    /** A message came twice, out of order, not at all, or was taken back though its sender is durable. */
    | 'messages'
    /** One key stood for two effects, an effect started before it was recorded, or had another one's outcome. */
    | 'effects'
    /** A timer fired twice in a generation, or early. */
    | 'timers'
    /** A child was started twice or never, or its end was told twice, never, or wrongly. */
    | 'children';
  readonly text: string;
}

interface Course {
  last: WitnessedAct;
}

/**
 * Stands outside of the cluster: sees acts as they leave a host, and what the store told hosts of their checkpoints. It
 * honours fencing tokens as an effect's target is asked to: a machine that just woke from a suspend may act under its old
 * generation for a moment, and is refused.
 */
export class Witness {
  readonly violations: Violation[] = [];
  readonly acts: WitnessedAct[] = [];
  /** Acts that were taken. */
  count = 0;
  /** Acts that were refused for their token. */
  refused = 0;
  readonly #courses = new Map<ExecutionId, Course>();
  /** The highest count that the store has confirmed to be in a checkpoint. */
  readonly #covered = new Map<ExecutionId, number>();
  readonly #isWaking: (by: IncarnationId) => boolean;
  readonly #keepsActs: boolean;

  /** @param isWaking whether this incarnation's machine has just woken up */
  constructor(isWaking: (by: IncarnationId) => boolean, keepsActs: boolean) {
    this.#isWaking = isWaking;
    this.#keepsActs = keepsActs;
  }

  /** What acted last, and when; null while it never did. */
  last(execution: ExecutionId): WitnessedAct | null {
    return this.#courses.get(execution)?.last ?? null;
  }

  act(act: WitnessedAct): void {
    const { execution } = act.tenure;
    if (this.#keepsActs) this.acts.push(act);
    const course = this.#courses.get(execution);
    if (course === undefined) {
      this.count += 1;
      this.#courses.set(execution, { last: act });
      if (act.count !== 1) this.#found(act, 'onceInOrder', `its first act is ${act.count}, expected 1`);
      return;
    }
    if (act.tenure.generation < course.last.tenure.generation && this.#isWaking(act.by)) {
      this.refused += 1;
      return;
    }
    this.#judge(act, course.last);
    course.last = act;
    this.count += 1;
  }

  /** The store told a host that its register entry stands. */
  confirmed({ execution, recovery }: RegisterRow): void {
    if (recovery.kind !== 'snapshot') return;
    const covered = this.#covered.get(execution) ?? 0;
    this.#covered.set(execution, Math.max(covered, recovery.effectSequence));
  }

  found(violation: Violation): void {
    this.violations.push(violation);
  }

  #judge(act: WitnessedAct, last: WitnessedAct): void {
    const { generation, epoch } = act.tenure;
    const before = last.tenure;
    const about = `${act.count} by ${act.by} under ${generation}.${epoch}, after ${last.count} by ${last.by} under ${before.generation}.${before.epoch} at ${last.atMs.toFixed(1)}`;
    if (generation < before.generation || epoch < before.epoch) return this.#found(act, 'neverTwo', about);
    if (epoch === before.epoch && act.by !== last.by) return this.#found(act, 'neverTwo', about);
    if (generation === before.generation) {
      if (act.count !== last.count + 1) this.#found(act, 'onceInOrder', about);
      return;
    }
    const covered = this.#covered.get(act.tenure.execution) ?? 0;
    if (act.count <= covered)
      this.#found(act, 'checkpointed', `${about}; its checkpoint of ${covered} was confirmed`);
    if (act.count > last.count + 1) this.#found(act, 'checkpointed', about);
  }

  #found({ atMs, tenure }: WitnessedAct, promise: Violation['promise'], text: string): void {
    this.violations.push({ atMs, execution: tenure.execution, promise, text });
  }
}
