/** One measured figure. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** What it ought to be at most, or at least, as its name says; null for yardsticks. */
  readonly target: number | null;
  readonly met: boolean | null;
}
