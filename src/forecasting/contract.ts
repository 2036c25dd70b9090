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

/** One reading, in any order; a value that is not finite counts as none. */
export interface Sample {
  readonly atMs: number;
  readonly value: number;
}

/** What `prepare` (preparation.ts) makes of samples. */
export interface PreparedSeries {
  /** Without NaN. Steps inside a long gap carry a plain filling, which is in nobody's score. */
  readonly series: Series;
  /** 1 where the value was filled, 0 where it was measured; as long as the values. */
  readonly filled: Uint8Array;
  /** Index of the first value at the present level: 0 without a level shift. */
  readonly levelSince: number;
  /** What was mended, for people: counts of samples or steps. */
  readonly mended: {
    readonly dropped: number;
    readonly duplicates: number;
    readonly resets: number;
    readonly filled: number;
  };
}

/** One way to forecast. A model has no state: what it learned of a series is in what `fit` returns. */
export interface Model {
  /** Unique, as it is printed: `holt-winters`. */
  readonly name: string;
  /** `cheap` ones are always in the pool; `dear` ones join where they have earned it. */
  readonly price: 'cheap' | 'dear';
  /**
   * @param history prepared, at least one value; never kept or changed by the model
   * @param earlier what this model fitted to the beginning of this very history, and what observed the rest since: a
   *   model that would come to nearly the same may give it back, which takes it over from its owner
   * @returns null when the history is too short, or of a kind that this model cannot take
   */
  fit(history: Series, earlier?: FittedModel | null): FittedModel | null;
}

/** A model that was fitted to a series, at the origin after its last value. */
export interface FittedModel {
  /** Moves the origin on by one value, without fitting again. */
  observe(value: number): void;
  /**
   * The point forecast, which aims at the median.
   *
   * @param horizon steps, at least 1
   * @param wanted the steps that will be read, ascending, 1 … `horizon`; all of them if it is not given. What stands at
   *   the others means nothing, so that a model can save the work
   * @returns value h is h + 1 steps after the last one observed; the caller's to keep
   */
  forecast(horizon: number, wanted?: readonly number[]): Float64Array;
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
  /** Share of each model in a combination, averaged over the horizon; they sum to 1. */
  readonly weights: Readonly<Record<string, number>>;
  /** Why, for people: one sentence with numbers. */
  readonly reason: string;
}

/** How `createForecaster` and `forecast` (forecaster.ts) work. `defaultOptions` there has a value for each. */
export interface ForecasterOptions {
  /** Models that compete, third-party and learned ones included. `ownModels` (pool.ts) is the room's own pool. */
  readonly pool: readonly Model[];
  /** The farthest step that will be asked for, at least 1. Farther ones reuse the errors of this one. */
  readonly horizon: number;
  /** Ascending, in (0, 1). */
  readonly levels: readonly number[];
  /** The physical range: forecasts are clamped to it. Infinite ends where there is none. */
  readonly range: { readonly min: number; readonly max: number };
  /** Only so many of the newest values are fitted to. */
  readonly historyMax: number;
  /** Fitted again after so many observed values. */
  readonly refitEvery: number;
}

/** A series under forecast: keeps its models between calls, so that a new value costs little. */
export interface Forecaster {
  /** Takes the next value of the grid; NaN for a missing one. Fits again when it is due. */
  observe(value: number): void;
  /** @param horizon steps, at least 1 */
  forecast(horizon: number): Forecast;
  /** How each model did on the values held back from it: the newest ones before now. */
  standings(): readonly Standing[];
}

/** One model's errors in the backtest that decides, at one horizon. */
export interface Standing {
  readonly model: string;
  /** Steps ahead. */
  readonly horizon: number;
  /** Mean absolute error over that of persistence one step ahead (MASE's scale); NaN for a constant series. */
  readonly mase: number;
  /** Share in the combination at this horizon, 0 if it is left out. */
  readonly weight: number;
}
