/**
 * Values on an even grid: value k is the mean (or, of a counter, the increase) over
 * [startMs + k × stepMs, startMs + (k + 1) × stepMs). NaN is a missing value. A series that a model sees is prepared:
 * differenced if it was a counter, and without gaps.
 */
export interface Series {
  readonly startMs: number;
  readonly stepMs: number;
  readonly values: Float64Array;
}

/** One way to forecast. A model has no state: what it learned of a series is in what `fit` returns. */
export interface Model {
  /** Unique, as it is printed: `holt-winters`. */
  readonly name: string;
  /** `cheap` ones are always in the pool; `dear` ones join where they have earned it. */
  readonly price: 'cheap' | 'dear';
  /**
   * @param history prepared
   * @returns null when the history is too short, or of a kind that this model cannot take
   */
  fit(history: Series): FittedModel | null;
}

/** A model that was fitted to a series, at the origin after its last value. */
export interface FittedModel {
  /** Moves the origin on by one value, without fitting again. */
  observe(value: number): void;
  /**
   * The point forecast, which aims at the median.
   *
   * @param horizon steps, at least 1
   * @returns value h is h + 1 steps after the last one observed
   */
  forecast(horizon: number): Float64Array;
}

/** What the room gives to others: a point and its quantiles, with the reasons. */
export interface Forecast {
  /** Start of the first step. */
  readonly fromMs: number;
  readonly stepMs: number;
  readonly point: Float64Array;
  /** Ascending levels in (0, 1); values never cross. */
  readonly quantiles: readonly { readonly level: number; readonly values: Float64Array }[];
  /** The chosen model's name, or `combination`. */
  readonly model: string;
  /** Share of each model in a combination; they sum to 1. */
  readonly weights: Readonly<Record<string, number>>;
}
