import type { FittedModel, Model, Series } from './contract.ts';
import { dailyPeriod } from './period.ts';

/** Up to so many values, insertion beats what sorts any number of them. */
const insertedMax = 48;

/** Sorts in place: for the few values of a window. */
export function medianOf(values: Float64Array, count = values.length): number {
  if (count > insertedMax) values.subarray(0, count).sort();
  else {
    for (let index = 1; index < count; index += 1) {
      const value = values[index]!;
      let place = index;
      while (place > 0 && values[place - 1]! > value) {
        values[place] = values[place - 1]!;
        place -= 1;
      }
      values[place] = value;
    }
  }
  const middle = count >> 1;
  return count % 2 === 1 ? values[middle]! : (values[middle - 1]! + values[middle]!) / 2;
}

/** The median of the newest `window` values: what absolute errors ask for when there is nothing but noise. */
export function recentMedian(window: number): Model {
  return {
    name: `median-${window}`,
    price: 'cheap',
    fit(history: Series): FittedModel | null {
      if (history.values.length < window) return null;
      const ring = history.values.slice(-window);
      const scratch = new Float64Array(window);
      let oldest = 0;
      return {
        observe: (value) => {
          ring[oldest] = value;
          oldest = (oldest + 1) % window;
        },
        forecast: (horizon) => {
          scratch.set(ring);
          return new Float64Array(horizon).fill(medianOf(scratch));
        },
      };
    },
  };
}

/** Days whose values at the same time of day are pooled. */
const daysPooled = 7;
/** And neighbours on each side of it: ten minutes, none on coarse grids. */
const neighboursOf = (period: number): number => Math.floor(period / 144);
/** The newest values whose distance to the profile is carried on. */
const recentCount = 6;

/**
 * The median day of the last week, plus today's distance from it, which fades: by a rate for each step that is fitted
 * to the history.
 */
export const seasonalMedian: Model = {
  name: 'seasonal-median',
  price: 'cheap',
  fit(history: Series): FittedModel | null {
    const period = dailyPeriod(history.stepMs);
    if (period === null || period < 12 || history.values.length < 2 * period) return null;
    return new FittedProfile(history.values, period);
  },
};

const fadeSteps = [1, 2, 4, 8, 16, 32, 64];

class FittedProfile implements FittedModel {
  readonly #period: number;
  /** The newest values, as a ring of whole days. */
  readonly #ring: Float64Array;
  #next = 0;
  #count = 0;
  readonly #profile: Float64Array;
  readonly #distances = new Float64Array(recentCount);
  #observed = 0;
  readonly #fade: Float64Array;

  constructor(values: Float64Array, period: number) {
    this.#period = period;
    const days = Math.min(daysPooled, Math.floor(values.length / period));
    this.#ring = new Float64Array(days * period);
    const kept = values.subarray(values.length - days * period);
    this.#ring.set(kept);
    this.#count = kept.length;
    this.#profile = new Float64Array(period);
    for (let phase = 0; phase < period; phase += 1) this.#profile[phase] = this.#medianAt(phase);
    this.#fade = this.#fit(kept);
    for (let index = kept.length - recentCount; index < kept.length; index += 1) {
      this.#distances[this.#observed % recentCount] = kept[index]! - this.#profile[index % period]!;
      this.#observed += 1;
    }
  }

  observe(value: number): void {
    this.#distances[this.#observed % recentCount] = value - this.#profile[this.#next % this.#period]!;
    this.#observed += 1;
    this.#ring[this.#next] = value;
    const phase = this.#next % this.#period;
    this.#next = (this.#next + 1) % this.#count;
    // Its neighbours' medians follow when their own turn comes.
    this.#profile[phase] = this.#medianAt(phase);
  }

  forecast(horizon: number): Float64Array {
    const recent = medianOf(this.#distances.slice());
    return Float64Array.from({ length: horizon }, (_, step) => {
      const fade = this.#fade[Math.min(fadeSteps.length - 1, Math.round(Math.log2(step + 1)))]!;
      return this.#profile[(this.#next + step) % this.#period]! + fade * recent;
    });
  }

  #medianAt(phase: number): number {
    const neighbours = neighboursOf(this.#period);
    const pooled = new Float64Array((this.#count / this.#period) * (2 * neighbours + 1));
    let count = 0;
    for (let day = 0; day < this.#count; day += this.#period) {
      for (let near = -neighbours; near <= neighbours; near += 1) {
        pooled[count++] = this.#ring[(day + phase + near + this.#count) % this.#count]!;
      }
    }
    return medianOf(pooled);
  }

  /** For each step the share of the distance that is left, by least squares through the origin, within [0, 1]. */
  #fit(values: Float64Array): Float64Array {
    const distances = Float64Array.from(
      values,
      (value, index) => value - this.#profile[index % this.#period]!,
    );
    return Float64Array.from(fadeSteps, (step) => {
      let product = 0;
      let square = 1e-300;
      for (let index = 0; index + step < distances.length; index += 1) {
        product += distances[index]! * distances[index + step]!;
        square += distances[index]! * distances[index]!;
      }
      return Math.min(1, Math.max(0, product / square));
    });
  }
}
