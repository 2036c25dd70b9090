import { solve } from '../linear-algebra.ts';
import { knotCount, knots } from './knots.ts';
import { around, daysMean, hoursMean, phaseBefore } from './phases.ts';
import type { Past } from './past.ts';

/** Inputs that depend on the origin alone, then those that depend on the step too, then those of arrivals. */
const originInputs = 10;
const stepInputs = 7;
const arrivalLags = [1, 2, 3] as const;
const arrivalWindow = 6;
const plainInputs = originInputs + stepInputs;
const inputMax = plainInputs + arrivalLags.length + 1;
const keptInputs = originInputs + arrivalLags.length + 1;
const windows = [3, 6, 12, 24, 48] as const;
const kept = 64;

/** Share of what was learned that is forgotten with each step: what counts is the last 3,000 or so. */
const forgetting = 1 / 3_000;
/** Of the steps to each knot, every so many is learned from: far ones say nearly the same as their neighbours. */
const strides = [1, 2, 4, 6] as const;
/** Values between two solutions. */
const solvedEach = 24;
/** Pulls the coefficients towards none, which is persistence: as much as so many steps of data. */
const restraint = 12;
/** Errors below this share of the usual change are weighted alike. */
const errorFloor = 0.25;

/**
 * A linear forecast of each series by itself, learned as its values come: distance from the last value, by the last changes,
 * by windows' means, and by the same time of earlier days. One regression for each knot; between knots, the coefficients
 * are interpolated. Weights by the inverse of each error bring it close to the least absolute error (iteratively reweighted
 * least squares).
 */
export class Regression {
  readonly #past: Past;
  readonly #grams = knots.map(() => new Float64Array(inputMax * inputMax));
  readonly #rights = knots.map(() => new Float64Array(inputMax));
  readonly #coefficients = knots.map(() => new Float64Array(inputMax));
  /** The farthest that a value was from the last one known, at each knot. */
  readonly #reaches = new Float64Array(knotCount);
  /** Inputs of the newest origins, in a ring. */
  readonly #origins = new Float64Array(kept * keptInputs);
  readonly #inputs = new Float64Array(inputMax);
  readonly #factor = new Float64Array(inputMax * inputMax);
  readonly #solution = new Float64Array(inputMax);
  /** What each knot's regression forecast for the newest value; NaN where it could not. */
  readonly forecasts = new Float64Array(knotCount);
  /** How many inputs there are: those of arrivals join with the first one that is known. */
  #inputCount = plainInputs;
  #taken = 0;

  constructor(past: Past) {
    this.#past = past;
  }

