import type { Pin } from '../../core/inspection.ts';
import type { Execution } from './execution.ts';

/** Acts on the outside: at once where the host's lease allows them, otherwise once it does, each execution's in their order. */
export class WaitingActs<Actor extends { readonly frozen: boolean }> {
  readonly #mayAct: () => boolean;
  readonly #waiting = new Map<Actor, (() => void)[]>();

  constructor(mayAct: () => boolean) {
    this.#mayAct = mayAct;
  }

  add(execution: Actor, act: () => void): void {
    const acts = this.#waiting.get(execution) ?? [];
    if (this.#mayAct() && acts.length === 0) return act();
    acts.push(act);
    this.#waiting.set(execution, acts);
  }

  areWaiting(execution: Actor): boolean {
    return (this.#waiting.get(execution)?.length ?? 0) > 0;
  }

  /** Performs what may be performed by now. Frozen executions may be somebody else's: they do not act. */
  perform(): void {
    for (const [execution, acts] of this.#waiting) {
      if (execution.frozen) continue;
      while (acts.length > 0 && this.#mayAct()) acts.shift()?.();
      if (acts.length === 0) this.#waiting.delete(execution);
    }
  }

  forget(execution: Actor): void {
    this.#waiting.delete(execution);
  }
}

/** Captured now, it would have done what it has not done yet. */
export function pinOfActs({ method: { meta } }: Execution): Pin {
  const reason = `pinned: ${meta.id} has acts that wait for the host's lease`;
  return { reason, method: meta.id, line: meta.line, path: '' };
}
