/** A level must stand for at least so many values before it counts as one. */
const segmentMin = 36;
/** So many values of a window, evenly spread, are enough for its median. */
const sampleMax = 48;
/** How far apart two levels are, in robust standard deviations of the values around them. */
const shiftMin = 4;

/**
 * Where the present level began: the last lasting shift of the median that is large against the scatter on both sides.
 * With a daily season it looks at differences to the day's own profile, so that a morning is not a shift.
 *
 * @returns index of the first value at the present level, 0 if there was no shift
 */
export function levelSince(values: Float64Array, period: number | null): number {
  const length = values.length;
  if (length < 2 * segmentMin) return 0;
  const window = period !== null && length >= 3 * period ? period : segmentMin;
  if (length < 2 * window) return 0;
  let best = 0;
  let bestScore = shiftMin;
  // Windows of whole days hold the same hours on both sides: their medians differ by the level alone.
  const stride = Math.max(1, Math.floor(window / 6));
  for (let cut = length - segmentMin; cut >= window; cut -= stride) {
    const after = values.subarray(cut, Math.min(length, cut + window));
    const before =
      after.length === window
        ? values.subarray(cut - window, cut)
        : values.subarray(cut - window, cut - window + after.length);
    const score = separation(before, after);
    if (score > bestScore) {
      best = cut;
      bestScore = score;
    } else if (best > 0 && cut < best - window) break;
  }
  return best;
}

/** Distance of two medians in units of the larger median absolute deviation (scaled to a standard deviation). */
function separation(before: Float64Array, after: Float64Array): number {
  const low = medianAndDeviation(before);
  const high = medianAndDeviation(after);
  const distance = Math.abs(high.median - low.median);
  if (distance === 0) return 0;
  const scatter = 1.4826 * Math.max(low.deviation, high.deviation);
  // Without any scatter every step would be a shift: it must be one against the size of the values too.
  const floor = 0.01 * Math.max(Math.abs(low.median), Math.abs(high.median));
  return distance / Math.max(scatter, floor);
}

function medianAndDeviation(values: Float64Array): { readonly median: number; readonly deviation: number } {
  const every = Math.max(1, Math.floor(values.length / sampleMax));
  const sorted = every === 1 ? values.slice() : values.filter((_, index) => index % every === 0);
  sorted.sort();
  const median = sorted[sorted.length >> 1] ?? 0;
  for (let index = 0; index < sorted.length; index += 1)
    sorted[index] = Math.abs((sorted[index] ?? 0) - median);
  sorted.sort();
  return { median, deviation: sorted[sorted.length >> 1] ?? 0 };
}
