/** How much of the newest stretch enters the rate that stands in for stretches in which garbage was collected. */
const smoothing = 0.1;

/**
 * Estimates what one execution allocates, from the size of the heap at each tick of its slices. Where the heap shrank, garbage
 * was collected in between, and the rate of the stretches before stands in; see `docs/deciding/monitoring.md` for the error.
 */
export class Allocation {
  bytes = 0;
  #heapBytes = 0;
  #atMs = 0;
  #bytesPerMs = 0;

  begin(heapBytes: number, nowMs: number): void {
    this.#heapBytes = heapBytes;
    this.#atMs = nowMs;
  }

  look(heapBytes: number, nowMs: number): void {
    const tookMs = nowMs - this.#atMs;
    const grown = heapBytes - this.#heapBytes;
    this.#heapBytes = heapBytes;
    this.#atMs = nowMs;
    if (grown < 0) this.bytes += this.#bytesPerMs * tookMs;
    else {
      this.bytes += grown;
      if (tookMs > 0) this.#bytesPerMs += smoothing * (grown / tookMs - this.#bytesPerMs);
    }
  }
}
