import type { ForecasterOptions, PreparedSeries } from './contract.ts';
import { RollingForecaster } from './forecaster.ts';
import { winkler } from './metrics.ts';
import { unalignedStride } from './period.ts';

export interface BacktestOptions {
  readonly forecaster: ForecasterOptions;
  /** Share of the values before the first origin. */
  readonly knownShare: number;
  /** At least so many origins, evenly spread over the rest, as far as it has so many. */
  readonly originsMin: number;
  /** Steps ahead that are scored. */
  readonly horizons: readonly number[];
}

/** Errors at one horizon, as multiples of MASE's scale. */
export interface HorizonScore {
  /** Steps ahead. */
  readonly horizon: number;
  /** Forecasts that were scored: those whose value was measured. */
  readonly count: number;
  /** Mean absolute scaled error of what `forecast` gave. */
  readonly combined: number;
  /** Of each model by itself; models that do not take the series are not in it. */
  readonly models: Readonly<Record<string, number>>;
  /** Of the yardstick that the backtest before each origin would have chosen. */
  readonly chosenNaive: number;
  /** Share of values inside the 90 % interval, and its mean Winkler score, scaled. */
  readonly coverage: number;
  readonly winkler: number;
}

export interface BacktestResult {
  /** Mean absolute difference between measured neighbours before the first origin. */
  readonly scale: number;
  readonly scores: readonly HorizonScore[];
}

interface Sums {
  count: number;
  combined: number;
  chosenNaive: number;
  held: number;
  winkler: number;
  readonly models: Map<string, number>;
}

const miss = 0.1;

/**
 * Rolls over the newest part of a series: at each origin only what came before is known.
 *
 * @returns null for a series that is constant before the first origin, or too short for one
 */
export function backtest(prepared: PreparedSeries, options: BacktestOptions): BacktestResult | null {
  const { values } = prepared.series;
  const { horizons } = options;
  const farthest = Math.max(...horizons);
  const known = Math.floor(values.length * options.knownShare);
  const scale = measuredScale(prepared, known);
  if (known < 1 || known + farthest > values.length || !(scale > 0)) return null;
  const forecaster = new RollingForecaster(
    { ...prepared.series, values: masked(prepared, known) },
    { ...options.forecaster, horizon: farthest, levels: [miss / 2, 1 - miss / 2] },
  );
  const stride = unalignedStride(
    (values.length - farthest - known) / options.originsMin,
    prepared.series.stepMs,
  );
  const sums = horizons.map((): Sums => ({
    count: 0,
    combined: 0,
    chosenNaive: 0,
    held: 0,
    winkler: 0,
    models: new Map(),
  }));
  for (let origin = known; origin + farthest <= values.length; origin += 1) {
    // From inside a gap there is nothing to judge by.
    const measured = prepared.filled[origin - 1] === 0;
    if (measured && (origin - known) % stride === 0) score(forecaster, prepared, origin, horizons, sums);
    forecaster.observe(prepared.filled[origin] === 1 ? Number.NaN : values[origin]!);
  }
  return {
    scale,
    scores: sums.map((sum, index) => ({
      horizon: horizons[index]!,
      count: sum.count,
      combined: sum.combined / sum.count / scale,
      models: Object.fromEntries([...sum.models].map(([name, error]) => [name, error / sum.count / scale])),
      chosenNaive: sum.chosenNaive / sum.count / scale,
      coverage: sum.held / sum.count,
      winkler: sum.winkler / sum.count / scale,
    })),
  };
}

function score(
  forecaster: RollingForecaster,
  { series, filled }: PreparedSeries,
  origin: number,
  horizons: readonly number[],
  sums: readonly Sums[],
): void {
  const farthest = Math.max(...horizons);
  const made = forecaster.forecast(farthest);
  const said = forecaster.competitors(farthest);
  const [low, high] = made.quantiles;
  for (const [index, horizon] of horizons.entries()) {
    const target = origin + horizon - 1;
    if (filled[target] === 1) continue;
    const actual = series.values[target]!;
    const sum = sums[index]!;
    sum.count += 1;
    sum.combined += Math.abs(actual - made.point[horizon - 1]!);
    for (const [name, point] of said) {
      sum.models.set(name, (sum.models.get(name) ?? 0) + Math.abs(actual - point[horizon - 1]!));
    }
    const naive = said.get(forecaster.chosenNaive(horizon));
    sum.chosenNaive += Math.abs(actual - (naive?.[horizon - 1] ?? 0));
    const lowest = low!.values[horizon - 1]!;
    const highest = high!.values[horizon - 1]!;
    sum.held += actual >= lowest && actual <= highest ? 1 : 0;
    sum.winkler += winkler(actual, lowest, highest, miss);
  }
}

/** The known part, with NaN where nothing was measured. */
function masked({ series, filled }: PreparedSeries, known: number): Float64Array {
  return series.values.slice(0, known).map((value, index) => (filled[index] === 1 ? Number.NaN : value));
}

function measuredScale({ series, filled }: PreparedSeries, known: number): number {
  let sum = 0;
  let count = 0;
  for (let index = 1; index < known; index += 1) {
    if (filled[index] === 1 || filled[index - 1] === 1) continue;
    sum += Math.abs(series.values[index]! - series.values[index - 1]!);
    count += 1;
  }
  return sum / count;
}
