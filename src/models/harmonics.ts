import { solveLinear } from './linear-system.ts';

/** Sine and cosine pairs for each season; the first is the longest swing. */
const pairsPerPeriod = 4;
/** Of the newest values, this share is held back to see whether harmonics help. */
const heldBackShare = 0.2;
/** They are taken only if they leave less than this share of the movement in what was held back. */
const gainMin = 0.95;

/** A sum of sine waves: value k belongs to the step k after the start of the series that it was fitted to. */
export type Harmonics = (step: number) => number;

/**
 * The seasons of a series as sine waves, by least squares: dynamic harmonic regression (Hyndman, Athanasopoulos:
 * Forecasting, 3rd ed., section 10.5), for seasons that are too long for a seasonal ARIMA.
 *
 * @param periods seasons in steps
 * @returns null where they do not help on the newest fifth
 */
export function fitHarmonics(values: Float64Array, periods: readonly number[]): Harmonics | null {
  if (periods.length === 0) return null;
  const trainingLength = Math.floor(values.length * (1 - heldBackShare));
  const tried = leastSquares(values.subarray(0, trainingLength), periods);
  if (tried === null) return null;
  const lag = Math.max(1, Math.round((periods[0] ?? 8) / 8));
  let moved = 0;
  let left = 0;
  for (let step = trainingLength; step + lag < values.length; step += 1) {
    const movement = (values[step + lag] ?? 0) - (values[step] ?? 0);
    moved += Math.abs(movement);
    left += Math.abs(movement - tried(step + lag) + tried(step));
  }
  return left < gainMin * moved ? leastSquares(values, periods) : null;
}

function waves(periods: readonly number[]): readonly number[] {
  return periods.flatMap((period) =>
    Array.from(
      { length: Math.min(pairsPerPeriod, Math.floor((period - 1) / 2)) },
      (_, pair) => (2 * Math.PI * (pair + 1)) / period,
    ),
  );
}

/** Regressors of one step: a constant, a trend that is left out of the result, then the pairs. */
function regressors(frequencies: readonly number[], step: number, length: number): Float64Array {
  const row = new Float64Array(2 + 2 * frequencies.length);
  row[0] = 1;
  row[1] = step / length;
  frequencies.forEach((frequency, index) => {
    row[2 + 2 * index] = Math.sin(frequency * step);
    row[3 + 2 * index] = Math.cos(frequency * step);
  });
  return row;
}

function leastSquares(values: Float64Array, periods: readonly number[]): Harmonics | null {
  const frequencies = waves(periods);
  const width = 2 + 2 * frequencies.length;
  if (values.length < 2 * width) return null;
  const gram = Array.from({ length: width }, () => new Float64Array(width + 1));
  values.forEach((value, step) => {
    const row = regressors(frequencies, step, values.length);
    for (let i = 0; i < width; i += 1) {
      const target = gram[i];
      if (target === undefined) continue;
      for (let j = 0; j < width; j += 1) target[j] = (target[j] ?? 0) + (row[i] ?? 0) * (row[j] ?? 0);
      target[width] = (target[width] ?? 0) + (row[i] ?? 0) * value;
    }
  });
  const weights = solveLinear(gram);
  if (weights === null) return null;
  return (step) => {
    const row = regressors(frequencies, step, values.length);
    let sum = 0;
    for (let index = 2; index < width; index += 1) sum += (weights[index] ?? 0) * (row[index] ?? 0);
    return sum;
  };
}
