import type { Entry } from './cell.ts';

/** Taken entries at the head are cut off once there are this many, and as many as are left. */
const slackMax = 1_024;

/** A mailbox: first in, first out, with a few urgent entries ahead of all others, in their own order. */
export class EntryQueue {
  #entries: (Entry | undefined)[] = [];
  #head = 0;
  #urgent: Entry[] | null = null;

  get isEmpty(): boolean {
    return this.#head === this.#entries.length && this.#urgent === null;
  }

  push(entry: Entry): void {
    this.#entries.push(entry);
  }

  pushUrgent(entry: Entry): void {
    this.#urgent ??= [];
    this.#urgent.push(entry);
  }

  shift(): Entry | undefined {
    if (this.#urgent !== null) {
      const entry = this.#urgent.shift();
      if (this.#urgent.length === 0) this.#urgent = null;
      return entry;
    }
    if (this.#head === this.#entries.length) return undefined;
    const entry = this.#entries[this.#head];
    this.#entries[this.#head] = undefined;
    this.#head += 1;
    if (this.#head === this.#entries.length) {
      this.#entries = [];
      this.#head = 0;
    } else if (this.#head >= slackMax && this.#head * 2 >= this.#entries.length) {
      this.#entries = this.#entries.slice(this.#head);
      this.#head = 0;
    }
    return entry;
  }

  clear(): void {
    this.#entries = [];
    this.#head = 0;
    this.#urgent = null;
  }
}
