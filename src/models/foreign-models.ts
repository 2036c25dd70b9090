import type { FittedModel, Model, Series } from '../forecasting/contract.ts';
import { ArmaFilter } from './arma-filter.ts';
import type { FitAnswer, FitRequest, ForeignFit, ForeignModelName } from './fit-messages.ts';
import { foreignModelNames } from './fit-messages.ts';
import { ForeignThread } from './foreign-thread.ts';
import type { Harmonics } from './harmonics.ts';
import { fitHarmonics } from './harmonics.ts';
import { RollingPath } from './rolling-path.ts';

export { foreignModelNames };
export type { ForeignModelName };

/** Why a model answered null for a series that it was given. */
export interface Refusal {
  readonly model: ForeignModelName;
  /** In words: `it took longer than 10000 ms, …`. */
  readonly reason: string;
}

export interface ForeignModelOptions {
  readonly names: readonly ForeignModelName[];
  /** A fit that takes longer is ended, and answered with null. */
  readonly fitMsMax: number;
  /** Told before `fit` answers null. */
  readonly refused: (refusal: Refusal) => void;
}

export const foreignOptionsDefault: ForeignModelOptions = {
  names: foreignModelNames,
  fitMsMax: 10_000,
  refused: () => undefined,
};

/**
 * Models that run as WebAssembly on a thread of their own, which starts with the first fit. `fit` blocks its caller until
 * that thread answers, or its time is up; whatever goes wrong there (a trap, memory, an endless loop) ends that thread
 * only, and the next fit starts another.
 */
export interface ForeignModels {
  readonly models: readonly Model[];
  /** Ends the thread; afterwards every fit answers null. The thread does not keep the process alive. */
  close(): Promise<void>;
}

/** The least and the most values that a model is given: with more it takes only the newest. */
const lengths: Readonly<Record<ForeignModelName, { readonly min: number; readonly max: number }>> = {
  arima: { min: 30, max: 4000 },
  'auto-arima': { min: 40, max: 2000 },
  'auto-ets': { min: 16, max: 2000 },
  mstl: { min: 16, max: 4000 },
  prophet: { min: 24, max: 2016 },
};

const hourMs = 3_600_000;
const periodStepsMin = 4;
/** MSTL's time grows with the season, and two weeks of minutes say nothing about a week. */
const longPeriodStepsMax = 400;
const pathStepsMin = 96;
const pathStepsMax = 2016;
/** A forecast that leaves the range of the values by more than this many times its width has diverged. */
const rangesOutsideMax = 10;
/** One value further outside, in half ranges of the history, counts as this far. */
const observedMax = 1e6;
const widthMin = 1e-300;

/** Opens the models of other projects; nothing is loaded before the first fit. */
export function openForeignModels(options: Partial<ForeignModelOptions> = {}): ForeignModels {
  const { names, fitMsMax, refused } = { ...foreignOptionsDefault, ...options };
  let thread: ForeignThread | null = null;
  let closed = false;
  const ask = (request: FitRequest): FitAnswer => {
    if (closed) return { kind: 'refused', reason: 'the models were closed' };
    if (thread === null || !thread.isUsable) thread = new ForeignThread();
    return thread.fit(request, fitMsMax);
  };
  const fit = (model: ForeignModelName, history: Series): FittedModel | null => {
    const fitted = fitWith(model, history, ask);
    if (typeof fitted !== 'string') return fitted;
    refused({ model, reason: fitted });
    return null;
  };
  return {
    models: names.map((name) => ({ name, price: 'dear', fit: (history) => fit(name, history) })),
    async close() {
      closed = true;
      await thread?.end();
    },
  };
}

/** @returns why not, in words, when there is no fit */
function fitWith(
  model: ForeignModelName,
  { startMs, stepMs, values }: Series,
  ask: (request: FitRequest) => FitAnswer,
): FittedModel | string {
  const { min, max } = lengths[model];
  if (values.length < min) return `it needs ${min} values, and found ${values.length}`;
  const first = Math.max(0, values.length - max);
  const newest = values.subarray(first);
  if (!newest.every(Number.isFinite)) return 'the series has gaps';
  const unit = unitOf(newest);
  if (unit === null) return 'the series is constant';
  const scaled = newest.map((value) => value / unit.width - unit.centre);
  const periods = periodsOf(stepMs, scaled.length);
  const isArima = model === 'arima' || model === 'auto-arima';
  const harmonics = isArima ? fitHarmonics(scaled, periods) : null;
  const plain = harmonics === null ? scaled : scaled.map((value, step) => value - harmonics(step));
  const season = periods.at(-1) ?? 1;
  const pathSteps = Math.min(pathStepsMax, Math.max(pathStepsMin, 2 * season));
  const request = { model, values: plain, startMs: startMs + first * stepMs, stepMs, periods, pathSteps };
  const answer = ask(request);
  if (answer.kind !== 'fitted') return answer.reason;
  const rolled = rolledOn(answer.fit, plain, season, harmonics);
  const probe = rolled.forecast(pathSteps);
  const limit = 1 + 2 * rangesOutsideMax;
  if (!probe.every((value) => Math.abs(value) <= limit)) return 'its forecast diverges';
  return {
    observe(value) {
      const observed = Number.isFinite(value)
        ? value / unit.width - unit.centre
        : (rolled.forecast(1)[0] ?? 0);
      rolled.observe(clamped(observed, observedMax));
    },
    forecast: (horizon) =>
      rolled.forecast(horizon).map((value) => clamped((value + unit.centre) * unit.width, Number.MAX_VALUE)),
  };
}

function clamped(value: number, most: number): number {
  return Math.min(most, Math.max(-most, value));
}

function rolledOn(
  fit: ForeignFit,
  values: Float64Array,
  season: number,
  harmonics: Harmonics | null,
): FittedModel {
  switch (fit.kind) {
    case 'path':
      return new RollingPath(fit.path, season, fit.correction);
    case 'arima': {
      const filter = new ArmaFilter(fit.coefficients, values);
      return harmonics === null ? filter : withHarmonics(filter, harmonics, values.length);
    }
  }
}

function withHarmonics(filter: FittedModel, harmonics: Harmonics, length: number): FittedModel {
  let next = length;
  return {
    observe(value) {
      filter.observe(value - harmonics(next));
      next += 1;
    },
    forecast: (horizon) => filter.forecast(horizon).map((value, ahead) => value + harmonics(next + ahead)),
  };
}

/** The half width of the range and its middle in such units, so that values of any size become [-1, 1]. */
function unitOf(values: Float64Array): { readonly width: number; readonly centre: number } | null {
  let least = Number.POSITIVE_INFINITY;
  let most = Number.NEGATIVE_INFINITY;
  for (const value of values) {
    least = Math.min(least, value);
    most = Math.max(most, value);
  }
  // Halved before they are subtracted: the largest doubles may stand at both ends.
  const width = most / 2 - least / 2;
  if (width < widthMin || width < 1e-12 * Math.max(Math.abs(least), Math.abs(most))) return null;
  return { width, centre: least / width / 2 + most / width / 2 };
}

/** A day and a week where they fit twice into the history; an hour where a day does not. */
function periodsOf(stepMs: number, length: number): readonly number[] {
  const fits = (period: number): boolean =>
    Number.isInteger(period) && period >= periodStepsMin && length >= 2 * period + 1;
  const day = (24 * hourMs) / stepMs;
  if (!fits(day)) return fits(hourMs / stepMs) ? [hourMs / stepMs] : [];
  return fits(7 * day) && 7 * day <= longPeriodStepsMax ? [day, 7 * day] : [day];
}
