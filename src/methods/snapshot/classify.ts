import { poolMaxBytes } from './buffer-column.ts';
import { describeValue } from './describe-value.ts';
import { kind } from './format.ts';
import {
  arrayBufferPrototype,
  arrayPrototype,
  bufferLength,
  builtinTag,
  dataViewExtent,
  datePrototype,
  dateTime,
  describe,
  errorPlaceByPrototype,
  getPrototypeOf,
  isArray,
  mapPrototype,
  mapSize,
  objectPrototype,
  placeOfView,
  regExpFlags,
  regExpPrototype,
  regExpSource,
  resizableMax,
  resize,
  setPrototype,
  setSize,
  typedArrayExtent,
  typedArrayName,
  unboxerFor,
  type ViewExtent,
  viewPlaceByPrototype,
} from './intrinsics.ts';
import type { EncodeOptions, ExternalRecord } from './options.ts';

type SimpleKind = typeof kind.plain | typeof kind.nullPrototype | typeof kind.map | typeof kind.set;

/** What an object is, and what its head has to say. */
export type Classified =
  | { readonly kind: 'simple'; readonly as: SimpleKind }
  | { readonly kind: 'array'; readonly length: number }
  | { readonly kind: 'date'; readonly time: number }
  | { readonly kind: 'regExp'; readonly source: string; readonly flags: string }
  | { readonly kind: 'error'; readonly place: number }
  | { readonly kind: 'boxed'; readonly primitive: unknown }
  | { readonly kind: 'buffer'; readonly bytes: Uint8Array; readonly max: number | null }
  | {
      readonly kind: 'view';
      readonly place: number;
      readonly extent: ViewExtent;
      readonly followsLength: boolean;
      readonly mayPool: boolean;
    }
  | { readonly kind: 'external'; readonly record: ExternalRecord }
  | { readonly kind: 'refused'; readonly description: string };

const plain: Classified = { kind: 'simple', as: kind.plain };
const withoutPrototype: Classified = { kind: 'simple', as: kind.nullPrototype };
const map: Classified = { kind: 'simple', as: kind.map };
const set: Classified = { kind: 'simple', as: kind.set };

/**
 * Says what an object is. What it claims to be by its prototype is checked against what the engine knows it to be,
 * so that an impostor is refused. Runs no code of the object's.
 */
export function classify(value: object, options: EncodeOptions): Classified {
  const prototype = getPrototypeOf(value);
  if (prototype === objectPrototype && isPlain(value)) return plain;
  try {
    const known = classifyByPrototype(value, prototype, options);
    if (known !== null) return known;
  } catch (thrown) {
    // An intrinsic getter refused its receiver: the value is not what its prototype says.
    if (!(thrown instanceof TypeError)) throw thrown;
  }
  const record = options.external?.(value) ?? null;
  return record === null
    ? { kind: 'refused', description: describeValue(value) }
    : { kind: 'external', record };
}

function classifyByPrototype(
  value: object,
  prototype: object | null,
  options: EncodeOptions,
): Classified | null {
  if (typeof value === 'function') return null;
  if (prototype === arrayPrototype) return isArray(value) ? { kind: 'array', length: value.length } : null;
  if (prototype === null) return isPlain(value) ? withoutPrototype : null;
  if (prototype === mapPrototype) return mapSize(value) >= 0 ? map : null;
  if (prototype === setPrototype) return setSize(value) >= 0 ? set : null;
  if (prototype === datePrototype) return { kind: 'date', time: dateTime(value) };
  if (prototype === regExpPrototype) {
    return { kind: 'regExp', source: regExpSource(value), flags: regExpFlags(value) };
  }
  if (prototype === arrayBufferPrototype) return classifyBuffer(value);
  const view = classifyView(value, prototype, options);
  if (view !== null) return view;
  const unbox = unboxerFor(prototype);
  if (unbox !== undefined) return { kind: 'boxed', primitive: Reflect.apply(unbox, value, []) };
  return classifyError(value, prototype, options);
}

