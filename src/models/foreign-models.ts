import type { Model } from '../forecasting/contract.ts';

/** Models of other projects: `arima`, `auto-arima`, `auto-ets`, `mstl`, `prophet`. */
export const foreignModelNames = ['arima', 'auto-arima', 'auto-ets', 'mstl', 'prophet'] as const;

export type ForeignModelName = (typeof foreignModelNames)[number];

/** Why a model answered null for a series that it was given. */
export interface Refusal {
  readonly model: ForeignModelName;
  /** In words: `took longer than 5000 ms`. */
  readonly reason: string;
}

export interface ForeignModelOptions {
  readonly names: readonly ForeignModelName[];
  /** A fit that takes longer is ended, and answered with null. */
  readonly fitMsMax: number;
  /** Told before `fit` answers null. */
  readonly refused: (refusal: Refusal) => void;
}

/**
 * Models that run as WebAssembly on a thread of their own, which starts with the first fit. `fit` blocks its caller until
 * that thread answers, or its time is up; whatever goes wrong there (a trap, memory, an endless loop) ends that thread
 * only, and the next fit starts another.
 */
export interface ForeignModels {
  readonly models: readonly Model[];
  /** Ends the thread; afterwards every fit answers null. The thread does not keep the process alive. */
  close(): Promise<void>;
}
