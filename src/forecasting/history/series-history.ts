import { assert } from '../../core/assert.ts';
import type { Appended, Bucket, Range, Resolution } from './contract.ts';
import type { Block } from './block.ts';
import { addSample, blockBuckets, cellOf, countIn, emptyBlock, emptyFrom, lastSlot } from './block.ts';
import type { HistoryBounds } from './resolutions.ts';
import { blockMs, resolutions } from './resolutions.ts';

/** So many samples in a row that are too late, each later than the one before, are a clock that was set back. */
const samplesToStepBack = 3;
/** Times of the newest samples, by which a repetition is known. */
const timesRemembered = 16;

/** One series in all of its resolutions. Blocks exist only where samples are: a gap costs nothing. */
export class SeriesHistory {
  /** By resolution, oldest first. */
  readonly #blocks: Block[][] = resolutions.map(() => []);
  readonly #times: number[] = [];
  #newestMs = Number.NEGATIVE_INFINITY;
  #behind: { readonly firstMs: number; readonly lastMs: number; readonly samples: number } | null = null;

  /** When its newest sample was measured; -Infinity before the first. */
  get newestMs(): number {
    return this.#newestMs;
  }

  get blockCount(): number {
    return this.#blocks.reduce((sum, blocks) => sum + blocks.length, 0);
  }

