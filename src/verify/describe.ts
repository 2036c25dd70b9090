import { inspect } from 'node:util';
import * as types from 'node:util/types';
import { textHash } from '../core/text-hash.ts';
import type { DescribedNode, Description, KeyText, ValueText } from './description.ts';
import { stepOf } from './description.ts';
import { RealmNames } from './realm-names.ts';

export { firstDifference } from './description.ts';
export type { Description } from './description.ts';

/** The state of a promise, and what it settled with where that is known. */
export interface PromiseState {
  readonly state: 'pending' | 'fulfilled' | 'rejected';
  /** Null where only the state is known. */
  readonly outcome: { readonly value: unknown } | null;
}

export interface DescribeOptions {
  /** Names objects that stand for something else, `%…%` without the signs; null for all others. */
  nameOf(value: object): string | null;
  promiseState(promise: Promise<unknown>): PromiseState;
}

/** The global object's things are named as they were when this module was loaded. */
const realm = new RealmNames(globalThis);

const defaults: DescribeOptions = {
  nameOf: () => null,
  promiseState: (promise) => ({ state: stateOf(promise), outcome: null }),
};

/**
 * Writes a whole graph of values in a canonical form. Two processes can each describe their value, and a third compares
 * with `firstDifference`. No getter is called, and of a Proxy nothing is looked at. What cannot be seen from outside does not appear:
 * private elements, what a closure captured, the position of an iterator or generator.
 */
export function describe(value: unknown, options: Partial<DescribeOptions> = {}): Description {
  return new Describer({ ...defaults, ...options }).describe(value);
}

type Slots = [name: string, value: ValueText][];
type Via = readonly [node: number, label: string] | null;

class Describer {
  readonly #options: DescribeOptions;
  readonly #numbers = new Map<object | symbol, number>();
  readonly #open: [value: object | symbol, via: Via][] = [];
  #at = 0;

  constructor(options: DescribeOptions) {
    this.#options = options;
  }

  describe(value: unknown): Description {
    const root = this.#text(value, '', true);
    const nodes: DescribedNode[] = [];
    for (; this.#at < this.#open.length; this.#at += 1) {
      const [next, via] = this.#open[this.#at] as [object | symbol, Via];
      nodes.push(typeof next === 'symbol' ? symbolNode(next, via) : this.#node(next, via));
    }
    return { root, nodes };
  }

  #text(value: unknown, label: string, isRoot = false): ValueText {
    if (typeof value === 'symbol') {
      const registered = Symbol.keyFor(value);
      if (registered !== undefined) return `symbol for ${JSON.stringify(registered)}`;
    } else if ((typeof value !== 'object' && typeof value !== 'function') || value === null) {
      return primitiveText(value);
    }
    const name = realm.nameOf(value) ?? (typeof value === 'symbol' ? null : this.#options.nameOf(value));
    if (name !== null) return typeof value === 'symbol' ? `symbol ${name}` : `%${name}%`;
    let number = this.#numbers.get(value);
    if (number === undefined) {
      number = this.#numbers.size;
      this.#numbers.set(value, number);
      this.#open.push([value, isRoot ? null : [this.#at, label]]);
    }
    return `#${number}`;
  }

  #node(value: object, via: Via): DescribedNode {
    if (types.isProxy(value)) {
      const kind = typeof value === 'function' ? 'Proxy of a function' : 'Proxy';
      return { kind, prototype: 'unseen', integrity: 'extensible', slots: [], keys: [], via };
    }
    const kind = kindOf(value);
    const prototype = this.#text(prototypeOf(value), '<prototype>');
    const slots = this.#slots(value);
    const keys = this.#keys(kind, value);
    return { kind, prototype, integrity: integrityOf(value), slots, keys, via };
  }

  #keys(kind: string, value: object): KeyText[] {
    const isView = ArrayBuffer.isView(value);
    const keys: KeyText[] = [];
    for (const key of Reflect.ownKeys(value)) {
      // Elements are bytes of the buffer.
      if (isView && typeof key === 'string' && /^\d+$/.test(key)) continue;
      if (typeof key === 'symbol' && isHostObject(value)) continue;
      keys.push(this.#key(kind, value, key));
    }
    return keys;
  }

