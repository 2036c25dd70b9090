import { isObject } from '../../core/is-object.ts';
import { thread } from './thread.ts';

// Names of properties where generated code handles them apart from their values.

const { getOwnPropertyDescriptor, getPrototypeOf, ownKeys } = Reflect;

/** Whether a Proxy says what `for…in` finds in a value, as far as somebody can tell. */
export function hasTraps(value: unknown): boolean {
  const { isProxy } = thread.gate;
  if (isProxy === null) return false;
  for (let holder = value; isObject(holder); holder = getPrototypeOf(holder))
    if (isProxy(holder)) return true;
  return false;
}

/** The keys that `for…in` visits, in its order; those of a Proxy before it was asked about each. */
export function keysIn(value: unknown, isTrapped: boolean): readonly string[] {
  const keys: string[] = [];
  if (isTrapped) {
    listKeys(value as object, keys);
    return keys;
  }
  for (const name in value as object) keys.push(name);
  return keys;
}

/** In V8's order: a Proxy is asked for its keys and for its prototype, and for nothing else. */
function listKeys(value: object, keys: string[]): void {
  const seen = new Set<string>();
  for (let holder: object | null = value; holder !== null; holder = getPrototypeOf(holder)) {
    const asks = thread.gate.isProxy?.(holder) === true;
    for (const name of ownKeys(holder)) {
      if (typeof name === 'symbol' || seen.has(name)) continue;
      seen.add(name);
      if (asks || getOwnPropertyDescriptor(holder, name)?.enumerable === true) keys.push(name);
    }
  }
}

/** Whether a key is visited when its turn comes: it is still there, and enumerable where a Proxy has it. */
export function isVisited(value: object, name: string): boolean {
  for (let holder: object | null = value; holder !== null; holder = getPrototypeOf(holder)) {
    const property = getOwnPropertyDescriptor(holder, name);
    if (property !== undefined) return property.enumerable === true || thread.gate.isProxy?.(holder) !== true;
  }
  return false;
}

/** What is left for `...rest` of a pattern once these were taken. */
export function omit(value: object, keys: readonly (string | symbol)[]): object {
  const rest = { ...value };
  for (const name of keys) Reflect.deleteProperty(rest, name);
  return rest;
}

/** A computed name, converted once: the language does so before it evaluates what comes next. */
export function key(value: unknown): string | symbol {
  if (typeof value === 'symbol') return value;
  if (typeof value !== 'object' && typeof value !== 'function') return String(value as string | number);
  return Reflect.ownKeys({ [value as unknown as string]: 0 })[0] as string | symbol;
}
