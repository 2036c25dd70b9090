/** One measured figure. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** What it ought to be at most, or at least, as its name says; null for yardsticks. */
  readonly target: number | null;
  readonly met: boolean | null;
}

/** Of the values in order, the one at share × their count, rounded down. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}
