import type { Learning, Teaching } from '../actors/ports.ts';
import type { Forecast, Series } from '../forecasting/contract.ts';

/** Values of one series that the desk has not seen yet. */
export interface DeskAsk {
  readonly key: string;
  /** False: what was known under this key is forgotten first. */
  readonly continues: boolean;
  readonly series: Series;
  readonly range: { readonly min: number; readonly max: number };
}

/** What is asked of the desk for one ask. */
export type DeskAnswer =
  | { readonly kind: 'forecast'; readonly forecast: Forecast }
  /** There is not a single value. */
  | { readonly kind: 'empty' }
  /** It was to continue what the desk has forgotten: ask again with everything. */
  | { readonly kind: 'unknown' };

/** What is asked of the analyst's thread. Each is answered once, under its id, in the order of asking. */
export type AnalystRequest =
  | {
      readonly kind: 'forecast';
      readonly id: number;
      readonly horizon: number;
      readonly levels: readonly number[];
      readonly asks: readonly DeskAsk[];
    }
  | { readonly kind: 'learn'; readonly id: number }
  | { readonly kind: 'teach'; readonly id: number; readonly weights: Uint8Array };

export type AnalystAnswer =
  | { readonly kind: 'forecast'; readonly id: number; readonly answers: readonly DeskAnswer[] }
  | { readonly kind: 'learn'; readonly id: number; readonly learning: Learning }
  | { readonly kind: 'teach'; readonly id: number; readonly teaching: Teaching };

/** What the thread starts with. */
export interface AnalystStart {
  /** What a thread before it was taught or learned; null for nothing. */
  readonly weights: Uint8Array | null;
}
