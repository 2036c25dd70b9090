import { assert } from '../core/assert.ts';
import { sharpnessAt, weightedMedian, weightsOf } from './combination.ts';
import type {
  FittedModel,
  Forecast,
  Forecaster,
  ForecasterOptions,
  Model,
  Series,
  Standing,
} from './contract.ts';
import { ConformalErrors, LocalScatter, referenceShare } from './intervals.ts';
import { between, ErrorLedger, scoredSteps } from './ledger.ts';
import { naiveScale } from './metrics.ts';
import { persistence } from './naive.ts';
import { naiveModels, ownModels } from './pool.ts';
import { fillGaps } from './preparation.ts';
import { quantilesAround } from './quantiles.ts';
import { dailyPeriod, unevenStride } from './period.ts';

export const defaultOptions: ForecasterOptions = {
  pool: ownModels,
  horizon: 48,
  levels: [0.05, 0.5, 0.95],
  range: { min: -Infinity, max: Infinity },
  historyMax: 4032,
  refitEvery: 2016,
};

/** Share of the history that is held back at first, for the backtest. */
const heldShare = 0.4;
/** Fewer values than this are not split. */
const splitMin = 24;
/** Forecasts that are made and scored on the values held back: so many are enough, */
const originsEnough = 72;
/** but on coarse grids, with few values, at least one in each hour, */
const originsPerDay = 24;
/** up to so many. */
const originsMost = 400;
/** Errors that must be known before the gate judges. */
const gateErrorsMin = 10;
/**
 * The combination is dropped for a naive model when its held-back error is above this share of the naive one's. At 1
 * the gate closes by chance as often as for a reason, and costs more than it saves.
 */
const gateShare = 1.1;
/** Before so many errors are known the combination is made of guesses, and is not judged. */
const duelFrom = 10;

/** A forecast that was made, and waits for the values that it is about. */
interface Pending {
  /** Count of values that were known. */
  readonly origin: number;
  /** NaN while too few values were known to tell. */
  readonly scatter: number;
  /** For each model, then the combination, the value at each scored step. */
  readonly points: readonly Float64Array[];
  /** For each scored step the naive model that was the better one till then; −1 where too little was known to weigh. */
  readonly rivals: readonly number[];
  /** Reference interval at each scored step, NaN where there is none. */
  readonly lows: Float64Array;
  readonly highs: Float64Array;
}

/** What is decided at one origin for all steps. */
interface Decision {
  /** For each scored step the weights of the models. */
  readonly weights: readonly Float64Array[];
  /** For each scored step whether the gate closed. */
  readonly gated: readonly boolean[];
}

function strideOf(held: number, period: number | null): number {
  const hourly = period === null ? Infinity : period / originsPerDay;
  return unevenStride(Math.max(held / originsMost, Math.min(held / originsEnough, hourly)));
}

/** @param series at least one value; NaN where there is none */
export function createForecaster(series: Series, options: ForecasterOptions = defaultOptions): Forecaster {
  return new RollingForecaster(series, options);
}

/** One forecast without state to keep. */
export function forecast(
  series: Series,
  horizon: number,
  options: ForecasterOptions = defaultOptions,
): Forecast {
  return createForecaster(series, { ...options, horizon }).forecast(horizon);
}

/** A forecaster that also tells what each model says by itself: for backtests that print every model. */
export class RollingForecaster implements Forecaster {
  readonly #options: ForecasterOptions;
  readonly #pool: readonly Model[];
  readonly #stepMs: number;
  readonly #startMs: number;
  /** All values since the start, of which the newest `historyMax` are kept. */
  #values: number[];
  #dropped = 0;
  #fitted: readonly (FittedModel | null)[] = [];
  readonly #scored: readonly number[];
  readonly #ledger: ErrorLedger;
  /** Errors of the combination, and of the naive model that was the better one till then, where weights were known. */
  readonly #duel: ErrorLedger;
  readonly #conformal: ConformalErrors;
  readonly #scatter = new LocalScatter();
  #pending: Pending[] = [];
  /** From origin to origin, in steps: on average. */
  #stride = 1;
  #untilOrigin = 0;
  #sinceFit = 0;
  /** What the models say at the present origin, as far as somebody asked. */
  #said: readonly (Float64Array | null)[] | null = null;

