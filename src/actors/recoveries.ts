import type { ExecutionId } from '../core/ids.ts';
import type { OwnershipState } from '../protocols/ownership/ownership.ts';
import type { RegisterRow } from '../protocols/ownership/register.ts';
import type { OrphansPorts } from './orphans.ts';
import { Orphans } from './orphans.ts';

/**
 * Recoveries that this host makes at a time. A host that died may leave many thousands: all at once they would outwait the
 * store's call timeout, each for all the others. So many keep the store and the lanes busy, and share the store's flushes.
 */
const atOnceMax = 128;
/** Whoever takes longer does not keep others waiting: it may be the one whose package cannot be had. */
const patienceMs = 2_000;

/** What this host recovers, in order and bounded; the orphans' sweep says what, and each that runs makes room for the next. */
export class Recoveries {
  readonly #orphans: Orphans;
  readonly #monotonicMs: () => number;
  /** Claimed by this host, and not running yet; with the time from which on they do not count any more. */
  readonly #underWay = new Map<ExecutionId, number>();
  #waiting: ExecutionId[] = [];

  constructor(ports: OrphansPorts, monotonicMs: () => number) {
    this.#orphans = new Orphans(ports);
    this.#monotonicMs = monotonicMs;
  }

  mustWait(execution: ExecutionId): boolean {
    return this.#orphans.mustWait(execution);
  }

  /** Looks for all that is to be recovered here. Those to be claimed now are taken with `next`. */
  sweep(): void {
    const nowMs = this.#monotonicMs();
    for (const [execution, untilMs] of this.#underWay) {
      if (nowMs >= untilMs) this.#underWay.delete(execution);
    }
    this.#waiting = this.#orphans.due(nowMs).toReversed();
  }

  /** @returns null when nothing waits, or enough is under way */
  next(): RegisterRow | null {
    while (this.#underWay.size < atOnceMax) {
      const execution = this.#waiting.pop();
      if (execution === undefined) return null;
      if (this.#underWay.has(execution)) continue;
      const row = this.#orphans.claimable(execution);
      if (row === null) continue;
      this.#underWay.set(execution, this.#monotonicMs() + patienceMs);
      return row;
    }
    return null;
  }

  /** An execution has another phase now. @returns whether there is room for another one */
  advanced({ execution, phase }: OwnershipState): boolean {
    if (phase === 'claiming' || phase === 'restoring') return false;
    return this.#underWay.delete(execution) && this.#waiting.length > 0;
  }
}