  /** To be called after each value that the past was given. Leaves `forecasts` as they were before it was known. */
  update(): void {
    const past = this.#past;
    const target = past.length - 1;
    const value = past.values[target] as number;
    const unit = past.change(Math.max(0, past.length - 288), past.length);
    for (let knot = 0; knot < knotCount; knot += 1) {
      const ahead = knots[knot] as number;
      const origin = target - ahead;
      this.forecasts[knot] = NaN;
      if (origin < 0 || ahead > this.#taken) continue;
      const last = past.values[origin] as number;
      this.#fill(origin, ahead, (past.seen - 1 - ahead) % kept);
      const said = this.#distance(knot);
      if (this.#taken > 2 * solvedEach + ahead) this.forecasts[knot] = last + said;
      const wanted = value - last;
      this.#reaches[knot] = Math.max(this.#reaches[knot] as number, Math.abs(wanted));
      const isTurn = this.#taken % (strides[knot] as number) === 0;
      if (unit > 0 && isTurn)
        this.#learn(knot, wanted, unit / Math.max(errorFloor * unit, Math.abs(wanted - said)));
    }
    this.#remember(target);
    this.#taken += 1;
    if (this.#taken % solvedEach === 0) for (let knot = 0; knot < knotCount; knot += 1) this.#solve(knot);
  }

  /** @returns the forecast `ahead` steps after the newest value; NaN while too little was learned */
  forecast(ahead: number, position: number): number {
    const past = this.#past;
    if (this.#taken <= 2 * solvedEach + Math.min(ahead, knots[knotCount - 1] as number)) return NaN;
    const origin = past.length - 1;
    this.#fill(origin, ahead, (past.seen - 1) % kept);
    const low = Math.floor(position);
    const share = position - low;
    const below = this.#distance(low);
    const above = share === 0 ? 0 : this.#distance(low + 1);
    return (past.values[origin] as number) + (1 - share) * below + share * above;
  }

  /** What one regression says of the inputs, within twice of what it has ever seen. */
  #distance(knot: number): number {
    const coefficients = this.#coefficients[knot] as Float64Array;
    let sum = 0;
    for (let input = 0; input < this.#inputCount; input += 1) {
      sum += (coefficients[input] as number) * (this.#inputs[input] as number);
    }
    const limit = 2 * (this.#reaches[knot] as number);
    return Math.min(limit, Math.max(-limit, sum));
  }

  #remember(origin: number): void {
    const past = this.#past;
    const { values, levels, season } = past;
    const last = values[origin] as number;
    let at = ((past.seen - 1) % kept) * keptInputs;
    const put = (value: number): void => {
      this.#origins[at] = value - last;
      at += 1;
    };
    put(values[Math.max(0, origin - 1)] as number);
    put(values[Math.max(0, origin - 2)] as number);
    for (const window of windows) put(past.mean(Math.max(0, origin + 1 - window), origin + 1));
    put(past.mean(Math.max(0, origin + 1 - (season === 0 ? 288 : season)), origin + 1));
    put((levels[1] as Float64Array)[origin] as number);
    put((levels[2] as Float64Array)[origin] as number);
    this.#rememberArrivals(origin, at);
  }

  #rememberArrivals(origin: number, start: number): void {
    const { arrivals } = this.#past;
    const now = arrivals[origin] as number;
    if (!Number.isNaN(now)) this.#inputCount = inputMax;
    let at = start;
    for (const lag of arrivalLags) {
      const change = now - (arrivals[Math.max(0, origin - lag)] as number);
      this.#origins[at] = Number.isFinite(change) ? change : 0;
      at += 1;
    }
    let sum = 0;
    const from = Math.max(0, origin + 1 - arrivalWindow);
    for (let index = from; index <= origin; index += 1) sum += arrivals[index] as number;
    const aboveMean = now - sum / (origin + 1 - from);
    this.#origins[at] = Number.isFinite(aboveMean) ? aboveMean : 0;
  }

  #fill(origin: number, ahead: number, slot: number): void {
    const inputs = this.#inputs;
    for (let input = 0; input < originInputs; input += 1) {
      inputs[input] = this.#origins[slot * keptInputs + input] as number;
    }
    for (let input = plainInputs; input < this.#inputCount; input += 1) {
      inputs[input] = this.#origins[slot * keptInputs + originInputs + input - plainInputs] as number;
    }
    inputs.fill(0, originInputs, plainInputs);
    const past = this.#past;
    const { season, hour, values } = past;
    const target = origin + ahead;
    const last = values[origin] as number;
    if (hour > 0 && origin >= hour) inputs[originInputs + 6] = hoursMean(past, target, origin) - last;
    if (season === 0) return;
    const day = phaseBefore(target, origin, season);
    if (day < 0) return;
    inputs[originInputs] = (values[day] as number) - last;
    inputs[originInputs + 1] = around(past, day, origin + 1) - last;
    inputs[originInputs + 2] = daysMean(past, target, origin) - last;
    if (origin >= season) {
      inputs[originInputs + 3] = around(past, origin - season, origin + 1) - last;
      inputs[originInputs + 4] = daysMean(past, origin, origin) - last;
    }
    const week = phaseBefore(target, origin, 7 * season);
    if (week >= 0) inputs[originInputs + 5] = around(past, week, origin + 1) - last;
  }

  #learn(knot: number, wanted: number, weight: number): void {
    const gram = this.#grams[knot] as Float64Array;
    const right = this.#rights[knot] as Float64Array;
    const inputs = this.#inputs;
    const keep = 1 - forgetting * (strides[knot] as number);
    for (let row = 0; row < this.#inputCount; row += 1) {
      const weighted = weight * (inputs[row] as number);
      right[row] = (right[row] as number) * keep + weighted * wanted;
      const base = row * inputMax;
      for (let column = 0; column <= row; column += 1) {
        gram[base + column] = (gram[base + column] as number) * keep + weighted * (inputs[column] as number);
      }
    }
  }

  #solve(knot: number): void {
    const gram = this.#grams[knot] as Float64Array;
    const count = this.#inputCount;
    let trace = 0;
    for (let input = 0; input < plainInputs; input += 1) trace += gram[input * inputMax + input] as number;
    if (!(trace > 0)) return;
    const steps = Math.min(this.#taken, 1 / forgetting);
    const factor = this.#factor.subarray(0, count * count);
    for (let row = 0; row < count; row += 1) {
      for (let column = 0; column <= row; column += 1) {
        factor[row * count + column] = gram[row * inputMax + column] as number;
      }
      const own = gram[row * inputMax + row] as number;
      // Arrivals come in a unit of their own.
      const usual = row < plainInputs ? trace / plainInputs : own;
      factor[row * count + row] = own + (restraint / steps) * (own + usual) + 1e-12 * trace;
    }
    const solution = this.#solution.subarray(0, count);
    solution.set((this.#rights[knot] as Float64Array).subarray(0, count));
    if (solve(factor, solution, count)) (this.#coefficients[knot] as Float64Array).set(solution);
  }
}
