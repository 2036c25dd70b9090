import type { Sample } from '../../forecasting/contract.ts';

const secondMs = 1000;
const minuteMs = 60 * secondMs;
const hourMs = 60 * minuteMs;
/** What people measure at. */
const usual = [
  ...[1, 2, 5, 10, 15, 20, 30].map((count) => count * secondMs),
  ...[1, 2, 3, 5, 10, 15, 20, 30].map((count) => count * minuteMs),
  ...[1, 2, 3, 4, 6, 8, 12, 24, 7 * 24].map((count) => count * hourMs),
];
/** How far a median step may be from a usual one to be meant as that. */
const nearShare = 0.1;

/** The median time between neighbours, or the usual step near it; null when all were measured at once. */
export function inferInterval(samples: readonly Sample[]): number | null {
  const times = Float64Array.from(samples, ({ atMs }) => atMs).sort();
  const steps = times
    .subarray(1)
    .map((atMs, index) => atMs - (times[index] ?? atMs))
    .filter((stepMs) => stepMs > 0)
    .sort();
  const median = steps[steps.length >> 1];
  if (median === undefined) return null;
  const near = usual.find((stepMs) => Math.abs(median - stepMs) <= nearShare * stepMs);
  return near ?? Math.max(1, Math.round(median));
}
