import {
  hasSlots,
  isBase,
  isError,
  isOwnArguments,
  isUntiedArguments,
  isPlain,
  isPlainInstance,
  nearestError,
} from './brands.ts';
import { poolMaxBytes } from './buffer-column.ts';
import { describeValue } from './describe-value.ts';
import { kind } from './format.ts';
import { type FunctionClassified, functionForm } from './functions.ts';
import type { Hints } from './hints.ts';
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
  hasOwn,
  isArray,
  isDetached,
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
  weakMapHas,
  weakMapPrototype,
  weakSetHas,
  weakSetPrototype,
} from './intrinsics.ts';
import type { Callable, EncodeOptions, ExternalRecord, PrivatesForm } from './options.ts';
import { intrinsics } from './permanents.ts';
import { recipeFor, searchParamsOfUrl } from './recipes.ts';
import { walkForm, type WalkForm } from './walks.ts';

type SimpleKind =
  | typeof kind.plain
  | typeof kind.nullPrototype
  | typeof kind.map
  | typeof kind.set
  | typeof kind.weakMap
  | typeof kind.weakSet
  | typeof kind.detachedBuffer
  | typeof kind.arguments
  | typeof kind.sloppyArguments;

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
  | { readonly kind: 'recipe'; readonly name: string; readonly args: readonly unknown[] }
  /** Something known, but for its prototype. */
  | {
      readonly kind: 'derived';
      readonly prototype: object;
      readonly base: Classified;
      readonly privates: readonly PrivatesForm[];
    }
  | FunctionClassified
  | WalkForm
  | { readonly kind: 'prototypeOf'; readonly of: object }
  /** `prototype` is null when the class is the host's own affair: the record says it all then. */
  | { readonly kind: 'external'; readonly record: ExternalRecord; readonly prototype: object | null }
  | { readonly kind: 'saved'; readonly name: string; readonly save: () => unknown }
  /** Held by reference after all. */
  | { readonly kind: 'named'; readonly name: string }
  | { readonly kind: 'refused'; readonly description: string };

const simple = (as: SimpleKind): Classified => ({ kind: 'simple', as });
const plain = simple(kind.plain);
const withoutPrototype = simple(kind.nullPrototype);
const map = simple(kind.map);
const set = simple(kind.set);
const weakMap = simple(kind.weakMap);
const weakSet = simple(kind.weakSet);
const detachedBuffer = simple(kind.detachedBuffer);
const argumentsObject = simple(kind.arguments);
const sloppyArguments = simple(kind.sloppyArguments);

/** What the objects with one prototype have in common, unless it is one of the language's own. */
interface Family {
  /** Whether their classes, as far up as they are not the language's own, are movable. */
  readonly isMovable: boolean;
  /** The language's own prototype that they inherit from; null without one. */
  readonly base: object | null;
}

const foreignFamily: Family = { isMovable: false, base: null };

/** Whether a function's `prototype` is an object that it was given: not what it was made with, nor like it. */
function isReplaced(owner: Callable, prototype: object): boolean {
  if (describe(owner, 'prototype')?.writable !== true) return false;
  return getPrototypeOf(prototype) !== objectPrototype || !isPlain(prototype);
}

/**
 * Says what objects are. What one claims to be by its prototype is checked against what the engine knows it to be,
 * so that an impostor is refused. Runs no code of the object's.
 */
export class Classifier {
  readonly #options: EncodeOptions;
  readonly #hints: Hints;
  readonly #families = new Map<object, Family>();

  constructor(options: EncodeOptions, hints: Hints) {
    this.#options = options;
    this.#hints = hints;
  }

  classify(value: object): Classified {
    const options = this.#options;
    if (options.isProxy?.(value) === true) return { kind: 'refused', description: 'Proxy' };
    if (options.code?.isStamped(value) === true) return this.#stamped(value, getPrototypeOf(value));
    if (typeof value === 'function') {
      return functionForm(value as Callable, options.code) ?? this.#others(value, null);
    }
    const prototype = getPrototypeOf(value);
    const owner = this.#ownerOf(value);
    if (owner !== null && !isReplaced(owner, value)) {
      const found = this.#prototypeOf(owner);
      if (found !== null) return found;
    } else if (owner === null && prototype === objectPrototype && isPlain(value)) {
      return plain;
    }
    const known = this.#tryKnown(value, prototype) ?? this.#derived(value, prototype);
    return known ?? this.#others(value, prototype);
  }

