import type { Resolution } from './contract.ts';
import { blockBuckets } from './block.ts';

const secondMs = 1000;
const minuteMs = 60 * secondMs;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

/** What is kept of each series, finest first; each step is a multiple of the one before. */
export const resolutions: readonly Resolution[] = [
  { stepMs: 10 * secondMs, retentionMs: hourMs },
  { stepMs: minuteMs, retentionMs: dayMs },
  { stepMs: 5 * minuteMs, retentionMs: 14 * dayMs },
  { stepMs: hourMs, retentionMs: 400 * dayMs },
];

/** Bounds of a whole history, whoever appends. What comes above them replaces the oldest. */
export interface HistoryBounds {
  /** Above it, the series whose last sample is the oldest is forgotten. */
  readonly seriesMax: number;
  /** Above it, the blocks that end the earliest are dropped, of whatever series and resolution. */
  readonly blocksMax: number;
  /** A sample may come so much later than a newer one of its series. */
  readonly lateMsMax: number;
  /** A sample may lie so far ahead of its holder's clock. */
  readonly aheadMsMax: number;
}

/** 65,536 blocks of 1.3 kB are 82 MiB: 270 series with all of their resolutions full, or thousands of younger ones. */
export const historyBoundsDefault: HistoryBounds = {
  seriesMax: 20_000,
  blocksMax: 65_536,
  lateMsMax: 2 * minuteMs,
  aheadMsMax: 5 * minuteMs,
};

/** What the coarsest resolution keeps: older samples are too late for all of them. */
export const retentionMsMax = 400 * dayMs;

/** Longest key of a series. */
export const keyCharactersMax = 200;

/** Printable ASCII without spaces, as ids and names are. */
export function isSeriesKey(key: string): boolean {
  return key.length <= keyCharactersMax && /^[\x21-\x7e]+$/.test(key);
}

export function blockMs(stepMs: number): number {
  return blockBuckets * stepMs;
}
