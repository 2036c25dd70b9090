import { isObject } from '../../core/is-object.ts';
import { ByteReader } from './byte-reader.ts';
import { FunctionReader } from './function-reader.ts';
import { recipeNamed } from './recipes.ts';
import { PermanentMissingError, SnapshotCorruptError } from './errors.ts';
import { errorNames, kind, type Kind, shapeUnit, viewNames } from './format.ts';
import {
  bufferLength,
  errorConstructors,
  getPrototypeOf,
  makeBuffer,
  viewConstructors,
} from './intrinsics.ts';
import type { DecodeOptions } from './options.ts';
import { ValueReader } from './value-reader.ts';
import { beginWalk, type Walk } from './walks.ts';

export interface HeadSections {
  readonly heads: Uint8Array;
  readonly pools: Uint8Array;
  readonly blobs: Uint8Array;
  readonly texts: readonly string[];
  readonly shapes: readonly Shape[];
  /** How many bytes all contents have. */
  readonly contentsBytes: number;
  readonly options: DecodeOptions;
  /** Fills what has to be whole before the next saved instance is made. */
  readonly fillFirst: () => void;
}

/** The keys of plain objects, and an object that has them all: a copy of it is made faster than filled key by key. */
export interface Shape {
  readonly keys: readonly string[];
  readonly template: object;
}

/** Every object of a snapshot, still empty. */
export interface Skeleton {
  readonly objects: readonly (object | symbol)[];
  readonly kinds: readonly Kind[];
  /** The length of each array, and what the head of each plain object says; 0 of all else. */
  readonly forms: readonly number[];
  readonly externals: readonly External[];
  readonly withPrivates: ReadonlySet<number>;
  readonly detached: readonly ArrayBuffer[];
  readonly walks: readonly Walk[];
}

export interface External {
  readonly number: number;
  readonly kind: string;
  /** Whether own properties follow its record. */
  readonly isCarried: boolean;
}

/** Makes every object, in order; what an object is made of stands before it. */
export class HeadReader implements Skeleton {
  readonly objects: (object | symbol)[] = [];
  readonly kinds: Kind[] = [];
  readonly forms: number[] = [];
  readonly externals: External[] = [];
  readonly withPrivates = new Set<number>();
  readonly detached: ArrayBuffer[] = [];
  readonly walks: Walk[] = [];
  /** By how much the offsets of views of a pool are too large. */
  readonly #poolStarts = new Map<number, number>();
  readonly #heads: ByteReader;
  readonly #pools: ByteReader;
  readonly #blobs: ByteReader;
  readonly #values: ValueReader;
  readonly #functions: FunctionReader;
  readonly #shapes: readonly Shape[];
  #valuesLeft: number;
  /** Of the object that is being made. */
  #form = 0;
  readonly #options: DecodeOptions;
  readonly #fillFirst: () => void;

  constructor(sections: HeadSections) {
    this.#heads = new ByteReader(sections.heads);
    this.#pools = new ByteReader(sections.pools);
    this.#blobs = new ByteReader(sections.blobs);
    this.#values = new ValueReader(this.#heads, sections.texts, this.objects, sections.options);
    this.#functions = new FunctionReader(this.#values, sections.options.code);
    this.#shapes = sections.shapes;
    this.#valuesLeft = sections.contentsBytes;
    this.#options = sections.options;
    this.#fillFirst = sections.fillFirst;
  }

  run(): void {
    while (this.#heads.remaining > 0) {
      const as = this.#heads.byte() as Kind;
      const object = this.#make(as);
      // Of something that is derived from another kind, its contents are that kind's.
      if (this.kinds.length === this.objects.length) this.kinds.push(as);
      this.objects.push(object);
      this.forms.push(this.#form);
      this.#form = 0;
    }
    if (this.#pools.remaining > 0 || this.#blobs.remaining > 0) {
      throw new SnapshotCorruptError('it holds bytes that belong to no buffer');
    }
  }

  #make(as: Kind): object | symbol {
    switch (as) {
      case kind.plain:
        return { ...this.#shape().template };
      case kind.nullPrototype:
        this.#shape();
        return Object.create(null) as object;
      case kind.array:
        this.#form = this.#heads.whole();
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
      default:
        return this.#makeOther(as);
    }
  }

  /** What is made out of others, and what is rare. */
  #makeOther(as: Kind): object | symbol {
    switch (as) {
      case kind.external:
        return this.#external(this.#values.text());
      case kind.symbol:
        return this.#heads.byte() === 0 ? Symbol() : Symbol(this.#values.text()); // oxlint-disable-line symbol-description
      case kind.derived:
        return this.#derived();
      case kind.closure:
        return this.#functions.closure();
      case kind.class:
        return this.#class();
      case kind.bound:
        return this.#functions.bound();
      case kind.member:
        return this.#functions.member();
      case kind.prototypeOf:
        return this.#functions.prototype();
      case kind.recipe:
        return this.#recipe(this.#values.text());
      case kind.saved:
        return this.#saved(this.#values.text());
      case kind.weakMap:
        return new WeakMap();
      case kind.weakSet:
        return new WeakSet();
      case kind.detachedBuffer:
        return this.#detached();
      case kind.arguments:
        return emptyArguments();
      case kind.sloppyArguments:
        return emptySloppyArguments();
      case kind.iterator:
        return this.#iterator();
      default:
        throw new SnapshotCorruptError(`no object is of kind ${String(as)}`);
    }
  }

