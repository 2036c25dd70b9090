import { ByteReader } from './byte-reader.ts';
import { PermanentMissingError, SnapshotCorruptError } from './errors.ts';
import { errorNames, kind, type Kind, viewNames } from './format.ts';
import {
  arrayBufferPrototype,
  errorConstructors,
  getPrototypeOf,
  makeBuffer,
  viewConstructors,
} from './intrinsics.ts';
import type { DecodeOptions } from './options.ts';
import { ValueReader } from './value-reader.ts';

export interface HeadSections {
  readonly heads: Uint8Array;
  readonly pools: Uint8Array;
  readonly blobs: Uint8Array;
  readonly texts: readonly string[];
  readonly options: DecodeOptions;
}

/** Every object of a snapshot, still empty. */
export interface Skeleton {
  readonly objects: readonly object[];
  readonly kinds: readonly Kind[];
  /** The announced length of each array. */
  readonly lengths: ReadonlyMap<number, number>;
  readonly externals: readonly { readonly number: number; readonly kind: string }[];
}

/** Makes every object, in order; a view's buffer stands before the view. */
export function readHeads(sections: HeadSections): Skeleton {
  const reader = new HeadReader(sections);
  reader.run();
  return reader;
}

class HeadReader implements Skeleton {
  readonly objects: object[] = [];
  readonly kinds: Kind[] = [];
  readonly lengths = new Map<number, number>();
  readonly externals: { readonly number: number; readonly kind: string }[] = [];
  /** By how much the offsets of views of a pool are too large. */
  readonly #poolStarts = new Map<number, number>();
  readonly #heads: ByteReader;
  readonly #pools: ByteReader;
  readonly #blobs: ByteReader;
  readonly #values: ValueReader;
  readonly #options: DecodeOptions;

  constructor(sections: HeadSections) {
    this.#heads = new ByteReader(sections.heads);
    this.#pools = new ByteReader(sections.pools);
    this.#blobs = new ByteReader(sections.blobs);
    this.#values = new ValueReader(this.#heads, sections.texts, [], sections.options);
    this.#options = sections.options;
  }

  run(): void {
    while (this.#heads.remaining > 0) {
      const as = this.#heads.byte() as Kind;
      const object = this.#make(as);
      this.kinds.push(as);
      this.objects.push(object);
    }
    if (this.#pools.remaining > 0 || this.#blobs.remaining > 0) {
      throw new SnapshotCorruptError('it holds bytes that belong to no buffer');
    }
  }

  #make(as: Kind): object {
    switch (as) {
      case kind.plain:
        return {};
      case kind.nullPrototype:
        return Object.create(null) as object;
      case kind.array:
        this.lengths.set(this.objects.length, this.#heads.whole());
        return [];
      case kind.map:
        return new Map();
      case kind.set:
        return new Set();
      case kind.date:
        return new Date(this.#heads.float64());
      case kind.regExp:
        return new RegExp(this.#values.text(), this.#values.text());
      case kind.error:
        return this.#error(this.#heads.byte());
      case kind.boxed:
        return Object(this.#boxed()) as object;
      case kind.arrayBuffer:
        return this.#buffer(this.#heads.whole(), null);
      case kind.resizableBuffer:
        return this.#buffer(this.#heads.whole(), this.#heads.whole());
      case kind.pool:
        this.#poolStarts.set(this.objects.length, this.#pools.whole());
        return this.#buffer(this.#pools.whole(), null);
      case kind.view:
        return this.#view();
      case kind.external:
        return this.#external(this.#values.text());
      default:
        throw new SnapshotCorruptError(`no object is of kind ${String(as)}`);
    }
  }

  #error(place: number): Error {
    const constructor = errorConstructors[place];
    if (constructor === undefined) throw new SnapshotCorruptError('an error has no class');
    const error = errorNames[place] === 'AggregateError' ? new constructor([]) : new constructor();
    // It is made here, not where the original was: all that it says follows as properties.
    for (const key of Reflect.ownKeys(error)) Reflect.deleteProperty(error, key);
    return error;
  }

  #boxed(): unknown {
    const primitive = this.#values.next();
    if (primitive === null || primitive === undefined || typeof primitive === 'object') {
      throw new SnapshotCorruptError('a box holds no primitive');
    }
    return primitive;
  }

  #buffer(length: number, max: number | null): ArrayBuffer {
    const bytes = this.#blobs.bytes(length);
    if (max !== null) {
      const buffer = makeBuffer(length, max);
      new Uint8Array(buffer).set(bytes);
      return buffer;
    }
    // A copy, so that nothing keeps the whole snapshot alive.
    return Uint8Array.prototype.slice.call(new Uint8Array(bytes.buffer, bytes.byteOffset, length)).buffer;
  }

  #view(): object {
    const place = this.#heads.byte();
    const number = this.#heads.whole();
    const followsLength = this.#heads.byte() === 1;
    const byteOffset = this.#heads.whole() - (this.#poolStarts.get(number) ?? 0);
    const length = this.#heads.whole();
    const buffer = this.objects[number];
    if (buffer === undefined || getPrototypeOf(buffer) !== arrayBufferPrototype) {
      throw new SnapshotCorruptError('a view has no buffer');
    }
    const name = viewNames[place];
    if (name === undefined) throw new SnapshotCorruptError('a view has no class');
    if (name === 'Buffer') return this.#nodeBuffer(buffer as ArrayBuffer, byteOffset, length);
    const View = viewConstructors[place];
    if (View === undefined) throw new PermanentMissingError(name);
    return followsLength
      ? new View(buffer as ArrayBuffer, byteOffset)
      : new View(buffer as ArrayBuffer, byteOffset, length);
  }

  #nodeBuffer(buffer: ArrayBuffer, byteOffset: number, length: number): Uint8Array {
    const view = new Uint8Array(buffer, byteOffset, length);
    return this.#options.buffer?.from(buffer, byteOffset, length) ?? view;
  }

  #external(name: string): object {
    const { reviver } = this.#options;
    if (reviver === undefined) throw new PermanentMissingError(`a reviver for ${name}`);
    this.externals.push({ number: this.objects.length, kind: name });
    return reviver.create(name);
  }
}
