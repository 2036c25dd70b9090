import { isObject } from '../../core/is-object.ts';

/** How a property of one of the realm's own objects is other than it was. */
export interface RealmChange {
  readonly object: string;
  readonly key: string | symbol;
  /** Null where it was deleted. */
  readonly descriptor: PropertyDescriptor | null;
}

interface Known {
  readonly object: object;
  readonly properties: Map<string | symbol, PropertyDescriptor>;
}

/** The global object and what it leads to, as it was before a program came, and what the program has made of it. */
export class RealmState {
  readonly #known = new Map<string, Known>();

  constructor() {
    this.#note('globalThis', globalThis);
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(globalThis))) {
      const held: unknown = value;
      // The process is this one's, wherever the program goes.
      if (!isObject(held) || held === globalThis || held === process) continue;
      this.#note(name, held);
      const prototype: unknown = Reflect.getOwnPropertyDescriptor(held, 'prototype')?.value;
      if (isObject(prototype)) this.#note(`${name}.prototype`, prototype);
    }
  }

  /** What is other than it was. */
  changes(): readonly RealmChange[] {
    const changes: RealmChange[] = [];
    for (const [name, { object, properties }] of this.#known) {
      for (const key of Reflect.ownKeys(object)) {
        if (isOfNode(key)) continue;
        const now = Reflect.getOwnPropertyDescriptor(object, key);
        if (now !== undefined && isChanged(properties.get(key), now)) {
          changes.push({ object: name, key, descriptor: now });
        }
      }
      for (const key of properties.keys()) {
        if (!Object.hasOwn(object, key)) changes.push({ object: name, key, descriptor: null });
      }
    }
    return changes;
  }

  /** Changes the realm as another one was changed. */
  apply(changes: readonly RealmChange[]): void {
    for (const { object: name, key, descriptor } of changes) {
      const object = this.#known.get(name)?.object;
      if (object === undefined) continue;
      if (descriptor === null) Reflect.deleteProperty(object, key);
      else Reflect.defineProperty(object, key, descriptor);
    }
  }

  /** Makes the realm what it was: nothing that a program leaves there outlives it in this process. */
  reset(): void {
    for (const { object: name, key } of this.changes()) {
      const known = this.#known.get(name);
      const before = known?.properties.get(key);
      if (known === undefined) continue;
      if (before === undefined) Reflect.deleteProperty(known.object, key);
      else Reflect.defineProperty(known.object, key, before);
    }
  }

  #note(name: string, object: object): void {
    const keys = Reflect.ownKeys(object);
    const properties = keys.map((key) => [key, Reflect.getOwnPropertyDescriptor(object, key)] as const);
    this.#known.set(name, {
      object,
      properties: new Map(
        properties.filter((entry): entry is [string | symbol, PropertyDescriptor] => entry[1] !== undefined),
      ),
    });
  }
}

function isChanged(before: PropertyDescriptor | undefined, now: PropertyDescriptor): boolean {
  if (before === undefined) return true;
  // Node.js puts what is made on first use in the place of an accessor.
  if ('get' in before && 'value' in now) return false;
  return (
    !Object.is(before.value, now.value) ||
    before.get !== now.get ||
    before.set !== now.set ||
    before.enumerable !== now.enumerable ||
    before.configurable !== now.configurable ||
    before.writable !== now.writable
  );
}

/** What Node.js itself keeps on the global object once `fetch` and its kin were looked at: each process has its own. */
function isOfNode(key: string | symbol): boolean {
  return typeof key === 'symbol' && (Symbol.keyFor(key)?.startsWith('undici.') ?? false);
}
