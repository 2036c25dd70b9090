const dayMs = 86_400_000;

/**
 * The season that a series of this step can have: one day, as steps. Null if a day is not a whole number of steps, or
 * fewer than two.
 */
export function dailyPeriod(stepMs: number): number | null {
  const steps = dayMs / stepMs;
  return Number.isInteger(steps) && steps >= 2 ? steps : null;
}

/** One week as steps, for series whose day is a whole number of steps; null otherwise. */
export function weeklyPeriod(stepMs: number): number | null {
  const day = dailyPeriod(stepMs);
  return day === null ? null : day * 7;
}

/**
 * Share of the variance that the value one period earlier explains, in (−∞, 1]: 1 − mean squared seasonal difference
 * over twice the variance. About 0 for noise, below for a wandering series.
 */
export function seasonalStrength(values: Float64Array, period: number): number {
  const count = values.length - period;
  if (count < period) return 0;
  let mean = 0;
  for (const value of values) mean += value;
  mean /= values.length;
  let variance = 0;
  for (const value of values) variance += (value - mean) ** 2;
  variance /= values.length;
  if (variance === 0) return 0;
  let differences = 0;
  for (let index = period; index < values.length; index += 1) {
    differences += ((values[index] ?? 0) - (values[index - period] ?? 0)) ** 2;
  }
  return 1 - differences / count / (2 * variance);
}

/**
 * A distance between origins, at most the one wanted, that meets every phase of the day in turn: origins an hour apart
 * would judge all models by the same minute.
 */
export function unalignedStride(wanted: number, stepMs: number): number {
  const period = dailyPeriod(stepMs) ?? 1;
  let stride = Math.max(1, Math.floor(wanted));
  while (commonDivisor(stride, period) > 1) stride -= 1;
  return stride;
}

function commonDivisor(one: number, other: number): number {
  return other === 0 ? one : commonDivisor(other, one % other);
}
