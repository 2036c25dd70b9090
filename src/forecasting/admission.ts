import { assert } from '../core/assert.ts';
import type { ForecasterOptions, Model, Series } from './contract.ts';
import { RollingForecaster } from './forecaster.ts';
import { scoredSteps } from './ledger.ts';
import { dailyPeriod, unalignedStride } from './period.ts';

/** On how many of all series dear models may be tried, and may stay. */
export interface DearShares {
  readonly triedMax: number;
  readonly joinedMax: number;
}

export const dearSharesDefault: DearShares = { triedMax: 0.2, joinedMax: 0.1 };

/** A dear model stays when its error is at most this share of the combination's without it. */
const earnedShare = 0.97;
/** Origins of a trial: few, because each costs a forecast of a dear model. */
const trialOrigins = 8;
/** Share of the values that a trial holds back. */
const trialShare = 0.3;
/** A trial on fewer values would be chance. */
const trialMin = 200;

/** Keeps dear models to a share of the series: they join where a trial on a few origins shows that they earn it. */
export class DearAdmission {
  readonly #shares: DearShares;
  #seen = 0;
  #tried = 0;
  #joined = 0;

  constructor(shares: DearShares = dearSharesDefault) {
    assert(shares.joinedMax <= shares.triedMax && shares.triedMax <= 1, 'none joins untried');
    this.#shares = shares;
  }

  /** Series so far: all, those tried, and those with a dear model in their pool. */
  get counts(): { readonly seen: number; readonly tried: number; readonly joined: number } {
    return { seen: this.#seen, tried: this.#tried, joined: this.#joined };
  }

  /**
   * The pool for one more series: `options.pool`, and those of the dear models that earned their place.
   *
   * @param series prepared, without NaN
   */
  poolFor(series: Series, dear: readonly Model[], options: ForecasterOptions): readonly Model[] {
    this.#seen += 1;
    const { triedMax, joinedMax } = this.#shares;
    const due = this.#tried < triedMax * this.#seen && this.#joined < joinedMax * this.#seen;
    if (!due || dear.length === 0 || series.values.length < trialMin) return options.pool;
    this.#tried += 1;
    const ratios = trial(series, dear, options);
    const earned = dear.filter((_, index) => ratios[index]! <= earnedShare);
    if (earned.length > 0) this.#joined += 1;
    return [...options.pool, ...earned];
  }
}

/** For each model its error over the combination's, at the same few origins; infinite for one that could not be fitted. */
function trial(series: Series, models: readonly Model[], options: ForecasterOptions): readonly number[] {
  const { values } = series;
  const known = Math.floor(values.length * (1 - trialShare));
  const from = Math.max(0, known - options.historyMax);
  const history: Series = {
    startMs: series.startMs + from * series.stepMs,
    stepMs: series.stepMs,
    values: values.slice(from, known),
  };
  const forecaster = new RollingForecaster(history, options);
  const fitted = models.map((model) => model.fit(history));
  const farthest = Math.min(options.horizon, Math.max(1, values.length - known - trialOrigins));
  const scored = scoredSteps(farthest, dailyPeriod(series.stepMs));
  const stride = unalignedStride((values.length - farthest - known) / trialOrigins, series.stepMs);
  const errors = new Float64Array(models.length);
  let yardstick = 0;
  for (let origin = known; origin + farthest <= values.length; origin += 1) {
    if ((origin - known) % stride === 0) {
      const combined = forecaster.forecast(farthest).point;
      const said = fitted.map((one) => one?.forecast(farthest) ?? null);
      for (const step of scored) {
        const actual = values[origin + step - 1]!;
        // As errors of a wandering series grow, so that far steps do not outweigh near ones.
        const weight = 1 / Math.sqrt(step);
        yardstick += Math.abs(actual - combined[step - 1]!) * weight;
        for (const [index, point] of said.entries()) {
          errors[index]! += point === null ? Infinity : Math.abs(actual - point[step - 1]!) * weight;
        }
      }
    }
    forecaster.observe(values[origin]!);
    for (const one of fitted) one?.observe(values[origin]!);
  }
  return Array.from(errors, (error) =>
    Number.isFinite(error) && yardstick > 0 ? error / yardstick : Infinity,
  );
}
