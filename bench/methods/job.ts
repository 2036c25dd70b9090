/** What one process measures: one form of one kernel, both ways. */
export interface Job {
  /** Of the movable one: its package, installed in this folder. */
  readonly package: string;
  readonly folder: string;
  readonly method: string;
  /** Of the native one: the module that has the same driver. */
  readonly native: string;
  readonly nativeThread: string;
  /** The same, made interruptible by other means. */
  readonly peers: readonly { readonly name: string; readonly module: string }[];
  readonly n: number;
  readonly count: number;
  readonly checksum: number;
  /** Whether the movable one is captured soon after its start. */
  readonly isCaptured: boolean;
  readonly warmUpRounds: number;
  readonly rounds: number;
}

/** Milliseconds of each round, warm-up included. */
export interface Times {
  readonly native: readonly number[];
  readonly movable: readonly number[];
  /** One list for each peer. */
  readonly peers: readonly (readonly number[])[];
}

/** What a driver returns; see `programs.ts`. */
export interface Driven {
  readonly checksum: number;
  readonly elapsedMs: number;
}
