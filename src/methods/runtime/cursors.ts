import { notIterable } from './engine-words.ts';

type Collection = Map<unknown, unknown> | Set<unknown> | readonly unknown[];
export type View = 'entries' | 'keys' | 'values';

const arrayValues = descriptorOf(Array.prototype, Symbol.iterator);
const arrayIterator = Object.getPrototypeOf([][Symbol.iterator]()) as { readonly next: unknown };
const arrayNext = descriptorOf(arrayIterator, 'next');
const mapIterator = Object.getPrototypeOf(new Map().entries()) as object;
const setIterator = Object.getPrototypeOf(new Set().values()) as object;
const stringIterator = Object.getPrototypeOf(''[Symbol.iterator]()) as object;
const regExpIterator = Object.getPrototypeOf('a'.matchAll(/a/g)) as object;
const typedArray = Object.getPrototypeOf(Uint8Array.prototype) as object;
const typedValues = (typedArray as { [Symbol.iterator]: unknown })[Symbol.iterator];
const intrinsics = {
  map: viewsOf(Map.prototype),
  set: viewsOf(Set.prototype),
  array: viewsOf(Array.prototype),
  typed: viewsOf(typedArray),
  stringIterator: descriptorOf(String.prototype, Symbol.iterator) as Walker,
};

const mapEntries = descriptorOf(Map.prototype, Symbol.iterator) as Walker;
const setValues = descriptorOf(Set.prototype, Symbol.iterator) as Walker;

type Walker = (this: unknown) => Iterator<unknown>;

function viewsOf(prototype: object): Readonly<Record<View, Walker>> {
  const view = (name: View): Walker => descriptorOf(prototype, name) as Walker;
  return { entries: view('entries'), keys: view('keys'), values: view('values') };
}

function descriptorOf(object: object, key: PropertyKey): unknown {
  return Object.getOwnPropertyDescriptor(object, key)?.value;
}

/** How far a cursor has come, as data. */
export interface CursorState {
  readonly view: View;
  readonly source: unknown;
  /** What has been passed: entries of a Map or Set that are still in it, elements, or UTF-16 units. */
  readonly position: number;
}

/**
 * The position of a walk over a collection of the language's own. Generated code calls the native iterator itself, which V8
 * makes as fast there as native code; where it stands is only found out when somebody asks.
 */
export class Cursor {
  /** The native iterator. */
  it: Iterator<unknown>;
  #isShared = false;
  value: unknown = undefined;
  #source: Collection | string;
  #view: View;

  private constructor(source: Collection | string, view: View, it: Iterator<unknown>) {
    this.#source = source;
    this.#view = view;
    this.it = it;
  }

  /** See `wayOf` of the gate. */
  get way(): 1 {
    return 1;
  }

  static over(source: Collection | string, view: View): Cursor {
    return new Cursor(source, view, iteratorOf(source, view));
  }

  /** @param it over all of `source` */
  static at(source: Collection, view: View, it: Iterator<unknown>): Cursor {
    return new Cursor(source, view, it);
  }

  /** Over an iterator of the language's own that its author holds; a snapshot finds its position itself. */
  static native(iterator: Iterator<unknown>): Cursor {
    const cursor = new Cursor([], 'values', iterator);
    cursor.#isShared = true;
    return cursor;
  }

  /** An empty one, for `fill`: a snapshot's values are made before they can be read. */
  static blank(): Cursor {
    return Cursor.over([], 'values');
  }

