import { AssertionFailedError } from '../../core/assert.ts';
import { GodwitError, messageOf } from '../../core/errors.ts';
import { ByteReader } from './byte-reader.ts';
import { SnapshotCorruptError } from './errors.ts';
import { attribute, hasFixedLength, hasProperties, kind, type Kind, sectionCount, tag } from './format.ts';
import { readHeads } from './heads.ts';
import { mapSet, objectPrototype, setAdd } from './intrinsics.ts';
import type { DecodeOptions } from './options.ts';
import { close } from './properties.ts';
import { readStrings } from './strings.ts';
import { ValueReader } from './value-reader.ts';

/** The low two bits of a trailer. */
const levelMask = 3;

interface Shape {
  readonly keys: readonly string[];
  /** Whether plain assignment makes an own property: nothing inherited stands in the way. */
  readonly isAssignable: boolean;
}

/** Rebuilds a graph: first every object, empty; then what each holds; at last they are closed. */
class Decoder {
  readonly #shapes: readonly Shape[];
  readonly #objects: readonly object[];
  readonly #kinds: readonly Kind[];
  readonly #externals: readonly { readonly number: number; readonly kind: string }[];
  readonly #contents: ByteReader;
  readonly #values: ValueReader;
  readonly #lengths: ReadonlyMap<number, number>;
  readonly #records = new Map<number, unknown>();
  /** Objects to be closed when the whole graph stands, with their trailers. */
  readonly #closings: { readonly value: object; readonly trailer: number }[] = [];
  readonly #options: DecodeOptions;

  constructor(body: Uint8Array, options: DecodeOptions) {
    this.#options = options;
    const { strings, shapes, heads, contents, pools, blobs } = readSections(body);
    const texts = readStrings(strings);
    this.#shapes = readShapes(shapes, texts);
    this.#contents = new ByteReader(contents);
    const read = readHeads({ heads, pools, blobs, texts, options });
    this.#objects = read.objects;
    this.#kinds = read.kinds;
    this.#externals = read.externals;
    this.#lengths = read.lengths;
    this.#values = new ValueReader(this.#contents, texts, this.#objects, options);
  }

