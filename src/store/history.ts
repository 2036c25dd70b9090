import type { Bytes } from '../actors/ports.ts';
import { messageOf } from '../core/errors.ts';
import { blockBuckets, countIn } from '../forecasting/history/block.ts';
import type { Appended, Bucket, HistoryStore, Loaded, Range } from '../forecasting/history/contract.ts';
import type { SavedBlock, SavedPart } from '../forecasting/history/encoding.ts';
import { decodePart, encodedBlockBytesMax, encodePart } from '../forecasting/history/encoding.ts';
import { History } from '../forecasting/history/history.ts';
import type { HistoryBounds } from '../forecasting/history/resolutions.ts';
import { historyBoundsDefault } from '../forecasting/history/resolutions.ts';
import type { Series } from '../forecasting/contract.ts';

const prefix = 'history/';
/** Blocks in one value of the vault: at most 4 MiB, some milliseconds to encode. */
const partBlocks = Math.floor((4 * 1024 * 1024) / encodedBlockBytesMax);
/** Changes are written until they are as large as everything was, and at least so many bytes. */
const changesBytesMin = 1024 * 1024;
const changesMax = 64;

/** One save: all of its parts, or it does not count. */
interface Save {
  readonly term: number;
  readonly sequence: number;
  readonly parts: number;
  readonly keys: readonly string[];
}

export interface VaultHistoryOptions {
  /** The holder's term: what it saves comes after all that holders of lesser terms saved, whenever they did. */
  readonly term: number;
  readonly bounds: HistoryBounds;
}

/** A history that is saved into the vault under `history/`, as changes and now and then as a whole. */
export function vaultHistory(
  vault: Bytes,
  options: Partial<VaultHistoryOptions> & { readonly term: number },
): HistoryStore {
  return new VaultHistory(vault, { bounds: historyBoundsDefault, ...options });
}

class VaultHistory implements HistoryStore {
  readonly #vault: Bytes;
  readonly #term: number;
  readonly #history: History;
  #sequence = 0;
  /** Changes alone would bring back what was taken away since the last whole save. */
  #needsEverything = true;
  #everythingBytes = 0;
  #changesBytes = 0;
  #changes = 0;
  #saving: Promise<void> = Promise.resolve();

  constructor(vault: Bytes, { term, bounds }: VaultHistoryOptions) {
    this.#vault = vault;
    this.#term = term;
    this.#history = new History(bounds);
  }

  append(key: string, atMs: number, value: number, nowMs: number): Appended {
    const appended = this.#history.append(key, atMs, value, nowMs);
    if (appended.kind === 'steppedBack') this.#needsEverything = true;
    return appended;
  }

  read(key: string, range: Range, stepMs: number): Series {
    return this.#history.read(key, range, stepMs);
  }

  buckets(key: string, range: Range, stepMs: number): readonly Bucket[] {
    return this.#history.buckets(key, range, stepMs);
  }

  keys(beginning: string): readonly string[] {
    return this.#history.keys(beginning);
  }

