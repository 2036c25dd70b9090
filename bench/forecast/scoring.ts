import { backtest, type BacktestResult } from '../../src/forecasting/backtest.ts';
import type { ForecasterOptions, PreparedSeries } from '../../src/forecasting/contract.ts';
import { geometricMean } from '../../src/forecasting/metrics.ts';
import type { Trace } from './traces.ts';

export const horizons = [1, 12, 48] as const;
/** A ratio of two errors takes neither for less than this (in units of MASE): repeating series have none at all. */
const errorFloor = 0.01;

export interface Scored {
  readonly family: string;
  readonly name: string;
  readonly result: BacktestResult;
}

/**
 * Rolling origins in the last 30 % of each series.
 *
 * @param part `older` scores on the older 70 % only: what may be tuned on
 */
export function scoreTraces(
  traces: readonly Trace[],
  forecaster: ForecasterOptions,
  part: 'whole' | 'older',
  told: (done: number) => void,
): Scored[] {
  return traces.flatMap(({ family, name, prepared }, index) => {
    told(index);
    const result = backtest(part === 'whole' ? prepared : older(prepared), {
      forecaster,
      knownShare: 0.7,
      originsMin: 200,
      horizons,
    });
    return result === null || result.scores.some(({ count }) => count === 0)
      ? []
      : [{ family, name, result }];
  });
}

function older(prepared: PreparedSeries): PreparedSeries {
  const end = Math.floor(prepared.series.values.length * 0.7);
  return {
    ...prepared,
    series: { ...prepared.series, values: prepared.series.values.slice(0, end) },
    filled: prepared.filled.slice(0, end),
  };
}

/** What is printed of a forecaster on some series at one horizon. */
export interface Summary {
  readonly series: number;
  readonly median: number;
  readonly geometric: number;
  /** Geometric mean of its errors over those of the better yardstick in hindsight. */
  readonly overNaive: number;
}

export function summarise(scored: readonly Scored[], place: number, name: string): Summary {
  const pairs = scored.flatMap(({ result }) => {
    const score = result.scores[place]!;
    const error = name === 'combined' ? score.combined : score.models[name];
    return error === undefined ? [] : [{ error, naive: betterNaive(score.models) }];
  });
  const errors = pairs.map(({ error }) => error);
  return {
    series: pairs.length,
    median: median(errors),
    geometric: geometricMean(errors, errorFloor),
    overNaive: geometricMean(
      pairs.map(({ error, naive }) => Math.max(error, errorFloor) / Math.max(naive, errorFloor)),
      0,
    ),
  };
}

/** Geometric mean of the combination's errors over one model's, on the series that this model takes. */
export function overModel(scored: readonly Scored[], place: number, name: string): number {
  const ratios = scored.flatMap(({ result }) => {
    const score = result.scores[place]!;
    const error = score.models[name];
    return error === undefined ? [] : [Math.max(score.combined, errorFloor) / Math.max(error, errorFloor)];
  });
  return geometricMean(ratios, 0);
}

export function betterNaive(models: Readonly<Record<string, number>>): number {
  return Math.min(models['persistence'] ?? Infinity, models['seasonal-naive'] ?? Infinity);
}

/** Share of series on which the combination is worse than the yardstick that the backtest would have chosen. */
export function worseShare(scored: readonly Scored[], place: number): number {
  const worse = scored.filter(({ result }) => {
    const { combined, chosenNaive } = result.scores[place]!;
    return combined > chosenNaive * (1 + 1e-6) + 1e-9;
  });
  return worse.length / scored.length;
}

export function coverage(scored: readonly Scored[], place: number): { share: number; winkler: number } {
  const scores = scored.map(({ result }) => result.scores[place]!);
  let held = 0;
  let count = 0;
  for (const score of scores) {
    held += score.coverage * score.count;
    count += score.count;
  }
  return { share: held / count, winkler: median(scores.map((score) => score.winkler)) };
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  const middle = sorted.length >> 1;
  if (sorted.length === 0) return Number.NaN;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
