/** Acts on the outside: at once where the host's lease allows them, otherwise once it does, each execution's in their order. */
export class WaitingActs<Execution extends { readonly frozen: boolean }> {
  readonly #mayAct: () => boolean;
  readonly #waiting = new Map<Execution, (() => void)[]>();

  constructor(mayAct: () => boolean) {
    this.#mayAct = mayAct;
  }

  add(execution: Execution, act: () => void): void {
    const acts = this.#waiting.get(execution) ?? [];
    if (this.#mayAct() && acts.length === 0) return act();
    acts.push(act);
    this.#waiting.set(execution, acts);
  }

  areWaiting(execution: Execution): boolean {
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

  forget(execution: Execution): void {
    this.#waiting.delete(execution);
  }
}
