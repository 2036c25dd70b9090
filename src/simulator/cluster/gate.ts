/** A thread's turn: while anything holds it, what falls due waits, in order. Once closed, nothing passes any more. */
export class Gate {
  #holds = 0;
  #closed = false;
  #waiting: (() => void)[] = [];

  get isOpen(): boolean {
    return this.#holds === 0 && !this.#closed;
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  pass(task: () => void): void {
    if (this.#closed) return;
    if (this.#holds === 0) task();
    else this.#waiting.push(task);
  }

  hold(): void {
    this.#holds += 1;
  }

  /** Undoes one `hold`; with the last, all that waited happens at this instant. */
  release(): void {
    this.#holds -= 1;
    if (this.#holds > 0) return;
    const due = this.#waiting;
    this.#waiting = [];
    // One of them may hold the gate again.
    for (const task of due) this.pass(task);
  }

  /** The process is gone. */
  close(): void {
    this.#closed = true;
    this.#waiting = [];
  }
}