  /** An ordinary object with private elements that its prototype tells nothing of. */
  #stamped(value: object, prototype: object | null): Classified {
    const found = typeof value === 'function' ? null : this.#derived(value, prototype);
    if (found !== null) return found;
    if (prototype === objectPrototype && isPlain(value)) {
      return {
        kind: 'derived',
        prototype,
        base: plain,
        privates: this.#options.code?.privatesOf(value) ?? [],
      };
    }
    const description = `${describeValue(value)} with private elements of a class that it does not inherit from`;
    return { kind: 'refused', description };
  }

  /** Null as well when an intrinsic getter refuses its receiver: the value is not what its prototype says. */
  #tryKnown(value: object, prototype: object | null): Classified | null {
    try {
      return this.#known(value, prototype);
    } catch (thrown) {
      if (thrown instanceof TypeError) return null;
      throw thrown;
    }
  }

  /** The function whose `prototype` the object is. */
  #ownerOf(value: object): Callable | null {
    if (hasOwn(value, 'constructor')) {
      const owner: unknown = describe(value, 'constructor')?.value;
      if (typeof owner === 'function' && describe(owner, 'prototype')?.value === value)
        return owner as Callable;
    }
    const { prototypes } = this.#hints;
    return prototypes.size === 0 ? null : (prototypes.get(value) ?? null);
  }

  #prototypeOf(owner: Callable): Classified | null {
    const name = this.#options.permanents?.nameOf(owner) ?? intrinsics.nameOf(owner);
    if (name !== undefined) return { kind: 'named', name: `${name}.prototype` };
    return this.#isMovable(owner) ? { kind: 'prototypeOf', of: owner } : null;
  }

  #isMovable(owner: Callable): boolean {
    return functionForm(owner, this.#options.code) !== null;
  }

  #known(value: object, prototype: object | null): Classified | null {
    if (prototype === arrayPrototype) return isArray(value) ? { kind: 'array', length: value.length } : null;
    if (prototype === objectPrototype) {
      if (isPlain(value)) return plain;
      if (isOwnArguments(value)) return argumentsObject;
      return isUntiedArguments(value) ? sloppyArguments : null;
    }
    if (prototype === null) return isPlain(value) ? withoutPrototype : null;
    if (prototype === mapPrototype) return mapSize(value) >= 0 ? map : null;
    if (prototype === setPrototype) return setSize(value) >= 0 ? set : null;
    if (prototype === datePrototype) return { kind: 'date', time: dateTime(value) };
    if (prototype === regExpPrototype) {
      return { kind: 'regExp', source: regExpSource(value), flags: regExpFlags(value) };
    }
    if (prototype === arrayBufferPrototype) return classifyBuffer(value);
    // Each asks for a key that nobody has, and throws when the value is something else.
    if (prototype === weakMapPrototype) return weakMapHas(value, null) ? null : weakMap;
    if (prototype === weakSetPrototype) return weakSetHas(value, null) ? null : weakSet;
    const view = classifyView(value, prototype, this.#options);
    if (view !== null) return view;
    const unbox = unboxerFor(prototype);
    if (unbox !== undefined) return { kind: 'boxed', primitive: Reflect.apply(unbox, value, []) };
    const walk = walkForm(value, prototype, this.#options, this.#hints);
    if (walk !== null) return walk;
    const place = errorPlaceByPrototype.get(prototype);
    if (place !== undefined) return isError(value) ? { kind: 'error', place } : null;
    return this.#recipe(value, prototype);
  }

  #recipe(value: object, prototype: object): Classified | null {
    const url = this.#hints.urls.get(value);
    if (url !== undefined) return { kind: 'recipe', name: searchParamsOfUrl, args: [url] };
    const recipe = recipeFor(prototype);
    const args = recipe?.take(value) ?? null;
    return recipe === undefined || args === null ? null : { kind: 'recipe', name: recipe.name, args };
  }

  /** Instances of movable classes, and objects that inherit from objects. */
  #derived(value: object, prototype: object | null): Classified | null {
    if (prototype === null) return null;
    const family = this.#familyOf(prototype, value);
    if (!family.isMovable) return null;
    const isObject = family.base === null || family.base === objectPrototype;
    const base = (isObject ? null : this.#tryKnown(value, family.base)) ?? this.#ordinary(value, isObject);
    if (base === null) return null;
    return { kind: 'derived', prototype, base, privates: this.#options.code?.privatesOf(value) ?? [] };
  }

  /** An object that may inherit from `Map.prototype` without being a Map: as old ways of making classes do. */
  #ordinary(value: object, isOfObjects: boolean): Classified | null {
    if (isOfObjects) return isPlainInstance(value) ? plain : null;
    const found = builtinTag(value);
    return (found === '' || found === '[object Object]') && !hasSlots(value) ? plain : null;
  }

  #familyOf(prototype: object, instance: object): Family {
    const known = this.#families.get(prototype);
    if (known !== undefined) return known;
    const holders: object[] = [];
    let family: Family = foreignFamily;
    for (let holder: object = prototype; ;) {
      if (isBase(holder)) {
        family = { isMovable: true, base: holder };
        break;
      }
      const above = this.#families.get(holder);
      if (above !== undefined) {
        family = above;
        break;
      }
      if (this.#options.isProxy?.(holder) === true || intrinsics.nameOf(holder) !== undefined) break;
      const owner = this.#ownerOf(holder);
      if (owner !== null && !this.#isMovable(owner)) break;
      holders.push(holder);
      const next = getPrototypeOf(holder);
      if (next === null) {
        family = { isMovable: true, base: null };
        break;
      }
      holder = next;
    }
    // Slots hidden behind a prototype that knows nothing of them are looked for once: it is slow.
    if (family.base === objectPrototype && hasSlots(instance)) return foreignFamily;
    for (const holder of holders) this.#families.set(holder, family);
    return family;
  }

  /** What is neither of the language nor of movable code. */
  #others(value: object, prototype: object | null): Classified {
    const { external, classes, host, foreignErrors } = this.#options;
    const record = external?.(value) ?? null;
    if (record !== null) {
      return { kind: 'external', record, prototype: this.isCarried(prototype) ? prototype : null };
    }
    const saved = prototype === null ? null : (classes?.of(prototype) ?? null);
    if (saved !== null) return { kind: 'saved', name: saved.name, save: () => saved.save(value) };
    const place = foreignErrors === 'nearest' ? nearestError(prototype) : null;
    if (place !== null) return { kind: 'error', place };
    const name = host?.nameOf(value);
    if (name !== undefined) return { kind: 'named', name };
    const description = this.#inheritsProxy(prototype)
      ? 'object that inherits from a Proxy'
      : describeValue(value);
    return { kind: 'refused', description };
  }

  #inheritsProxy(prototype: object | null): boolean {
    const { isProxy } = this.#options;
    if (isProxy === undefined) return false;
    for (let holder = prototype; holder !== null; holder = getPrototypeOf(holder)) {
      if (isProxy(holder)) return true;
    }
    return false;
  }

  /** Whether a prototype is known by reference or movable. */
  isCarried(prototype: object | null): boolean {
    for (let holder = prototype; holder !== null; holder = getPrototypeOf(holder)) {
      if ((this.#options.permanents?.nameOf(holder) ?? intrinsics.nameOf(holder)) !== undefined) return true;
      const owner = this.#ownerOf(holder);
      if (owner !== null && !this.#isMovable(owner)) return false;
    }
    return true;
  }
}

function classifyBuffer(value: object): Classified {
  if (bufferLength(value) < 0) throw new TypeError('no buffer');
  if (isDetached(value)) return detachedBuffer;
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
  if (place === placeOfView('DataView')) {
    const extent = dataViewExtent(value);
    return viewOf(value, place, extent, false);
  }
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
