import { types } from 'node:util';

/**
 * Compares two graphs as thoroughly as the language allows: identity and sharing, prototypes, keys in order,
 * attributes, holes, internal slots. Independent of the code under test.
 *
 * @returns where they first differ, or null
 */
export function difference(
  left: unknown,
  right: unknown,
  capturedBy: (f: object) => readonly unknown[] = () => [],
): string | null {
  const rightOf = new Map<unknown, unknown>();
  const leftOf = new Map<unknown, unknown>();
  const queue: [unknown, unknown, string][] = [[left, right, '$']];
  for (let entry = queue.pop(); entry !== undefined; entry = queue.pop()) {
    const [a, b, path] = entry;
    if (!isObject(a) || !isObject(b)) {
      if (isOwnSymbol(a) && isOwnSymbol(b) && a.description === b.description) {
        if ((rightOf.get(a) ?? b) !== b || (leftOf.get(b) ?? a) !== a) return `${path}: another symbol`;
        rightOf.set(a, b);
        leftOf.set(b, a);
      } else if (!Object.is(a, b)) return `${path}: ${String(a)} against ${String(b)}`;
      continue;
    }
    if (rightOf.has(a) || leftOf.has(b)) {
      if (rightOf.get(a) !== b || leftOf.get(b) !== a) return `${path}: shared otherwise`;
      continue;
    }
    rightOf.set(a, b);
    leftOf.set(b, a);
    if (a === b && typeof a === 'function') continue;
    if (typeof a === 'function') {
      if (sourceOf(a) !== sourceOf(b)) return `${path}: another function`;
      capturedBy(a).forEach((item, index) => queue.push([item, capturedBy(b)[index], `${path}<${index}>`]));
    }
    const [up, upOfB] = [Object.getPrototypeOf(a) as unknown, Object.getPrototypeOf(b) as unknown];
    if (up !== upOfB && (isNative(up) || isNative(upOfB))) return `${path}: another prototype`;
    if (up !== upOfB) queue.push([up, upOfB, `${path}.__proto__`]);
    const found = unlike(a, b);
    if (found !== null) return `${path}: ${found}`;
    pushProperties(queue, a, b, path);
    pushSlots(queue, a, b, path);
  }
  return null;
}

function isObject(value: unknown): value is object {
  return typeof value === 'function' || (typeof value === 'object' && value !== null);
}

const toSource: unknown = Reflect.get(Function.prototype, 'toString');
const sourceOf = (f: unknown): string => Reflect.apply(toSource as () => string, f, []);

const partOf = (property: PropertyDescriptor | undefined, part: 'get' | 'set'): unknown =>
  property === undefined ? undefined : Reflect.get(property, part);

/** Whether it is the prototype of a class that the engine has made: there is only one. */
function isNative(prototype: unknown): boolean {
  if (!isObject(prototype)) return true;
  const owner: unknown = Reflect.getOwnPropertyDescriptor(prototype, 'constructor')?.value;
  return typeof owner === 'function' && String(owner).includes('[native code]');
}

function unlike(a: object, b: object): string | null {
  if (typeof a !== typeof b) return 'only one is a function';
  if (Object.prototype.toString.call(a) !== Object.prototype.toString.call(b)) return 'another tag';
  if (Array.isArray(a) !== Array.isArray(b)) return 'only one is an array';
  for (const test of [Object.isExtensible, Object.isSealed, Object.isFrozen]) {
    if (ArrayBuffer.isView(a)) break;
    if (test(a) !== test(b)) return `differs in ${test.name}`;
  }
  if (Object.isExtensible(a) !== Object.isExtensible(b)) return 'differs in isExtensible';
  const keysA = keysOf(a);
  const keysB = keysOf(b);
  if (keysA.length !== keysB.length || keysA.some((key, index) => !isSameKey(key, keysB[index]))) {
    return `keys ${keysA.map(String).join()} against ${keysB.map(String).join()}`;
  }
  return unlikeSlots(a, b);
}

function isOwnSymbol(value: unknown): value is symbol {
  return (
    typeof value === 'symbol' &&
    Symbol.keyFor(value) === undefined &&
    value.description?.startsWith('Symbol.') !== true
  );
}

