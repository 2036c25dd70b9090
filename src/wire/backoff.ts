/**
 * How long to wait before the next attempt: doubled each time, and spread so that hosts that lost the same peer do
 * not come back in step.
 *
 * @param failures attempts that failed in a row, at least 1
 * @param spread uniform in [0, 1)
 */
export function backoffMs(failures: number, firstMs: number, maxMs: number, spread: number): number {
  const fullMs = Math.min(maxMs, firstMs * 2 ** Math.min(failures - 1, 30));
  return fullMs * (0.5 + spread / 2);
}
