import type { ExecutionId, Term } from '../../core/ids.ts';
import type { Clock } from '../../core/ports.ts';
import type { MoveReason } from '../../protocols/messages.ts';
import type { OwnershipBook } from '../ownership-book.ts';

export interface PermitLimits {
  /** After a change of host, how long no decider moves an execution on, whoever moved it. */
  readonly coolDownMs: number;
}

/**
 * Whether a decider may move an execution away from here: the source's own word, since of several deciders none knows
 * what the others have just done. An operator and a drain are not held up; their moves begin a cool-down like any other.
 */
export class Permits {
  readonly #limits: PermitLimits;
  readonly #book: OwnershipBook;
  readonly #clock: Clock;
  /** The highest of an orchestrator that this host has heard of. */
  #term: Term | null = null;

  constructor(limits: PermitLimits, book: OwnershipBook, clock: Clock) {
    this.#limits = limits;
    this.#book = book;
    this.#clock = clock;
  }

  /** @returns null when the orchestrator of this term may give orders here, else why not */
  fenced(term: Term): string | null {
    if (this.#term !== null && term < this.#term) {
      return `it was ordered by the orchestrator of term ${term}, and term ${this.#term} has begun`;
    }
    this.#term = term;
    return null;
  }

  /** @returns null when the execution may be moved, else why not */
  refusal(execution: ExecutionId, reason: MoveReason): string | null {
    if (reason.by === 'operator' || reason.by === 'drain') return null;
    const fenced = reason.term === null ? null : this.fenced(reason.term);
    if (fenced !== null) return fenced;
    const arrival = this.#book.get(execution)?.arrival ?? null;
    if (arrival === null) return null;
    const restedMs = this.#clock.monotonicMs() - arrival.atMs;
    if (restedMs >= this.#limits.coolDownMs) return null;
    return (
      `it came here ${Math.round(restedMs)} ms ago, and no decider moves it within ${this.#limits.coolDownMs} ms ` +
      `of a change of host (affinity.coolDownMs)`
    );
  }
}
