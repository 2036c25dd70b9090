import type { Series } from '../contract.ts';

/** Samples of one quantity over [startMs, startMs + stepMs), wall time since 1970. */
export interface Bucket {
  readonly startMs: number;
  readonly mean: number;
  readonly min: number;
  readonly max: number;
  /** Samples in it, at least 1. */
  readonly count: number;
}

/** One resolution: buckets of `stepMs`, kept for `retentionMs` before the newest one. */
export interface Resolution {
  readonly stepMs: number;
  readonly retentionMs: number;
}

/** What became of a sample. */
export type Appended =
  | { readonly kind: 'appended' }
  /** Appended, and what the series had after it was dropped: the clock behind it stepped back. */
  | { readonly kind: 'steppedBack' }
  | { readonly kind: 'dropped'; readonly reason: 'duplicate' | 'late' | 'ahead' | 'notFinite' };

/** From `fromMs` on, before `toMs`; wall time since 1970. */
export interface Range {
  readonly fromMs: number;
  readonly toMs: number;
}

/** What a load found. */
export interface Loaded {
  readonly series: number;
  readonly buckets: number;
  /** Keys of values that could not be read, and why; what they held is missing. */
  readonly skipped: readonly { readonly key: string; readonly reason: string }[];
}

/**
 * What the cluster remembers of its series, in memory, and in the vault once it was saved. Everything is bounded: see
 * `historyBoundsDefault`. One holder at a time appends; the next one loads what it saved.
 *
 * A key names one series: `component/x-1/cpu`, `host/r1-h1/memory`; at most `keyCharactersMax` characters.
 */
export interface HistoryStore {
  /**
   * Takes samples in any order. Those that came already, are older than `lateMsMax` before the newest, lie further than
   * `aheadMsMax` in the future, or are NaN or infinite, change nothing.
   *
   * @param atMs when it was measured
   * @param nowMs the caller's wall time
   */
  append(key: string, atMs: number, value: number, nowMs: number): Appended;
  /**
   * A series on the grid of the finest resolution that is no finer than `stepMs`, averaged to `stepMs`.
   *
   * @param stepMs a multiple of a kept step; where a finer step is no longer kept, coarser means stand in its place
   * @returns mean values, NaN where nothing was measured; empty `values` when the key is unknown
   */
  read(key: string, range: Range, stepMs: number): Series;
  /** The buckets of one kept resolution, oldest first, gaps left out. */
  buckets(key: string, range: Range, stepMs: number): readonly Bucket[];
  keys(prefix: string): readonly string[];
  forget(key: string): void;
  /**
   * Writes what changed since the last save, and now and then everything anew; durable when it answers. At most one
   * at a time; samples may be appended meanwhile.
   *
   * @throws what the vault throws; nothing is lost, and the next save writes it
   */
  save(nowMs: number): Promise<void>;
  /** Reads what the holders before saved, oldest term first, and replaces what is in memory. */
  load(nowMs: number): Promise<Loaded>;
}
