import type { FittedModel, Model, Series } from './contract.ts';
import {
  GrowingValues,
  lagLayout,
  seasonalFeatures,
  sharedFeatures,
  type LagLayout,
} from './lag-features.ts';
import { solve } from './linear-algebra.ts';
import { normalScores, type Transform } from './transform.ts';

/** Steps with coefficients of their own; those between take a mixture of their neighbours'. */
const fineKnots = [1, 2, 3, 4, 6, 8, 12, 16, 24, 36, 48];
const horizonMax = 48;
/** On a grid with fewer steps a day, neighbouring knots lie at different times of day: each step has its own equation. */
const fineDay = 144;

function knotsOf(day: number): readonly number[] {
  return day === 0 || day >= fineDay
    ? fineKnots
    : Array.from({ length: horizonMax }, (_, index) => index + 1);
}

export interface LagRegressionOptions {
  readonly name: string;
  /** On which scale the regression is linear. */
  readonly scale: 'values' | 'logs' | 'normalScores';
  /** Whether everything is seen relative to the mean of the last day, for series whose level wanders or grows. */
  readonly relative: boolean;
  /** Ridge penalty for a series that nothing explains, in units of a feature of variance 1; the better the fit, the less. */
  readonly penalty: number;
  /** An equation this many values old weighs half as much as a new one. */
  readonly halfLife: number;
}

/** Keeps the equations solvable when features depend on each other. */
const penaltyMin = 1e-7;
/** Values far below this share of the mean are all the same to a logarithm. */
const logOffset = 0.05;
/** A forecast may leave the range seen by this share of it. */
const rangeMargin = 0.25;
/** From this knot on, neighbouring origins say nearly the same: */
const farFrom = 6;
/** of long histories only every so many of them make a row. */
const farStride = 5;
const thinnedMin = 1000;
/** A fit is kept when this share of the new scale's variance is a straight line of the old one's, */
const likeness = 0.998;
/** the variances differ by no more than this factor, */
const spreadRatioMax = 4;
/** at about so many values. */
const comparedMax = 200;
/** Fitted again, from sums that are kept, after so many values. */
const solveEvery = 96;

/**
 * Regression on lags, window means, the same phase of earlier hours, days and the week, and the time of day; one
 * equation for each step ahead (direct forecasts). Sums of products are kept, so a new value costs one row, and all
 * steps share the products of the origin's features.
 */
export function lagRegression(options: LagRegressionOptions): Model {
  return {
    name: options.name,
    price: 'cheap',
    fit: (history, earlier) => {
      const layout = lagLayout(history.stepMs, history.values.length, horizonMax);
      const rows = history.values.length - layout.reach - horizonMax;
      if (rows < 2 * (layout.shared + layout.seasonal)) return null;
      const transform = transforms[options.scale](history.values);
      if (transform === null) return null;
      if (earlier instanceof FittedRegression && earlier.serves(layout, history.values, transform)) {
        return earlier;
      }
      return new FittedRegression(options, layout, history, transform);
    },
  };
}

const transforms = { values: linear, logs: logarithms, normalScores } as const;

/** Null for series with negative values. */
function logarithms(values: Float64Array): Transform | null {
  let mean = 0;
  for (const value of values) {
    if (value < 0) return null;
    mean += value / values.length;
  }
  const offset = logOffset * mean;
  if (!(offset > 0)) return null;
  return {
    forward: (value) => Math.log(Math.max(0, value) / offset + 1),
    back: (image) => Math.max(0, Math.expm1(image) * offset),
  };
}

/** To about one in size, so that sums of squares keep their digits. */
function linear(values: Float64Array): Transform | null {
  const { length } = values;
  let mean = 0;
  for (const value of values) mean += value / length;
  let variance = 0;
  for (const value of values) variance += (value - mean) ** 2 / length;
  const deviation = Math.sqrt(variance);
  if (!(deviation > 1e-12 * Math.abs(mean))) return null;
  return { forward: (value) => (value - mean) / deviation, back: (image) => image * deviation + mean };
}

class FittedRegression implements FittedModel {
  readonly #options: LagRegressionOptions;
  readonly #layout: LagLayout;
  readonly #transform: Transform;
  readonly #values: GrowingValues;
  readonly #phase: number;
  readonly #size: number;
  /** Sums of products of the shared features: lower triangle, row-major. */
  readonly #shared: Float64Array;
  /** The same, of the rows that far knots take. */
  readonly #sharedFar: Float64Array;
  readonly #farStride: number;
  #rows = 0;
  /** For each knot: rows of seasonal features against all features up to their own, then all features against the target. */
  readonly #own: Float64Array[];
  readonly #coefficients: Float64Array[];
  readonly #row: Float64Array;
  /** For each knot the sum of squares of the target. */
  readonly #squares: Float64Array;
  readonly #knots: readonly number[];
  #weight = 1;
  #sinceSolved = 0;
  #range: readonly [number, number];

