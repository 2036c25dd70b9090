const dayMs = 86_400_000;

/**
 * The season that a series of this step can have: one day, as steps. Null if a day is not a whole number of steps, or
 * fewer than two.
 */
export function dailyPeriod(stepMs: number): number | null {
  const steps = dayMs / stepMs;
  return Number.isInteger(steps) && steps >= 2 ? steps : null;
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

/**
 * A mean distance between origins, at most the one wanted, that meets the phases of any season evenly, whatever its
 * length: when whole ones and their golden share alternate (Weyl 1916), no cycle is judged by few of its phases.
 */
export function unevenStride(wanted: number): number {
  const golden = (Math.sqrt(5) - 1) / 2;
  return wanted < 1 + golden ? 1 : Math.floor(wanted - golden) + golden;
}

function commonDivisor(one: number, other: number): number {
  return other === 0 ? one : commonDivisor(other, one % other);
}