/** Whether it is nothing but properties: no array, error, arguments object, namespace of a module. */
function isPlain(value: object): boolean {
  const found = builtinTag(value);
  if (found === '[object Object]') return true;
  const own = describe(value, Symbol.toStringTag);
  // With a toStringTag of its own the engine's opinion is hidden; a namespace of a module has a fixed one.
  return own !== undefined && !(own.value === 'Module' && own.configurable === false);
}

function classifyBuffer(value: object): Classified {
  if (bufferLength(value) < 0) throw new TypeError('no buffer');
  // A view of a detached buffer cannot be made: TypeError, refused.
  return { kind: 'buffer', bytes: new Uint8Array(value as ArrayBuffer), max: resizableMax(value) };
}

function classifyView(value: object, prototype: object, options: EncodeOptions): Classified | null {
  if (options.buffer !== undefined && prototype === options.buffer.prototype) {
    if (typedArrayName(value) !== 'Uint8Array') return null;
    const extent = typedArrayExtent(value);
    if (getPrototypeOf(extent.buffer) !== arrayBufferPrototype) return null;
    const totalBytes = bufferLength(extent.buffer);
    const mayPool =
      totalBytes <= poolMaxBytes && extent.length < totalBytes && resizableMax(extent.buffer) === null;
    return viewOf(value, placeOfView('Buffer'), extent, mayPool);
  }
  const place = viewPlaceByPrototype.get(prototype);
  if (place === undefined) return null;
  if (place === placeOfView('DataView')) return viewOf(value, place, dataViewExtent(value), false);
  if (viewPlaceByPrototype.get(prototype) !== placeOfView(typedArrayName(value) as 'Uint8Array')) return null;
  return viewOf(value, place, typedArrayExtent(value), false);
}

function viewOf(value: object, place: number, extent: ViewExtent, mayPool: boolean): Classified {
  const followsLength = !mayPool && followsItsBuffer(value as ArrayBufferView, extent.buffer);
  return { kind: 'view', place, extent, followsLength, mayPool };
}

/**
 * Whether a view grows and shrinks with its buffer. Nothing says so but the attempt: the buffer is resized by one
 * element and set back, with its bytes. Nobody runs in between.
 */
function followsItsBuffer(view: ArrayBufferView, buffer: object): boolean {
  if (getPrototypeOf(buffer) !== arrayBufferPrototype) return false;
  const max = resizableMax(buffer);
  if (max === null) return false;
  const lengthBytes = bufferLength(buffer);
  const seenBytes = view.byteLength;
  const stepBytes = 8;
  if (lengthBytes + stepBytes <= max) {
    resize(buffer, lengthBytes + stepBytes);
    const follows = view.byteLength !== seenBytes;
    resize(buffer, lengthBytes);
    return follows;
  }
  if (seenBytes === 0) return false;
  const saved = new Uint8Array(buffer as ArrayBuffer).slice();
  resize(buffer, lengthBytes - 1);
  // A fixed view is now out of bounds, and starts nowhere; one that follows still starts where it did, or is empty.
  const follows = view.byteLength > 0 || (view.byteOffset > 0 && view.byteOffset <= lengthBytes - 1);
  resize(buffer, lengthBytes);
  new Uint8Array(buffer as ArrayBuffer).set(saved);
  return follows;
}

function classifyError(value: object, prototype: object, options: EncodeOptions): Classified | null {
  const place = errorPlaceByPrototype.get(prototype);
  if (place !== undefined) return isError(value) ? { kind: 'error', place } : null;
  if (options.foreignErrors !== 'nearest') return null;
  for (let holder: object | null = prototype; holder !== null; holder = getPrototypeOf(holder)) {
    const nearest = errorPlaceByPrototype.get(holder);
    if (nearest !== undefined) return { kind: 'error', place: nearest };
  }
  return null;
}

function isError(value: object): boolean {
  return builtinTag(value) === '[object Error]' || describe(value, Symbol.toStringTag) !== undefined;
}