  forget(key: string): void {
    if (this.#history.forget(key)) this.#needsEverything = true;
  }

  save(nowMs: number): Promise<void> {
    const save = this.#saving.then(() => this.#save(nowMs));
    this.#saving = save.catch(() => undefined);
    return save;
  }

  async load(nowMs: number): Promise<Loaded> {
    this.#history.clear();
    this.#needsEverything = true;
    const skipped: { readonly key: string; readonly reason: string }[] = [];
    const names = await this.#vault.list(prefix);
    for (const key of names) {
      const name = parseKey(key);
      // A save that was broken off has taken its keys all the same.
      if (name?.term === this.#term) this.#sequence = Math.max(this.#sequence, name.sequence + 1);
    }
    for (const save of completeSaves(names)) {
      const parts = await this.#parts(save, skipped);
      if (parts.length === save.parts && parts[0]?.everything === true) this.#history.clear();
      for (const { blocks } of parts) {
        for (const { key, level, block } of blocks) {
          this.#history.restore(key, (series) => series.restore(level, block));
        }
      }
    }
    this.#history.expire(nowMs);
    let buckets = 0;
    for (const { block } of this.#blocks('all')) {
      for (let slot = 0; slot < blockBuckets; slot += 1) if (countIn(block, slot) > 0) buckets += 1;
    }
    return { series: this.#history.seriesCount, buckets, skipped };
  }

  async #save(nowMs: number): Promise<void> {
    this.#history.expire(nowMs);
    const everything =
      this.#needsEverything ||
      this.#changes >= changesMax ||
      this.#changesBytes > Math.max(changesBytesMin, this.#everythingBytes);
    const blocks = [...this.#blocks(everything ? 'all' : 'dirty')];
    if (blocks.length === 0 && !everything) return;
    const sequence = this.#sequence;
    this.#sequence += 1;
    this.#needsEverything = false;
    try {
      const bytes = await this.#write(sequence, blocks, everything);
      this.#changes = everything ? 0 : this.#changes + 1;
      this.#changesBytes = everything ? 0 : this.#changesBytes + bytes;
      if (everything) this.#everythingBytes = bytes;
    } catch (error) {
      for (const { block } of blocks) block.isDirty = true;
      if (everything) this.#needsEverything = true;
      throw error;
    }
    if (everything) await this.#deleteBefore(sequence);
  }

  /** @returns bytes written */
  async #write(sequence: number, blocks: readonly SavedBlock[], everything: boolean): Promise<number> {
    const parts = Math.max(1, Math.ceil(blocks.length / partBlocks));
    let written = 0;
    for (let part = 0; part < parts; part += 1) {
      const ofPart = blocks.slice(part * partBlocks, (part + 1) * partBlocks);
      const bytes = encodePart({ everything, blocks: ofPart });
      for (const { block } of ofPart) block.isDirty = false;
      await this.#vault.put(keyOf(this.#term, sequence, part, parts), bytes);
      written += bytes.length;
    }
    return written;
  }

  /** What an earlier save holds, this one holds too. Parts of saves that were broken off go with them. */
  async #deleteBefore(sequence: number): Promise<void> {
    for (const key of await this.#vault.list(prefix)) {
      const name = parseKey(key);
      if (name === null) continue;
      if (name.term < this.#term || (name.term === this.#term && name.sequence < sequence))
        await this.#vault.delete(key);
    }
  }

  async #parts(
    { keys }: Save,
    skipped: { readonly key: string; readonly reason: string }[],
  ): Promise<readonly SavedPart[]> {
    const parts: SavedPart[] = [];
    for (const key of keys) {
      try {
        const bytes = await this.#vault.get(key);
        if (bytes === null) skipped.push({ key, reason: 'it was deleted meanwhile' });
        else parts.push(decodePart(bytes));
      } catch (error) {
        skipped.push({ key, reason: messageOf(error) });
      }
    }
    return parts;
  }

  *#blocks(which: 'all' | 'dirty'): Iterable<SavedBlock> {
    for (const [key, series] of this.#history.entries()) {
      for (const { level, block } of series.saved(which)) yield { key, level, block };
    }
  }
}

function keyOf(term: number, sequence: number, part: number, parts: number): string {
  return `${prefix}${String(term).padStart(10, '0')}-${String(sequence).padStart(10, '0')}-${part}of${parts}`;
}

interface KeyName {
  readonly term: number;
  readonly sequence: number;
  readonly part: number;
  readonly parts: number;
}

function parseKey(key: string): KeyName | null {
  const match = /^history\/(\d+)-(\d+)-(\d+)of(\d+)$/.exec(key);
  if (match === null) return null;
  const [term = 0, sequence = 0, part = 0, parts = 0] = match.slice(1).map(Number);
  return { term, sequence, part, parts };
}

/** Saves of which all parts stand, in the order in which they count: by term, then by sequence. */
function completeSaves(keys: readonly string[]): readonly Save[] {
  const saves = new Map<string, KeyName & { readonly keys: string[] }>();
  for (const key of keys) {
    const name = parseKey(key);
    if (name === null) continue;
    const id = `${name.term}-${name.sequence}`;
    const save = saves.get(id) ?? { ...name, keys: [] };
    save.keys.push(key);
    saves.set(id, save);
  }
  return [...saves.values()]
    .filter((save) => save.keys.length === save.parts)
    .toSorted((one, other) => one.term - other.term || one.sequence - other.sequence);
}