  constructor(series: Series, options: ForecasterOptions) {
    assert(series.values.length > 0, 'there is at least one value to forecast from');
    assert(options.horizon >= 1, 'a forecast reaches at least one step');
    this.#options = options;
    const missing = naiveModels.filter(({ name }) => !options.pool.some((model) => model.name === name));
    this.#pool = [...missing, ...options.pool];
    this.#stepMs = series.stepMs;
    this.#startMs = series.startMs;
    this.#scored = scoredSteps(options.horizon, dailyPeriod(series.stepMs));
    this.#ledger = new ErrorLedger(this.#pool.length + 1, this.#scored.length);
    this.#duel = new ErrorLedger(2, this.#scored.length);
    this.#conformal = new ConformalErrors(this.#scored);
    this.#dropped = Math.max(0, series.values.length - options.historyMax);
    const values = series.values
      .slice(this.#dropped)
      .map((value) => (Number.isFinite(value) ? value : Number.NaN));
    const filled = fillGaps(values, dailyPeriod(series.stepMs));
    this.#values = [];
    this.#backtest(values, filled);
  }

  observe(value: number): void {
    const measured = Number.isFinite(value);
    this.#take(measured ? value : this.#point(1, this.#decide())[0]!, measured);
    this.#sinceFit += 1;
    if (this.#sinceFit >= this.#options.refitEvery) this.#fit();
  }

  forecast(horizon: number): Forecast {
    const decision = this.#decide();
    const point = this.#point(horizon, decision);
    return {
      fromMs: this.#startMs + (this.#dropped + this.#values.length) * this.#stepMs,
      stepMs: this.#stepMs,
      point,
      quantiles: quantilesAround(point, {
        levels: this.#options.levels,
        range: this.#options.range,
        scored: this.#scored,
        conformal: this.#conformal,
        scatter: this.#scatter,
      }),
      ...this.#explain(horizon, decision),
    };
  }

  standings(): readonly Standing[] {
    const scale = naiveScale(Float64Array.from(this.#values));
    const { weights } = this.#decide();
    const rows: Standing[] = [];
    for (const [place, horizon] of this.#scored.entries()) {
      for (const [index, model] of [...this.#pool.map(({ name }) => name), 'combination'].entries()) {
        const mase = scale > 0 ? this.#ledger.mean(index, place) / scale : Number.NaN;
        rows.push({ model, horizon, mase, weight: weights[place]![index] ?? 0 });
      }
    }
    return rows;
  }

  /** What each model of the pool says by itself, unclamped; models that could not be fitted are left out. */
  competitors(horizon: number): ReadonlyMap<string, Float64Array> {
    const said = new Map<string, Float64Array>();
    for (const [index, point] of this.#say(horizon).entries()) {
      if (point !== null) said.set(this.#pool[index]!.name, point.slice(0, horizon));
    }
    return said;
  }

  /** The yardstick that the backtest would choose at a step. */
  chosenNaive(horizon: number): string {
    return this.#pool[this.#bestNaive(between(this.#scored, horizon).place)]!.name;
  }

  /** Fits to the older part, rolls over the rest, and fits again to all. */
  #backtest(values: Float64Array, filled: Uint8Array): void {
    const held = values.length < splitMin ? 0 : Math.floor(values.length * heldShare);
    const known = values.length - held;
    for (let index = 0; index < known; index += 1) this.#append(values[index]!);
    if (held > 0) {
      this.#stride = strideOf(held, dailyPeriod(this.#stepMs));
      this.#fit();
      for (let index = known; index < values.length; index += 1)
        this.#take(values[index]!, filled[index] === 0);
    }
    this.#fit();
  }

  #append(value: number): void {
    this.#said = null;
    this.#values.push(value);
    this.#scatter.observe(value);
  }

  #take(value: number, measured: boolean): void {
    if (this.#untilOrigin < 1) {
      this.#pending.push(this.#makePending());
      this.#untilOrigin += this.#stride;
    }
    this.#untilOrigin -= 1;
    this.#append(value);
    for (const fitted of this.#fitted) fitted?.observe(value);
    this.#score(value, measured);
  }

  #fit(): void {
    this.#sinceFit = 0;
    this.#said = null;
    const surplus = this.#values.length - this.#options.historyMax;
    // What was fitted to values that are forgotten now must forget them too.
    const earlier = surplus > 0 ? [] : this.#fitted;
    if (surplus > 0) {
      this.#values = this.#values.slice(surplus);
      this.#dropped += surplus;
    }
    const history: Series = {
      startMs: this.#startMs + this.#dropped * this.#stepMs,
      stepMs: this.#stepMs,
      values: Float64Array.from(this.#values),
    };
    this.#fitted = this.#pool.map((model, index) => model.fit(history, earlier[index] ?? null));
  }

  /** At least so far; farther if that was asked for before. */
  #say(horizon: number): readonly (Float64Array | null)[] {
    const farthest = Math.max(horizon, this.#options.horizon);
    const known = this.#said?.find((point) => point !== null)?.length ?? 0;
    if (this.#said === null || known < farthest) {
      this.#said = this.#fitted.map((fitted) => fitted?.forecast(farthest) ?? null);
    }
    return this.#said;
  }

  #makePending(): Pending {
    const said =
      this.#said ??
      this.#fitted.map((fitted) => fitted?.forecast(this.#options.horizon, this.#scored) ?? null);
    const decision = this.#decide();
    const scatter = this.#scatter.scatter;
    const points = said.map((values) =>
      Float64Array.from(this.#scored, (step) =>
        values === null ? Number.NaN : this.#sound(values[step - 1]!),
      ),
    );
    const combined = Float64Array.from(this.#scored, (_, place) =>
      this.#combine(
        points.map((values) => values[place]!),
        decision.weights[place]!,
        this.#values.at(-1)!,
      ),
    );
    const used = combined.map((value, place) =>
      decision.gated[place] === true ? points[this.#bestNaive(place)]![place]! : value,
    );
    const miss = (1 - referenceShare) / 2;
    return {
      origin: this.#dropped + this.#values.length,
      scatter: this.#scatter.known ? scatter : Number.NaN,
      points: [...points, combined, used],
      rivals: this.#scored.map((_, place) =>
        this.#ledger.count(this.#pool.length, place) >= duelFrom ? this.#bestNaive(place) : -1,
      ),
      lows: used.map((value, place) => value + scatter * this.#judged(place, miss)),
      highs: used.map((value, place) => value + scatter * this.#judged(place, 1 - miss)),
    };
  }

  /** NaN while the interval is not made of errors alone: its width is not to follow what it misses. */
  #judged(place: number, level: number): number {
    return this.#conformal.few(place) ? Number.NaN : this.#conformal.quantile(place, level);
  }

  #score(value: number, measured: boolean): void {
    const now = this.#dropped + this.#values.length;
    const farthest = this.#options.horizon;
    for (const pending of this.#pending) {
      const place = this.#scored.indexOf(now - pending.origin);
      if (place < 0 || !measured) continue;
      for (let index = 0; index <= this.#pool.length; index += 1) {
        const error = Math.abs(value - pending.points[index]![place]!);
        if (!Number.isNaN(error)) this.#ledger.add(index, place, error);
      }
      const rival = pending.rivals[place]!;
      if (rival >= 0) {
        this.#duel.add(0, place, Math.abs(value - pending.points[this.#pool.length]![place]!));
        this.#duel.add(1, place, Math.abs(value - pending.points[rival]![place]!));
      }
      if (Number.isNaN(pending.scatter)) continue;
      const low = pending.lows[place]!;
      const held = Number.isNaN(low) ? null : value >= low && value <= pending.highs[place]!;
      const error = value - pending.points[this.#pool.length + 1]![place]!;
      this.#conformal.add(place, error / Math.max(pending.scatter, this.#scatter.floor), held);
    }
    if (this.#pending[0] !== undefined && now - this.#pending[0].origin >= farthest) this.#pending.shift();
  }

  #decide(): Decision {
    const weights: Float64Array[] = [];
    const gated: boolean[] = [];
    for (const [place, step] of this.#scored.entries()) {
      const errors = Float64Array.from(this.#pool, (_, index) =>
        this.#fitted[index] ? this.#ledger.mean(index, place) : Number.NaN,
      );
      // Too short to have been scored so far ahead: the weights of the step before.
      const own = weightsOf(errors, sharpnessAt(step));
      const known = own.some((weight) => weight > 0);
      weights.push(known ? own : (weights.at(-1) ?? this.#only(persistence.name)));
      const fought = this.#duel.count(0, place) >= gateErrorsMin;
      gated.push(fought && this.#duel.mean(0, place) > gateShare * this.#duel.mean(1, place));
    }
    return { weights, gated };
  }

  #only(name: string): Float64Array {
    return Float64Array.from(this.#pool, (model) => (model.name === name ? 1 : 0));
  }

  #bestNaive(place: number): number {
    let best = this.#pool.findIndex(({ name }) => name === persistence.name);
    for (const [index, { name }] of this.#pool.entries()) {
      const rival = naiveModels.some((model) => model.name === name) && this.#fitted[index];
      if (rival && this.#ledger.mean(index, place) < this.#ledger.mean(best, place)) best = index;
    }
    return best;
  }

  #point(horizon: number, { weights, gated }: Decision): Float64Array {
    const last = this.#values.at(-1)!;
    const said = this.#say(horizon);
    const mixed = new Float64Array(this.#pool.length);
    const point = new Float64Array(horizon);
    for (let step = 1; step <= horizon; step += 1) {
      const { place, share } = between(this.#scored, step);
      const next = Math.min(place + 1, this.#scored.length - 1);
      for (let index = 0; index < mixed.length; index += 1) {
        mixed[index] = weights[place]![index]! * (1 - share) + weights[next]![index]! * share;
      }
      const nearest = share < 0.5 ? place : next;
      const values = said.map((one) => (one === null ? Number.NaN : this.#sound(one[step - 1]!)));
      point[step - 1] =
        gated[nearest] === true ? values[this.#bestNaive(nearest)]! : this.#combine(values, mixed, last);
    }
    return point;
  }

  #combine(values: readonly number[], weights: Float64Array, last: number): number {
    // A model that gives no number has no vote.
    const point = Float64Array.from(values, (value) => (Number.isNaN(value) ? last : value));
    const votes = weights.map((weight, index) => (Number.isNaN(values[index]!) ? 0 : weight));
    return votes.some((vote) => vote > 0) ? weightedMedian(point, votes) : last;
  }

  /** Within the physical range; NaN for what is no number. */
  #sound(value: number): number {
    const { min, max } = this.#options.range;
    return Number.isFinite(value) ? Math.min(max, Math.max(min, value)) : Number.NaN;
  }

  #explain(horizon: number, { weights, gated }: Decision): Pick<Forecast, 'model' | 'weights' | 'reason'> {
    const shares = new Map<string, number>();
    const add = (name: string, share: number): void => void shares.set(name, (shares.get(name) ?? 0) + share);
    const places = this.#scored.filter((step, place) => place === 0 || step <= horizon).length;
    for (let place = 0; place < places; place += 1) {
      if (gated[place] === true) add(this.#pool[this.#bestNaive(place)]!.name, 1 / places);
      else
        for (const [index, weight] of weights[place]!.entries()) {
          if (weight > 0) add(this.#pool[index]!.name, weight / places);
        }
    }
    const ordered = [...shares].toSorted((one, other) => other[1] - one[1]);
    const last = places - 1;
    const model = ordered.length === 1 ? ordered[0]![0] : 'combination';
    const errors = this.#ledger.count(this.#pool.length, last);
    const naive = this.#bestNaive(last);
    const ratio = this.#ledger.mean(this.#pool.length, last) / this.#ledger.mean(naive, last);
    const names = ordered.slice(0, 3).map(([name, share]) => `${name} ${Math.round(100 * share)} %`);
    const reason =
      errors === 0
        ? `Too few values (${this.#values.length}) to hold any back: ${names.join(', ')}.`
        : `${names.join(', ')}; on held-back values, ${this.#scored[last]} steps ahead, the combination's error is ` +
          `${ratio.toFixed(2)} of ${this.#pool[naive]!.name}'s${gated[last] === true ? ', which is used instead' : ''}.`;
    return { model, weights: Object.fromEntries(ordered), reason };
  }
}
