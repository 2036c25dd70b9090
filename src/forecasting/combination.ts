/**
 * How sharply weights fall with the error: a model twice as wrong as the best weighs 2⁶ times less at near steps, 2⁴
 * times less at far ones, where held-back errors overlap and say less.
 */
export function sharpnessAt(step: number): number {
  return step < 8 ? 6 : 4;
}

/** Weights below this share of the greatest are dropped: they would only add arithmetic. */
const shareMin = 0.01;

/**
 * Weights from held-back errors: inverse powers of the mean absolute error.
 *
 * @param errors one for each model; NaN for one that takes no part
 * @returns shares that sum to 1; all zero if no model takes part
 */
export function weightsOf(errors: Float64Array, sharpness: number): Float64Array {
  let least = Infinity;
  for (const error of errors) if (error < least) least = error;
  const weights = new Float64Array(errors.length);
  if (least === Infinity) return weights;
  // A model without any error takes all, shared only with others of its kind.
  const floor = Math.max(least, Number.MIN_VALUE);
  let sum = 0;
  for (let index = 0; index < errors.length; index += 1) {
    const error = errors[index]!;
    if (Number.isNaN(error)) continue;
    const weight = error <= floor ? 1 : (floor / error) ** sharpness;
    weights[index] = weight < shareMin ? 0 : weight;
    sum += weights[index]!;
  }
  for (let index = 0; index < weights.length; index += 1) weights[index]! /= sum;
  return weights;
}

/**
 * The value with half of the weight below it and half above, mixed from its two neighbours.
 *
 * @param weights at least one above 0
 */
export function weightedMedian(values: Float64Array, weights: Float64Array): number {
  const order: number[] = [];
  let total = 0;
  for (let index = 0; index < values.length; index += 1) {
    const weight = weights[index]!;
    if (!(weight > 0)) continue;
    total += weight;
    const value = values[index]!;
    let place = order.length;
    while (place > 0 && values[order[place - 1]!]! > value) {
      order[place] = order[place - 1]!;
      place -= 1;
    }
    order[place] = index;
  }
  // Each value stands in the middle of its weight; between two, a straight line.
  let before = 0;
  let middleBefore = 0;
  let valueBefore = Number.NaN;
  for (const index of order) {
    const middle = before + weights[index]! / 2;
    if (middle >= total / 2) {
      if (Number.isNaN(valueBefore)) return values[index]!;
      const share = (total / 2 - middleBefore) / (middle - middleBefore);
      return valueBefore + (values[index]! - valueBefore) * share;
    }
    before += weights[index]!;
    middleBefore = middle;
    valueBefore = values[index]!;
  }
  return valueBefore;
}
