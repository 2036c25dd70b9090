import { AssertionFailedError } from '../../core/assert.ts';
import { GodwitError, messageOf } from '../../core/errors.ts';
import { ByteReader } from './byte-reader.ts';
import { SnapshotCorruptError } from './errors.ts';
import {
  attribute,
  hasFixedLength,
  hasProperties,
  hasPrototype,
  hasSymbols,
  kind,
  type Kind,
  levelMask,
  sectionCount,
  shapeUnit,
  tag,
} from './format.ts';
import { type External, HeadReader, type Shape } from './heads.ts';
import { detach, giveNativeStack, mapSet, setAdd, weakMapSet, weakSetAdd } from './intrinsics.ts';
import type { Callable, DecodeOptions } from './options.ts';
import { close } from './properties.ts';
import { readStrings } from './strings.ts';
import { ValueReader } from './value-reader.ts';
import { finishWalk } from './walks.ts';

/** Rebuilds a graph: first every object, empty; then what each holds; at last they are closed. */
class Decoder {
  readonly #shapes: readonly Shape[];
  readonly #heads: HeadReader;
  readonly #contents: ByteReader;
  readonly #order: ByteReader;
  readonly #weak: ByteReader;
  readonly #values: ValueReader;
  readonly #weakValues: ValueReader;
  readonly #records = new Map<number, unknown>();
  /** Objects to be closed when the whole graph stands, with their trailers. */
  readonly #closings: { readonly value: object; readonly trailer: number }[] = [];
  readonly #options: DecodeOptions;
  readonly #externals = new Map<number, External>();
  /** Filled before their turn. */
  readonly #filled = new Set<number>();
  /** How many contents have had their turn; the root's come first. */
  #turns = 0;
  #root: unknown = undefined;

