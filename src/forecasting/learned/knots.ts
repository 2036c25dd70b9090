/** Steps ahead at which errors are kept and regressions learned; in between, they are interpolated. */
export const knots = [1, 4, 12, 48] as const;
export const knotCount = knots.length;
/** The farthest step that was learned. Further ahead, what differs with distance stays as it is there. */
export const knotMax = 48;

/** Where a distance lies between the knots, by its logarithm: 0 is the first knot, 1 the second. */
export function knotPosition(ahead: number): number {
  let low = 0;
  while (low < knotCount - 2 && ahead >= (knots[low + 1] as number)) low += 1;
  const from = Math.log(knots[low] as number);
  const to = Math.log(knots[low + 1] as number);
  return low + Math.min(1, Math.max(0, (Math.log(ahead) - from) / (to - from)));
}
