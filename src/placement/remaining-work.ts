/** CPU time that an execution still needs, in ms. */
export interface WorkEstimate {
  /** One in ten needs less. */
  readonly lowMs: number;
  readonly medianMs: number;
  /** One in ten needs more. */
  readonly highMs: number;
  /** What it was estimated from; `age` (as much again as it has used) where nothing better was known. */
  readonly source: 'progress' | 'history' | 'progressAndHistory' | 'age';
}
