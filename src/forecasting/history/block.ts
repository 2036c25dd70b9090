/** Buckets in a block: the unit that is allocated, dropped and saved. */
export const blockBuckets = 64;
/** Of a block in memory: four Float32 for each bucket, and the objects around them, roughly. */
export const blockBytes = 64 * 16 + 256;

const fields = 4;
const meanAt = 0;
const minAt = 1;
const maxAt = 2;
const countAt = 3;

/** Consecutive buckets of one resolution; the first starts at `index` × `blockBuckets` × step. */
export interface Block {
  readonly index: number;
  /** Mean, least, most and count of each bucket in turn; a count of 0 where nothing was measured. */
  readonly cells: Float32Array;
  /** Whether it changed since it was saved. */
  isDirty: boolean;
}

/** What one bucket holds. */
export interface Cell {
  readonly mean: number;
  readonly min: number;
  readonly max: number;
  readonly count: number;
}

export function emptyBlock(index: number): Block {
  return { index, cells: new Float32Array(blockBuckets * fields), isDirty: true };
}

export function countIn({ cells }: Block, slot: number): number {
  return cells[slot * fields + countAt] ?? 0;
}

export function cellOf({ cells }: Block, slot: number): Cell {
  const at = slot * fields;
  const [mean = 0, min = 0, max = 0, count = 0] = [
    cells[at + meanAt],
    cells[at + minAt],
    cells[at + maxAt],
    cells[at + countAt],
  ];
  return { mean, min, max, count };
}

export function setCell({ cells }: Block, slot: number, { mean, min, max, count }: Cell): void {
  const at = slot * fields;
  cells[at + meanAt] = mean;
  cells[at + minAt] = min;
  cells[at + maxAt] = max;
  cells[at + countAt] = count;
}

/** The last slot with a sample, -1 without one. */
export function lastSlot(block: Block): number {
  let slot = blockBuckets - 1;
  while (slot >= 0 && countIn(block, slot) === 0) slot -= 1;
  return slot;
}

/** Adds one sample to a bucket, by Welford's running mean: single precision is enough for thousands of samples. */
export function addSample(block: Block, slot: number, value: number): void {
  const { cells } = block;
  const at = slot * fields;
  const count = (cells[at + countAt] ?? 0) + 1;
  const mean = cells[at + meanAt] ?? 0;
  cells[at + countAt] = count;
  cells[at + meanAt] = count === 1 ? value : mean + (value - mean) / count;
  cells[at + minAt] = count === 1 ? value : Math.min(cells[at + minAt] ?? value, value);
  cells[at + maxAt] = count === 1 ? value : Math.max(cells[at + maxAt] ?? value, value);
  block.isDirty = true;
}

/** Empties the slots from `slot` on. */
export function emptyFrom(block: Block, slot: number): void {
  block.cells.fill(0, slot * fields);
  block.isDirty = true;
}
