import { errorNames, type ViewName, viewNames, type walkViews } from './format.ts';

/**
 * The language's own objects as they were when this module was loaded, so that a program that patches a prototype
 * neither changes what a snapshot holds nor gets to run while one is taken.
 */
export const apply = Reflect.apply;
export const getPrototypeOf = Object.getPrototypeOf as (value: object) => object | null;
export const describe = Reflect.getOwnPropertyDescriptor;
export const ownNames = Object.getOwnPropertyNames;
export const ownKeys = Reflect.ownKeys;
export const ownSymbols = Object.getOwnPropertySymbols;
export const hasOwn = Object.hasOwn;
export const isExtensible = Object.isExtensible;
export const isSealed = Object.isSealed;
export const isFrozen = Object.isFrozen;
export const isArray = Array.isArray;

export type Method = (this: unknown, ...parameters: unknown[]) => unknown;
export type Getter = (this: unknown) => unknown;

export function methodOf(holder: object, key: string): Method {
  const method: unknown = Reflect.get(holder, key);
  if (typeof method !== 'function') throw new TypeError(`This engine has no method ${key}`);
  return method as Method;
}

export function getterOf(prototype: object, key: string | symbol): Getter {
  const getter = Reflect.getOwnPropertyDescriptor(prototype, key)?.get;
  if (getter === undefined) throw new TypeError(`This engine has no getter ${String(key)}`);
  return getter;
}

export const objectPrototype = Object.prototype;
export const functionPrototype = Function.prototype as object;
export const arrayPrototype = Array.prototype;
export const mapPrototype = Map.prototype;
export const setPrototype = Set.prototype;
export const datePrototype = Date.prototype;
export const regExpPrototype = RegExp.prototype;
export const arrayBufferPrototype = ArrayBuffer.prototype;

const nativePromise = Promise;

export function isPromise(value: object): boolean {
  return value instanceof nativePromise;
}

/**
 * What a promise has from the start: with async hooks on, and before Node.js 24 with any AsyncLocalStorage, Node.js keeps
 * numbers of this process and the stores of its callers on every promise.
 */
export function symbolsOnNewPromises(): readonly symbol[] {
  return ownSymbols(new nativePromise(() => undefined));
}

const objectToString = methodOf(Object.prototype, 'toString');
const mapSizeGetter = getterOf(Map.prototype, 'size');
const setSizeGetter = getterOf(Set.prototype, 'size');
const mapForEachMethod = methodOf(Map.prototype, 'forEach');
const setForEachMethod = methodOf(Set.prototype, 'forEach');
const dateGetTime = methodOf(Date.prototype, 'getTime');
const sourceGetter = getterOf(RegExp.prototype, 'source');
const flagsGetter = getterOf(RegExp.prototype, 'flags');
const bufferLengthGetter = getterOf(ArrayBuffer.prototype, 'byteLength');
const typedArrayPrototype = getPrototypeOf(Uint8Array.prototype) as object;
const typedArrayNameGetter = getterOf(typedArrayPrototype, Symbol.toStringTag);
const typedArrayBufferGetter = getterOf(typedArrayPrototype, 'buffer');
const typedArrayOffsetGetter = getterOf(typedArrayPrototype, 'byteOffset');
const typedArrayLengthGetter = getterOf(typedArrayPrototype, 'length');
const dataViewBufferGetter = getterOf(DataView.prototype, 'buffer');
const dataViewOffsetGetter = getterOf(DataView.prototype, 'byteOffset');
const dataViewLengthGetter = getterOf(DataView.prototype, 'byteLength');
const resizableGetter = Reflect.getOwnPropertyDescriptor(ArrayBuffer.prototype, 'resizable')?.get;
const maxLengthGetter = Reflect.getOwnPropertyDescriptor(ArrayBuffer.prototype, 'maxByteLength')?.get;
const resizeMethod: unknown = Reflect.get(ArrayBuffer.prototype, 'resize');

/** `[object Array]` and the like: what the engine takes it for; empty when a toStringTag hides it, which may be a getter. */
export function builtinTag(value: object): string {
  return Symbol.toStringTag in value ? '' : (apply(objectToString, value, []) as string);
}

// Each of these throws a TypeError when the value is not what its prototype says.
export const mapSize = (value: object): number => apply(mapSizeGetter, value, []) as number;
export const setSize = (value: object): number => apply(setSizeGetter, value, []) as number;
export const dateTime = (value: object): number => apply(dateGetTime, value, []) as number;
export const bufferLength = (value: object): number => apply(bufferLengthGetter, value, []) as number;
export const regExpSource = (value: object): string => apply(sourceGetter, value, []) as string;

export function mapForEach(map: object, visit: (value: unknown, key: unknown) => void): void {
  apply(mapForEachMethod, map, [visit]);
}

export function setForEach(set: object, visit: (item: unknown) => void): void {
  apply(setForEachMethod, set, [visit]);
}

const mapSetMethod = methodOf(Map.prototype, 'set');
const setAddMethod = methodOf(Set.prototype, 'add');

