import { GodwitError } from '../../core/errors.ts';
import type { Block } from './block.ts';
import { blockBuckets, cellOf, countIn, emptyBlock, setCell } from './block.ts';
import { isSeriesKey, keyCharactersMax, resolutions } from './resolutions.ts';

/*
 * One saved part, little-endian: 'GWH', version (Uint8), 1 for a part of everything or 0 for one of changes (Uint8), number of
 * resolutions (Uint8) and the step of each in ms (Uint32). Then per block: key length (Uint8), key (ASCII), resolution
 * (Uint8), index (Int32), a bit per bucket (2 × Uint32), and per bucket with samples: count (Uint32), mean, least and
 * most (Float32).
 */
const magic = [0x47, 0x57, 0x48];
const version = 1;
const headerBytes = magic.length + 3 + 4 * resolutions.length;
const bucketBytes = 16;
const blockHeadBytes = 2 + keyCharactersMax + 4 + 8;

/** The most that one block takes. */
export const encodedBlockBytesMax = blockHeadBytes + blockBuckets * bucketBytes;

/** A part of a saved history is not what this version writes. */
export class HistoryFormatError extends GodwitError {
  override readonly name = 'HistoryFormatError';
  readonly code = 'HISTORY_FORMAT';
  readonly retryable = false;
}

/** A block as it is saved. */
export interface SavedBlock {
  readonly key: string;
  readonly level: number;
  readonly block: Block;
}

/** What one part holds; `everything`: it replaces all that was saved before, together with its other parts. */
export interface SavedPart {
  readonly everything: boolean;
  readonly blocks: readonly SavedBlock[];
}

export function encodePart({ everything, blocks }: SavedPart): Uint8Array {
  const bytes = new Uint8Array(headerBytes + blocks.length * encodedBlockBytesMax);
  const view = new DataView(bytes.buffer);
  bytes.set([...magic, version, everything ? 1 : 0, resolutions.length]);
  resolutions.forEach(({ stepMs }, level) => view.setUint32(magic.length + 3 + 4 * level, stepMs, true));
  let at = headerBytes;
  for (const saved of blocks) at = writeBlock(bytes, view, at, saved);
  return bytes.slice(0, at);
}

function writeBlock(
  bytes: Uint8Array,
  view: DataView,
  start: number,
  { key, level, block }: SavedBlock,
): number {
  let at = start;
  view.setUint8(at, key.length);
  for (let index = 0; index < key.length; index += 1) bytes[at + 1 + index] = key.charCodeAt(index);
  at += 1 + key.length;
  view.setUint8(at, level);
  view.setInt32(at + 1, block.index, true);
  at += 5;
  const maskAt = at;
  at += 8;
  for (let slot = 0; slot < blockBuckets; slot += 1) {
    if (countIn(block, slot) === 0) continue;
    const { mean, min, max, count } = cellOf(block, slot);
    const half = maskAt + 4 * (slot >> 5);
    view.setUint32(half, (view.getUint32(half, true) | (1 << (slot & 31))) >>> 0, true);
    view.setUint32(at, count, true);
    view.setFloat32(at + 4, mean, true);
    view.setFloat32(at + 8, min, true);
    view.setFloat32(at + 12, max, true);
    at += bucketBytes;
  }
  return at;
}

/** @throws {HistoryFormatError} when the bytes are of another version, cut short, or not a history at all */
export function decodePart(bytes: Uint8Array): SavedPart {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    checkHeader(bytes, view);
    const blocks: SavedBlock[] = [];
    for (let at = headerBytes; at < bytes.length;) {
      const { saved, endsAt } = readBlock(bytes, view, at);
      blocks.push(saved);
      at = endsAt;
    }
    return { everything: bytes[magic.length + 1] === 1, blocks };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new HistoryFormatError('A part of the saved history is cut short. What it held is missing.', {
      cause: error,
    });
  }
}

function checkHeader(bytes: Uint8Array, view: DataView): void {
  const found = bytes[magic.length];
  const isHistory = magic.every((byte, index) => bytes[index] === byte);
  if (!isHistory || found !== version) {
    throw new HistoryFormatError(
      `A part of the saved history has ${isHistory ? `version ${found}` : 'another format'}, and this program reads ` +
        `version ${version}. What it held is missing.`,
    );
  }
  const steps = Array.from({ length: bytes[magic.length + 2] ?? 0 }, (_, level) =>
    view.getUint32(magic.length + 3 + 4 * level, true),
  );
  const expected = resolutions.map(({ stepMs }) => stepMs);
  if (steps.join() === expected.join()) return;
  throw new HistoryFormatError(
    `A part of the saved history has steps of ${steps.join(', ')} ms, and this program keeps ${expected.join(', ')}.`,
  );
}

function readBlock(
  bytes: Uint8Array,
  view: DataView,
  start: number,
): { readonly saved: SavedBlock; readonly endsAt: number } {
  const keyLength = view.getUint8(start);
  let at = start + 1 + keyLength;
  const level = view.getUint8(at);
  if (level >= resolutions.length)
    throw new HistoryFormatError(`A saved block has resolution ${level}: there is none.`);
  const block = emptyBlock(view.getInt32(at + 1, true));
  block.isDirty = false;
  const key = String.fromCharCode(...bytes.subarray(start + 1, start + 1 + keyLength));
  if (!isSeriesKey(key)) throw new HistoryFormatError('A saved block belongs to no series.');
  at += 5;
  const maskAt = at;
  at += 8;
  for (let slot = 0; slot < blockBuckets; slot += 1) {
    if ((view.getUint32(maskAt + 4 * (slot >> 5), true) & (1 << (slot & 31))) === 0) continue;
    setCell(block, slot, {
      count: view.getUint32(at, true),
      mean: view.getFloat32(at + 4, true),
      min: view.getFloat32(at + 8, true),
      max: view.getFloat32(at + 12, true),
    });
    at += bucketBytes;
  }
  return { saved: { key, level, block }, endsAt: at };
}
