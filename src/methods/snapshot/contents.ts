import { constructorOf, functionName } from './describe-value.ts';
import type { Encoder } from './encoder.ts';
import {
  attribute,
  hasFixedLength,
  hasProperties,
  hasPrototype,
  hasSymbols,
  integrity,
  kind,
  levelMask,
  shapeUnit,
  tag,
} from './format.ts';
import {
  builtinTag,
  describe,
  errorPlaceByPrototype,
  functionPrototype,
  getPrototypeOf,
  isArray,
  isExtensible,
  isPromise,
  mapForEach,
  mapSize,
  nativeStackGetter,
  objectPrototype,
  ownKeys,
  ownNames,
  ownSymbols,
  setForEach,
  setSize,
  symbolsOnNewPromises,
  typedArrayExtent,
  typedArrayName,
} from './intrinsics.ts';
import { attributesOf, integrityOf, isAccessor } from './properties.ts';
import { ownKeysFromStart } from './recipes.ts';
import { Refusal } from './refusal.ts';

/** Writes what an object holds. Whatever it refers to is numbered on the way, and written when its turn comes. */
export function writeContents(out: Encoder, number: number, value: object): void {
  writeHeld(out, number, value);
  if (out.privates.size > 0) writePrivates(out, number);
}

function writeHeld(out: Encoder, number: number, value: object): void {
  switch (out.kinds[number]) {
    case kind.plain:
    case kind.nullPrototype:
    case kind.derived:
      return writePlain(out, number, value);
    case kind.array:
      return writeArray(out, value as unknown[]);
    case kind.map:
      out.contents.whole(mapSize(value));
      mapForEach(value, (item, key) => {
        out.value(key);
        out.value(item);
      });
      break;
    case kind.set:
      out.contents.whole(setSize(value));
      setForEach(value, (item) => out.value(item));
      break;
    case kind.weakMap:
    case kind.weakSet:
      out.weak.add(number, value, out.kinds[number] === kind.weakMap);
      break;
    case kind.view:
    case kind.boxed:
      return writeTrailer(out, value, integrityOf(value), withSymbols(value, namedKeys(out, value)));
    case kind.error:
      return writeError(out, value, out.isDerived(number) ? null : foreignName(value));
    case kind.external:
      return writeExternal(out, number, value);
    case kind.recipe:
      return writeTrailer(out, value, integrityOf(value), addedKeys(out, value));
    case kind.closure:
    case kind.class:
    case kind.bound:
    case kind.member:
      return writeFunction(out, value);
    case kind.saved:
      return;
    default:
      break;
  }
  writeTrailer(out, value, integrityOf(value), withSymbols(value, ownNames(value)));
}

/** `foreign` is the name of a class that stays behind; null otherwise. */
function writeError(out: Encoder, value: object, foreign: string | null): void {
  const keys = withSymbols(value, ownNames(value));
  if (foreign === null) return writeTrailer(out, value, integrityOf(value), keys);
  out.contents.byte(integrityOf(value) | hasProperties);
  writeProperties(out, value, keys, foreign);
}

function writePrivates(out: Encoder, number: number): void {
  const privates = out.privates.get(number);
  if (privates === undefined) return;
  out.contents.whole(privates.length);
  for (const { owner, values } of privates) {
    out.value(owner);
    out.contents.whole(values.length);
    for (const value of values) out.value(value);
  }
}

function writeExternal(out: Encoder, number: number, value: object): void {
  const found = out.records.get(number);
  out.value(found?.record.record);
  if (found !== undefined && found.prototype !== null) {
    writeTrailer(out, value, integrityOf(value), [...ownNames(value), ...symbolsOfItsOwn(value)]);
  }
}

/** Without those that stand on a promise only because of where it was made. */
function symbolsOfItsOwn(value: object): readonly symbol[] {
  const symbols = ownSymbols(value);
  if (symbols.length === 0 || !isPromise(value)) return symbols;
  const hooked = symbolsOnNewPromises();
  return symbols.filter((symbol) => !hooked.includes(symbol));
}

/** Own properties that the value has got since it was made. */
function addedKeys(out: Encoder, value: object): (string | symbol)[] {
  const keys = ownKeys(value);
  if (keys.length === 0) return keys;
  const from = out.recipeOf(value);
  const first = from === null ? new Set<string | symbol>() : ownKeysFromStart(from.name, from.args);
  return keys.filter((key) => !first.has(key));
}

