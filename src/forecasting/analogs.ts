import type { FittedModel, Model, Series } from './contract.ts';
import { medianOf } from './medians.ts';
import { dailyPeriod } from './period.ts';
import { normalScores, type Transform } from './transform.ts';

/** Newest values that are searched. */
const searchedMax = 4032;
/** How far a continuation is known for each searched moment. */
const continuation = 48;
/** A moment: the newest values one by one, older ones as means over [from, to) steps back, and the time of day. */
const singles = 4;
const means = [
  [4, 6],
  [6, 12],
  [12, 24],
  [24, 48],
] as const;
const reach = 48;
const dimensions = singles + means.length + 2;
/** What is left of the present's distance to a past moment fades with this many steps. */
const fadeSteps = 12;

/** What makes two moments alike. */
export interface AnalogOptions {
  readonly name: string;
  /** Past moments whose continuations are pooled. */
  readonly nearest: number;
  /** How much each single value, each mean, and the sine and cosine of the time of day count. */
  readonly weights: readonly number[];
}

/**
 * Nearest neighbours in time: the past moments most like the present one, by the last values and the time of day; the
 * median of how they went on (Lorenz 1969's method of analogues).
 */
export function analogs(options: AnalogOptions): Model {
  return {
    name: options.name,
    price: 'cheap',
    fit(history: Series): FittedModel | null {
      const values = history.values.subarray(-searchedMax);
      if (values.length < reach + continuation + 2 * options.nearest) return null;
      const transform = normalScores(values);
      if (transform === null) return null;
      return new FittedAnalogs(options, values, dailyPeriod(history.stepMs), transform);
    },
  };
}

class FittedAnalogs implements FittedModel {
  readonly #options: AnalogOptions;
  readonly #transform: Transform;
  readonly #period: number | null;
  /** A ring of images of the values, and of the moments that end at each. */
  readonly #images: Float64Array;
  readonly #moments: Float64Array;
  readonly #pooled: Float64Array;
  #count = 0;

  constructor(options: AnalogOptions, values: Float64Array, period: number | null, transform: Transform) {
    this.#options = options;
    this.#transform = transform;
    this.#period = period;
    this.#pooled = new Float64Array(options.nearest);
    this.#images = new Float64Array(searchedMax);
    this.#moments = new Float64Array(searchedMax * dimensions);
    for (const value of values) this.observe(value);
  }

  observe(value: number): void {
    this.#images[this.#count % searchedMax] = this.#transform.forward(value);
    this.#count += 1;
    if (this.#count >= reach) this.#write();
  }

  #write(): void {
    const { weights } = this.#options;
    const newest = this.#count - 1;
    const base = (newest % searchedMax) * dimensions;
    let column = 0;
    for (let back = 0; back < singles; back += 1) {
      this.#moments[base + column] = this.#images[(newest - back) % searchedMax]! * weights[column]!;
      column += 1;
    }
    for (const [from, to] of means) {
      let sum = 0;
      for (let back = from; back < to; back += 1) sum += this.#images[(newest - back) % searchedMax]!;
      this.#moments[base + column] = (sum / (to - from)) * weights[column]!;
      column += 1;
    }
    const angle = this.#period === null ? 0 : (2 * Math.PI * (newest % this.#period)) / this.#period;
    this.#moments[base + column] = Math.sin(angle) * weights[column]!;
    this.#moments[base + column + 1] = Math.cos(angle) * weights[column + 1]!;
  }

  forecast(horizon: number, wanted?: readonly number[]): Float64Array {
    const found = this.#nearest();
    const newest = this.#count - 1;
    const present = this.#images[newest % searchedMax]!;
    const point = new Float64Array(horizon);
    let farthest: number | null = null;
    const steps = wanted ?? Array.from({ length: horizon }, (_, index) => index + 1);
    for (const step of steps) {
      // Nothing is known of how moments went on beyond.
      if (step >= continuation) farthest ??= this.#went(found, continuation, present);
      point[step - 1] = step >= continuation ? farthest! : this.#went(found, step, present);
    }
    return point;
  }

  /** How the moments went on, seen from the present value. */
  #went(moments: readonly number[], step: number, present: number): number {
    const pooled = this.#pooled;
    const fading = Math.exp(-step / fadeSteps);
    let count = 0;
    for (const moment of moments) {
      const lift = (present - this.#images[moment % searchedMax]!) * fading;
      pooled[count++] = this.#images[(moment + step) % searchedMax]! + lift;
    }
    return this.#transform.back(medianOf(pooled, count));
  }

  #nearest(): number[] {
    const { nearest } = this.#options;
    const newest = this.#count - 1;
    const here = (newest % searchedMax) * dimensions;
    const moments = this.#moments;
    const found: number[] = [];
    const distances: number[] = [];
    let bound = Infinity;
    const oldest = Math.max(reach - 1, this.#count - searchedMax);
    for (let moment = newest - continuation; moment >= oldest; moment -= 1) {
      const base = (moment % searchedMax) * dimensions;
      let distance = 0;
      for (let column = 0; column < dimensions && distance < bound; column += 1) {
        distance += Math.abs(moments[base + column]! - moments[here + column]!);
      }
      if (distance >= bound) continue;
      let place = Math.min(distances.length, nearest - 1);
      while (place > 0 && distances[place - 1]! > distance) {
        distances[place] = distances[place - 1]!;
        found[place] = found[place - 1]!;
        place -= 1;
      }
      distances[place] = distance;
      found[place] = moment;
      if (distances.length === nearest) bound = distances[nearest - 1]!;
    }
    return found;
  }
}
