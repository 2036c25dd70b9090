/** Errors kept for each scored step. */
const errorsMax = 256;
/** How fast the width follows what is missed, on a logarithmic scale. */
const rate = 0.04;
/** The share of values that the reference interval, on which the width is adapted, should hold. */
export const referenceShare = 0.9;
/** Fewer errors than this say little of the tails: intervals are widened. */
const fewErrors = 20;
/** In units of the scatter: after a constant series the first change is infinitely far. */
const errorMost = 1e6;
/** The scatter is at least this share of that over all values. */
const wholeShare = 0.2;
const widthBounds = [1 / 3, 4] as const;

/**
 * Split-conformal quantiles from errors of forecasts that were held back (Vovk, Gammerman and Shafer 2005; Lei et al.
 * 2018), each in units of the scatter at its origin, with a width that follows the coverage (after Gibbs and Candès
 * 2021, on a logarithmic scale).
 */
export class ConformalErrors {
  readonly #rings: {
    readonly errors: Float64Array;
    count: number;
    width: number;
    sorted: Float64Array | null;
  }[];

  /** @param places count of scored steps */
  constructor(places: number) {
    this.#rings = Array.from({ length: places }, () => ({
      errors: new Float64Array(errorsMax),
      count: 0,
      width: 1,
      sorted: null,
    }));
  }

  /**
   * @param error value minus point, over the scatter at the origin
   * @param held whether the reference interval held the value; null if there was none yet
   */
  add(place: number, error: number, held: boolean | null): void {
    const ring = this.#rings[place]!;
    ring.errors[ring.count % errorsMax] = Math.min(errorMost, Math.max(-errorMost, error));
    ring.count += 1;
    ring.sorted = null;
    if (held === null) return;
    const factor = Math.exp(held ? -rate * (1 - referenceShare) : rate * referenceShare);
    ring.width = Math.min(widthBounds[1], Math.max(widthBounds[0], ring.width * factor));
  }

  count(place: number): number {
    return this.#rings[place]!.count;
  }

  /** Distance of a quantile from the point, in units of the scatter; NaN without errors. */
  quantile(place: number, level: number): number {
    const ring = this.#rings[place]!;
    const count = Math.min(ring.count, errorsMax);
    if (count === 0) return Number.NaN;
    ring.sorted ??= ring.errors.slice(0, count).sort();
    const { sorted } = ring;
    const few = count < fewErrors ? 1 + (fewErrors - count) / fewErrors : 1;
    // One more error than there are: the one to come is as likely in each of the spaces between them.
    const place01 = level * (count + 1) - 1;
    const low = Math.min(count - 1, Math.max(0, Math.floor(place01)));
    const high = Math.min(count - 1, low + 1);
    const share = Math.min(1, Math.max(0, place01 - low));
    return (sorted[low]! + (sorted[high]! - sorted[low]!) * share) * few * ring.width;
  }
}

/** The scatter of a series as it is now: mean absolute steps, of the last hours and of the last days. */
export class LocalScatter {
  #fast = 0;
  #slow = 0;
  #whole = 0;
  #count = 0;
  #last = Number.NaN;

  observe(value: number): void {
    if (!Number.isNaN(this.#last)) {
      const step = Math.abs(value - this.#last);
      this.#count += 1;
      this.#fast += (step - this.#fast) / Math.min(this.#count, 36);
      this.#slow += (step - this.#slow) / Math.min(this.#count, 1000);
      this.#whole += (step - this.#whole) / this.#count;
    }
    this.#last = value;
  }

  /** Above 0. */
  get scatter(): number {
    // A long calm, or a gap that was filled, must not make the next usual step an infinitely great one.
    const recent = Math.max(0.3 * this.#fast + 0.7 * this.#slow, wholeShare * this.#whole);
    return recent + Number.MIN_VALUE * 2 ** 40 + 1e-12 * Math.abs(this.#last || 0);
  }
}