/**
 * A function's properties, all of them: those that it was made with are compared with them at the target. The
 * `prototype` that every function is made with goes without saying, unless something was done to it.
 */
function writeFunction(out: Encoder, value: object): void {
  const given = givenPrototype(out, value);
  const keys = functionKeys(out, value);
  writeTrailer(out, value, integrityOf(value), keys, given === undefined ? 0 : hasPrototype);
  if (given !== undefined) out.value(given);
}

/** What a function inherits from, if somebody has set that; undefined otherwise. */
function givenPrototype(out: Encoder, value: object): object | null | undefined {
  const prototype = getPrototypeOf(value);
  if (prototype === functionPrototype) return undefined;
  const form = out.forms.get(value);
  if (form?.kind === 'class' && prototype === form.superclass) return undefined;
  if (form?.kind === 'bound' && prototype === getPrototypeOf(form.target)) return undefined;
  return prototype !== null && (out.isNamed(prototype) || !out.isCarried(prototype)) ? undefined : prototype;
}

function functionKeys(out: Encoder, value: object): (string | symbol)[] {
  const keys = ownKeys(value);
  const prototype = describe(value, 'prototype');
  const held: unknown = prototype?.value;
  if (prototype === undefined || typeof held !== 'object' || held === null) return keys;
  if (prototype.writable === true && isUntouched(held, value))
    return keys.filter((key) => key !== 'prototype');
  // A class cannot be given another one: it must be known as the class's own wherever it stands.
  if (prototype.writable === false) out.claimPrototype(held, value);
  return keys;
}

/** Whether it is as every function's own prototype is when it is made. */
function isUntouched(prototype: object, owner: object): boolean {
  if (getPrototypeOf(prototype) !== objectPrototype || !isExtensible(prototype)) return false;
  if (ownKeys(prototype).length !== 1) return false;
  const property = describe(prototype, 'constructor');
  return (
    property?.value === owner && attributesOf(property) === (attribute.writable | attribute.configurable)
  );
}

/** A plain object is the values of its shape's keys; what is not ordinary about a property stands before its value. */
function writePlain(out: Encoder, number: number, value: object): void {
  const { contents } = out;
  const form = out.shapeHeads[number] as number;
  const level = form & levelMask;
  const isWritable = level !== integrity.frozen;
  const isConfigurable = level < integrity.sealed;
  const keys = out.shapes.lists[Math.floor(form / shapeUnit)] as readonly string[];
  for (let index = 0; index < keys.length; index += 1) {
    const property = describe(value, keys[index] as string);
    if (
      property?.writable !== isWritable ||
      property.enumerable !== true ||
      property.configurable !== isConfigurable
    ) {
      contents.byte(tag.special);
      writeProperty(out, value, keys[index] as string);
    } else out.value(property.value);
  }
  if ((form & hasSymbols) !== 0) writeProperties(out, value, ownSymbols(value));
}

/** Beyond so many holes, if they are the majority, the elements that exist are listed instead of looked for. */
const holesMax = 1024;

function writeArray(out: Encoder, value: unknown[]): void {
  const { length } = value;
  const level = integrityOf(value);
  const isWritable = level !== integrity.frozen;
  const isConfigurable = level < integrity.sealed;
  /** Elements with attributes of their own, written as properties. */
  const special: string[] = [];
  let holesInRow = 0;
  let holes = 0;
  const visit = (index: number): void => {
    const property = describe(value, index as unknown as string);
    if (
      property?.writable === isWritable &&
      property.enumerable === true &&
      property.configurable === isConfigurable
    ) {
      writeHoles(out, holesInRow);
      holesInRow = 0;
      out.value(property.value);
      return;
    }
    if (property !== undefined) special.push(String(index));
    holesInRow += 1;
    holes += 1;
  };
  let index = 0;
  for (; index < length && (holes < holesMax || holes * 2 < index); index += 1) visit(index);
  if (index < length) {
    let next = index;
    for (const at of elementsFrom(value, index)) {
      holesInRow += at - next;
      visit(at);
      next = at + 1;
    }
    holesInRow += length - next;
  }
  writeHoles(out, holesInRow);
  const fixed = isWritable && describe(value, 'length')?.writable === false;
  const named = arrayNames(out, value, length, holes);
  const names = special.length === 0 ? named : [...special, ...named];
  writeTrailer(out, value, level, withSymbols(value, names), fixed ? hasFixedLength : 0);
}

function writeHoles(out: Encoder, count: number): void {
  if (count === 0) return;
  out.contents.byte(tag.hole);
  out.contents.whole(count);
}

