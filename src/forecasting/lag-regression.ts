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
const knots = [1, 2, 3, 4, 6, 8, 12, 16, 24, 36, 48];
const horizonMax = knots.at(-1) ?? 1;

export interface LagRegressionOptions {
  readonly name: string;
  /** On which scale the regression is linear. */
  readonly scale: 'values' | 'normalScores';
  /** Ridge penalty, as a share of each feature's sum of squares. */
  readonly penalty: number;
  /** An equation this many values old weighs half as much as a new one. */
  readonly halfLife: number;
}

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
    fit: (history) => {
      const layout = lagLayout(history.stepMs, history.values.length, horizonMax);
      const rows = history.values.length - layout.reach - horizonMax;
      if (rows < 2 * (layout.shared + layout.seasonal)) return null;
      const transform = options.scale === 'values' ? linear(history.values) : normalScores(history.values);
      return transform === null ? null : new FittedRegression(options, layout, history, transform);
    },
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
  /** For each knot: rows of seasonal features against all features up to their own, then all features against the target. */
  readonly #own: Float64Array[];
  readonly #coefficients: Float64Array[];
  readonly #row: Float64Array;
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

  observe(value: number): void {
    const image = this.#transform.forward(value);
    this.#range = [Math.min(this.#range[0], image), Math.max(this.#range[1], image)];
    this.#take(image);
    this.#sinceSolved += 1;
    if (this.#sinceSolved >= solveEvery) this.#solve();
  }

  forecast(horizon: number): Float64Array {
    const { shared } = this.#layout;
    const origin = this.#values.length - 1;
    const row = this.#row;
    sharedFeatures(this.#layout, this.#values, origin, this.#phase, row);
    const point = new Float64Array(horizon);
    let knot = 0;
    const [low, high] = this.#range;
    const margin = 0.25 * (high - low);
    for (let step = 1; step <= horizon; step += 1) {
      // Beyond the last knot its equation serves on, with the seasons of the step itself.
      const seasonStep = Math.min(step, horizonMax);
      seasonalFeatures(this.#layout, this.#values, origin, seasonStep, row, shared);
      while (knot < knots.length - 2 && knots[knot + 1]! <= step) knot += 1;
      const left = knots[knot]!;
      const right = knots[knot + 1]!;
      const share = Math.min(1, (step - left) / (right - left));
      const one = this.#coefficients[knot]!;
      const other = this.#coefficients[knot + 1]!;
      let image = 0;
      for (let column = 0; column < this.#size; column += 1) {
        image += row[column]! * (one[column]! + share * (other[column]! - one[column]!));
      }
      point[step - 1] = this.#transform.back(Math.min(high + margin, Math.max(low - margin, image)));
    }
    return point;
  }

  #take(image: number): void {
    this.#values.push(image);
    // All knots take the same rows: those whose farthest target is known.
    const origin = this.#values.length - 1 - horizonMax;
    if (origin + 1 < this.#layout.reach) return;
    this.#accumulate(origin);
  }

  #accumulate(origin: number): void {
    const { shared, seasonal } = this.#layout;
    const size = this.#size;
    const row = this.#row;
    sharedFeatures(this.#layout, this.#values, origin, this.#phase, row);
    // Growing weights for newer rows are the same as fading ones for older rows, without touching what is summed.
    this.#weight *= 2 ** (1 / this.#options.halfLife);
    const weight = this.#weight;
    const sums = this.#shared;
    for (let one = 0; one < shared; one += 1) {
      const scaled = row[one]! * weight;
      const base = one * shared;
      for (let other = 0; other <= one; other += 1) sums[base + other]! += scaled * row[other]!;
    }
    for (let knot = 0; knot < knots.length; knot += 1) {
      const step = knots[knot]!;
      seasonalFeatures(this.#layout, this.#values, origin, step, row, shared);
      const own = this.#own[knot]!;
      for (let one = 0; one < seasonal; one += 1) {
        const scaled = row[shared + one]! * weight;
        const base = one * size;
        for (let other = 0; other <= shared + one; other += 1) own[base + other]! += scaled * row[other]!;
      }
      const target = this.#values.at(origin + step) * weight;
      const base = seasonal * size;
      for (let other = 0; other < size; other += 1) own[base + other]! += target * row[other]!;
    }
  }

  #solve(): void {
    this.#sinceSolved = 0;
    const { shared, seasonal } = this.#layout;
    const size = this.#size;
    const matrix = new Float64Array(size * size);
    for (let knot = 0; knot < knots.length; knot += 1) {
      const own = this.#own[knot]!;
      for (let one = 0; one < shared; one += 1) {
        for (let other = 0; other <= one; other += 1)
          matrix[one * size + other] = this.#shared[one * shared + other]!;
      }
      for (let one = 0; one < seasonal; one += 1) {
        for (let other = 0; other <= shared + one; other += 1) {
          matrix[(shared + one) * size + other] = own[one * size + other]!;
        }
      }
      const right = own.slice(seasonal * size, (seasonal + 1) * size);
      const rows = matrix[0]!;
      for (let one = 1; one < size; one += 1) {
        matrix[one * size + one]! += this.#options.penalty * rows + 1e-9 * rows;
      }
      if (solve(matrix, right, size)) this.#coefficients[knot] = right;
    }
    this.#rescale();
  }

  /** Keeps weights in range: they grow without end otherwise. */
  #rescale(): void {
    if (this.#weight < 1e100) return;
    const factor = 1 / this.#weight;
    for (const sums of [this.#shared, ...this.#own])
      for (let i = 0; i < sums.length; i += 1) sums[i]! *= factor;
    this.#weight = 1;
  }
}
