/** Mean absolute difference between neighbours: MASE's scale (Hyndman and Koehler 2006, eq. 4). NaN below two values. */
export function naiveScale(values: Float64Array, lag = 1): number {
  let sum = 0;
  for (let index = lag; index < values.length; index += 1) {
    sum += Math.abs((values[index] ?? 0) - (values[index - lag] ?? 0));
  }
  return values.length > lag ? sum / (values.length - lag) : Number.NaN;
}

/** Symmetric mean absolute percentage error as M4 counts it, in percent: 200 × |y − f| / (|y| + |f|). */
export function smape(actual: ArrayLike<number>, forecast: ArrayLike<number>): number {
  let sum = 0;
  for (let index = 0; index < actual.length; index += 1) {
    const one = actual[index] ?? 0;
    const other = forecast[index] ?? 0;
    const size = Math.abs(one) + Math.abs(other);
    if (size > 0) sum += (200 * Math.abs(one - other)) / size;
  }
  return actual.length === 0 ? 0 : sum / actual.length;
}

/**
 * Winkler's interval score (Winkler 1972; Gneiting and Raftery 2007, eq. 43), in the unit of the values: the width, and
 * 2 / miss times the distance of a value outside.
 *
 * @param miss share of values expected outside: 0.1 for a 90 % interval
 */
export function winkler(actual: number, low: number, high: number, miss: number): number {
  const outside = actual < low ? low - actual : actual > high ? actual - high : 0;
  return high - low + (2 / miss) * outside;
}

/** Values below the floor count as the floor: one perfect forecast must not make the mean zero. */
export function geometricMean(values: readonly number[], floor: number): number {
  let sum = 0;
  for (const value of values) sum += Math.log(Math.max(value, floor));
  return values.length === 0 ? Number.NaN : Math.exp(sum / values.length);
}
