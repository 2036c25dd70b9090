import type { Cancel } from '../../core/ports.ts';
import type { AnyRef, AskOutcome, ReplyTo } from './contract.ts';
import type { AskError } from './errors.ts';

/** What an ask needs of the two actors at its ends. */
export interface Asked {
  readonly ended: boolean;
  asks: Set<PendingAsk> | null;
}

/** One unanswered ask; settled exactly once. Its identity is the correlation, so no two can be confused. */
export class PendingAsk implements ReplyTo<unknown> {
  #target: Asked;
  /** Null when asked from outside any actor. */
  readonly asker: Asked | null;
  readonly #onOutcome: (outcome: AskOutcome<unknown>) => void;
  #settled = false;
  cancelTimeout: Cancel = () => undefined;

  constructor(target: Asked, asker: Asked | null, onOutcome: (outcome: AskOutcome<unknown>) => void) {
    this.#target = target;
    this.asker = asker;
    this.#onOutcome = onOutcome;
  }

  answer(reply: unknown): boolean {
    return this.settle({ kind: 'replied', reply });
  }

  /** Where the new target has ended already, the question ends by its time-out. */
  entrust(to: AnyRef): void {
    if (this.#settled) return;
    this.#target.asks?.delete(this);
    this.#target = to as unknown as Asked;
    if (this.#target.ended) return;
    this.#target.asks ??= new Set();
    this.#target.asks.add(this);
  }

  fail(error: AskError): void {
    this.settle({ kind: 'failed', error });
  }

  settle(outcome: AskOutcome<unknown>): boolean {
    if (this.#settled) return false;
    this.#settled = true;
    this.cancelTimeout();
    this.#target.asks?.delete(this);
    if (this.asker?.ended === true) return false;
    this.#onOutcome(outcome);
    return true;
  }
}
