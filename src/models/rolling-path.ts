import type { FittedModel } from '../forecasting/contract.ts';
import type { Correction } from './fit-messages.ts';

/** Largest first: where nothing happened that tells them apart, what follows a shift of the level is safer. */
const gains = [1, 0.7, 0.5, 0.35, 0.2, 0.1, 0.05, 0];
const decays = [1, 0.98, 0.9, 0.7];
/** A correction is chosen for what it does one step and twelve steps ahead. */
const stepsScored = [1, 12];

export const noCorrection: Correction = { gain: 0, decay: 1, level: 0 };

/**
 * The correction that would have done best on the residuals of a path, by mean absolute error.
 *
 * @param residuals measured minus forecast, in the order of time
 * @returns with the level as it stands after the last residual
 */
export function chooseCorrection(residuals: Float64Array): Correction {
  let best = noCorrection;
  let bestError = Number.POSITIVE_INFINITY;
  if (residuals.length === 0) return best;
  for (const gain of gains) {
    for (const decay of decays) {
      const { error, level } = errorOf(residuals, { gain, decay, level: 0 });
      if (error >= bestError) continue;
      bestError = error;
      best = { gain, decay, level };
    }
  }
  return best;
}

function errorOf(
  residuals: Float64Array,
  start: Correction,
): { readonly error: number; readonly level: number } {
  let { level } = start;
  let error = 0;
  residuals.forEach((residual, index) => {
    level = corrected(start, level, residual);
    for (const steps of stepsScored) {
      const later = residuals[index + steps];
      if (later !== undefined) error += Math.abs(later - level * start.decay ** steps);
    }
  });
  return { error, level };
}

function corrected({ gain, decay }: Correction, level: number, residual: number): number {
  const expected = decay * level;
  return expected + gain * (residual - expected);
}

/**
 * A path that a library forecast once, from an origin that moves on without it. What was measured since bends the rest:
 * the path's errors are smoothed to a level, which fades by `decay` each step ahead. Behind its end, the path repeats
 * its last season.
 */
export class RollingPath implements FittedModel {
  readonly #path: Float64Array;
  readonly #period: number;
  readonly #correction: Correction;
  #level: number;
  #observed = 0;

  /** @param period steps of a season, at least 1: with 1 the path goes on level */
  constructor(path: Float64Array, period: number, correction: Correction) {
    this.#path = path;
    this.#period = Math.min(period, path.length);
    this.#correction = correction;
    this.#level = correction.level;
  }

  observe(value: number): void {
    this.#level = corrected(this.#correction, this.#level, value - this.#at(this.#observed));
    this.#observed += 1;
  }

  forecast(horizon: number): Float64Array {
    return Float64Array.from(
      { length: horizon },
      (_, ahead) => this.#at(this.#observed + ahead) + this.#level * this.#correction.decay ** (ahead + 1),
    );
  }

  #at(step: number): number {
    const { length } = this.#path;
    const within = step < length ? step : length - this.#period + ((step - length) % this.#period);
    return this.#path[within] ?? 0;
  }
}
