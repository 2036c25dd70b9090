import type { FittedModel, Model, Series } from './contract.ts';
import { dailyPeriod } from './period.ts';

/** Rates tried for a level; the best by the sum of absolute errors one step ahead is taken. */
const levelRates = [0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.7, 0.9];
const trendRates = [0.005, 0.02, 0.1];
const damping = [0.8, 0.95];
const seasonRates = [0.05, 0.15, 0.35];
const levelRatesSeasonal = [0.02, 0.1, 0.3, 0.6, 0.9];
/** A season is for far steps: its rates are chosen by errors so many steps ahead. */
const tunedAhead = 12;
/** Rates are chosen on the newest values only. */
const tunedOnMax = 1200;

/** Simple exponential smoothing (Brown 1956). */
export const simpleSmoothing: Model = {
  name: 'ses',
  price: 'cheap',
  fit(history: Series): FittedModel {
    const recent = history.values.subarray(-tunedOnMax);
    let rate = 1;
    let best = Infinity;
    for (const candidate of levelRates) {
      let level = recent[0] ?? 0;
      let error = 0;
      for (const value of recent) {
        error += Math.abs(value - level);
        level += candidate * (value - level);
      }
      if (error < best) {
        best = error;
        rate = candidate;
      }
    }
    let level = recent[0] ?? 0;
    for (const value of recent) level += rate * (value - level);
    return {
      observe: (value) => {
        level += rate * (value - level);
      },
      forecast: (horizon) => new Float64Array(horizon).fill(level),
    };
  },
};

interface TrendState {
  level: number;
  trend: number;
}

/** Holt's linear trend, damped (Gardner and McKenzie 1985). */
export const dampedHolt: Model = {
  name: 'damped-holt',
  price: 'cheap',
  fit(history: Series): FittedModel | null {
    const recent = history.values.subarray(-tunedOnMax);
    if (recent.length < 8) return null;
    let chosen: readonly [number, number, number] = [0.5, 0.02, 0.8];
    let best = Infinity;
    for (const rate of levelRates) {
      for (const trendRate of trendRates) {
        for (const damp of damping) {
          const state = { level: recent[0] ?? 0, trend: 0 };
          let error = 0;
          for (const value of recent) {
            error += Math.abs(value - state.level - damp * state.trend);
            stepTrend(state, value, rate, trendRate, damp);
          }
          if (error < best) {
            best = error;
            chosen = [rate, trendRate, damp];
          }
        }
      }
    }
    const [rate, trendRate, damp] = chosen;
    const state = { level: recent[0] ?? 0, trend: 0 };
    for (const value of recent) stepTrend(state, value, rate, trendRate, damp);
    return {
      observe: (value) => stepTrend(state, value, rate, trendRate, damp),
      forecast: (horizon) => {
        const point = new Float64Array(horizon);
        let sum = 0;
        let power = 1;
        for (let step = 0; step < horizon; step += 1) {
          power *= damp;
          sum += power;
          point[step] = state.level + sum * state.trend;
        }
        return point;
      },
    };
  },
};

function stepTrend(state: TrendState, value: number, rate: number, trendRate: number, damp: number): void {
  const before = state.level;
  const expected = before + damp * state.trend;
  state.level = expected + rate * (value - expected);
  state.trend = damp * state.trend + trendRate * (state.level - before - damp * state.trend);
}

/** Holt-Winters with an additive season of a day and no trend (Winters 1960); both rates chosen by grid. */
export const holtWinters: Model = {
  name: 'holt-winters',
  price: 'cheap',
  fit(history: Series): FittedModel | null {
    const period = dailyPeriod(history.stepMs);
    const { values } = history;
    if (period === null || period < tunedAhead || values.length < 2 * period + 1) return null;
    let best = Infinity;
    let chosen: readonly [number, number] = [0.3, 0.15];
    const levels = new Float64Array(tunedAhead);
    for (const rate of levelRatesSeasonal) {
      for (const seasonRate of seasonRates) {
        const state = seasonalStart(values, period);
        let error = 0;
        const from = Math.max(period, values.length - tunedOnMax);
        for (let index = period; index < values.length; index += 1) {
          const value = values[index]!;
          const phase = index % period;
          // The season of this phase has not changed since; the level has.
          const level = index >= period + tunedAhead ? levels[index % tunedAhead]! : state.level;
          if (index >= from) error += Math.abs(value - level - state.season[phase]!);
          levels[index % tunedAhead] = state.level;
          stepSeason(state, phase, value, rate, seasonRate);
        }
        if (error < best) {
          best = error;
          chosen = [rate, seasonRate];
        }
      }
    }
    const [rate, seasonRate] = chosen;
    const state = seasonalStart(values, period);
    let next = period;
    const observe = (value: number): void => {
      stepSeason(state, next % period, value, rate, seasonRate);
      next += 1;
    };
    for (let index = period; index < values.length; index += 1) observe(values[index]!);
    return {
      observe,
      forecast: (horizon) =>
        Float64Array.from(
          { length: horizon },
          (_, step) => state.level + state.season[(next + step) % period]!,
        ),
    };
  },
};

interface SeasonState {
  level: number;
  readonly season: Float64Array;
}

function seasonalStart(values: Float64Array, period: number): SeasonState {
  let level = 0;
  for (let index = 0; index < period; index += 1) level += values[index]! / period;
  return { level, season: Float64Array.from(values.subarray(0, period), (value) => value - level) };
}

function stepSeason(
  state: SeasonState,
  phase: number,
  value: number,
  rate: number,
  seasonRate: number,
): void {
  const season = state.season[phase]!;
  const surprise = value - state.level - season;
  state.level += rate * surprise;
  state.season[phase] = season + seasonRate * (1 - rate) * surprise;
}
