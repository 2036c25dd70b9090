import { cut } from '../terminal.ts';

/** Nothing is shown of what takes less. */
const quietMs = 500;
const betweenMs = 100;

/** One line on a terminal that is overwritten; nothing anywhere else. */
export class StatusLine {
  readonly #output: NodeJS.WriteStream;
  readonly #isShown: boolean;
  #nextMs = performance.now() + quietMs;
  #isDirty = false;

  constructor(output: NodeJS.WriteStream, isQuiet: boolean) {
    this.#output = output;
    this.#isShown = output.isTTY && !isQuiet;
  }

  show(text: string): void {
    const nowMs = performance.now();
    if (!this.#isShown || nowMs < this.#nextMs) return;
    this.#nextMs = nowMs + betweenMs;
    this.#isDirty = true;
    this.#output.write(`\r\u001B[K${cut(text, this.#output.columns - 1)}`);
  }

  clear(): void {
    if (this.#isDirty) this.#output.write('\r\u001B[K');
    this.#isDirty = false;
  }
}
