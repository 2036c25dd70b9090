import { isObject } from '../core/is-object.ts';

/** What every realm of a version of Node.js has, by name: `%Array.prototype.map%`. */
export class RealmNames {
  readonly #names = new Map<object | symbol, string>();

  /** @param realm a global object, before any program has touched it */
  constructor(realm: object) {
    const open: [object, string][] = [[realm, 'globalThis']];
    for (const [name, value] of hiddenIntrinsics(realm)) open.push([value, name]);
    // Names are the shortest paths: breadth first.
    for (let at = 0; at < open.length; at += 1) {
      const [value, name] = open[at] as [object, string];
      if (this.#names.has(value)) continue;
      this.#names.set(value, name);
      for (const [key, below] of valuesOf(value)) {
        if (this.#names.has(below)) continue;
        open.push([below, name === 'globalThis' ? key : `${name}.${key}`]);
      }
    }
    for (const name of Object.getOwnPropertyNames(Symbol)) {
      const value: unknown = Reflect.get(Symbol, name);
      if (typeof value === 'symbol') this.#names.set(value, `Symbol.${name}`);
    }
  }

  nameOf(value: object | symbol): string | null {
    return this.#names.get(value) ?? null;
  }
}

/** Own data properties and accessors that are objects or functions; getters are not called. */
function* valuesOf(value: object): Iterable<[string, object]> {
  for (const key of Reflect.ownKeys(value)) {
    const descriptor = Reflect.getOwnPropertyDescriptor(value, key);
    if (descriptor === undefined) continue;
    const name = typeof key === 'symbol' ? `[${key.description ?? ''}]` : key;
    const { value: held, get, set } = descriptor;
    if (isObject(held)) yield [name, held];
    if (get !== undefined) yield [`get ${name}`, get];
    if (set !== undefined) yield [`set ${name}`, set];
  }
  const prototype = Reflect.getPrototypeOf(value);
  if (prototype !== null) yield ['[[Prototype]]', prototype];
}

interface RealmFunctions {
  readonly Function: (text: string) => () => unknown;
}

/** What no global name leads to. Made by the realm's own code: the text is fixed. */
function hiddenIntrinsics(realm: object): Iterable<[string, object]> {
  const prototypeOf = (value: object): object => Reflect.getPrototypeOf(value) ?? value;
  const evaluate = (realm as RealmFunctions).Function(
    `return {
      GeneratorFunction: (function* () {}).constructor,
      AsyncGeneratorFunction: (async function* () {}).constructor,
      AsyncFunction: (async () => {}).constructor,
      ArrayIterator: [].values(), MapIterator: new Map().values(), SetIterator: new Set().values(),
      StringIterator: ''.matchAll === undefined ? [].values() : ''[Symbol.iterator](),
      RegExpStringIterator: ''.matchAll(/a/g),
      ThrowTypeError: (function () { 'use strict'; return Object.getOwnPropertyDescriptor(arguments, 'callee').get; })(),
    };`,
  );
  const found = evaluate() as Record<string, object>;
  return Object.entries(found).map(([name, value]): [string, object] =>
    name.endsWith('Iterator') ? [`${name}Prototype`, prototypeOf(value)] : [name, value],
  );
}