export function mapSet(map: object, key: unknown, item: unknown): void {
  apply(mapSetMethod, map, [key, item]);
}

export function setAdd(set: object, item: unknown): void {
  apply(setAddMethod, set, [item]);
}

const mapDeleteMethod = methodOf(Map.prototype, 'delete');
const setDeleteMethod = methodOf(Set.prototype, 'delete');

export function mapDelete(map: object, key: unknown): void {
  apply(mapDeleteMethod, map, [key]);
}

export function setDelete(set: object, item: unknown): void {
  apply(setDeleteMethod, set, [item]);
}

const mapEntriesMethod = methodOf(Map.prototype, 'entries');
const setValuesMethod = methodOf(Set.prototype, 'values');
const mapNextMethod = methodOf(getPrototypeOf(new Map().entries()) as object, 'next');
const setNextMethod = methodOf(getPrototypeOf(new Set().values()) as object, 'next');

function first(iterator: object, next: Method, countMax: number): unknown[] {
  const found: unknown[] = [];
  while (found.length < countMax) {
    const step = apply(next, iterator, []) as IteratorResult<unknown, undefined>;
    if (step.done === true) break;
    found.push(step.value);
  }
  return found;
}

export const mapIteratorPrototype = getPrototypeOf(new Map().entries());
export const setIteratorPrototype = getPrototypeOf(new Set().values());
const walkers: Readonly<Record<(typeof walkViews)[number], Method>> = {
  'Map entries': mapEntriesMethod,
  'Map keys': methodOf(Map.prototype, 'keys'),
  'Map values': methodOf(Map.prototype, 'values'),
  'Set entries': methodOf(Set.prototype, 'entries'),
  'Set values': setValuesMethod,
};

/** @throws {TypeError} when it is no collection of that kind */
export function walkerOf(view: (typeof walkViews)[number], collection: object): object {
  return apply(walkers[view], collection, []) as object;
}

/** Takes the next of an iterator of a Map or Set. @returns whether there was one */
export function advance(iterator: object): boolean {
  const next = getPrototypeOf(iterator) === mapIteratorPrototype ? mapNextMethod : setNextMethod;
  return (apply(next, iterator, []) as IteratorResult<unknown>).done !== true;
}

/** The entry that comes after so many; null when there is none. */
export function nextOfMap(map: object, passed: number): readonly [unknown, unknown] | null {
  const iterator = apply(mapEntriesMethod, map, []) as object;
  for (let count = 0; count < passed; count += 1) advance(iterator);
  const step = apply(mapNextMethod, iterator, []) as IteratorResult<readonly [unknown, unknown], undefined>;
  return step.value ?? null;
}

export function firstOfMap(map: object, countMax: number): readonly (readonly [unknown, unknown])[] {
  return first(apply(mapEntriesMethod, map, []) as object, mapNextMethod, countMax) as [unknown, unknown][];
}

export function firstOfSet(set: object, countMax: number): readonly unknown[] {
  return first(apply(setValuesMethod, set, []) as object, setNextMethod, countMax);
}

export const weakMapPrototype = WeakMap.prototype;
export const weakSetPrototype = WeakSet.prototype;
const weakMapHasMethod = methodOf(WeakMap.prototype, 'has');
const weakMapGetMethod = methodOf(WeakMap.prototype, 'get');
const weakMapSetMethod = methodOf(WeakMap.prototype, 'set');
const weakSetHasMethod = methodOf(WeakSet.prototype, 'has');
const weakSetAddMethod = methodOf(WeakSet.prototype, 'add');

export const weakMapHas = (map: object, key: unknown): boolean =>
  apply(weakMapHasMethod, map, [key]) === true;
export const weakMapGet = (map: object, key: unknown): unknown => apply(weakMapGetMethod, map, [key]);
export const weakSetHas = (set: object, key: unknown): boolean =>
  apply(weakSetHasMethod, set, [key]) === true;

export function weakMapSet(map: object, key: unknown, item: unknown): void {
  apply(weakMapSetMethod, map, [key, item]);
}

export function weakSetAdd(set: object, key: unknown): void {
  apply(weakSetAddMethod, set, [key]);
}

const functionToString = methodOf(Function.prototype, 'toString');
export const sourceOf = (code: object): string => apply(functionToString, code, []) as string;

/** The flags by the intrinsic getter, which reads single getters of the prototype: those are the language's as well. */
export const regExpFlags = (value: object): string => apply(flagsGetter, value, []) as string;

const detachedGetter = Reflect.getOwnPropertyDescriptor(ArrayBuffer.prototype, 'detached')?.get;

/** Whether the bytes of a buffer have gone to somebody else. */
export function isDetached(buffer: object): boolean {
  if (detachedGetter !== undefined) return apply(detachedGetter, buffer, []) === true;
  if (bufferLength(buffer) > 0) return false;
  try {
    return new Uint8Array(buffer as ArrayBuffer).length > 0;
  } catch {
    return true;
  }
}

