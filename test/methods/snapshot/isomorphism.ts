/**
 * Compares two graphs as thoroughly as the language allows: identity and sharing, prototypes, keys in order,
 * attributes, holes, internal slots. Independent of the code under test.
 *
 * @returns where they first differ, or null
 */
export function difference(left: unknown, right: unknown): string | null {
  const rightOf = new Map<object, object>();
  const leftOf = new Map<object, object>();
  const queue: [unknown, unknown, string][] = [[left, right, '$']];
  for (let entry = queue.pop(); entry !== undefined; entry = queue.pop()) {
    const [a, b, path] = entry;
    if (!isObject(a) || !isObject(b)) {
      if (!Object.is(a, b)) return `${path}: ${String(a)} against ${String(b)}`;
      continue;
    }
    if (rightOf.has(a) || leftOf.has(b)) {
      if (rightOf.get(a) !== b || leftOf.get(b) !== a) return `${path}: shared otherwise`;
      continue;
    }
    rightOf.set(a, b);
    leftOf.set(b, a);
    if (typeof a === 'function') {
      if (a !== b) return `${path}: another function`;
      continue;
    }
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

function unlike(a: object, b: object): string | null {
  if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return 'another prototype';
  if (Object.prototype.toString.call(a) !== Object.prototype.toString.call(b)) return 'another tag';
  if (Array.isArray(a) !== Array.isArray(b)) return 'only one is an array';
  for (const test of [Object.isExtensible, Object.isSealed, Object.isFrozen]) {
    if (ArrayBuffer.isView(a)) break;
    if (test(a) !== test(b)) return `differs in ${test.name}`;
  }
  if (Object.isExtensible(a) !== Object.isExtensible(b)) return 'differs in isExtensible';
  const keysA = keysOf(a);
  const keysB = keysOf(b);
  if (keysA.length !== keysB.length || keysA.some((key, index) => key !== keysB[index])) {
    return `keys ${keysA.map(String).join()} against ${keysB.map(String).join()}`;
  }
  return unlikeSlots(a, b);
}

/** Elements of views are compared as bytes. */
function keysOf(value: object): (string | symbol)[] {
  const keys = Reflect.ownKeys(value);
  return ArrayBuffer.isView(value)
    ? keys.filter((key) => typeof key === 'symbol' || !/^\d+$/.test(key))
    : keys;
}

function unlikeSlots(a: object, b: object): string | null {
  if (a instanceof Date && !Object.is(a.getTime(), (b as Date).getTime())) return 'another time';
  if (a instanceof RegExp && String(a) !== String(b as RegExp)) return `not ${String(a)}`;
  if (a instanceof ArrayBuffer) return unlikeBuffers(a, b as ArrayBuffer);
  if (ArrayBuffer.isView(a)) {
    const other = b as ArrayBufferView;
    if (a.byteLength !== other.byteLength) return `${a.byteLength} bytes against ${other.byteLength}`;
    if (!Buffer.isBuffer(a) && a.byteOffset !== other.byteOffset) return 'another offset';
    if (Buffer.isBuffer(a) && !a.equals(other as Buffer)) return 'other bytes';
  }
  for (const box of [Number, String, Boolean, BigInt, Symbol]) {
    if (a instanceof box && !Object.is(a.valueOf(), b.valueOf())) return 'another value in the box';
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
  for (const key of keysOf(a)) {
    const left = propertyOf(a, key);
    const right = propertyOf(b, key);
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
  if (key !== 'stack' || !(holder instanceof Error) || property?.get === undefined) return property;
  return {
    value: holder.stack,
    writable: !Object.isFrozen(holder),
    enumerable: false,
    configurable: property.configurable === true,
  };
}

function pushSlots(queue: [unknown, unknown, string][], a: object, b: object, path: string): void {
  if (a instanceof Map) {
    const left = [...a].flat();
    const right = [...(b as Map<unknown, unknown>)].flat();
    queue.push([left.length, right.length, `${path}.size`]);
    left.forEach((item, index) => queue.push([item, right[index], `${path}.entries[${index}]`]));
  } else if (a instanceof Set) {
    const left = [...a];
    const right = [...(b as Set<unknown>)];
    queue.push([left.length, right.length, `${path}.size`]);
    left.forEach((item, index) => queue.push([item, right[index], `${path}.items[${index}]`]));
  } else if (ArrayBuffer.isView(a)) {
    const pooled = Buffer.isBuffer(a) && a.buffer.byteLength === Buffer.poolSize;
    if (!pooled) queue.push([a.buffer, (b as ArrayBufferView).buffer, `${path}.buffer`]);
  }
}
