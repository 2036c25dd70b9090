/** A rising map of values onto a scale where a model finds its work easier. The median of the image is the image of the median. */
export interface Transform {
  forward(value: number): number;
  back(image: number): number;
}

/** Knots of the map: enough for the shape, few enough to be smooth. */
const knotCount = 65;
/** Beyond the values seen, the map goes on as a straight line of the outer knots' slope, so far at most. */
const beyondMax = 1.5;

/**
 * Maps values to the quantiles of a normal distribution (normal scores): bursts lose their weight, and the middle of
 * the distribution its crowding. Null if there are fewer than three different values.
 */
export function normalScores(values: Float64Array): Transform | null {
  const sorted = values.toSorted();
  const xs: number[] = [];
  const zs: number[] = [];
  for (let knot = 0; knot < knotCount; knot += 1) {
    const share = (knot + 0.5) / knotCount;
    const x = sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
    const z = normalQuantile(share);
    // Ties share one knot, at the middle of their quantiles.
    if (xs.length > 0 && x <= (xs.at(-1) ?? 0)) {
      zs[zs.length - 1] = ((zs.at(-1) ?? 0) + z) / 2;
    } else {
      xs.push(x);
      zs.push(z);
    }
  }
  const top = sorted.at(-1) ?? 0;
  const bottom = sorted[0] ?? 0;
  if (top > (xs.at(-1) ?? 0)) {
    xs.push(top);
    zs.push(Math.max((zs.at(-1) ?? 0) + 0.1, normalQuantile(1 - 0.3 / sorted.length)));
  }
  if (bottom < (xs[0] ?? 0)) {
    xs.unshift(bottom);
    zs.unshift(Math.min((zs[0] ?? 0) - 0.1, normalQuantile(0.3 / sorted.length)));
  }
  if (xs.length < 3) return null;
  const x = Float64Array.from(xs);
  const z = Float64Array.from(zs);
  return { forward: (value) => interpolate(x, z, value), back: (image) => interpolate(z, x, image) };
}

/** Piecewise linear through rising knots, with the outer slopes beyond them, bounded. */
function interpolate(from: Float64Array, to: Float64Array, at: number): number {
  const last = from.length - 1;
  let low = 0;
  let high = last;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((from[middle] ?? 0) <= at) low = middle;
    else high = middle;
  }
  const left = from[low] ?? 0;
  const width = (from[high] ?? 0) - left;
  const share = Math.min(1 + beyondMax, Math.max(-beyondMax, (at - left) / width));
  return (to[low] ?? 0) + ((to[high] ?? 0) - (to[low] ?? 0)) * share;
}

/** Acklam's rational approximation of the normal quantile, relative error below 1.2e-9. */
export function normalQuantile(share: number): number {
  if (share < 0.02425) return tail(Math.sqrt(-2 * Math.log(share)));
  if (share > 1 - 0.02425) return -tail(Math.sqrt(-2 * Math.log(1 - share)));
  const q = share - 0.5;
  const r = q * q;
  const top =
    ((((-39.69683028665376 * r + 220.9460984245205) * r - 275.9285104469687) * r + 138.357751867269) * r -
      30.66479806614716) *
      r +
    2.506628277459239;
  const bottom =
    ((((-54.47609879822406 * r + 161.5858368580409) * r - 155.6989798598866) * r + 66.80131188771972) * r -
      13.28068155288572) *
      r +
    1;
  return (top * q) / bottom;
}

function tail(q: number): number {
  const top =
    ((((-0.007784894002430293 * q - 0.3223964580411365) * q - 2.400758277161838) * q - 2.549732539343734) *
      q +
      4.374664141464968) *
      q +
    2.938163982698783;
  const bottom =
    (((0.007784695709041462 * q + 0.3224671290700398) * q + 2.445134137142996) * q + 3.754408661907416) * q +
    1;
  return top / bottom;
}
