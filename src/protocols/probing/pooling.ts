import type { LatencyStatistics } from '../messages/latency.ts';
import { roundTripMaxMs } from './settings.ts';

/** Figures that somebody sent: whether they can be what was measured. What cannot is left out, never repaired. */
export function isSoundStatistics(statistics: LatencyStatistics): boolean {
  const { p50Ms, p95Ms, jitterMs, lossRatio, samples, ageMs } = statistics;
  return (
    p50Ms >= 0 &&
    p50Ms <= p95Ms &&
    p95Ms <= roundTripMaxMs &&
    jitterMs >= 0 &&
    jitterMs <= roundTripMaxMs &&
    lossRatio >= 0 &&
    lossRatio <= 1 &&
    Number.isSafeInteger(samples) &&
    samples > 0 &&
    ageMs >= 0 &&
    ageMs < Number.POSITIVE_INFINITY
  );
}

/**
 * One figure for several pairs of hosts: the median of each, weighted by samples, so that one host that measures
 * nonsense, or lies, among at least three moves it no further than its neighbours stand. Probes are preferred to links.
 *
 * @param parts sound ones
 * @returns null when there is none
 */
export function poolStatistics(parts: readonly LatencyStatistics[]): LatencyStatistics | null {
  const probed = parts.filter(({ source }) => source === 'measured');
  const pooled = probed.length > 0 ? probed : parts;
  const [first] = pooled;
  if (first === undefined) return null;
  const of = (figure: (part: LatencyStatistics) => number): number =>
    weightedMedian(pooled.map((part) => ({ value: figure(part), weight: part.samples })));
  return {
    p50Ms: of(({ p50Ms }) => p50Ms),
    p95Ms: of(({ p95Ms }) => p95Ms),
    jitterMs: of(({ jitterMs }) => jitterMs),
    lossRatio: of(({ lossRatio }) => lossRatio),
    samples: pooled.reduce((sum, { samples }) => sum + samples, 0),
    ageMs: Math.min(...pooled.map(({ ageMs }) => ageMs)),
    source: first.source,
  };
}

export interface Weighted {
  readonly value: number;
  readonly weight: number;
}

/** The value with half of the weight on either side; the mean of two when half falls between them. At least one value. */
export function weightedMedian(values: readonly Weighted[]): number {
  const sorted = values.toSorted((a, b) => a.value - b.value);
  const half = sorted.reduce((sum, { weight }) => sum + weight, 0) / 2;
  let below = 0;
  for (const [index, { value, weight }] of sorted.entries()) {
    below += weight;
    if (below > half) return value;
    if (below === half) return (value + (sorted[index + 1]?.value ?? value)) / 2;
  }
  return sorted.at(-1)?.value ?? 0;
}
