import type { ExecutionId } from '../core/ids.ts';

/** The newest lines that each execution wrote on this host, a bounded number. */
export class ExecutionLogs {
  readonly #lines = new Map<ExecutionId, string[]>();
  readonly #linesMax: number;

  constructor(linesMax: number) {
    this.#linesMax = linesMax;
  }

  add(execution: ExecutionId, text: string): void {
    const lines = this.#lines.get(execution) ?? [];
    this.#lines.set(execution, lines);
    lines.push(...text.split('\n').filter((line) => line !== ''));
    if (lines.length > this.#linesMax) lines.splice(0, lines.length - this.#linesMax);
  }

  last(execution: ExecutionId): string {
    return this.#lines.get(execution)?.at(-1) ?? '';
  }

  forget(execution: ExecutionId): void {
    this.#lines.delete(execution);
  }
}
