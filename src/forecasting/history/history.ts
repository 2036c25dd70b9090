import { assert } from '../../core/assert.ts';
import type { Series } from '../contract.ts';
import type { Appended, Bucket, Range } from './contract.ts';
import type { HistoryBounds } from './resolutions.ts';
import { isSeriesKey, keyCharactersMax, resolutions, retentionMsMax } from './resolutions.ts';
import { SeriesHistory } from './series-history.ts';

/** After the bound on blocks was passed, this share of them is dropped, so that it is seldom looked for. */
const droppedShare = 0.05;
const readStepsMax = 1_000_000;

/** All series of a cluster, in memory and within bounds. */
export class History {
  readonly #bounds: HistoryBounds;
  readonly #series = new Map<string, SeriesHistory>();
  #blocks = 0;

  constructor(bounds: HistoryBounds) {
    this.#bounds = bounds;
  }

  get seriesCount(): number {
    return this.#series.size;
  }

  get blockCount(): number {
    return this.#blocks;
  }

  append(key: string, atMs: number, value: number, nowMs: number): Appended {
    // Single precision holds what is kept: what is larger would become infinite.
    if (!Number.isFinite(Math.fround(value)) || !Number.isFinite(atMs)) {
      return { kind: 'dropped', reason: 'notFinite' };
    }
    if (atMs < nowMs - retentionMsMax) return { kind: 'dropped', reason: 'late' };
    if (atMs > nowMs + this.#bounds.aheadMsMax) return { kind: 'dropped', reason: 'ahead' };
    const series = this.#seriesOf(key);
    return this.#counting(series, () => series.append(atMs, value, this.#bounds));
  }

  keys(prefix: string): readonly string[] {
    return [...this.#series.keys()].filter((key) => key.startsWith(prefix)).toSorted();
  }

  /** @returns whether it was there */
  forget(key: string): boolean {
    this.#blocks -= this.#series.get(key)?.blockCount ?? 0;
    return this.#series.delete(key);
  }

  clear(): void {
    this.#series.clear();
    this.#blocks = 0;
  }

  /** Drops what is older than its retention, and series of which nothing is left. */
  expire(nowMs: number): void {
    for (const [key, series] of this.#series) {
      this.#counting(series, () => series.expire(nowMs));
      if (series.blockCount === 0) this.#series.delete(key);
    }
  }

  buckets(key: string, range: Range, stepMs: number): readonly Bucket[] {
    const level = resolutions.findIndex((resolution) => resolution.stepMs === stepMs);
    assert(level !== -1, `${stepMs} ms is a kept step`);
    const series = this.#series.get(key);
    return series === undefined ? [] : [...series.buckets(level, range)];
  }

  read(key: string, { fromMs, toMs }: Range, stepMs: number): Series {
    const startMs = Math.floor(fromMs / stepMs) * stepMs;
    const series = this.#series.get(key);
    if (series === undefined || !(toMs > startMs)) return { startMs, stepMs, values: new Float64Array() };
    const length = Math.ceil((toMs - startMs) / stepMs);
    assert(length <= readStepsMax, `${length} steps of history are at most ${readStepsMax}`);
    const values = new Float64Array(length).fill(Number.NaN);
    const range = { fromMs: startMs, toMs: startMs + length * stepMs };
    const level = resolutions.findLastIndex((resolution) => stepMs % resolution.stepMs === 0);
    assert(level !== -1, `${stepMs} ms is a multiple of a kept step`);
    // Coarse first: what is kept finer replaces it, gaps included.
    for (let coarser = resolutions.length - 1; coarser > level; coarser -= 1) {
      spread(
        values,
        startMs,
        stepMs,
        resolutions[coarser]?.stepMs ?? stepMs,
        series.buckets(coarser, widened(range, coarser)),
      );
      const completeFromMs = series.completeFromMs(coarser - 1);
      const clearedFrom = Math.max(0, Math.ceil((completeFromMs - startMs) / stepMs));
      if (clearedFrom < length) values.fill(Number.NaN, clearedFrom);
    }
    average(values, startMs, stepMs, series.buckets(level, range));
    return { startMs, stepMs, values };
  }

  /** Series by key, in the order in which they came. */
  entries(): Iterable<readonly [string, SeriesHistory]> {
    return this.#series;
  }

  /** Changes a series as `change` does, for a store that puts back what it saved. */
  restore(key: string, change: (series: SeriesHistory) => void): void {
    const series = this.#seriesOf(key);
    this.#counting(series, () => change(series));
  }

  #seriesOf(key: string): SeriesHistory {
    const known = this.#series.get(key);
    if (known !== undefined) return known;
    assert(isSeriesKey(key), `a series' key is 1 to ${keyCharactersMax} printable ASCII characters`);
    if (this.#series.size >= this.#bounds.seriesMax) this.#forgetOldest();
    const series = new SeriesHistory();
    this.#series.set(key, series);
    return series;
  }

  #forgetOldest(): void {
    let oldest: string | null = null;
    let oldestMs = Number.POSITIVE_INFINITY;
    for (const [key, { newestMs }] of this.#series) {
      if (newestMs >= oldestMs) continue;
      oldest = key;
      oldestMs = newestMs;
    }
    if (oldest !== null) this.forget(oldest);
  }

  #counting<Result>(series: SeriesHistory, change: () => Result): Result {
    const before = series.blockCount;
    const result = change();
    this.#blocks += series.blockCount - before;
    if (this.#blocks > this.#bounds.blocksMax) this.#dropOldestBlocks();
    return result;
  }

  #dropOldestBlocks(): void {
    const ends = [...this.#series.values()]
      .flatMap((series) => [...series.blockEndsMs()])
      .toSorted((a, b) => a - b);
    const dropped = ends.length - Math.floor(this.#bounds.blocksMax * (1 - droppedShare));
    const endMs = ends[dropped - 1] ?? Number.POSITIVE_INFINITY;
    let ties = dropped - ends.indexOf(endMs);
    this.#blocks = 0;
    for (const [key, series] of this.#series) {
      ties -= series.dropBefore(endMs, ties);
      this.#blocks += series.blockCount;
      if (series.blockCount === 0) this.#series.delete(key);
    }
  }
}

/** A coarse bucket that begins before the range reaches into it. */
function widened({ fromMs, toMs }: Range, level: number): Range {
  const { stepMs = 0 } = resolutions[level] ?? {};
  return { fromMs: Math.floor(fromMs / stepMs) * stepMs, toMs };
}

/** Lets each bucket stand for all steps that it covers. */
function spread(
  values: Float64Array,
  startMs: number,
  stepMs: number,
  bucketMs: number,
  buckets: Iterable<Bucket>,
): void {
  for (const bucket of buckets) {
    const from = Math.max(0, Math.ceil((bucket.startMs - startMs) / stepMs));
    const to = Math.ceil((bucket.startMs + bucketMs - startMs) / stepMs);
    values.fill(bucket.mean, from, Math.max(from, Math.min(values.length, to)));
  }
}

/** Averages finer buckets into steps, by the samples in them. */
function average(values: Float64Array, startMs: number, stepMs: number, buckets: Iterable<Bucket>): void {
  const counts = new Float64Array(values.length);
  for (const bucket of buckets) {
    const step = Math.floor((bucket.startMs - startMs) / stepMs);
    const before = counts[step] ?? 0;
    const count = before + bucket.count;
    values[step] =
      before === 0
        ? bucket.mean
        : (values[step] ?? 0) + ((bucket.mean - (values[step] ?? 0)) * bucket.count) / count;
    counts[step] = count;
  }
}
