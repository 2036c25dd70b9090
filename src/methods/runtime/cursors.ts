type Collection = Map<unknown, unknown> | Set<unknown> | readonly unknown[];
export type View = 'entries' | 'keys' | 'values';

const arrayValues = descriptorOf(Array.prototype, Symbol.iterator);
const arrayIterator = Object.getPrototypeOf([][Symbol.iterator]()) as object;
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
  mapIterator: descriptorOf(Map.prototype, Symbol.iterator),
  setIterator: descriptorOf(Set.prototype, Symbol.iterator),
  stringIterator: descriptorOf(String.prototype, Symbol.iterator) as Walker,
};

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
  readonly value: unknown;
  readonly ended: boolean;
}

/** The position of a `for…of` over something that is no plain array. A native iterator is kept, and made again after a move. */
export class Cursor {
  value: unknown = undefined;
  #source: unknown;
  #view: View;
  #iterator: Iterator<unknown> | null;
  #position = 0;
  #ended = false;

  private constructor(source: unknown, view: View, iterator: Iterator<unknown> | null) {
    this.#source = source;
    this.#view = view;
    this.#iterator = iterator;
  }

  static over(source: Collection | string, view: View): Cursor {
    return new Cursor(source, view, iteratorOf(source, view));
  }

  /** Over an iterator that its author made; it has no position that could be moved. */
  static native(iterator: Iterator<unknown>): Cursor {
    return new Cursor(null, 'values', iterator);
  }

  /** An empty one, for `fill`: a snapshot's values are made before they can be read. */
  static blank(): Cursor {
    return new Cursor(null, 'values', null);
  }

  /** Goes on from captured state; its collection must be whole: whatever changes it later must find the iterator there. */
  fill(state: CursorState): void {
    this.#source = state.source;
    this.#view = state.view;
    this.#position = state.position;
    this.#ended = state.ended;
    this.value = state.value;
    if (!state.ended) this.#wound();
  }

  /** Takes the next value into `value`. */
  step(): boolean {
    if (this.#ended) return false;
    const { done, value } = this.#wound().next();
    if (done === true) {
      this.#ended = true;
      return false;
    }
    this.#position += typeof this.#source === 'string' ? (value as string).length : 1;
    this.value = value;
    return true;
  }

  /** The cursor as data; null for a native iterator. Leaves it where it is. */
  capture(): CursorState | null {
    if (this.#iterator !== null && this.#source === null) return null;
    const source = this.#source as Collection | string;
    if (this.#iterator !== null && !this.#ended && (source instanceof Map || source instanceof Set)) {
      // Deletions before the position move it; what is still to come does not.
      let left = 0;
      while (this.#iterator.next().done !== true) left += 1;
      this.#position = source.size - left;
      this.#iterator = advanced(source, this.#view, this.#position);
    }
    return { view: this.#view, source, position: this.#position, value: this.value, ended: this.#ended };
  }

  /** Its native iterator; made from the position where there is none yet. */
  #wound(): Iterator<unknown> {
    if (this.#iterator !== null) return this.#iterator;
    const source = this.#source as Collection | string;
    this.#iterator =
      typeof source === 'string'
        ? iteratorOf(source.slice(this.#position), 'values')
        : advanced(source, this.#view, this.#position);
    return this.#iterator;
  }
}

function iteratorOf(source: Collection | string, view: View): Iterator<unknown> {
  if (typeof source === 'string') return intrinsics.stringIterator.call(source);
  if (source instanceof Map) return intrinsics.map[view].call(source);
  if (source instanceof Set) return intrinsics.set[view].call(source);
  return intrinsics.array[view].call(source);
}

function advanced(source: Collection, view: View, position: number): Iterator<unknown> {
  const iterator = iteratorOf(source, view);
  for (let passed = 0; passed < position; passed += 1) iterator.next();
  return iterator;
}

export function isPlainArray(value: unknown): value is readonly unknown[] {
  return (
    Array.isArray(value) &&
    value[Symbol.iterator] === arrayValues &&
    descriptorOf(arrayIterator, 'next') === arrayNext
  );
}

function isPlainTyped(value: object): boolean {
  return (
    ArrayBuffer.isView(value) &&
    (value as { [Symbol.iterator]?: unknown })[Symbol.iterator] === typedValues &&
    descriptorOf(arrayIterator, 'next') === arrayNext
  );
}

/**
 * What a `for…of` over `value` walks: arrays and typed arrays themselves, by index; otherwise a cursor. Null for what has an
 * iterator of its own.
 */
export function walkOf(value: unknown): unknown {
  if (isPlainArray(value)) return value;
  if (
    typeof value === 'string' &&
    descriptorOf(String.prototype, Symbol.iterator) === intrinsics.stringIterator
  ) {
    return Cursor.over(value, 'values');
  }
  if (typeof value === 'object' && value !== null) {
    if (isPlainTyped(value)) return value;
    const method = (value as { [Symbol.iterator]?: unknown })[Symbol.iterator];
    if (value instanceof Map && method === intrinsics.mapIterator) return Cursor.over(value, 'entries');
    if (value instanceof Set && method === intrinsics.setIterator) return Cursor.over(value, 'values');
    const prototype = Object.getPrototypeOf(value) as object | null;
    const isNative = [arrayIterator, mapIterator, setIterator, stringIterator, regExpIterator].includes(
      prototype ?? {},
    );
    if (isNative) return Cursor.native(value as Iterator<unknown>);
    if (typeof method === 'function') return null;
  }
  if (
    typeof value === 'function' &&
    typeof (value as { [Symbol.iterator]?: unknown })[Symbol.iterator] === 'function'
  )
    return null;
  // Not iterable: the native words, from a native walk; a primitive whose class was given an iterator is walked natively.
  return [...(value as Iterable<unknown>)];
}

/** The same for `value.entries()` and the like, where that is the language's own; null otherwise. */
export function walkViewOf(value: unknown, view: View): Cursor | null {
  if (typeof value !== 'object' || value === null) return null;
  const method = (value as Record<View, unknown>)[view];
  if (value instanceof Map && method === intrinsics.map[view]) return Cursor.over(value, view);
  if (value instanceof Set && method === intrinsics.set[view]) return Cursor.over(value, view);
  if (Array.isArray(value) && method === intrinsics.array[view]) return Cursor.over(value, view);
  return null;
}