  #iterator(): object {
    const walk = beginWalk(this.#heads.byte(), this.#values.next(), this.#heads.whole());
    this.walks.push(walk);
    return walk.iterator;
  }

  #shape(): Shape {
    this.#form = this.#heads.whole();
    const shape = this.#shapes[Math.floor(this.#form / shapeUnit)];
    if (shape === undefined) throw new SnapshotCorruptError('an object has an unknown shape');
    // Each value takes a byte at least: objects cannot have more of them than there are.
    this.#valuesLeft -= shape.keys.length;
    if (this.#valuesLeft < 0)
      throw new SnapshotCorruptError('more properties are announced than it has bytes');
    return shape;
  }

  #detached(): ArrayBuffer {
    const buffer = new ArrayBuffer(0);
    this.detached.push(buffer);
    return buffer;
  }

  #class(): object {
    const made = this.#functions.class();
    if (this.#heads.byte() === 1) this.withPrivates.add(this.objects.length);
    return made;
  }

  #derived(): object {
    const prototype = this.#values.next();
    if (!isObject(prototype)) throw new SnapshotCorruptError('an object has no prototype');
    const hasPrivates = this.#heads.byte() === 1;
    if (hasPrivates) this.withPrivates.add(this.objects.length);
    const base = this.#heads.byte() as Kind;
    this.kinds.push(base === kind.plain ? kind.derived : base);
    const room = hasPrivates ? (this.#options.code?.makeInstance(prototype, baseName(base)) ?? null) : null;
    if (base === kind.plain) {
      this.#shape();
      return room ?? (Object.create(prototype) as object);
    }
    const made = this.#make(base);
    if (!isObject(made) || base === kind.derived) throw new SnapshotCorruptError('an object has no kind');
    // The length of an array is noted already; collections and errors are still empty.
    if (room !== null && baseName(base) !== '') return room;
    Object.setPrototypeOf(made, prototype);
    return made;
  }

  #recipe(name: string): object {
    const recipe = recipeNamed(name);
    const args = this.#functions.list();
    if (recipe === undefined) throw new PermanentMissingError(name);
    const made = recipe.make(args);
    this.#options.code?.remade(made);
    return made;
  }

  #saved(name: string): object {
    const data = this.#values.next();
    const { classes } = this.#options;
    if (classes === undefined) throw new PermanentMissingError(`a saved class ${name}`);
    this.#fillFirst();
    return classes.load(name, data);
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
    if (!isObject(buffer) || bufferLength(buffer) < 0) {
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
    const isCarried = this.#heads.byte() === 1;
    const prototype = isCarried ? this.#values.next() : null;
    this.externals.push({ number: this.objects.length, kind: name, isCarried });
    const made = reviver.create(name);
    if (isObject(prototype) && getPrototypeOf(made) !== prototype) Object.setPrototypeOf(made, prototype);
    return made;
  }
}

/** Of the kinds that others can make room in. */
function baseName(base: Kind): string {
  if (base === kind.array) return 'Array';
  if (base === kind.map) return 'Map';
  if (base === kind.set) return 'Set';
  return base === kind.error ? 'Error' : '';
}

function emptyArguments(): object {
  const make = function (): object {
    // oxlint-disable-next-line prefer-rest-params
    return arguments;
  };
  return make();
}

/** Code of a module is strict, so this is made of a text. */
function emptySloppyArguments(): object {
  return (Reflect.construct(Function, ['return arguments']) as () => object)();
}
