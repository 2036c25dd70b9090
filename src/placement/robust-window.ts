import { median } from 'simple-statistics';

/** Makes the median absolute deviation of a normal distribution its standard deviation. */
const madToSigma = 1.4826;
/** Does the same for the mean absolute deviation, which serves where more than half of the values are equal. */
const meanToSigma = 1.2533;
/** A constant series still varies by this share of its level: otherwise the first rounding error would be an event. */
const levelFloor = 0.01;
/** Median and scale are computed again after this share of the window has been replaced. */
const refreshShare = 1 / 16;

/**
 * Median and robust scale of the newest values. Memory is the window; a value costs O(log n), as both are computed
 * again only when a sixteenth of the window is new.
 */
export class RobustWindow {
  readonly #values: Float64Array;
  #count = 0;
  #stale = 0;
  #median = 0;
  #scale = 0;

  /** @param length values that it holds, at least 4 */
  constructor(length: number) {
    this.#values = new Float64Array(length);
  }

  /** Values that it holds now. */
  get held(): number {
    return Math.min(this.#count, this.#values.length);
  }

  get median(): number {
    this.#refresh();
    return this.#median;
  }

  /** Standard deviation of the values as if they were normal; above 0 unless all are 0. */
  get scale(): number {
    this.#refresh();
    return this.#scale;
  }

  push(value: number): void {
    this.#values[this.#count % this.#values.length] = value;
    this.#count += 1;
    this.#stale += 1;
  }

  /** Forgets all values: what comes now is another series. */
  clear(): void {
    this.#count = 0;
    this.#stale = 0;
  }

  #refresh(): void {
    if (this.#stale === 0) return;
    const { held } = this;
    if (held > 16 && this.#stale < this.#values.length * refreshShare) return;
    const values = [...this.#values.subarray(0, held)];
    const middle = median(values);
    const deviations = values.map((value) => Math.abs(value - middle));
    const mean = deviations.reduce((sum, one) => sum + one, 0) / held;
    const spread = median(deviations) * madToSigma || mean * meanToSigma;
    this.#median = middle;
    this.#scale = Math.max(spread, levelFloor * Math.abs(middle));
    this.#stale = 0;
  }
}
