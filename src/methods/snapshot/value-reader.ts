import type { ByteReader } from './byte-reader.ts';
import { describe } from './intrinsics.ts';
import { PermanentMissingError, SnapshotCorruptError } from './errors.ts';
import { smallestSmallInteger, tag } from './format.ts';
import type { DecodeOptions } from './options.ts';
import { intrinsics } from './permanents.ts';

const hexadecimal = /^[0-9a-f]+$/;

/** Reads values; objects exist already, and are referred to by number. */
export class ValueReader {
  readonly #reader: ByteReader;
  readonly #texts: readonly string[];
  readonly #objects: readonly (object | symbol)[];
  readonly #options: DecodeOptions;

  constructor(
    reader: ByteReader,
    texts: readonly string[],
    objects: readonly (object | symbol)[],
    options: DecodeOptions,
  ) {
    this.#reader = reader;
    this.#texts = texts;
    this.#objects = objects;
    this.#options = options;
  }

  next(): unknown {
    return this.read(this.#reader.byte());
  }

  /** Reads the value that begins with `tagged`, which the caller has taken already. */
  read(tagged: number): unknown {
    if (tagged >= tag.smallInteger) return tagged - tag.smallInteger + smallestSmallInteger;
    switch (tagged) {
      case tag.object: {
        const object = this.#objects[this.#reader.whole()];
        if (object === undefined) throw new SnapshotCorruptError('it refers to an object that is not in it');
        return object;
      }
      case tag.string:
        return this.text();
      case tag.float64:
        return this.#reader.float64();
      case tag.integer:
        return this.#reader.whole();
      case tag.negativeInteger:
        return -this.#reader.whole() - 1;
      case tag.undefined:
        return undefined;
      case tag.null:
        return null;
      case tag.true:
        return true;
      case tag.false:
        return false;
      default:
        return this.#readRare(tagged);
    }
  }

  /** How many values follow. */
  count(): number {
    return this.#reader.count(1);
  }

  text(): string {
    const text = this.#texts[this.#reader.whole()];
    if (text === undefined) throw new SnapshotCorruptError('it refers to a string that is not in it');
    return text;
  }

  #readRare(tagged: number): unknown {
    switch (tagged) {
      case tag.bigint:
        return this.#bigint();
      case tag.registeredSymbol:
        return Symbol.for(this.text());
      case tag.wellKnownSymbol:
        return this.#wellKnownSymbol(this.text());
      case tag.permanent:
        return this.#permanent(this.text());
      default:
        throw new SnapshotCorruptError(`no value begins with ${tagged}`);
    }
  }

  #bigint(): bigint {
    const isNegative = this.#reader.byte() === 1;
    const digits = this.#reader.narrow(this.#reader.count(1));
    if (!hexadecimal.test(digits)) throw new SnapshotCorruptError('a bigint has no digits');
    const magnitude = BigInt(`0x${digits}`);
    return isNegative ? -magnitude : magnitude;
  }

  #wellKnownSymbol(name: string): symbol {
    const found: unknown = Object.hasOwn(Symbol, name) ? Reflect.get(Symbol, name) : undefined;
    if (typeof found !== 'symbol') throw new PermanentMissingError(`Symbol.${name}`);
    return found;
  }

  #permanent(name: string): object | symbol {
    const found = this.#find(name) ?? this.#prototypeOf(name);
    if (found === undefined) throw new PermanentMissingError(name);
    return found;
  }

  #find(name: string): object | symbol | undefined {
    const { permanents, host } = this.#options;
    return permanents?.find(name) ?? intrinsics.find(name) ?? host?.find(name);
  }

  /** The `prototype` of a class that has a name. */
  #prototypeOf(name: string): object | undefined {
    if (!name.endsWith('.prototype')) return undefined;
    const owner = this.#find(name.slice(0, -'.prototype'.length));
    const found: unknown = typeof owner === 'function' ? describe(owner, 'prototype')?.value : undefined;
    return typeof found === 'object' && found !== null ? found : undefined;
  }
}
