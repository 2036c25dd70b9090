import type { Cancel } from '../../core/ports.ts';
import type { AskOutcome, ReplyTo } from './contract.ts';
import type { AskError } from './errors.ts';

/** What an ask needs of the two actors at its ends. */
export interface Asked {
  readonly ended: boolean;
  readonly asks: Set<PendingAsk> | null;
}

/** One unanswered ask; settled exactly once. Its identity is the correlation, so no two can be confused. */
export class PendingAsk implements ReplyTo<unknown> {
  readonly target: Asked;
  /** Null when asked from outside any actor. */
  readonly asker: Asked | null;
  readonly #onOutcome: (outcome: AskOutcome<unknown>) => void;
  #settled = false;
  cancelTimeout: Cancel = () => undefined;

  constructor(target: Asked, asker: Asked | null, onOutcome: (outcome: AskOutcome<unknown>) => void) {
    this.target = target;
    this.asker = asker;
    this.#onOutcome = onOutcome;
  }

  answer(reply: unknown): boolean {
    return this.settle({ kind: 'replied', reply });
  }

  fail(error: AskError): void {
    this.settle({ kind: 'failed', error });
  }

  settle(outcome: AskOutcome<unknown>): boolean {
    if (this.#settled) return false;
    this.#settled = true;
    this.cancelTimeout();
    this.target.asks?.delete(this);
    if (this.asker?.ended === true) return false;
    this.#onOutcome(outcome);
    return true;
  }
}
