/** Buckets in a block: the unit that is allocated, dropped and saved. */
export const blockBuckets = 64;
/** Of a block in memory: three Float32 and one Uint32 for each bucket, and the objects around them, roughly. */
export const blockBytes = 64 * 16 + 256;

/** Consecutive buckets of one resolution; the first starts at `index` × `blockBuckets` × step. */
export interface Block {
  readonly index: number;
  readonly means: Float32Array;
  readonly mins: Float32Array;
  readonly maxes: Float32Array;
  /** 0 where nothing was measured. */
  readonly counts: Uint32Array;
  /** Whether it changed since it was saved. */
  isDirty: boolean;
}

export function emptyBlock(index: number): Block {
  return {
    index,
    means: new Float32Array(blockBuckets),
    mins: new Float32Array(blockBuckets),
    maxes: new Float32Array(blockBuckets),
    counts: new Uint32Array(blockBuckets),
    isDirty: true,
  };
}

/** Adds one sample to a bucket, by Welford's running mean: single precision is enough for thousands of samples. */
export function addSample(block: Block, slot: number, value: number): void {
  const count = (block.counts[slot] ?? 0) + 1;
  const mean = block.means[slot] ?? 0;
  block.counts[slot] = count;
  block.means[slot] = count === 1 ? value : mean + (value - mean) / count;
  block.mins[slot] = count === 1 ? value : Math.min(block.mins[slot] ?? value, value);
  block.maxes[slot] = count === 1 ? value : Math.max(block.maxes[slot] ?? value, value);
  block.isDirty = true;
}

/** Empties the slots from `slot` on. */
export function emptyFrom(block: Block, slot: number): void {
  for (const column of [block.means, block.mins, block.maxes, block.counts]) column.fill(0, slot);
  block.isDirty = true;
}
