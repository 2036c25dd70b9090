import type { HostIdentity } from '../../core/execution.ts';
import type { ExecutionId, Term } from '../../core/ids.ts';
import type { Clock } from '../../core/ports.ts';
import type { ChurnLimits, ChurnState } from '../../placement/churn-budget.ts';
import { spendChurn, spentBudget, spentKeys } from '../../placement/churn-budget.ts';
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

  /** @returns null when the execution may be moved, else why not */
  refusal(execution: ExecutionId, reason: MoveReason, from: Place, to: Place): string | null {
    if (reason.by === 'operator' || reason.by === 'drain') return null;
    const fenced = reason.term === null ? null : this.fenced(reason.term);
    return fenced ?? this.#cooling(execution) ?? this.#spent(execution, from, to);
  }

  /** Counts a move that begins. */
  began(executionId: ExecutionId, from: Place, to: Place): void {
    const nowMs = this.#clock.monotonicMs();
    this.#churn = spendChurn(this.#churn, { executionId, from, to }, nowMs, this.#limits.churn);
  }

  #cooling(execution: ExecutionId): string | null {
    const arrival = this.#book.get(execution)?.arrival ?? null;
    if (arrival === null) return null;
    const restedMs = this.#clock.monotonicMs() - arrival.atMs;
    if (restedMs >= this.#limits.coolDownMs) return null;
    return (
      `it came here ${Math.round(restedMs)} ms ago, and no decider moves it within ${this.#limits.coolDownMs} ms ` +
      `of a change of host (affinity.coolDownMs)`
    );
  }

  #spent(executionId: ExecutionId, from: Place, to: Place): string | null {
    const { churn } = this.#limits;
    const spent = spentKeys(this.#churn, this.#clock.monotonicMs(), churn);
    const budget = spentBudget(spent, { executionId, from, to }, churn);
    if (budget === null) return null;
    const { scope, key, limit } = budget;
    return `${limit.movesMax} moves of ${key} began within ${limit.windowMs} ms, as many as may (affinity.churn.${scope})`;
  }
}
