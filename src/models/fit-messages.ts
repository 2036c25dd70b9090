import type { MessagePort } from 'node:worker_threads';

/** Models of other projects. */
export const foreignModelNames = ['arima', 'auto-arima', 'auto-ets', 'mstl', 'prophet'] as const;

export type ForeignModelName = (typeof foreignModelNames)[number];

/** How a path that was forecast once is bent by the errors seen since: see `RollingPath`. */
export interface Correction {
  /** Share of a new error that enters the level, in [0, 1]. */
  readonly gain: number;
  /** What is left of the level after one step, in [0, 1]. */
  readonly decay: number;
  readonly level: number;
}

/** Coefficients of an ARMA process of the `differences`-th differences, around `mean`. */
export interface ArimaCoefficients {
  readonly differences: number;
  readonly mean: number;
  readonly ar: readonly number[];
  readonly ma: readonly number[];
}

/** A model as it was fitted: plain data, which the caller's thread turns into a forecast. */
export type ForeignFit =
  | { readonly kind: 'arima'; readonly coefficients: ArimaCoefficients }
  | { readonly kind: 'path'; readonly path: Float64Array; readonly correction: Correction };

/** What is asked of the thread: one fit. Values are finite, not constant, within [-1, 1], and at most `valuesMax`. */
export interface FitRequest {
  readonly model: ForeignModelName;
  readonly values: Float64Array;
  readonly startMs: number;
  readonly stepMs: number;
  /** Seasons in steps, ascending: each fits into the values at least twice. */
  readonly periods: readonly number[];
  readonly pathSteps: number;
}

export type FitAnswer =
  | { readonly kind: 'fitted'; readonly fit: ForeignFit }
  | { readonly kind: 'refused'; readonly reason: string }
  /** The library trapped or threw: its instance may be damaged. */
  | { readonly kind: 'broken'; readonly reason: string };

/** What the thread starts with. */
export interface ForeignThreadStart {
  readonly port: MessagePort;
  /** One Int32, raised and notified after each message that the thread posts. */
  readonly posted: SharedArrayBuffer;
}