  append(atMs: number, value: number, { lateMsMax }: HistoryBounds): Appended {
    if (atMs < this.#newestMs - lateMsMax) return this.#takeLate(atMs, value);
    if (this.#times.includes(atMs)) return { kind: 'dropped', reason: 'duplicate' };
    this.#behind = null;
    this.#add(atMs, value);
    return { kind: 'appended' };
  }

  /** Forgets what no resolution keeps, as of the newest sample or `nowMs`, whichever is later. */
  expire(nowMs: number): void {
    const endMs = Math.max(nowMs, this.#newestMs);
    this.#blocks.forEach((_, level) => this.#expireLevel(level, endMs));
  }

  /** From when on a resolution is complete, as far as anything was measured; Infinity when it has nothing. */
  completeFromMs(level: number): number {
    const { stepMs, retentionMs } = resolutionAt(level);
    const [first] = this.#blocks[level] ?? [];
    if (first === undefined) return Number.POSITIVE_INFINITY;
    return Math.max(this.#newestMs - retentionMs, first.index * blockMs(stepMs));
  }

  /** Where each block of a level ends: what `dropBefore` compares. */
  *blockEndsMs(): Iterable<number> {
    for (const [level, blocks] of this.#blocks.entries()) {
      const lengthMs = blockMs(resolutionAt(level).stepMs);
      for (const { index } of blocks) yield (index + 1) * lengthMs;
    }
  }

  /**
   * Drops blocks that end before `endMs`, and at most `tiesMax` of those that end just then.
   *
   * @returns how many of the latter
   */
  dropBefore(endMs: number, tiesMax: number): number {
    let ties = 0;
    this.#blocks.forEach((blocks, level) => {
      const lengthMs = blockMs(resolutionAt(level).stepMs);
      for (let [first] = blocks; first !== undefined; [first] = blocks) {
        const firstEndsMs = (first.index + 1) * lengthMs;
        if (firstEndsMs > endMs || (firstEndsMs === endMs && ties === tiesMax)) return;
        if (firstEndsMs === endMs) ties += 1;
        blocks.shift();
      }
    });
    return ties;
  }

  /** Buckets of one resolution that start within the range, oldest first. */
  *buckets(level: number, { fromMs, toMs }: Range): Iterable<Bucket> {
    const { stepMs } = resolutionAt(level);
    for (const block of this.#blocks[level] ?? []) {
      const blockStartMs = block.index * blockMs(stepMs);
      if (blockStartMs >= toMs || blockStartMs + blockMs(stepMs) <= fromMs) continue;
      for (let slot = 0; slot < blockBuckets; slot += 1) {
        const startMs = blockStartMs + slot * stepMs;
        if (countIn(block, slot) === 0 || startMs < fromMs || startMs >= toMs) continue;
        yield { startMs, ...cellOf(block, slot) };
      }
    }
  }

  /** Blocks in need of saving, or all of them. */
  *saved(which: 'all' | 'dirty'): Iterable<{ readonly level: number; readonly block: Block }> {
    for (const [level, blocks] of this.#blocks.entries()) {
      for (const block of blocks) if (which === 'all' || block.isDirty) yield { level, block };
    }
  }

  /** Puts back a block that was saved, in place of the one of the same time. */
  restore(level: number, block: Block): void {
    const blocks = this.#blocks[level];
    assert(blocks !== undefined, `resolution ${level} is a kept one`);
    const at = placeOf(blocks, block.index);
    blocks.splice(at, blocks[at]?.index === block.index ? 1 : 0, block);
    const last = lastSlot(block);
    const { stepMs } = resolutionAt(level);
    // The time of a sample within its bucket is not kept: its start is surely not too late.
    if (last !== -1) this.#newestMs = Math.max(this.#newestMs, block.index * blockMs(stepMs) + last * stepMs);
  }

  #takeLate(atMs: number, value: number): Appended {
    const before = this.#behind;
    this.#behind =
      before === null || atMs <= before.lastMs
        ? { firstMs: atMs, lastMs: atMs, samples: 1 }
        : { firstMs: before.firstMs, lastMs: atMs, samples: before.samples + 1 };
    if (this.#behind.samples < samplesToStepBack) return { kind: 'dropped', reason: 'late' };
    this.#cutFrom(this.#behind.firstMs);
    this.#behind = null;
    this.#add(atMs, value);
    return { kind: 'steppedBack' };
  }

  /** What a clock said that was ahead is not to be believed. The bucket of `fromMs` itself starts anew. */
  #cutFrom(fromMs: number): void {
    this.#newestMs = fromMs;
    this.#times.length = 0;
    this.#blocks.forEach((blocks, level) => {
      const { stepMs } = resolutionAt(level);
      const bucket = Math.floor(fromMs / stepMs);
      const index = Math.floor(bucket / blockBuckets);
      const at = placeOf(blocks, index);
      const kept = blocks[at];
      if (kept?.index === index) emptyFrom(kept, bucket - index * blockBuckets);
      blocks.splice(kept?.index === index ? at + 1 : at);
    });
  }

  #add(atMs: number, value: number): void {
    this.#newestMs = Math.max(this.#newestMs, atMs);
    this.#times.push(atMs);
    if (this.#times.length > timesRemembered) this.#times.shift();
    resolutions.forEach(({ stepMs }, level) => {
      const bucket = Math.floor(atMs / stepMs);
      const index = Math.floor(bucket / blockBuckets);
      addSample(this.#block(level, index), bucket - index * blockBuckets, value);
    });
  }

  #block(level: number, index: number): Block {
    const blocks = this.#blocks[level] ?? [];
    const last = blocks.at(-1);
    if (last?.index === index) return last;
    const at = placeOf(blocks, index);
    const there = blocks[at];
    if (there?.index === index) return there;
    const block = emptyBlock(index);
    blocks.splice(at, 0, block);
    this.#expireLevel(level, this.#newestMs);
    return block;
  }

  #expireLevel(level: number, endMs: number): void {
    const { stepMs, retentionMs } = resolutionAt(level);
    const blocks = this.#blocks[level] ?? [];
    const live = blocks.findIndex(({ index }) => (index + 1) * blockMs(stepMs) > endMs - retentionMs);
    blocks.splice(0, live === -1 ? blocks.length : live);
  }
}

/** Where a block of that index stands, or would. */
function placeOf(blocks: readonly Block[], index: number): number {
  let low = 0;
  let high = blocks.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((blocks[middle]?.index ?? 0) < index) low = middle + 1;
    else high = middle;
  }
  return low;
}

function resolutionAt(level: number): Resolution {
  const resolution = resolutions[level];
  assert(resolution !== undefined, `resolution ${level} is a kept one`);
  return resolution;
}
