import { ByteWriter } from './byte-writer.ts';
import type { Encoder } from './encoder.ts';
import { kind } from './format.ts';
import { weakMapGet, weakMapHas, weakSetHas } from './intrinsics.ts';
import { intrinsics } from './permanents.ts';

interface WeakCollection {
  readonly number: number;
  readonly value: object;
  readonly isMap: boolean;
  /** How many of the snapshot's objects were looked for in it. */
  seen: number;
}

/**
 * The entries of weak collections. Nobody can list them, but whoever holds the snapshot can only ever ask for keys that
 * are in it, or that are known by reference: so each of these is looked for.
 */
export class WeakColumn {
  readonly #collections: WeakCollection[] = [];
  readonly #out: ByteWriter;

  constructor(limitBytes: number) {
    this.#out = new ByteWriter(limitBytes);
  }

  get sizeBytes(): number {
    return this.#out.length;
  }

  written(): Uint8Array {
    return this.#out.written();
  }

  add(number: number, value: object, isMap: boolean): void {
    if (this.#collections.some((known) => known.number === number)) return;
    this.#collections.push({ number, value, isMap, seen: -1 });
  }

  /** Writes the entries of all keys that are known by now. @returns whether there may be more: an entry's value was new */
  next(encoder: Encoder, objects: readonly (object | symbol)[]): boolean {
    const before = objects.length;
    for (const collection of this.#collections) {
      if (collection.seen < 0) {
        for (const key of encoder.permanents.values()) this.#look(encoder, collection, key);
        for (const key of intrinsics.values()) this.#look(encoder, collection, key);
        collection.seen = 0;
      }
      for (; collection.seen < objects.length; collection.seen += 1) {
        this.#look(encoder, collection, objects[collection.seen] as object | symbol);
      }
    }
    return objects.length > before;
  }

  #look(encoder: Encoder, { number, value, isMap }: WeakCollection, key: object | symbol): void {
    if (!(isMap ? weakMapHas(value, key) : weakSetHas(value, key))) return;
    // A pool is no object of the program's unless it holds it.
    const known = encoder.numberOf(key);
    if (known !== undefined && encoder.kinds[known] === kind.pool) return;
    encoder.entry(this.#out, number, isMap ? [key, weakMapGet(value, key)] : [key]);
  }
}
