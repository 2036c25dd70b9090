/** Skewness above it is cut: the approximations below are made for milder tails. */
export const skewnessMax = 2;

const gaussTop = 1 / Math.sqrt(2 * Math.PI);

/** Density of the standard normal distribution. */
export function normalDensity(z: number): number {
  return gaussTop * Math.exp(-0.5 * z * z);
}

/** Upper tail of the standard normal distribution, to 7.5e-8: Abramowitz and Stegun, 26.2.17. */
export function normalTail(z: number): number {
  const t = 1 / (1 + 0.2316419 * Math.abs(z));
  const series =
    t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  const tail = normalDensity(z) * series;
  return z >= 0 ? tail : 1 - tail;
}

/**
 * P(X > x) of a right-skewed sum (Pearson III), x in standard deviations above its mean: the cube root of a gamma
 * variable is nearly normal (Wilson and Hilferty, PNAS 17, 1931).
 */
export function skewedTail(z: number, skewness: number): number {
  const g = Math.min(skewnessMax, skewness);
  if (!(g > 1e-3)) return normalTail(z);
  const base = 1 + (g * z) / 2;
  // Below the shortest value that such a sum can have, everything is above.
  if (base <= 0) return 1;
  return normalTail((6 / g) * (Math.cbrt(base) - 1) + g / 6);
}

/**
 * E[(X − x)+] in standard deviations, by the first terms of a Gram–Charlier series: φ(z) (1 + γ z / 6) − z Q(z); never
 * less than by how much the mean is above x.
 */
export function skewedExcess(z: number, skewness: number): number {
  const g = Math.max(0, Math.min(skewnessMax, skewness));
  return Math.max(0, -z, normalDensity(z) * (1 + (g * z) / 6) - z * normalTail(z));
}

/** Inverse of the normal distribution, to 4.5e-4: Abramowitz and Stegun, 26.2.23. @param level in (0, 1) */
export function normalQuantile(level: number): number {
  if (level > 0.5) return -normalQuantile(1 - level);
  const t = Math.sqrt(-2 * Math.log(level));
  const above = 2.515517 + t * (0.802853 + t * 0.010328);
  const below = 1 + t * (1.432788 + t * (0.189269 + t * 0.001308));
  return above / below - t;
}

/** Mean, standard deviation and skewness of a forecast error's distribution. */
export interface Moments {
  readonly mean: number;
  readonly deviation: number;
  readonly skewness: number;
}

/** Of one component's error; sums are milder. */
const componentSkewnessMax = 6;

/**
 * Moments that go with three quantiles, by Cornish and Fisher's expansion to the skewness: Q(z) = μ + σ (z + γ (z² − 1) / 6).
 *
 * @param level of `upper`, above 0.5; `lower` is at 1 − level
 */
export function momentsOf(lower: number, median: number, upper: number, level: number): Moments {
  const z = normalQuantile(level);
  const width = upper - lower;
  if (!(width > 0)) return { mean: median, deviation: 0, skewness: 0 };
  const bow = (upper + lower - 2 * median) / width;
  const skewness = Math.max(0, Math.min(componentSkewnessMax, (6 * bow) / z));
  const deviation = width / (2 * z);
  return { mean: median + (deviation * skewness) / 6, deviation, skewness };
}
