import { GodwitError } from '../../core/errors.ts';

/** Demand as it was recorded: the mean over each sample, sample by sample for one component after the other. */
export interface Workload {
  readonly name: string;
  readonly sampleMs: number;
  readonly components: number;
  readonly samples: number;
  /** Cores; component c, sample k is at c × samples + k. */
  readonly demandCores: Float32Array;
  /** Memory and state of each component in bytes; null where the recording has none. */
  readonly memoryBytes: Float64Array | null;
}

/** A recording that cannot be simulated. */
export class WorkloadError extends GodwitError {
  override readonly name = 'WorkloadError';
  readonly code = 'WORKLOAD_INVALID';
  readonly retryable = false;
}

/** How a matrix becomes a workload. */
export interface WorkloadOptions {
  readonly name: string;
  readonly sampleMs: number;
  /** Cores that a value of 1 in the file stands for: 0.01 for per cent of a core. */
  readonly coresPerUnit: number;
}

/**
 * @param columns one series for each component, all of one length, in the file's unit; a value that is missing (NaN)
 * repeats the one before it
 * @throws {WorkloadError} when there is nothing to simulate, lengths differ, or a value is negative or infinite
 */
export function workloadOf(columns: readonly Float64Array[], options: WorkloadOptions): Workload {
  const samples = columns[0]?.length ?? 0;
  if (samples < 2)
    throw new WorkloadError(
      `Workload ${options.name} has ${columns.length} components and ${samples} samples; at least 1 and 2 are needed. ` +
        'Give a matrix with one row per sample and one column per component.',
    );
  const demandCores = new Float32Array(columns.length * samples);
  for (const [component, column] of columns.entries()) {
    if (column.length !== samples)
      throw new WorkloadError(
        `Component ${component} of workload ${options.name} has ${column.length} samples, the first one ${samples}. ` +
          'All series must be of one length.',
      );
    let last = firstKnown(column);
    for (const [sample, value] of column.entries()) {
      if (value < 0 || value === Infinity)
        throw new WorkloadError(
          `Component ${component} of workload ${options.name} has a demand of ${value} at sample ${sample}; ` +
            'demand is a finite number, 0 or above. Is the series a counter? Difference it first.',
        );
      if (!Number.isNaN(value)) last = value;
      demandCores[component * samples + sample] = last * options.coresPerUnit;
    }
  }
  return {
    name: options.name,
    sampleMs: options.sampleMs,
    components: columns.length,
    samples,
    demandCores,
    memoryBytes: null,
  };
}

function firstKnown(column: Float64Array): number {
  return column.find((value) => !Number.isNaN(value)) ?? 0;
}
