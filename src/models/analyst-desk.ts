import type { Forecast, Forecaster, Model, Series } from '../forecasting/contract.ts';
import { createForecaster, defaultOptions } from '../forecasting/forecaster.ts';

/** Values of one series that the desk has not seen yet. */
export interface DeskAsk {
  readonly key: string;
  /** False: what was known under this key is forgotten first. */
  readonly continues: boolean;
  readonly series: Series;
  readonly range: { readonly min: number; readonly max: number };
}

export interface DeskOptions {
  readonly pool: readonly Model[];
  readonly horizon: number;
  readonly levels: readonly number[];
}

interface Entry {
  forecaster: Forecaster;
  /** Every value so far, the newest `historyMax`. */
  values: number[];
  readonly startMs: number;
  readonly stepMs: number;
  dropped: number;
  /** How many there were when the forecaster was made. */
  madeAt: number;
}

const historyMax = 2_016;
const refitEvery = 60;
/** A young series is analysed anew when it has grown by this factor: its first models knew next to nothing. */
const growth = 1.5;
const entriesMax = 16_384;

/** Keeps a forecaster for each series, so that a new value costs little. The least recently asked for is forgotten. */
export class AnalystDesk {
  readonly #entries = new Map<string, Entry>();
  readonly #options: DeskOptions;

  constructor(options: DeskOptions) {
    this.#options = options;
  }

  /** @returns null for a series without a single value */
  forecast(ask: DeskAsk): Forecast | null {
    const known = ask.continues ? (this.#entries.get(ask.key) ?? null) : null;
    const entry = known === null ? this.#open(ask) : this.#continue(known, ask);
    this.#entries.delete(ask.key);
    if (entry === null) return null;
    this.#entries.set(ask.key, entry);
    const [oldest] = this.#entries.keys();
    if (this.#entries.size > entriesMax && oldest !== undefined) this.#entries.delete(oldest);
    return entry.forecaster.forecast(this.#options.horizon);
  }

  #open({ series, range }: DeskAsk): Entry | null {
    const first = series.values.findIndex((value) => Number.isFinite(value));
    if (first < 0) return null;
    const values = [...series.values.subarray(first)];
    const startMs = series.startMs + first * series.stepMs;
    const { stepMs } = series;
    return {
      forecaster: this.#make(values, startMs, stepMs, range),
      values,
      startMs,
      stepMs,
      dropped: 0,
      madeAt: values.length,
    };
  }

  #continue(entry: Entry, { series, range }: DeskAsk): Entry {
    for (const value of series.values) {
      entry.values.push(value);
      entry.forecaster.observe(value);
    }
    const surplus = entry.values.length - historyMax;
    if (surplus > 0) {
      entry.values.splice(0, surplus);
      entry.dropped += surplus;
    }
    if (entry.dropped === 0 && entry.values.length >= growth * entry.madeAt) {
      entry.forecaster = this.#make(entry.values, entry.startMs, entry.stepMs, range);
      entry.madeAt = entry.values.length;
    }
    return entry;
  }

  #make(values: readonly number[], startMs: number, stepMs: number, range: DeskAsk['range']): Forecaster {
    const { pool, horizon, levels } = this.#options;
    const series = { startMs, stepMs, values: Float64Array.from(values) };
    return createForecaster(series, {
      ...defaultOptions,
      pool,
      horizon,
      levels,
      range,
      historyMax,
      refitEvery,
    });
  }
}