  run(): unknown {
    const root = this.#values.next();
    for (let number = 0; number < this.#objects.length; number += 1) {
      this.#fill(number, this.#objects[number] as object);
    }
    if (this.#contents.remaining > 0) throw new SnapshotCorruptError('bytes follow its end');
    for (const { number, kind: name } of this.#externals) {
      this.#options.reviver?.fill(this.#objects[number] as object, name, this.#records.get(number));
    }
    for (const { value, trailer } of this.#closings) {
      if ((trailer & hasFixedLength) !== 0) Reflect.defineProperty(value, 'length', { writable: false });
      close(value, trailer & levelMask);
    }
    return root;
  }

  #fill(number: number, value: object): void {
    switch (this.#kinds[number]) {
      case kind.plain:
      case kind.nullPrototype:
        return this.#fillPlain(value as Record<string, unknown>);
      case kind.array:
        this.#fillArray(value as unknown[], this.#lengths.get(number) ?? 0);
        break;
      case kind.map:
        for (let left = this.#contents.count(2); left > 0; left -= 1) {
          mapSet(value, this.#values.next(), this.#values.next());
        }
        break;
      case kind.set:
        for (let left = this.#contents.count(1); left > 0; left -= 1) {
          setAdd(value, this.#values.next());
        }
        break;
      case kind.external:
        this.#records.set(number, this.#values.next());
        return;
      default:
        break;
    }
    const trailer = this.#contents.byte();
    if ((trailer & hasProperties) !== 0) this.#fillProperties(value);
    if ((trailer & ~hasProperties) !== 0) this.#closings.push({ value, trailer });
  }

  #fillPlain(value: Record<string, unknown>): void {
    const head = this.#contents.whole();
    const trailer = head % 4;
    if (trailer !== 0) this.#closings.push({ value, trailer });
    if (head < 4) return this.#fillProperties(value);
    const shape = this.#shapes[Math.floor(head / 4) - 1];
    if (shape === undefined) throw new SnapshotCorruptError('an object has an unknown shape');
    if (shape.isAssignable) {
      for (const key of shape.keys) value[key] = this.#values.next();
      return;
    }
    for (const key of shape.keys) define(value, key, this.#values.next(), attribute.all);
  }

  #fillArray(array: unknown[], length: number): void {
    let index = 0;
    while (index < length) {
      const tagged = this.#contents.byte();
      if (tagged === tag.hole) {
        index += this.#contents.whole();
      } else {
        array[index] = this.#values.read(tagged);
        index += 1;
      }
    }
    if (index > length) throw new SnapshotCorruptError('an array is longer than announced');
    array.length = length;
  }

  #fillProperties(value: object): void {
    for (let left = this.#contents.count(3); left > 0; left -= 1) {
      const key = this.#values.next();
      if (typeof key !== 'string' && typeof key !== 'symbol') {
        throw new SnapshotCorruptError('a property has no key');
      }
      const attributes = this.#contents.byte();
      define(value, key, this.#values.next(), attributes);
    }
  }
}

function define(target: object, key: string | symbol, value: unknown, attributes: number): void {
  const done = Reflect.defineProperty(target, key, {
    value,
    writable: (attributes & attribute.writable) !== 0,
    enumerable: (attributes & attribute.enumerable) !== 0,
    configurable: (attributes & attribute.configurable) !== 0,
  });
  if (!done) throw new SnapshotCorruptError(`the property ${String(key)} cannot be set`);
}

function readSections(body: Uint8Array) {
  const reader = new ByteReader(body);
  const lengths: number[] = [];
  for (let section = 0; section < sectionCount; section += 1) lengths.push(reader.whole());
  const next = (section: number): Uint8Array => reader.bytes(lengths[section] ?? 0);
  const sections = {
    strings: next(0),
    shapes: next(1),
    heads: next(2),
    contents: next(3),
    pools: next(4),
    blobs: next(5),
  };
  if (reader.remaining > 0) throw new SnapshotCorruptError('bytes follow its last section');
  return sections;
}

function readShapes(section: Uint8Array, texts: readonly string[]): Shape[] {
  const reader = new ByteReader(section);
  const shapes: Shape[] = [];
  while (reader.remaining > 0) {
    const keys: string[] = [];
    for (let left = reader.count(1); left > 0; left -= 1) {
      const key = texts[reader.whole()];
      if (key === undefined) throw new SnapshotCorruptError('a shape has an unknown key');
      keys.push(key);
    }
    shapes.push({ keys, isAssignable: keys.every((key) => !(key in objectPrototype)) });
  }
  return shapes;
}

/**
 * Reads a body. Whatever the bytes are, it ends with a value or one of this room's errors; errors of the reviver's
 * own pass unchanged.
 */
export function decodeBody(body: Uint8Array, options: DecodeOptions): unknown {
  const thrownOutside: unknown[] = [];
  const guarded = guard(options, thrownOutside);
  try {
    return new Decoder(body, guarded).run();
  } catch (thrown) {
    if (thrown instanceof GodwitError || thrownOutside.includes(thrown)) throw thrown;
    if (thrown instanceof AssertionFailedError) throw thrown;
    // What the engine refused to build: an invalid regular expression, a view beyond its buffer.
    throw new SnapshotCorruptError(messageOf(thrown), { cause: thrown });
  }
}

/** Remembers what the reviver throws, so that it is not taken for damage. */
function guard(options: DecodeOptions, thrownOutside: unknown[]): DecodeOptions {
  const { reviver } = options;
  if (reviver === undefined) return options;
  const watched = <T>(call: () => T): T => {
    try {
      return call();
    } catch (thrown) {
      thrownOutside.push(thrown);
      throw thrown;
    }
  };
  return {
    ...options,
    reviver: {
      create: (name) => watched(() => reviver.create(name)),
      fill: (value, name, record) => watched(() => reviver.fill(value, name, record)),
    },
  };
}
