import type { MethodHistory } from './method-history.ts';
import { merged, noHistory, recordEnd } from './method-history.ts';

/** Of more methods than this, those that ended longest ago are forgotten. */
const methodsMax = 1_000;

/** What a host knows of the methods whose executions ended on it, and of what others told it; bounded. */
export class MethodBook {
  /** By method, the one that ended last at the end. */
  readonly #histories = new Map<string, MethodHistory>();

  /**
   * @param method any name that tells methods apart, its package's hash included
   * @param ended CPU time of the whole execution, on all hosts, and its last capture; what is no amount is passed over
   */
  end(method: string, ended: { readonly cpuMs: number; readonly snapshotBytes: number }): void {
    this.#keep(method, recordEnd(this.historyOf(method), ended));
  }

  /** Adds what another book said; each thing may be said once. */
  merge(entries: Iterable<readonly [string, MethodHistory]>): void {
    for (const [method, history] of entries) this.#keep(method, merged(this.historyOf(method), history));
  }

  historyOf(method: string): MethodHistory {
    return this.#histories.get(method) ?? noHistory;
  }

  /** JSON, for a store or another host. */
  entries(): readonly (readonly [string, MethodHistory])[] {
    return [...this.#histories];
  }

  #keep(method: string, history: MethodHistory): void {
    if (history.ended === 0) return;
    this.#histories.delete(method);
    this.#histories.set(method, history);
    const [oldest] = this.#histories.keys();
    if (this.#histories.size > methodsMax && oldest !== undefined) this.#histories.delete(oldest);
  }
}