  constructor(body: Uint8Array, options: DecodeOptions) {
    this.#options = options;
    const { strings, shapes, heads, contents, pools, blobs, order, weak } = readSections(body);
    const texts = readStrings(strings);
    this.#shapes = readShapes(shapes, texts);
    this.#contents = new ByteReader(contents);
    this.#order = new ByteReader(order);
    this.#weak = new ByteReader(weak);
    const fillFirst = (): void => this.#fillFirst();
    this.#heads = new HeadReader({
      heads,
      pools,
      blobs,
      texts,
      shapes: this.#shapes,
      contentsBytes: contents.length,
      options,
      fillFirst,
    });
    const { objects } = this.#heads;
    this.#values = new ValueReader(this.#contents, texts, objects, options);
    this.#weakValues = new ValueReader(this.#weak, texts, objects, options);
  }

  run(): unknown {
    const { objects, detached, walks } = this.#heads;
    this.#heads.run();
    for (const external of this.#heads.externals) this.#externals.set(external.number, external);
    this.#fillTurns(objects.length + 1);
    while (this.#weak.remaining > 0) this.#fillWeak();
    for (const walk of walks) finishWalk(walk);
    if (this.#contents.remaining > 0 || this.#order.remaining > 0) {
      throw new SnapshotCorruptError('bytes follow its end');
    }
    for (const { number, kind: name } of this.#heads.externals) {
      this.#options.reviver?.fill(objects[number] as object, name, this.#records.get(number));
    }
    for (const buffer of detached) detach(buffer);
    for (const { value, trailer } of this.#closings) {
      if ((trailer & hasFixedLength) !== 0) Reflect.defineProperty(value, 'length', { writable: false });
      close(value, trailer & levelMask);
    }
    return this.#root;
  }

  /** Fills what was written before the next saved instance. */
  #fillFirst(): void {
    for (const external of this.#heads.externals) this.#externals.set(external.number, external);
    this.#fillTurns(this.#order.whole());
    for (let left = this.#order.count(1); left > 0; left -= 1) {
      const number = this.#order.whole();
      if (this.#filled.has(number)) throw new SnapshotCorruptError('an object is filled twice');
      this.#fill(number);
      this.#filled.add(number);
    }
  }

  #fillTurns(turns: number): void {
    for (; this.#turns < turns; this.#turns += 1) {
      const number = this.#turns - 1;
      if (number < 0) this.#root = this.#values.next();
      else if (this.#filled.size === 0 || !this.#filled.has(number)) this.#fill(number);
    }
  }

  #fillWeak(): void {
    const number = this.#weak.whole();
    const collection = this.#heads.objects[number] as object;
    if (this.#heads.kinds[number] === kind.weakMap) {
      weakMapSet(collection, this.#weakValues.next(), this.#weakValues.next());
    } else {
      weakSetAdd(collection, this.#weakValues.next());
    }
  }

  #fill(number: number): void {
    const value = this.#heads.objects[number];
    if (value === undefined) throw new SnapshotCorruptError('an object is filled before it is made');
    if (typeof value === 'symbol') return;
    this.#fillHeld(number, value);
    if (this.#heads.withPrivates.size > 0 && this.#heads.withPrivates.has(number)) this.#fillPrivates(value);
  }

  #fillHeld(number: number, value: object): void {
    const as = this.#heads.kinds[number];
    switch (as) {
      case kind.plain:
      case kind.nullPrototype:
        return this.#fillPlain(number, value as Record<string, unknown>, false);
      case kind.derived:
        return this.#fillPlain(number, value as Record<string, unknown>, true);
      case kind.array:
        this.#fillArray(value as unknown[], this.#heads.forms[number] ?? 0);
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
        if (this.#externals.get(number)?.isCarried !== true) return;
        break;
      case kind.saved:
        return;
      default:
        break;
    }
    const trailer = this.#contents.byte();
    if (isMadeWithProperties(as)) this.#matchProperties(value, (trailer & hasProperties) !== 0);
    else if ((trailer & hasProperties) !== 0) this.#fillProperties(value);
    if ((trailer & hasPrototype) !== 0) setPrototype(value, this.#values.next());
    if ((trailer & ~hasProperties) !== 0) this.#closings.push({ value, trailer });
  }

  #fillPrivates(value: object): void {
    for (let left = this.#contents.count(2); left > 0; left -= 1) {
      const owner = this.#values.next();
      const values = Array.from({ length: this.#contents.count(1) }, () => this.#values.next());
      if (typeof owner !== 'function') throw new SnapshotCorruptError('private elements have no class');
      this.#options.code?.fillPrivates(value, owner as Callable, values);
    }
  }

  #fillPlain(number: number, value: Record<string, unknown>, isDerived: boolean): void {
    const form = this.#heads.forms[number] as number;
    const trailer = form & levelMask;
    if (trailer !== 0) this.#closings.push({ value, trailer });
    const { keys } = this.#shapes[Math.floor(form / shapeUnit)] as Shape;
    for (let index = 0; index < keys.length; index += 1) {
      const key = keys[index] as string;
      const tagged = this.#contents.byte();
      if (tagged === tag.special) {
        place(value, key, this.#attributed());
        continue;
      }
      const item = this.#values.read(tagged);
      // What an instance inherits may stand in the way: a setter, or a property that is not writable.
      if (isDerived && key in value) define(value, key, dataProperty(item, attribute.all));
      else value[key] = item;
    }
    if ((form & hasSymbols) !== 0) this.#fillProperties(value);
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
      const { key, attributed } = this.#property();
      place(value, key, attributed);
    }
  }

  /** Gives the value just these properties, in their order: it was made with some of its own. */
  #matchProperties(value: object, has: boolean): void {
    const count = has ? this.#contents.count(3) : 0;
    const wanted = Array.from({ length: count }, () => this.#property());
    const found = Reflect.ownKeys(value);
    // What stays is the beginning of what is wanted; all else is added behind it.
    for (let at = 0; at < found.length;) {
      const key = found[at] as string | symbol;
      if (key === wanted[at]?.key) at += 1;
      else if (Reflect.deleteProperty(value, key)) found.splice(at, 1);
      else break;
    }
    for (const { key, attributed } of wanted) place(value, key, attributed);
  }

  #property(): { readonly key: string | symbol; readonly attributed: Attributed } {
    const key = this.#values.next();
    if (typeof key !== 'string' && typeof key !== 'symbol') {
      throw new SnapshotCorruptError('a property has no key');
    }
    return { key, attributed: this.#attributed() };
  }

  #attributed(): Attributed {
    const attributes = this.#contents.byte();
    const isNativeStack = (attributes & attribute.nativeStack) !== 0;
    const property =
      (attributes & attribute.accessor) === 0
        ? dataProperty(this.#values.next(), attributes)
        : accessor(this.#values.next(), this.#values.next(), attributes);
    return { property, isNativeStack };
  }
}

interface Attributed {
  readonly property: PropertyDescriptor;
  readonly isNativeStack: boolean;
}

function place(target: object, key: string | symbol, { property, isNativeStack }: Attributed): void {
  if (isNativeStack && giveNativeStack(target, property.value)) return;
  define(target, key, property);
}

function setPrototype(value: object, prototype: unknown): void {
  if (typeof prototype !== 'object' && typeof prototype !== 'function') {
    throw new SnapshotCorruptError('a function has no prototype');
  }
  Object.setPrototypeOf(value, prototype);
}

/** Functions and the like come with properties; all others are empty when they are made. */
function isMadeWithProperties(as: Kind | undefined): boolean {
  return (
    as === kind.closure ||
    as === kind.class ||
    as === kind.bound ||
    as === kind.member ||
    as === kind.prototypeOf ||
    as === kind.arguments ||
    as === kind.sloppyArguments
  );
}

function dataProperty(value: unknown, attributes: number): PropertyDescriptor {
  return {
    value,
    writable: (attributes & attribute.writable) !== 0,
    enumerable: (attributes & attribute.enumerable) !== 0,
    configurable: (attributes & attribute.configurable) !== 0,
  };
}

function accessor(get: unknown, set: unknown, attributes: number): PropertyDescriptor {
  return {
    get: get as () => unknown,
    set: set as (value: unknown) => void,
    enumerable: (attributes & attribute.enumerable) !== 0,
    configurable: (attributes & attribute.configurable) !== 0,
  };
}

function define(target: object, key: string | symbol, property: PropertyDescriptor): void {
  const done = Reflect.defineProperty(target, key, property);
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
    order: next(6),
    weak: next(7),
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
    const template = {};
    for (const key of keys) define(template, key, dataProperty(undefined, attribute.all));
    shapes.push({ keys, template });
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

/** Remembers what others throw, so that it is not taken for damage. */
function guard(options: DecodeOptions, thrownOutside: unknown[]): DecodeOptions {
  const watch = <T extends object>(table: T): T =>
    new Proxy(table, {
      get(target, key) {
        const method: unknown = Reflect.get(target, key);
        if (typeof method !== 'function') return method;
        return (...given: unknown[]): unknown => {
          try {
            return Reflect.apply(method, target, given);
          } catch (thrown) {
            thrownOutside.push(thrown);
            throw thrown;
          }
        };
      },
    });
  const { reviver, code, classes } = options;
  return {
    ...options,
    ...(reviver === undefined ? {} : { reviver: watch(reviver) }),
    ...(code === undefined ? {} : { code: watch(code) }),
    ...(classes === undefined ? {} : { classes: watch(classes) }),
  };
}
