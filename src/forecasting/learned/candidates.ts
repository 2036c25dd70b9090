import { knotCount, knotPosition, knots } from './knots.ts';
import type { Past } from './past.ts';
import { around, daysMean, hoursMean, phaseBefore } from './phases.ts';
import { Regression } from './regression.ts';

/**
 * Plain forecasts. The trees see each of them, and what it was worth lately; the blend of them is what the trees correct.
 */
export const candidateNames = [
  'last',
  'fastLevel',
  'middleLevel',
  'slowLevel',
  'dayAgo',
  'daysMean',
  'daysMeanShifted',
  'weekAgo',
  'dayMean',
  'hoursMean',
  'regression',
] as const;

export const candidateCount = candidateNames.length;

/** Share of an error that is forgotten with each step: what counts is the last 200 or so. */
const forgetting = 1 / 200;
/** How strongly the blend favours candidates that were better. */
const favour = 8;

/** Where the regression's forecast stands among the candidates. */
const regressionAt = candidateCount - 1;

/**
 * Writes every candidate's forecast of one step, the regression's excepted.
 *
 * @param origin index of the last value that may be known
 * @param ahead steps from there to the target
 * @param into one value per candidate; NaN for those that need a longer past
 */
function writePlain(past: Past, origin: number, ahead: number, into: Float64Array): void {
  const { season, values, levels } = past;
  const target = origin + ahead;
  into[0] = values[origin] as number;
  for (let rate = 0; rate < levels.length; rate += 1) {
    into[1 + rate] = (levels[rate] as Float64Array)[origin] as number;
  }
  into.fill(NaN, 4);
  if (past.hour > 0) into[9] = hoursMean(past, target, origin);
  if (season === 0) return;
  const dayAgo = phaseBefore(target, origin, season);
  if (dayAgo >= 0) {
    into[4] = values[dayAgo] as number;
    const expected = daysMean(past, target, origin);
    into[5] = expected;
    const present = daysMean(past, origin, origin);
    into[6] = Number.isNaN(present) ? NaN : expected + (into[2] as number) - present;
  }
  const weekAgo = phaseBefore(target, origin, 7 * season);
  if (weekAgo >= 0) into[7] = around(past, weekAgo, origin + 1);
  if (origin + 1 >= season) into[8] = past.mean(origin + 1 - season, origin + 1);
}

/** The candidates at the end of a past, and what each was worth lately: mean absolute errors, newer ones counting more. */
export class Candidates {
  readonly #past: Past;
  readonly #regression: Regression;
  readonly #sums = new Float64Array(candidateCount * knotCount);
  readonly #weights = new Float64Array(candidateCount * knotCount);
  readonly #scratch = new Float64Array(candidateCount);

  constructor(past: Past) {
    this.#past = past;
    this.#regression = new Regression(past);
  }

  /** To be called after each value that the past was given. */
  update(): void {
    const past = this.#past;
    const target = past.length - 1;
    const value = past.values[target] as number;
    this.#regression.update();
    for (let knot = 0; knot < knotCount; knot += 1) {
      const ahead = knots[knot] as number;
      const origin = target - ahead;
      if (origin < 0) return;
      writePlain(past, origin, ahead, this.#scratch);
      this.#scratch[regressionAt] = this.#regression.forecasts[knot] as number;
      for (let candidate = 0; candidate < candidateCount; candidate += 1) {
        const error = Math.abs(value - (this.#scratch[candidate] as number));
        if (Number.isNaN(error)) continue;
        const at = knot * candidateCount + candidate;
        this.#sums[at] = (this.#sums[at] as number) * (1 - forgetting) + error;
        this.#weights[at] = (this.#weights[at] as number) * (1 - forgetting) + 1;
      }
    }
  }

  /**
   * Writes each candidate's forecast `ahead` steps after the newest value, and its error at that distance, in the series'
   * own unit; NaN for what needs a longer past.
   */
  write(ahead: number, forecasts: Float64Array, errors: Float64Array): void {
    const position = knotPosition(ahead);
    writePlain(this.#past, this.#past.length - 1, ahead, forecasts);
    forecasts[regressionAt] = this.#regression.forecast(ahead, position);
    const low = Math.floor(position);
    const high = Math.min(low + 1, knotCount - 1);
    const share = position - low;
    for (let candidate = 0; candidate < candidateCount; candidate += 1) {
      const below = this.#mean(low, candidate);
      const above = this.#mean(high, candidate);
      errors[candidate] = Number.isNaN(above) ? below : below + share * (above - below);
    }
  }

  #mean(knot: number, candidate: number): number {
    const at = knot * candidateCount + candidate;
    return (this.#sums[at] as number) / (this.#weights[at] as number);
  }
}

/** The candidates' weighted mean, by the inverse of their errors; the last value where no error is known. */
export function blend(candidates: Float64Array, errors: Float64Array): number {
  let best = Infinity;
  for (let index = 0; index < candidateCount; index += 1) {
    const error = errors[index] as number;
    if (Number.isFinite(candidates[index]) && error < best) best = error;
  }
  if (best === Infinity) return candidates[0] as number;
  let sum = 0;
  let weights = 0;
  for (let index = 0; index < candidateCount; index += 1) {
    const candidate = candidates[index] as number;
    const error = errors[index] as number;
    if (!Number.isFinite(candidate) || !Number.isFinite(error)) continue;
    const weight = error === best ? 1 : (best / error) ** favour;
    sum += weight * candidate;
    weights += weight;
  }
  return sum / weights;
}
