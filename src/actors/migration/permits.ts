import type { HostIdentity } from '../../core/execution.ts';
import type { ExecutionId, Term } from '../../core/ids.ts';
import type { Clock } from '../../core/ports.ts';
import { admit } from '../../placement/admission.ts';
import type { ChurnLimits, ChurnState } from '../../placement/churn-budget.ts';
import type { MoveReason } from '../../protocols/messages.ts';
import type { OwnershipBook } from '../ownership-book.ts';

export interface PermitLimits {
  /** After a change of host, how long no decider moves an execution on, whoever moved it. */
  readonly coolDownMs: number;
  readonly churn: ChurnLimits;
}

type Place = Pick<HostIdentity, 'name' | 'rack'>;

/**
 * Whether a decider may move an execution away from here: the source's own word, since of several deciders none knows
 * what the others have just done. An operator and a drain are not held up; their moves begin a cool-down and are counted
 * like any other.
 */
export class Permits {
  readonly #limits: PermitLimits;
  readonly #book: OwnershipBook;
  readonly #clock: Clock;
  /** The highest of an orchestrator that this host has heard of. */
  #term: Term | null = null;
  #churn: ChurnState = {};

  constructor(limits: PermitLimits, book: OwnershipBook, clock: Clock) {
    this.#limits = limits;
    this.#book = book;
    this.#clock = clock;
  }

  /** When moves away from here began, on the monotonic clock; with what the rack's actor counted elsewhere. */
  get churn(): ChurnState {
    return this.#churn;
  }

  /** @returns null when the orchestrator of this term may give orders here, else why not */
  fenced(term: Term): string | null {
    if (this.#term !== null && term < this.#term) {
      return `it was ordered by the orchestrator of term ${term}, and term ${this.#term} has begun`;
    }
    this.#term = term;
    return null;
  }

  /** @returns null when the execution may be moved, and then the move is counted; else why not */
  refusal(executionId: ExecutionId, reason: MoveReason, from: Place, to: Place): string | null {
    const fenced = reason.term === null ? null : this.fenced(reason.term);
    if (fenced !== null) return fenced;
    const nowMs = this.#clock.monotonicMs();
    const arrival = this.#book.get(executionId)?.arrival ?? null;
    const ages = [arrival === null ? null : nowMs - arrival.atMs];
    const admission = admit(reason.by, { executionId, from, to }, ages, this.#churn, nowMs, this.#limits);
    if (admission.kind === 'refused') return admission.reason;
    this.#churn = admission.churn;
    return null;
  }
}