  constructor(options: LagRegressionOptions, layout: LagLayout, history: Series, transform: Transform) {
    this.#options = options;
    this.#layout = layout;
    this.#transform = transform;
    this.#size = layout.shared + layout.seasonal;
    this.#phase = layout.day > 0 ? Math.round(history.startMs / history.stepMs) % layout.day : 0;
    this.#values = new GrowingValues(history.values.length + 1024);
    this.#shared = new Float64Array(layout.shared * layout.shared);
    this.#sharedFar = new Float64Array(layout.shared * layout.shared);
    const knots = knotsOf(layout.day);
    this.#knots = knots;
    this.#farStride = knots === fineKnots && history.values.length >= thinnedMin ? farStride : 1;
    this.#squares = new Float64Array(knots.length);
    this.#own = knots.map(() => new Float64Array((layout.seasonal + 1) * this.#size));
    this.#coefficients = knots.map(() => new Float64Array(this.#size));
    this.#row = new Float64Array(this.#size);
    let low = Infinity;
    let high = -Infinity;
    for (const value of history.values) {
      const image = transform.forward(value);
      low = Math.min(low, image);
      high = Math.max(high, image);
      this.#take(image);
    }
    this.#range = [low, high];
    this.#solve();
  }

  /**
   * Whether what was fitted to the beginning of a history is as good as a new fit to all of it: the features are the same,
   * and the scale is nearly a straight line of the one that would be chosen now. Equations are solved again at once.
   */
  serves(layout: LagLayout, history: Float64Array, transform: Transform): boolean {
    const same =
      this.#values.length === history.length &&
      layout.shared === this.#layout.shared &&
      layout.seasonal === this.#layout.seasonal &&
      layout.reach === this.#layout.reach;
    if (!same || !alike(this.#transform, transform, history)) return false;
    this.#solve();
    return true;
  }

  observe(value: number): void {
    const image = this.#transform.forward(value);
    this.#range = [Math.min(this.#range[0], image), Math.max(this.#range[1], image)];
    this.#take(image);
    this.#sinceSolved += 1;
    if (this.#sinceSolved >= solveEvery) this.#solve();
  }

  forecast(horizon: number, wanted?: readonly number[]): Float64Array {
    const known = this.#values.length;
    const point = new Float64Array(horizon);
    const few = horizon <= horizonMax ? (wanted ?? null) : null;
    for (let done = 0; done < horizon; done += horizonMax) {
      const images = this.#ahead(few ?? upTo(Math.min(horizonMax, horizon - done)));
      if (few !== null) {
        for (const step of few) point[step - 1] = this.#transform.back(images[step - 1]!);
        return point;
      }
      for (const [index, image] of images.entries()) {
        point[done + index] = this.#transform.back(image);
        // Farther steps are forecast from what is forecast up to there.
        if (done + horizonMax < horizon) this.#values.push(image);
      }
    }
    this.#values.cut(known);
    return point;
  }

  /** Images at these steps, none beyond the last knot. */
  #ahead(steps: readonly number[]): Float64Array {
    const { shared } = this.#layout;
    const origin = this.#values.length - 1;
    const row = this.#row;
    const level = this.#level(origin);
    sharedFeatures(this.#layout, this.#values, origin, this.#phase, level, row);
    const images = new Float64Array(steps.at(-1)!);
    const knots = this.#knots;
    let knot = 0;
    const [low, high] = this.#range;
    const margin = rangeMargin * (high - low);
    for (const step of steps) {
      seasonalFeatures(this.#layout, this.#values, origin, step, level, row, shared);
      while (knot < knots.length - 2 && knots[knot + 1]! <= step) knot += 1;
      const left = knots[knot]!;
      const right = knots[knot + 1]!;
      const share = (step - left) / (right - left);
      const one = this.#coefficients[knot]!;
      const other = this.#coefficients[knot + 1]!;
      let image = level;
      for (let column = 0; column < this.#size; column += 1) {
        image += row[column]! * (one[column]! + share * (other[column]! - one[column]!));
      }
      images[step - 1] = Math.min(high + margin, Math.max(low - margin, image));
    }
    return images;
  }

  #take(image: number): void {
    this.#values.push(image);
    // All knots take the same rows: those whose farthest target is known.
    const origin = this.#values.length - 1 - horizonMax;
    if (origin + 1 < this.#layout.reach) return;
    this.#accumulate(origin);
  }

  #level(origin: number): number {
    if (!this.#options.relative) return 0;
    const window = this.#layout.day > 0 ? this.#layout.day : this.#layout.windows.at(-1)!;
    return this.#values.mean(Math.max(0, origin + 1 - window), origin + 1);
  }

  #accumulate(origin: number): void {
    const { shared, seasonal } = this.#layout;
    const size = this.#size;
    const row = this.#row;
    const level = this.#level(origin);
    sharedFeatures(this.#layout, this.#values, origin, this.#phase, level, row);
    // Growing weights for newer rows are the same as fading ones for older rows, without touching what is summed.
    this.#weight *= 2 ** (1 / this.#options.halfLife);
    const weight = this.#weight;
    const far = this.#rows % this.#farStride === 0;
    this.#rows += 1;
    addProducts(this.#shared, row, 0, shared, shared, weight);
    if (far) addProducts(this.#sharedFar, row, 0, shared, shared, weight);
    const knots = this.#knots;
    for (let knot = 0; knot < knots.length; knot += 1) {
      const step = knots[knot]!;
      if (step >= farFrom && !far) break;
      seasonalFeatures(this.#layout, this.#values, origin, step, level, row, shared);
      const own = this.#own[knot]!;
      addProducts(own, row, shared, seasonal, size, weight);
      const difference = this.#values.at(origin + step) - level;
      const target = difference * weight;
      this.#squares[knot]! += difference * target;
      const base = seasonal * size;
      for (let other = 0; other < size; other += 1) own[base + other]! += target * row[other]!;
    }
  }

  #solve(): void {
    this.#sinceSolved = 0;
    const { shared, seasonal } = this.#layout;
    const size = this.#size;
    const matrix = new Float64Array(size * size);
    for (let knot = 0; knot < this.#knots.length; knot += 1) {
      const own = this.#own[knot]!;
      const sums = this.#knots[knot]! >= farFrom ? this.#sharedFar : this.#shared;
      for (let one = 0; one < shared; one += 1) {
        for (let other = 0; other <= one; other += 1)
          matrix[one * size + other] = sums[one * shared + other]!;
      }
      for (let one = 0; one < seasonal; one += 1) {
        for (let other = 0; other <= shared + one; other += 1) {
          matrix[(shared + one) * size + other] = own[one * size + other]!;
        }
      }
      const products = own.subarray(seasonal * size, (seasonal + 1) * size);
      const free = penalised(matrix, products, size, penaltyMin);
      if (free === null) continue;
      // As a Bayesian would: the less noise, the less the data need to be doubted.
      const unexplained = 1 - dot(free, products) / this.#squares[knot]!;
      const penalty = this.#options.penalty * Math.min(1, Math.max(0, unexplained));
      this.#coefficients[knot] = penalised(matrix, products, size, penaltyMin + penalty) ?? free;
    }
    this.#rescale();
  }

  /** Keeps weights in range: they grow without end otherwise. */
  #rescale(): void {
    if (this.#weight < 1e100) return;
    const factor = 1 / this.#weight;
    for (const sums of [this.#shared, this.#sharedFar, this.#squares, ...this.#own])
      for (let i = 0; i < sums.length; i += 1) sums[i]! *= factor;
    this.#weight = 1;
  }
}

const upTo = (horizon: number): readonly number[] => Array.from({ length: horizon }, (_, index) => index + 1);

/** Whether one scale is nearly a straight line of the other, at values spread over those seen. */
function alike(one: Transform, other: Transform, values: Float64Array): boolean {
  const sums = { one: 0, other: 0, ones: 0, others: 0, product: 0 };
  const stride = Math.max(1, Math.floor(values.length / comparedMax));
  let count = 0;
  for (let index = 0; index < values.length; index += stride) {
    const x = one.forward(values[index]!);
    const y = other.forward(values[index]!);
    sums.one += x;
    sums.other += y;
    sums.ones += x * x;
    sums.others += y * y;
    sums.product += x * y;
    count += 1;
  }
  const spread = sums.ones - sums.one ** 2 / count;
  const otherSpread = sums.others - sums.other ** 2 / count;
  const common = sums.product - (sums.one * sums.other) / count;
  const ratio = spread / otherSpread;
  return (
    ratio > 1 / spreadRatioMax && ratio < spreadRatioMax && common ** 2 > likeness * spread * otherSpread
  );
}

/** Adds the products of features `from` … `from + count - 1` with all up to themselves: rows of a lower triangle. */
function addProducts(
  sums: Float64Array,
  row: Float64Array,
  from: number,
  count: number,
  width: number,
  weight: number,
): void {
  for (let one = 0; one < count; one += 1) {
    const scaled = row[from + one]! * weight;
    const base = one * width;
    for (let other = 0; other <= from + one; other += 1) sums[base + other]! += scaled * row[other]!;
  }
}

/** Coefficients under a penalty on all but the intercept; null if there are none. */
function penalised(
  sums: Float64Array,
  products: Float64Array,
  size: number,
  penalty: number,
): Float64Array | null {
  const matrix = sums.slice();
  const rows = matrix[0]!;
  for (let one = 1; one < size; one += 1) matrix[one * size + one]! += penalty * rows;
  const right = products.slice();
  return solve(matrix, right, size) ? right : null;
}

function dot(one: Float64Array, other: Float64Array): number {
  let sum = 0;
  for (let index = 0; index < one.length; index += 1) sum += one[index]! * other[index]!;
  return sum;
}
