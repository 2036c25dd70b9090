import type { LoggedAct } from './witness-log.ts';

/** A recovery, as the cluster's `recovered` event tells it. */
export interface Recovery {
  readonly execution: string;
  /** From this generation on. */
  readonly generation: number;
  /** The last effect that its checkpoint knew. */
  readonly effectSequence: number;
}

/** An incarnation had owned an execution. */
export interface Ownership {
  readonly execution: string;
  /** Under which it owned the execution. */
  readonly epoch: number;
}

/** What the cluster's events say of the faults that it met. */
export interface Account {
  readonly recoveries: readonly Recovery[];
  /**
   * Of owners that have ended. An effect that one had started, and whose outcome it still owed when the execution left it, is started
   * once more by the new owner, under the same key.
   */
  readonly losses: readonly Ownership[];
  /**
   * Of owners whose process was stopped for a while. A call that one was in the midst of lands when it goes on, and its target
   * refuses it by the fencing token.
   */
  readonly stops: readonly Ownership[];
}

/** What an execution was to do. */
export interface Expectation {
  readonly execution: string;
  /** Acts that a run without any fault makes. */
  readonly acts: number;
}

/** What is wrong with an execution's acts. */
export type Fault =
  /** Its last acts are missing. */
  | { readonly kind: 'lost'; readonly after: number; readonly expected: number }
  /** An act of an older owner came after one of a newer owner: two copies acted. */
  | { readonly kind: 'ranTwice'; readonly line: number; readonly text: string }
  /** An act was made again that its checkpoint, or its own past, already held. */
  | { readonly kind: 'repeated'; readonly line: number; readonly iteration: number }
  /** Acts between two are missing. */
  | { readonly kind: 'skipped'; readonly line: number; readonly from: number; readonly to: number }
  /** It acted in a generation that no `recovered` event announced. */
  | { readonly kind: 'unannounced'; readonly line: number; readonly generation: number };

export interface Verdict {
  readonly execution: string;
  readonly acts: number;
  /**
   * Acts that the witness refused, of an owner that had been stopped in the midst of them: at most one of each owner, since every other
   * one begins with a look at the lease.
   */
  readonly late: number;
  readonly faults: readonly Fault[];
}

/** One life's past as it counts now: what was rewound has been cut off. */
interface Course {
  past: LoggedAct[];
  generation: number;
  epoch: number;
  /** Epochs of which an act came late. */
  readonly late: Set<number>;
}

/**
 * Judges from outside whether each execution acted exactly as one copy would have. Within a generation each act follows
 * the last, wherever the execution was; after a recovery the acts go on behind the checkpoint that the cluster named,
 * where the effect that was pending in it may be started once more. So may, after a move, the one that was pending at a
 * host that is gone. What was refused changes nothing, but only a stopped owner may have tried. A restart from the
 * beginning is thus a fault, though its result would be right.
 *
 * @param log in the order of arrival
 */
export function judge(
  log: readonly LoggedAct[],
  account: Account,
  expectations: readonly Expectation[],
): readonly Verdict[] {
  return expectations.map(({ execution, acts }) => {
    const own = log.filter((act) => act.execution === execution);
    const known: Account = {
      recoveries: account.recoveries.filter((recovery) => recovery.execution === execution),
      losses: account.losses.filter((loss) => loss.execution === execution),
      stops: account.stops.filter((stop) => stop.execution === execution),
    };
    const course: Course = { past: [], generation: 1, epoch: 1, late: new Set() };
    const faults = own.flatMap((act) => judgeAct(act, course, known));
    const reached = course.past.at(-1)?.iteration ?? 0;
    if (reached < acts) faults.push({ kind: 'lost', after: reached, expected: acts });
    return { execution, acts: own.length - course.late.size, late: course.late.size, faults };
  });
}

function judgeAct(act: LoggedAct, course: Course, { recoveries, losses, stops }: Account): Fault[] {
  const faults: Fault[] = [];
  const isFirst = act.isRefused && !course.late.has(act.epoch);
  if (isFirst && stops.some((stop) => stop.epoch === act.epoch)) {
    course.late.add(act.epoch);
    return faults;
  }
  if (act.generation < course.generation || act.epoch < course.epoch) {
    const text = `epoch ${act.epoch}, generation ${act.generation} acted after epoch ${course.epoch}, generation ${course.generation}`;
    return [{ kind: 'ranTwice', line: act.line, text }];
  }
  let mayRepeat: number | null = null;
  if (act.generation > course.generation) {
    for (let generation = course.generation + 1; generation <= act.generation; generation += 1) {
      const recovery = recoveries.find((one) => one.generation === generation);
      // A generation that never acted need not be known: its host died before it could tell.
      if (recovery === undefined && generation === act.generation)
        faults.push({ kind: 'unannounced', line: act.line, generation });
      if (recovery !== undefined) {
        course.past = course.past.filter((earlier) => earlier.sequence <= recovery.effectSequence);
        mayRepeat = recovery.effectSequence;
      }
    }
    course.generation = act.generation;
  }
  course.epoch = act.epoch;
  const last = course.past.at(-1);
  const mayStartAgain =
    last !== undefined &&
    (last.sequence === mayRepeat ||
      (act.epoch > last.epoch && losses.some((loss) => loss.epoch === last.epoch)));
  const isPending = mayStartAgain && act.sequence === last.sequence && act.iteration === last.iteration;
  if (isPending) return faults;
  const expected = (last?.iteration ?? 0) + 1;
  if (act.iteration < expected) faults.push({ kind: 'repeated', line: act.line, iteration: act.iteration });
  if (act.iteration > expected)
    faults.push({ kind: 'skipped', line: act.line, from: expected, to: act.iteration - 1 });
  if (act.iteration >= expected) course.past.push(act);
  return faults;
}
