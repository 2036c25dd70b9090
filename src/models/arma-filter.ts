import type { FittedModel } from '../forecasting/contract.ts';
import type { ArimaCoefficients } from './fit-messages.ts';
import { solveLinear } from './linear-system.ts';

/**
 * ARIMA(p, d, q) with given coefficients, rolled over a series: w = d-th differences minus their mean,
 * w(t) = Σ ar(i) w(t − i) + e(t) + Σ ma(j) e(t − j).
 *
 * The errors before the start are those that leave the least sum of squares after it (Box, Jenkins: Time Series Analysis,
 * 1976, section 7.1.4). Taken as 0, they would never be forgotten where the moving average has a root on the unit
 * circle, which is what fitting differences of a stationary series gives.
 */
export class ArmaFilter implements FittedModel {
  readonly #coefficients: ArimaCoefficients;
  /** Newest first. */
  readonly #values: number[] = [];
  readonly #errors: number[];
  /** Last value of each order of difference, 0th first. */
  readonly #last: number[] = [];

  constructor(coefficients: ArimaCoefficients, history: Float64Array) {
    this.#coefficients = coefficients;
    this.#errors = coefficients.ma.map(() => 0);
    const errors: number[] = [];
    for (const value of history) {
      this.observe(value);
      errors.push(this.#errors[0] ?? 0);
    }
    this.#startFrom(errors);
  }

  /** Moves the errors to where they would be, had the ones before the start been the likeliest. */
  #startFrom(errors: readonly number[]): void {
    const { ar, differences, ma } = this.#coefficients;
    const known = errors.slice(ar.length + differences);
    const effects = ma.map((_, lag) => effectOf(ma, lag, known.length));
    const rows = effects.map((effect) =>
      Float64Array.from([...effects.map((other) => product(effect, other)), -product(effect, known)]),
    );
    solveLinear(rows)?.forEach((start, lag) => {
      for (let age = 0; age < ma.length; age += 1) {
        this.#errors[age] = (this.#errors[age] ?? 0) + start * (effects[lag]?.[known.length - 1 - age] ?? 0);
      }
    });
  }

  observe(value: number): void {
    const { ar, differences, mean } = this.#coefficients;
    let difference = value;
    for (let order = 0; order < differences; order += 1) {
      const before = this.#last[order];
      this.#last[order] = difference;
      if (before === undefined) return;
      difference -= before;
    }
    const centred = difference - mean;
    // The first errors are unknown for want of values before them.
    const error =
      this.#values.length < ar.length
        ? 0
        : centred - expectation(this.#coefficients, this.#values, this.#errors);
    push(this.#values, centred, ar.length);
    push(this.#errors, error, this.#errors.length);
  }

  forecast(horizon: number): Float64Array {
    const values = [...this.#values];
    const errors = [...this.#errors];
    const last = [...this.#last];
    const { ar, differences, mean } = this.#coefficients;
    return Float64Array.from({ length: horizon }, () => {
      const centred = expectation(this.#coefficients, values, errors);
      push(values, centred, ar.length);
      push(errors, 0, errors.length);
      let value = centred + mean;
      for (let order = differences - 1; order >= 0; order -= 1) {
        value += last[order] ?? 0;
        last[order] = value;
      }
      return value;
    });
  }
}

function expectation(
  { ar, ma }: ArimaCoefficients,
  values: readonly number[],
  errors: readonly number[],
): number {
  let sum = 0;
  for (let lag = 0; lag < ar.length; lag += 1) sum += (ar[lag] ?? 0) * (values[lag] ?? 0);
  for (let lag = 0; lag < ma.length; lag += 1) sum += (ma[lag] ?? 0) * (errors[lag] ?? 0);
  return sum;
}

/** What an error of 1, `lag` + 1 steps before the start, does to each error after it. */
function effectOf(ma: readonly number[], lag: number, length: number): Float64Array {
  const errors = ma.map((_, index) => (index === lag ? 1 : 0));
  return Float64Array.from({ length }, () => {
    const effect = -errors.reduce<number>((sum, error, index) => sum + error * (ma[index] ?? 0), 0);
    push(errors, effect, ma.length);
    return effect;
  });
}

function product(one: ArrayLike<number>, other: ArrayLike<number>): number {
  let sum = 0;
  for (let index = 0; index < one.length; index += 1) sum += (one[index] ?? 0) * (other[index] ?? 0);
  return sum;
}

function push(newestFirst: number[], value: number, lengthMax: number): void {
  newestFirst.unshift(value);
  if (newestFirst.length > lengthMax) newestFirst.length = lengthMax;
}
