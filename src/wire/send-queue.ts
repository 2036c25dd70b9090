/** Encoded envelopes that wait for one peer, in order, within a bound. */
export class SendQueue {
  readonly #bytesMax: number;
  readonly #countMax: number;
  #entries: Uint8Array[] = [];
  #head = 0;
  #bytes = 0;

  constructor(bytesMax: number, countMax: number) {
    this.#bytesMax = bytesMax;
    this.#countMax = countMax;
  }

  get count(): number {
    return this.#entries.length - this.#head;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** At or below half of both bounds. */
  get isRoomy(): boolean {
    return this.#bytes * 2 <= this.#bytesMax && this.count * 2 <= this.#countMax;
  }

  /** @returns false when it does not fit; an empty queue takes anything */
  push(entry: Uint8Array): boolean {
    const fits = this.count < this.#countMax && this.#bytes + entry.byteLength <= this.#bytesMax;
    if (!fits && this.count > 0) return false;
    this.#entries.push(entry);
    this.#bytes += entry.byteLength;
    return true;
  }

  /**
   * Takes the oldest entries: at least one, then as many as stay within both bounds.
   *
   * @param entryBytes what each entry costs beyond its own bytes
   */
  take(bytesMax: number, countMax: number, entryBytes: number): Uint8Array[] {
    let end = this.#head;
    let bytes = 0;
    for (; end < this.#entries.length && end - this.#head < countMax; end += 1) {
      const cost = (this.#entries[end]?.byteLength ?? 0) + entryBytes;
      if (end > this.#head && bytes + cost > bytesMax) break;
      bytes += cost;
    }
    const taken = this.#entries.slice(this.#head, end);
    this.#bytes -= bytes - taken.length * entryBytes;
    this.#head = end;
    // Compact only when most is gone, so that a long queue is not copied for each batch.
    if (this.#head * 2 >= this.#entries.length) {
      this.#entries = this.#entries.slice(this.#head);
      this.#head = 0;
    }
    return taken;
  }

  clear(): void {
    this.#entries = [];
    this.#head = 0;
    this.#bytes = 0;
  }
}
