/** What is watched of an execution, one value a slice, a second or a capture. */
export const anomalySignals = ['sliceMs', 'fuelPerSecond', 'cyclesPerSecond', 'snapshotBytes'] as const;

export type AnomalySignal = (typeof anomalySignals)[number];

/** A value, or a change of level, that the series before it does not explain. */
export interface Anomaly {
  readonly kind: 'anomaly';
  /** `spike` and `dip`: single values; `shiftUp` and `shiftDown`: the level has changed. */
  readonly shape: 'spike' | 'dip' | 'shiftUp' | 'shiftDown';
  readonly value: number;
  /** Median of the values that it was compared with. */
  readonly expected: number;
  /** In robust standard deviations, at least the threshold that it crossed. */
  readonly severity: number;
  /** For people: one sentence. */
  readonly text: string;
}
