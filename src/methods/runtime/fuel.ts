/** The least and the most fuel between two ticks. */
const quantumMin = 64;
const quantumMax = 4_000_000;
/** How long the fuel between two ticks should last: a slice can end, and a command be seen, at each of them. */
const tickMs = 1;

const quantumFirst = 20_000;

/** Counts one execution's fuel, and turns the clock into fuel: what a unit costs differs from loop to loop. */
export class Fuel {
  quantum: number;
  readonly #sliceMs: number;
  readonly #isFixed: boolean;
  #spent = 0;
  #cpuMs = 0;
  #slices = 0;
  #longestSliceMs = 0;
  #sliceStartMs = 0;
  #lastTickMs = 0;

  /** @param perTick units between two ticks; null: as many as the clock says that a tick takes */
  constructor(sliceMs: number, perTick: number | null) {
    this.#sliceMs = sliceMs;
    this.#isFixed = perTick !== null;
    this.quantum = perTick ?? quantumFirst;
  }

  /** Fuel until a capture that was held up is tried again. */
  get soon(): number {
    return this.#isFixed ? this.quantum : Math.max(quantumMin, this.quantum >> 3);
  }

  get trace(): { fuel: number; cpuMs: number; slices: number; longestSliceMs: number } {
    return {
      fuel: this.#spent,
      cpuMs: this.#cpuMs,
      slices: this.#slices,
      longestSliceMs: this.#longestSliceMs,
    };
  }

  beginSlice(nowMs: number): void {
    this.#sliceStartMs = nowMs;
    this.#lastTickMs = nowMs;
    this.#slices += 1;
  }

  endSlice(nowMs: number): void {
    const tookMs = nowMs - this.#sliceStartMs;
    this.#cpuMs += tookMs;
    this.#longestSliceMs = Math.max(this.#longestSliceMs, tookMs);
  }

  /** One quantum was spent. */
  tick(nowMs: number): void {
    this.#spent += this.quantum;
    const tookMs = nowMs - this.#lastTickMs;
    this.#lastTickMs = nowMs;
    if (this.#isFixed) return;
    // Halves or doubles at most: one slow stretch must not starve the next. A clock that stands still says nothing.
    const factor = tookMs <= 0 ? 1 : Math.min(2, Math.max(0.5, tickMs / tookMs));
    this.quantum = Math.round(Math.min(quantumMax, Math.max(quantumMin, this.quantum * factor)));
  }

  sliceIsOver(nowMs: number): boolean {
    return nowMs - this.#sliceStartMs >= this.#sliceMs;
  }
}