export function detach(buffer: ArrayBuffer): void {
  structuredClone(null, { transfer: [buffer] });
}

/** @returns the maximum length of a buffer that can be resized, or null */
export function resizableMax(buffer: object): number | null {
  if (resizableGetter === undefined || maxLengthGetter === undefined) return null;
  return apply(resizableGetter, buffer, []) === true ? (apply(maxLengthGetter, buffer, []) as number) : null;
}

export function resize(buffer: object, length: number): void {
  apply(resizeMethod as (this: unknown, length: number) => void, buffer, [length]);
}

/** Makes a buffer; one that can be resized if `max` is not null. */
export function makeBuffer(length: number, max: number | null): ArrayBuffer {
  if (max === null) return new ArrayBuffer(length);
  return Reflect.construct(ArrayBuffer, [length, { maxByteLength: max }]) as ArrayBuffer;
}

export interface ViewExtent {
  readonly buffer: object;
  readonly byteOffset: number;
  /** In elements; of a DataView in bytes. */
  readonly length: number;
}

export function typedArrayExtent(view: object): ViewExtent {
  return {
    buffer: apply(typedArrayBufferGetter, view, []) as object,
    byteOffset: apply(typedArrayOffsetGetter, view, []) as number,
    length: apply(typedArrayLengthGetter, view, []) as number,
  };
}

export function dataViewExtent(view: object): ViewExtent {
  const buffer = apply(dataViewBufferGetter, view, []) as object;
  if (isDetached(buffer)) return { buffer, byteOffset: 0, length: 0 };
  return {
    buffer,
    byteOffset: apply(dataViewOffsetGetter, view, []) as number,
    length: apply(dataViewLengthGetter, view, []) as number,
  };
}

/** `Uint8Array` and the like, whatever the prototype; undefined when it is no typed array. */
export function typedArrayName(value: object): string | undefined {
  return apply(typedArrayNameGetter, value, []) as string | undefined;
}

export type ViewConstructor = new (
  buffer: ArrayBuffer,
  byteOffset: number,
  length?: number,
) => ArrayBufferView;

function globalNamed(name: string): unknown {
  return Reflect.get(globalThis, name);
}

/** By place in `viewNames`; undefined for what this engine lacks, and for Buffer. */
export const viewConstructors: readonly (ViewConstructor | undefined)[] = viewNames.map((name) =>
  name === 'Buffer' ? undefined : (globalNamed(name) as ViewConstructor | undefined),
);

export const viewPlaceByPrototype: ReadonlyMap<object, number> = new Map(
  viewConstructors.flatMap((view, place) =>
    view === undefined ? [] : [[view.prototype as object, place] as const],
  ),
);

export const placeOfView = (name: ViewName): number => viewNames.indexOf(name);

export const errorConstructors = errorNames.map(
  (name) => globalNamed(name) as new (...parameters: unknown[]) => Error,
);

export const errorPlaceByPrototype: ReadonlyMap<object, number> = new Map(
  errorConstructors.map((constructor, place) => [constructor.prototype as object, place]),
);

const unboxers: ReadonlyMap<object, (this: unknown) => unknown> = new Map<object, Method>([
  [Number.prototype, methodOf(Number.prototype, 'valueOf')],
  [String.prototype, methodOf(String.prototype, 'valueOf')],
  [Boolean.prototype, methodOf(Boolean.prototype, 'valueOf')],
  [Symbol.prototype, methodOf(Symbol.prototype, 'valueOf')],
  [BigInt.prototype, methodOf(BigInt.prototype, 'valueOf')],
]);

export const boxPrototypes: readonly object[] = [...unboxers.keys()];

/** @returns a function that yields what is boxed (and throws when nothing is), if the prototype is that of a box */
export const unboxerFor = (prototype: object): ((this: unknown) => unknown) | undefined =>
  unboxers.get(prototype);

/** `iterator`, `asyncIterator`, … */
export const wellKnownSymbols: ReadonlyMap<symbol, string> = new Map(
  Object.getOwnPropertyNames(Symbol).flatMap((name) => {
    const value: unknown = Reflect.get(Symbol, name);
    return typeof value === 'symbol' ? [[value, name] as const] : [];
  }),
);

/** The getter of an error's own `stack`, on engines where it is an accessor. */
export const nativeStackGetter = describe(new Error('probe'), 'stack')?.get;
const nativeStackSetter = describe(new Error('probe'), 'stack')?.set;
const captureStack: unknown = Reflect.get(Error, 'captureStackTrace');

/** Gives an object a stack of the engine's own kind. @returns false on engines that know none */
export function giveNativeStack(holder: object, stack: unknown): boolean {
  if (nativeStackGetter === undefined || nativeStackSetter === undefined) return false;
  if (typeof captureStack !== 'function') return false;
  if (describe(holder, 'stack')?.get !== nativeStackGetter) apply(captureStack, Error, [holder]);
  if (describe(holder, 'stack')?.get !== nativeStackGetter) return false;
  apply(nativeStackSetter, holder, [stack]);
  return true;
}
