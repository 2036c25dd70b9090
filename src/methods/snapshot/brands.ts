import {
  arrayBufferPrototype,
  arrayPrototype,
  boxPrototypes,
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
  mapPrototype,
  mapSize,
  objectPrototype,
  regExpPrototype,
  setPrototype,
  setSize,
  typedArrayName,
  viewPlaceByPrototype,
  weakMapHas,
  weakMapPrototype,
  weakSetHas,
  weakSetPrototype,
} from './intrinsics.ts';
import { recipeFor } from './recipes.ts';

/** Whether it is nothing but properties: no array, error, arguments object, namespace of a module. */
export function isPlain(value: object): boolean {
  const found = builtinTag(value);
  if (found !== '') return found === '[object Object]';
  // A toStringTag hides the engine's opinion; a namespace of a module has a fixed one.
  const own = describe(value, Symbol.toStringTag);
  return !(own?.value === 'Module' && own.configurable === false) && !hasSlots(value);
}

/** The same, of an object whose class was looked at before. */
export function isPlainInstance(value: object): boolean {
  const found = builtinTag(value);
  if (found !== '') return found === '[object Object]';
  return !hasOwn(value, Symbol.toStringTag) || isPlain(value);
}

/** Strict arguments, which are not tied to parameters. */
export function isOwnArguments(value: object): boolean {
  return builtinTag(value) === '[object Arguments]' && describe(value, 'callee')?.get !== undefined;
}

/** Arguments of sloppy code, of a function without parameters that they could be tied to. */
export function isUntiedArguments(value: object): boolean {
  if (builtinTag(value) !== '[object Arguments]') return false;
  const callee: unknown = describe(value, 'callee')?.value;
  return typeof callee === 'function' && describe(callee, 'length')?.value === 0;
}

/** The language's own prototypes that instances can be made for. */
export function isBase(prototype: object): boolean {
  return bases.has(prototype) || viewPlaceByPrototype.has(prototype) || recipeFor(prototype) !== undefined;
}

const bases: ReadonlySet<object> = new Set<object>([
  objectPrototype,
  arrayPrototype,
  mapPrototype,
  setPrototype,
  datePrototype,
  regExpPrototype,
  arrayBufferPrototype,
  weakMapPrototype,
  weakSetPrototype,
  ...errorPlaceByPrototype.keys(),
  ...boxPrototypes,
]);

const slotProbes: readonly ((value: object) => unknown)[] = [
  mapSize,
  setSize,
  dateTime,
  bufferLength,
  dataViewExtent,
  (value) => weakMapHas(value, null),
  (value) => weakSetHas(value, null),
];

/** Whether the engine keeps something in the object that its properties do not show. Slow where it does not. */
export function hasSlots(value: object): boolean {
  if (isArray(value) || typedArrayName(value) !== undefined) return true;
  return slotProbes.some((probe) => {
    try {
      probe(value);
      return true;
    } catch {
      return false;
    }
  });
}

/** The place of the language's own class of errors that comes next in the chain; null without one. */
export function nearestError(prototype: object | null): number | null {
  for (let holder = prototype; holder !== null; holder = getPrototypeOf(holder)) {
    const place = errorPlaceByPrototype.get(holder);
    if (place !== undefined) return place;
  }
  return null;
}

export function isError(value: object): boolean {
  const found = builtinTag(value);
  return found === '[object Error]' || found === '';
}
