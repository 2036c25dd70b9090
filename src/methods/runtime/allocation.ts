/** What a stretch weighs in the rate after the next one: so the rate is that of the last twenty or so. */
const memory = 0.95;

/**
 * Estimates what one execution allocates, from the size of the heap at each tick of its slices. Where the heap shrank, garbage
 * was collected in between, and the rate of the stretches before stands in; see `docs/deciding/monitoring.md` for the error.
 */
export class Allocation {
  bytes = 0;
  #heapBytes = 0;
  #atMs = 0;
  /** Of the stretches in which nothing was collected, the older the less. */
  #grownBytes = 0;
  #grownMs = 0;

  begin(heapBytes: number, nowMs: number): void {
    this.#heapBytes = heapBytes;
    this.#atMs = nowMs;
  }

  look(heapBytes: number, nowMs: number): void {
    const tookMs = nowMs - this.#atMs;
    const grown = heapBytes - this.#heapBytes;
    this.#heapBytes = heapBytes;
    this.#atMs = nowMs;
    if (grown < 0) {
      this.bytes += this.#grownMs > 0 ? (this.#grownBytes / this.#grownMs) * tookMs : 0;
      return;
    }
    this.bytes += grown;
    this.#grownBytes = memory * this.#grownBytes + grown;
    this.#grownMs = memory * this.#grownMs + tookMs;
  }
}
