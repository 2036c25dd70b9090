/** Median of the absolute deviations from the median. */
export function medianDeviation(values: readonly number[]): number {
  const middle = quantile(values, 0.5);
  return quantile(
    values.map((value) => Math.abs(value - middle)),
    0.5,
  );
}

export function quartileRange(values: readonly number[]): number {
  return quantile(values, 0.75) - quantile(values, 0.25);
}

/** Between the two nearest values, linearly. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const at = share * (sorted.length - 1);
  const low = sorted[Math.floor(at)] ?? 0;
  return low + ((sorted[Math.ceil(at)] ?? low) - low) * (at - Math.floor(at));
}

/**
 * Cleveland's local regression at the last point, one step ahead: a line with tricube weights; with `robust`, fitted
 * again with bisquare weights of its residuals.
 */
export function lastFitted(values: readonly number[], robust: boolean): number {
  const last = values.length - 1;
  const tricube = values.map((_, at) => (1 - ((last - at) / values.length) ** 3) ** 3);
  let line = fittedLine(values, tricube);
  if (robust) {
    const { slope, intercept } = line;
    const residuals = values.map((value, at) => value - intercept - slope * at);
    const scale = 6 * quantile(residuals.map(Math.abs), 0.5);
    const weights = tricube.map((weight, at) => {
      const u = scale > 0 ? Math.min(1, Math.abs(residuals[at] ?? 0) / scale) : 0;
      return weight * (1 - u * u) ** 2;
    });
    line = fittedLine(values, weights);
  }
  return line.intercept + line.slope * (last + 1);
}

function fittedLine(
  values: readonly number[],
  weights: readonly number[],
): { readonly intercept: number; readonly slope: number } {
  let [sum, sumX, sumY, sumXX, sumXY] = [0, 0, 0, 0, 0];
  for (const [x, y] of values.entries()) {
    const weight = weights[x] ?? 0;
    sum += weight;
    sumX += weight * x;
    sumY += weight * y;
    sumXX += weight * x * x;
    sumXY += weight * x * y;
  }
  const spread = sum * sumXX - sumX * sumX;
  if (spread <= 1e-12) return { intercept: sum > 0 ? sumY / sum : 0, slope: 0 };
  const slope = (sum * sumXY - sumX * sumY) / spread;
  return { intercept: (sumY - slope * sumX) / sum, slope };
}
