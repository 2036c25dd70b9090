import type { Past } from './past.ts';

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
] as const;

export const candidateCount = candidateNames.length;

/** Steps ahead at which the candidates' errors are kept; between them, errors are interpolated. */
export const knots = [1, 4, 12, 48] as const;
export const knotMax = 48;
const knotCount = knots.length;

const daysMax = 3;
/** Steps at each side of the same time of an earlier day that are averaged with it. */
const daySpread = 2;
/** Share of an error that is forgotten with each step: what counts is the last 200 or so. */
const forgetting = 1 / 200;
/** How strongly the blend favours candidates that were better. */
const favour = 3;

/** Mean around one index, as far as it lies before `end`. */
function around(past: Past, at: number, end: number): number {
  const from = Math.max(0, at - daySpread);
  const to = Math.min(end, at + daySpread + 1);
  return past.mean(from, to);
}

/** Mean at the same time of up to three earlier days, as known at `origin`; NaN without one. */
function daysMean(past: Past, target: number, origin: number): number {
  const { season } = past;
  let sum = 0;
  let count = 0;
  for (let at = target - season; count < daysMax && at >= 0; at -= season) {
    if (at > origin) continue;
    sum += around(past, at, origin + 1);
    count += 1;
  }
  return count === 0 ? NaN : sum / count;
}

/** The latest index not after `origin` that lies whole periods before `target`; negative when there is none. */
export function phaseBefore(target: number, origin: number, period: number): number {
  const periods = Math.max(1, Math.ceil((target - origin) / period));
  return target - periods * period;
}

/**
 * Writes every candidate's forecast of one step.
 *
 * @param origin index of the last value that may be known
 * @param ahead steps from there to the target
 * @param into one value per candidate; NaN for those that need a longer past
 */
export function candidatesAt(past: Past, origin: number, ahead: number, into: Float64Array): void {
  const { season, values, levels } = past;
  const target = origin + ahead;
  into[0] = values[origin] as number;
  for (let rate = 0; rate < levels.length; rate += 1) {
    into[1 + rate] = (levels[rate] as Float64Array)[origin] as number;
  }
  into.fill(NaN, 4);
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

/** What each candidate was worth lately: its mean absolute error at each knot, newer errors counting more. */
export class CandidateErrors {
  readonly #past: Past;
  readonly #sums = new Float64Array(candidateCount * knotCount);
  readonly #weights = new Float64Array(candidateCount * knotCount);
  readonly #scratch = new Float64Array(candidateCount);

  constructor(past: Past) {
    this.#past = past;
  }

  /** To be called after each value that the past was given. */
  update(): void {
    const past = this.#past;
    const target = past.length - 1;
    const value = past.values[target] as number;
    for (let knot = 0; knot < knotCount; knot += 1) {
      const ahead = knots[knot] as number;
      const origin = target - ahead;
      if (origin < 0) return;
      candidatesAt(past, origin, ahead, this.#scratch);
      for (let candidate = 0; candidate < candidateCount; candidate += 1) {
        const error = Math.abs(value - (this.#scratch[candidate] as number));
        if (Number.isNaN(error)) continue;
        const at = knot * candidateCount + candidate;
        this.#sums[at] = (this.#sums[at] as number) * (1 - forgetting) + error;
        this.#weights[at] = (this.#weights[at] as number) * (1 - forgetting) + 1;
      }
    }
  }

  /** Writes each candidate's error `ahead` steps ahead, in the series' own unit; NaN where none is known. */
  at(ahead: number, into: Float64Array): void {
    const position = knotPosition(ahead);
    const low = Math.floor(position);
    const high = Math.min(low + 1, knotCount - 1);
    const share = position - low;
    for (let candidate = 0; candidate < candidateCount; candidate += 1) {
      const below = this.#mean(low, candidate);
      const above = this.#mean(high, candidate);
      into[candidate] = Number.isNaN(above) ? below : below + share * (above - below);
    }
  }

  #mean(knot: number, candidate: number): number {
    const at = knot * candidateCount + candidate;
    return (this.#sums[at] as number) / (this.#weights[at] as number);
  }
}

/** Where a distance lies between the knots, by its logarithm: 0 is the first knot, 1 the second. */
function knotPosition(ahead: number): number {
  let low = 0;
  while (low < knotCount - 2 && ahead >= (knots[low + 1] as number)) low += 1;
  const from = Math.log(knots[low] as number);
  const to = Math.log(knots[low + 1] as number);
  return low + Math.min(1, Math.max(0, (Math.log(ahead) - from) / (to - from)));
}

/** The candidates' weighted mean, by the inverse of their errors; the last value where no error is known. */
export function blend(candidates: Float64Array, errors: Float64Array): number {
  let best = Infinity;
  for (let index = 0; index < candidateCount; index += 1) {
    const error = errors[index] as number;
    if (!Number.isNaN(candidates[index] as number) && error < best) best = error;
  }
  if (best === Infinity) return candidates[0] as number;
  let sum = 0;
  let weights = 0;
  for (let index = 0; index < candidateCount; index += 1) {
    const candidate = candidates[index] as number;
    const error = errors[index] as number;
    if (Number.isNaN(candidate) || Number.isNaN(error)) continue;
    const weight = error === best ? 1 : (best / error) ** favour;
    sum += weight * candidate;
    weights += weight;
  }
  return sum / weights;
}
