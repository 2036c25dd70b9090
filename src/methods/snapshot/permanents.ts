import { isObject } from '../../core/is-object.ts';
import { assert } from '../../core/assert.ts';
import type { Permanents } from './options.ts';

/** A two-way table out of (name, value) pairs. Names and values must be unique. */
export function createPermanents(entries: Iterable<readonly [string, object | symbol]>): Permanents {
  const names = new Map<object | symbol, string>();
  const values = new Map<string, object | symbol>();
  for (const [name, value] of entries) {
    assert(!values.has(name), `one permanent carries the name ${name}`);
    assert(!names.has(value), `the permanent ${name} has one name only`);
    names.set(value, name);
    values.set(name, value);
  }
  return tableOf(names, values);
}

export const noPermanents: Permanents = createPermanents([]);

function tableOf(
  names: ReadonlyMap<object | symbol, string>,
  values: ReadonlyMap<string, object | symbol>,
): Permanents {
  return {
    nameOf: (value) => names.get(value),
    find: (name) => values.get(name),
    values: () => names.keys(),
  };
}

/** What ECMAScript and the web platform put on the global object, and every Node.js version has. */
const globalNames = [
  'Object Function Array Number Boolean String Symbol BigInt Date RegExp Map Set WeakMap',
  'WeakSet WeakRef FinalizationRegistry Promise Proxy Error EvalError RangeError',
  'ReferenceError SyntaxError TypeError URIError AggregateError ArrayBuffer SharedArrayBuffer',
  'DataView Iterator Float16Array Int8Array Uint8Array Uint8ClampedArray Int16Array',
  'Uint16Array Int32Array Uint32Array Float32Array Float64Array BigInt64Array BigUint64Array',
  'Math JSON Reflect Atomics Intl WebAssembly parseInt parseFloat isNaN isFinite escape',
  'unescape encodeURI encodeURIComponent decodeURI decodeURIComponent URL URLSearchParams',
  'TextEncoder TextDecoder AbortController AbortSignal structuredClone queueMicrotask',
  'setTimeout clearTimeout atob btoa globalThis',
].flatMap((line) => line.split(' '));

/** Without a name on the global object: reached from an instance. */
function unnamedIntrinsics(): [string, object | null][] {
  const up = (value: object | null): object | null => value && Object.getPrototypeOf(value);
  const arrayIterator = up([][Symbol.iterator]());
  return [
    ['TypedArray', up(Uint8Array)],
    ['ArrayIteratorPrototype', arrayIterator],
    ['MapIteratorPrototype', up(new Map()[Symbol.iterator]())],
    ['SetIteratorPrototype', up(new Set()[Symbol.iterator]())],
    ['StringIteratorPrototype', up(''[Symbol.iterator]())],
    ['IteratorPrototype', up(arrayIterator)],
    ['ThrowTypeError', throwTypeError()],
    ['AsyncFunctionPrototype', up(async () => {})],
    ['GeneratorFunctionPrototype', up(function* () {})],
    ['AsyncGeneratorFunctionPrototype', up(async function* () {})],
  ];
}

/** The getter of what strict functions do not have. */
function throwTypeError(): object | null {
  const strict = function (): object {
    // oxlint-disable-next-line prefer-rest-params
    return arguments;
  };
  return Reflect.getOwnPropertyDescriptor(strict(), 'callee')?.get ?? null;
}

/** Walks two levels down from each intrinsic: `%Array%`, `%Array.prototype%`, `%Array.prototype.push%`. */
function* intrinsicEntries(): Generator<readonly [string, object]> {
  for (const name of globalNames) {
    const value: unknown = Reflect.get(globalThis, name);
    if (isObject(value)) yield* entriesBelow(name, value, name === 'globalThis' ? 0 : 2);
  }
  for (const [name, value] of unnamedIntrinsics()) {
    if (value !== null) yield* entriesBelow(name, value, 2);
  }
}

function* entriesBelow(path: string, value: object, levels: number): Generator<readonly [string, object]> {
  yield [`%${path}%`, value];
  if (levels === 0) return;
  for (const key of Reflect.ownKeys(value)) {
    if (key === 'caller' || key === 'arguments' || key === 'constructor') continue;
    const property = Reflect.getOwnPropertyDescriptor(value, key);
    if (property === undefined) continue;
    const below = `${path}.${typeof key === 'symbol' ? `@@${key.description ?? ''}` : key}`;
    if (isObject(property.value)) yield* entriesBelow(below, property.value, levels - 1);
    if (property.get !== undefined) yield [`%get ${below}%`, property.get];
    if (property.set !== undefined) yield [`%set ${below}%`, property.set];
  }
}

/** The same object may be reached twice (`Array.prototype.values` is also its iterator): the first name holds. */
function readIntrinsics(): Permanents {
  const names = new Map<object | symbol, string>();
  const values = new Map<string, object>();
  for (const [name, value] of intrinsicEntries()) {
    values.set(name, value);
    if (!names.has(value)) names.set(value, name);
  }
  return tableOf(names, values);
}

/** The intrinsics, as they were when this module was loaded. */
export const intrinsics: Permanents = readIntrinsics();