  /** Goes on from captured state; its collection must be whole: whatever changes it later must find the iterator there. */
  fill({ source, view, position }: CursorState): void {
    this.#source = source as Collection | string;
    this.#view = view;
    this.it = advanced(this.#source, view, position);
  }

  /** Goes on with an iterator that the program holds, too. */
  share(iterator: Iterator<unknown>): void {
    this.it = iterator;
    this.#isShared = true;
  }

  /** Takes the next value into `value`. */
  step(): boolean {
    const { done, value } = this.it.next();
    this.value = value;
    return done !== true;
  }

  /** The iterator, when its author holds it, too; the snapshot has to keep it one. */
  get shared(): Iterator<unknown> | null {
    return this.#isShared ? this.it : null;
  }

  /** The cursor as data. Leaves it where it is. */
  capture(): CursorState {
    const source = this.#source;
    // What is still to come tells where it stands: entries that were deleted before that move it.
    let left = 0;
    for (let next = this.it.next(); next.done !== true; next = this.it.next()) {
      left += typeof source === 'string' ? (next.value as string).length : 1;
    }
    const size = typeof source === 'string' || isList(source) ? source.length : source.size;
    const position = size - left;
    this.it = advanced(source, this.#view, position);
    return { view: this.#view, source, position };
  }
}

function isList(source: Collection | string): source is readonly unknown[] {
  return typeof source !== 'string' && !(source instanceof Map) && !(source instanceof Set);
}

function iteratorOf(source: Collection | string, view: View): Iterator<unknown> {
  if (typeof source === 'string') return intrinsics.stringIterator.call(source);
  if (source instanceof Map) return intrinsics.map[view].call(source);
  if (source instanceof Set) return intrinsics.set[view].call(source);
  return intrinsics.array[view].call(source);
}

function advanced(source: Collection | string, view: View, position: number): Iterator<unknown> {
  if (typeof source === 'string') return iteratorOf(source.slice(position), view);
  const iterator = iteratorOf(source, view);
  for (let passed = 0; passed < position; passed += 1) iterator.next();
  return iterator;
}

const makers = new Set<unknown>(
  [intrinsics.map, intrinsics.set, intrinsics.array, intrinsics.typed].flatMap((views) =>
    Object.values(views),
  ),
);
for (const of of [Map, Set, Array, String]) makers.add(descriptorOf(of.prototype, Symbol.iterator));
makers.add(descriptorOf(String.prototype, 'matchAll'));

/** Whether it is one of the language's own functions that make iterators: a call of it comes back from native code. */
export function makesIterator(f: unknown): boolean {
  return makers.has(f);
}

/** Whether nobody stands between an array and what walks it. */
export function isArrayWalkIntact(): boolean {
  return Array.prototype[Symbol.iterator] === arrayValues && arrayIterator.next === arrayNext;
}

export function isPlainArray(value: unknown): value is readonly unknown[] {
  return Array.isArray(value) && value[Symbol.iterator] === arrayValues && arrayIterator.next === arrayNext;
}

function isPlainTyped(value: object): boolean {
  return (
    ArrayBuffer.isView(value) &&
    (value as { [Symbol.iterator]?: unknown })[Symbol.iterator] === typedValues &&
    arrayIterator.next === arrayNext
  );
}

/** The same for what is walked most: an array itself, or a cursor over a Map or Set; null for everything else. */
export function walkOfCommon(value: unknown): unknown {
  if (isPlainArray(value)) return value;
  if (typeof value !== 'object' || value === null) return null;
  const method = (value as { [Symbol.iterator]?: unknown })[Symbol.iterator];
  // V8 makes these iterators in place, where it knows which functions make them.
  if (method === mapEntries && value instanceof Map)
    return Cursor.at(value, 'entries', mapEntries.call(value));
  if (method === setValues && value instanceof Set) return Cursor.at(value, 'values', setValues.call(value));
  return null;
}

/**
 * What a `for…of` over `value` walks: arrays and typed arrays themselves, by index; otherwise a cursor. Null for what has an
 * iterator of its own.
 */
export function walkOf(value: unknown, name?: string): unknown {
  const common = walkOfCommon(value);
  if (common !== null) return common;
  if (typeof value === 'string' && value[Symbol.iterator] === intrinsics.stringIterator) {
    return Cursor.over(value, 'values');
  }
  if (typeof value === 'object' && value !== null) {
    if (isPlainTyped(value)) return value;
    const method = (value as { [Symbol.iterator]?: unknown })[Symbol.iterator];
    const prototype = Object.getPrototypeOf(value) as object | null;
    const isNative = [arrayIterator, mapIterator, setIterator, stringIterator, regExpIterator].includes(
      prototype ?? {},
    );
    // `arguments`, and whatever else was given the iterator of arrays.
    if (method === arrayValues && arrayIterator.next === arrayNext) {
      return Cursor.over(value as readonly unknown[], 'values');
    }
    if (isNative) return Cursor.native(value as Iterator<unknown>);
    if (typeof method === 'function') return null;
  }
  if (
    typeof value === 'function' &&
    typeof (value as { [Symbol.iterator]?: unknown })[Symbol.iterator] === 'function'
  )
    return null;
  // A primitive whose class was given an iterator is walked natively.
  if (isIterable(value)) return [...value];
  throw notIterable(value, name);
}

/** The same for `value.entries()` and the like, where that is the language's own; null otherwise. */
export function walkViewOf(value: unknown, view: View): Cursor | null {
  if (typeof value !== 'object' || value === null) return null;
  const method = (value as Record<View, unknown>)[view];
  if (value instanceof Map && method === intrinsics.map[view]) return Cursor.over(value, view);
  if (value instanceof Set && method === intrinsics.set[view]) return Cursor.over(value, view);
  if (Array.isArray(value) && method === intrinsics.array[view]) return Cursor.over(value, view);
  if (ArrayBuffer.isView(value) && method === intrinsics.typed[view]) {
    return Cursor.over(value as unknown as readonly unknown[], view);
  }
  return null;
}

export function isIterable(value: unknown): value is Iterable<unknown> {
  if (value === null || value === undefined) return false;
  return typeof (value as { [Symbol.iterator]?: unknown })[Symbol.iterator] === 'function';
}
