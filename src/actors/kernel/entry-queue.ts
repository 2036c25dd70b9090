import type { Entry } from './cell.ts';

/** Taken entries at the head are cut off once there are this many, and as many as are left. */
const slackMax = 1_024;

/**
 * A mailbox: first in, first out, with a few urgent entries ahead of all others, in their own order. Most mailboxes
 * hold one entry at most, most of the time, and need no array for it.
 */
export class EntryQueue {
  /** The oldest entry, when it was pushed while the queue was empty. */
  #single: Entry | undefined = undefined;
  #rest: (Entry | undefined)[] | null = null;
  #head = 0;
  #urgent: Entry[] | null = null;

  get isEmpty(): boolean {
    return this.#single === undefined && this.#rest === null && this.#urgent === null;
  }

  push(entry: Entry): void {
    if (this.#rest !== null) this.#rest.push(entry);
    else if (this.#single === undefined) this.#single = entry;
    else this.#rest = [entry];
  }

  pushUrgent(entry: Entry): void {
    this.#urgent ??= [];
    this.#urgent.push(entry);
  }

  shift(): Entry | undefined {
    if (this.#urgent !== null) return this.#shiftUrgent(this.#urgent);
    if (this.#single !== undefined) {
      const entry = this.#single;
      this.#single = undefined;
      return entry;
    }
    return this.#rest === null ? undefined : this.#shiftRest(this.#rest);
  }

  clear(): void {
    this.#single = undefined;
    this.#rest = null;
    this.#head = 0;
    this.#urgent = null;
  }

  #shiftUrgent(urgent: Entry[]): Entry | undefined {
    const entry = urgent.shift();
    if (urgent.length === 0) this.#urgent = null;
    return entry;
  }

  #shiftRest(rest: (Entry | undefined)[]): Entry | undefined {
    const entry = rest[this.#head];
    rest[this.#head] = undefined;
    this.#head += 1;
    if (this.#head === rest.length) {
      this.#rest = null;
      this.#head = 0;
    } else if (this.#head >= slackMax && this.#head * 2 >= rest.length) {
      this.#rest = rest.slice(this.#head);
      this.#head = 0;
    }
    return entry;
  }
}