/** The names of an array's properties that are no elements. */
function arrayNames(out: Encoder, value: unknown[], length: number, holes: number): readonly string[] {
  if (length > listedLengthMax) return namedKeys(out, value);
  const names = ownNames(value);
  // The elements, and `length`.
  if (names.length === length - holes + 1) return noNames;
  return names.filter((name) => !(isIndex(name) && Number(name) < length) && name !== 'length');
}

const noNames: readonly string[] = [];

function elementsFrom(array: object, first: number): number[] {
  return ownNames(array)
    .filter((name) => isIndex(name) && Number(name) >= first)
    .map(Number);
}

function isIndex(name: string): boolean {
  const index = Number(name) >>> 0;
  return String(index) === name && index !== 0xffff_ffff;
}

/** Up to this length, listing all keys costs little. */
const listedLengthMax = 256;
/**
 * Views longer than this are not listed even where nothing else knows of named properties: 100 MB would take seconds,
 * and gigabytes. Whoever wants those names gives `hasNamedProperties`.
 */
const listedViewLengthMax = 65_536;

/** The names of the properties of something indexed (array, view, boxed string) that are no elements. */
function namedKeys(out: Encoder, value: object): readonly string[] {
  const length = lengthOf(value);
  const knows = out.options.hasNamedProperties;
  if (knows === undefined) {
    if (ArrayBuffer.isView(value) && length > listedViewLengthMax) return noNames;
  } else if (length > listedLengthMax && !knows(value)) {
    return noNames;
  }
  const hasOwnLength = isArray(value) || builtinTag(value) === '[object String]';
  return ownNames(value).filter(
    (name) => !(isIndex(name) && Number(name) < length) && !(hasOwnLength && name === 'length'),
  );
}

function lengthOf(value: object): number {
  if (typedArrayName(value) !== undefined) return typedArrayExtent(value).length;
  const length: unknown = describe(value, 'length')?.value;
  return typeof length === 'number' ? length : 0;
}

/** What every object but the plain ones ends with: how far it is closed, and its further properties. */
function writeTrailer(
  out: Encoder,
  value: object,
  level: number,
  keys: readonly (string | symbol)[],
  flags = 0,
): void {
  out.contents.byte(level | flags | (keys.length > 0 ? hasProperties : 0));
  if (keys.length > 0) writeProperties(out, value, keys);
}

function withSymbols(value: object, names: readonly string[]): readonly (string | symbol)[] {
  const symbols = ownSymbols(value);
  return symbols.length === 0 ? names : [...names, ...symbols];
}

function writeProperties(
  out: Encoder,
  value: object,
  keys: readonly (string | symbol)[],
  foreign: string | null = null,
): void {
  out.contents.whole(keys.length + (foreign === null ? 0 : 1));
  for (const key of keys) {
    out.value(key);
    writeProperty(out, value, key);
  }
  if (foreign === null) return;
  out.value('name');
  out.contents.byte(attribute.writable | attribute.configurable);
  out.value(foreign);
}

function writeProperty(out: Encoder, holder: object, key: string | symbol): void {
  const property = describe(holder, key);
  if (property === undefined) throw new Refusal(holder, 'property that comes and goes', key);
  if (key === 'stack' && property.get !== undefined && property.get === nativeStackGetter) {
    const open = property.configurable === true ? attribute.writable | attribute.configurable : 0;
    out.contents.byte(open | attribute.nativeStack);
    out.value(Reflect.apply(nativeStackGetter, holder, []));
  } else if (isAccessor(property)) {
    out.contents.byte(attributesOf(property) | attribute.accessor);
    out.value(property.get);
    out.value(property.set);
  } else {
    out.contents.byte(attributesOf(property));
    out.value(property.value);
  }
}

/** The name of an error whose own class stays behind; null when its class is one of the language's. */
function foreignName(error: object): string | null {
  const prototype = getPrototypeOf(error);
  if (prototype === null || errorPlaceByPrototype.has(prototype)) return null;
  if (describe(error, 'name') !== undefined) return null;
  for (
    let holder: object | null = prototype;
    holder !== null && !errorPlaceByPrototype.has(holder);
    holder = getPrototypeOf(holder)
  ) {
    const name: unknown = describe(holder, 'name')?.value;
    if (typeof name === 'string') return name;
  }
  const constructor = constructorOf(error);
  return constructor === null ? 'Error' : functionName(constructor);
}
