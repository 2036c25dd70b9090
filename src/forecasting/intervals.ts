/** Errors kept for each scored step. */
const errorsMax = 256;
/** How fast the width follows what is missed, on a logarithmic scale. */
const rate = 0.04;
/** The share of values that the reference interval, on which the width is adapted, should hold. */
export const referenceShare = 0.9;
/** Fewer errors than this say little: what is expected without any has the rest of the say. */
const fewErrors = 20;
/** In units of the scatter: after a constant series the first change is all but infinitely far. */
const errorMost = 1e3;
/** Changes without which the scatter says nothing. */
const changesMin = 2;
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

  readonly #steps: readonly number[];

  /** @param steps the scored steps, ascending */
  constructor(steps: readonly number[]) {
    this.#steps = steps;
    this.#rings = steps.map(() => ({
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

  /** Whether there are too few errors to go by alone. */
  few(place: number): boolean {
    return this.#rings[place]!.count < fewErrors;
  }

  /**
   * Distance of a quantile from the point, in units of the scatter. With few errors it is a mixture with what is expected
   * of a random walk, or of the nearer step as a random walk would widen it, and the median is the point.
   */
  quantile(place: number, level: number): number {
    const { count } = this.#rings[place]!;
    if (count >= fewErrors) return this.#counted(place, level);
    const share = count / fewErrors;
    const own = count === 0 ? 0 : this.#counted(place, level) - this.#counted(place, 0.5);
    return share * own + (1 - share) * this.#expected(place, level);
  }

  #expected(place: number, level: number): number {
    // Nine in ten steps of normal size are within about twice the mean one.
    if (place === 0) return 4 * (level - 0.5) * Math.sqrt(this.#steps[0]!);
    const nearer = this.quantile(place - 1, level) - this.quantile(place - 1, 0.5);
    return nearer * Math.sqrt(this.#steps[place]! / this.#steps[place - 1]!);
  }

  #counted(place: number, level: number): number {
    const ring = this.#rings[place]!;
    const count = Math.min(ring.count, errorsMax);
    ring.sorted ??= ring.errors.slice(0, count).sort();
    const { sorted } = ring;
    // One more error than there are: the one to come is as likely in each of the spaces between them.
    const place01 = level * (count + 1) - 1;
    const low = Math.min(count - 1, Math.max(0, Math.floor(place01)));
    const high = Math.min(count - 1, low + 1);
    const share = Math.min(1, Math.max(0, place01 - low));
    return (sorted[low]! + (sorted[high]! - sorted[low]!) * share) * ring.width;
  }
}

/** The scatter of a series as it is now: mean absolute steps, of the last hours and of the last days. */
export class LocalScatter {
  #fast = 0;
  #slow = 0;
  #whole = 0;
  #count = 0;
  #last = Number.NaN;
  #least = Infinity;
  #most = -Infinity;

  observe(value: number): void {
    if (!Number.isNaN(this.#last)) {
      const step = Math.abs(value - this.#last);
      this.#count += 1;
      this.#fast += (step - this.#fast) / Math.min(this.#count, 36);
      this.#slow += (step - this.#slow) / Math.min(this.#count, 1000);
      this.#whole += (step - this.#whole) / this.#count;
    }
    this.#last = value;
    this.#least = Math.min(this.#least, value);
    this.#most = Math.max(this.#most, value);
  }

  /** Whether there were enough changes to measure errors with. */
  get known(): boolean {
    return this.#count >= changesMin;
  }

  /** From the least to the greatest value ever seen; 0 before there are two. */
  get spread(): number {
    return this.#count === 0 ? 0 : this.#most - this.#least;
  }

  /** Less than this is no unit for errors that are scored now. */
  get floor(): number {
    return wholeShare * this.#whole;
  }

  /** Above 0. */
  get scatter(): number {
    // A long calm, or a gap that was filled, must not make the next usual step an infinitely great one.
    const recent = Math.max(0.3 * this.#fast + 0.7 * this.#slow, wholeShare * this.#whole);
    return recent + Number.MIN_VALUE * 2 ** 40 + 1e-12 * Math.abs(this.#last || 0);
  }
}