  #key(kind: string, value: object, key: string | symbol): KeyText {
    const name = this.#text(key, '<key>');
    // Stack text is not compared; and it is a data property in some versions and an accessor in others.
    if (kind === 'Error' && key === 'stack') return [name, 'stack'];
    let descriptor: PropertyDescriptor | undefined;
    try {
      descriptor = Reflect.getOwnPropertyDescriptor(value, key);
    } catch (error) {
      // A binding of a module that is not initialised yet.
      return [name, 'unreadable', `string ${JSON.stringify(String(error))}`];
    }
    if (descriptor === undefined) return [name, 'absent'];
    const { writable, enumerable, configurable } = descriptor;
    const attributes = `${writable === true ? 'w' : ''}${enumerable === true ? 'e' : ''}${configurable === true ? 'c' : ''}`;
    const label = typeof key === 'symbol' ? `[${String(key)}]` : stepOf(name);
    if ('value' in descriptor) return [name, attributes, this.#text(descriptor.value, label)];
    const accessor = (kind: 'get' | 'set'): ValueText => this.#text(descriptor[kind], `${label}<${kind}>`);
    return [name, `${attributes}a`, accessor('get'), accessor('set')];
  }

  #slots(value: object): Slots {
    const slots: Slots = [];
    const add = (name: string, held: unknown): void => {
      slots.push([name, this.#text(held, `<${name}>`)]);
    };
    if (types.isMap(value)) {
      let at = 0;
      for (const [key, held] of mapEntries(value)) {
        add(`key ${at}`, key);
        add(`entry ${at}`, held);
        at += 1;
      }
    } else if (types.isSet(value)) {
      let at = 0;
      for (const held of setValues(value)) add(`element ${at++}`, held);
    } else if (types.isDate(value)) add('time', timeOf.call(value));
    else if (types.isRegExp(value)) {
      add('source', value.source);
      add('flags', value.flags);
    } else if (types.isBoxedPrimitive(value)) add('primitive', unboxed(value));
    else if (types.isPromise(value)) {
      const { state, outcome } = this.#options.promiseState(value);
      add('state', state);
      if (outcome !== null) add('outcome', outcome.value);
    } else if (ArrayBuffer.isView(value)) {
      const { buffer, byteOffset, byteLength } = value;
      // Small buffers of Node.js lie in a shared pool, which is nobody's: only the bytes count.
      if (Buffer.isBuffer(value))
        slots.push(['bytes', bytesText(new Uint8Array(buffer, byteOffset, byteLength))]);
      else {
        add('buffer', buffer);
        add('offset', byteOffset);
        add('bytes', byteLength);
      }
    } else if (types.isAnyArrayBuffer(value)) {
      slots.push(['bytes', bytesText(new Uint8Array(value as ArrayBuffer))]);
      if ((value as { resizable?: boolean }).resizable === true) {
        add('bytesMax', (value as { maxByteLength?: number }).maxByteLength);
      }
    } else if (value instanceof URL) add('href', value.href);
    else if (value instanceof URLSearchParams) add('text', value.toString());
    else if (value instanceof AbortSignal) {
      add('aborted', value.aborted);
      add('reason', value.reason);
    }
    return slots;
  }
}

function primitiveText(value: unknown): ValueText {
  switch (typeof value) {
    case 'number':
      return Object.is(value, -0) ? 'number -0' : `number ${value}`;
    case 'bigint':
      return `bigint ${value}`;
    case 'string':
      return value.length > 100_000
        ? `string of ${value.length} units, ${textHash(value)}`
        : `string ${JSON.stringify(value)}`;
    default:
      return String(value);
  }
}

function symbolNode(value: symbol, via: Via): DescribedNode {
  const slots: Slots = [['description', primitiveText(value.description)]];
  return { kind: 'symbol', prototype: '%Symbol.prototype%', integrity: 'frozen', slots, keys: [], via };
}

/** The language's own kind of an object, whatever its prototype or tag says. */
function kindOf(value: object): string {
  if (typeof value === 'function') return functionKind(value as CallableFunction);
  if (Array.isArray(value)) return 'Array';
  if (types.isNativeError(value)) return 'Error';
  if (types.isTypedArray(value)) return typedArrayName.call(value) as string;
  const found = kinds.find(([, is]) => is(value));
  return found === undefined ? 'Object' : found[0];
}

const kinds: readonly (readonly [string, (value: unknown) => boolean])[] = [
  ['Map', types.isMap],
  ['Set', types.isSet],
  ['Date', types.isDate],
  ['RegExp', types.isRegExp],
  ['Promise', types.isPromise],
  ['WeakMap', types.isWeakMap],
  ['WeakSet', types.isWeakSet],
  ['boxed', types.isBoxedPrimitive],
  ['DataView', types.isDataView],
  ['ArrayBuffer', types.isArrayBuffer],
  ['SharedArrayBuffer', types.isSharedArrayBuffer],
  ['Arguments', types.isArgumentsObject],
  ['Module', types.isModuleNamespaceObject],
  ['MapIterator', types.isMapIterator],
  ['SetIterator', types.isSetIterator],
];

const functionText = Reflect.get(Function.prototype, 'toString') as (this: unknown) => string;

/** Whether it is a class, can be constructed, or neither. That a function is asynchronous is not seen. */
function functionKind(value: CallableFunction): string {
  if (/^class\b/.test(functionText.call(value))) return 'class';
  try {
    Reflect.construct(Object, [], value);
    return 'function';
  } catch {
    return 'function without new';
  }
}

/** An asynchronous function counts as any other. */
function prototypeOf(value: object): object | null {
  const prototype = Reflect.getPrototypeOf(value);
  return prototype === asyncFunctionPrototype ? Function.prototype : prototype;
}

const asyncFunctionPrototype: unknown = Reflect.getPrototypeOf(async () => undefined);
const typedArrayName = Reflect.getOwnPropertyDescriptor(
  Reflect.getPrototypeOf(Uint8Array.prototype) ?? {},
  Symbol.toStringTag,
)?.get as (this: unknown) => unknown;
/** A method as it was before any program ran. */
function intrinsic<T>(prototype: object | null, name: string): (this: unknown) => T {
  return Reflect.get(prototype ?? {}, name) as (this: unknown) => T;
}

const mapEntriesOf = intrinsic<object>(Map.prototype, 'entries');
const nextOfMap = intrinsic<IteratorResult<[unknown, unknown]>>(
  Reflect.getPrototypeOf(new Map().entries()),
  'next',
);
const setValuesOf = intrinsic<object>(Set.prototype, 'values');
const nextOfSet = intrinsic<IteratorResult<unknown>>(Reflect.getPrototypeOf(new Set().values()), 'next');
const timeOf = intrinsic<number>(Date.prototype, 'getTime');

/** Programs may have replaced the methods that they can reach. */
function* mapEntries(map: Map<unknown, unknown>): Iterable<[unknown, unknown]> {
  const walk = mapEntriesOf.call(map);
  for (let next = nextOfMap.call(walk); next.done !== true; next = nextOfMap.call(walk)) yield next.value;
}

function* setValues(set: Set<unknown>): Iterable<unknown> {
  const walk = setValuesOf.call(set);
  for (let next = nextOfSet.call(walk); next.done !== true; next = nextOfSet.call(walk)) yield next.value;
}

function unboxed(value: object): unknown {
  if (types.isNumberObject(value)) return Number.prototype.valueOf.call(value);
  if (types.isStringObject(value)) return String.prototype.valueOf.call(value);
  if (types.isBooleanObject(value)) return Boolean.prototype.valueOf.call(value);
  if (types.isSymbolObject(value)) return Symbol.prototype.valueOf.call(value);
  return BigInt.prototype.valueOf.call(value);
}

function integrityOf(value: object): DescribedNode['integrity'] {
  if (Object.isExtensible(value)) return 'extensible';
  if (Object.isFrozen(value)) return 'frozen';
  return Object.isSealed(value) ? 'sealed' : 'nonExtensible';
}

/** Objects that Node.js itself makes keep their state under symbols, which differ between versions. */
function isHostObject(value: object): boolean {
  return (
    value instanceof EventTarget ||
    value instanceof URL ||
    value instanceof URLSearchParams ||
    value instanceof AbortController ||
    value instanceof TextEncoder ||
    value instanceof TextDecoder
  );
}

function stateOf(promise: Promise<unknown>): PromiseState['state'] {
  const text = inspect(promise, { depth: 0, customInspect: false, breakLength: Infinity, compact: true });
  if (/\{ <pending>/.test(text)) return 'pending';
  return /\{\s*<rejected>/.test(text) ? 'rejected' : 'fulfilled';
}

const bytesShownMax = 4096;

function bytesText(bytes: Uint8Array): ValueText {
  const hex = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
  return bytes.byteLength <= bytesShownMax ? `bytes ${hex}` : `${bytes.byteLength} bytes, ${textHash(hex)}`;
}