function isSameKey(a: string | symbol, b: string | symbol | undefined): boolean {
  if (isOwnSymbol(a) && isOwnSymbol(b)) return a.description === b.description;
  return a === b;
}

/** Elements of views are compared as bytes. */
function keysOf(value: object): (string | symbol)[] {
  const keys = Reflect.ownKeys(value);
  return ArrayBuffer.isView(value)
    ? keys.filter((key) => typeof key === 'symbol' || !/^\d+$/.test(key))
    : keys;
}

function unlikeSlots(a: object, b: object): string | null {
  if (types.isDate(a) && !Object.is(a.getTime(), (b as Date).getTime())) return 'another time';
  if (types.isRegExp(a) && String(a) !== String(b as RegExp)) return `not ${String(a)}`;
  if (types.isArrayBuffer(a)) return unlikeBuffers(a, b as ArrayBuffer);
  if (ArrayBuffer.isView(a)) {
    const other = b as ArrayBufferView;
    if (a.byteLength !== other.byteLength) return `${a.byteLength} bytes against ${other.byteLength}`;
    if (!Buffer.isBuffer(a) && a.byteOffset !== other.byteOffset) return 'another offset';
    if (Buffer.isBuffer(a) && !a.equals(other as Buffer)) return 'other bytes';
  }
  return null;
}

function unlikeBuffers(a: ArrayBuffer, b: ArrayBuffer): string | null {
  for (const key of ['byteLength', 'resizable', 'maxByteLength']) {
    if (Reflect.get(a, key) !== Reflect.get(b, key)) return `another ${key}`;
  }
  return Buffer.from(a).equals(Buffer.from(b)) ? null : 'other bytes';
}

function pushProperties(queue: [unknown, unknown, string][], a: object, b: object, path: string): void {
  const keysOfB = keysOf(b);
  for (const [index, key] of keysOf(a).entries()) {
    const other = keysOfB[index] as string | symbol;
    queue.push([key, other, `${path}.keys[${index}]`]);
    const left = propertyOf(a, key);
    const right = propertyOf(b, other);
    for (const part of ['get', 'set'] as const) {
      queue.push([partOf(left, part), partOf(right, part), `${path}.${part} ${String(key)}`]);
    }
    for (const name of ['writable', 'enumerable', 'configurable'] as const) {
      if (left?.[name] !== right?.[name])
        queue.push([left?.[name], right?.[name], `${path}.${String(key)}:${name}`]);
    }
    queue.push([left?.value, right?.value, `${path}.${String(key)}`]);
  }
}

/** Newer engines make an error's own stack an accessor, which is the same to everybody who reads it. */
function propertyOf(holder: object, key: string | symbol): PropertyDescriptor | undefined {
  const property = Reflect.getOwnPropertyDescriptor(holder, key);
  if (key !== 'stack' || !types.isNativeError(holder) || property?.get === undefined) return property;
  return {
    value: holder.stack,
    writable: !Object.isFrozen(holder),
    enumerable: false,
    configurable: property.configurable === true,
  };
}

function pushSlots(queue: [unknown, unknown, string][], a: object, b: object, path: string): void {
  if (types.isBoxedPrimitive(a)) queue.push([a.valueOf(), b.valueOf(), `${path}<box>`]);
  if (types.isMap(a)) {
    const left = [...a].flat();
    const right = [...(b as Map<unknown, unknown>)].flat();
    queue.push([left.length, right.length, `${path}.size`]);
    left.forEach((item, index) => queue.push([item, right[index], `${path}.entries[${index}]`]));
  } else if (types.isSet(a)) {
    const left = [...a];
    const right = [...(b as Set<unknown>)];
    queue.push([left.length, right.length, `${path}.size`]);
    left.forEach((item, index) => queue.push([item, right[index], `${path}.items[${index}]`]));
  } else if (ArrayBuffer.isView(a)) {
    const pooled = Buffer.isBuffer(a) && a.buffer.byteLength === Buffer.poolSize;
    if (!pooled) queue.push([a.buffer, (b as ArrayBufferView).buffer, `${path}.buffer`]);
  }
}
