import { builtinTag, describe, getPrototypeOf, sourceOf } from './intrinsics.ts';

/** The value of an own data property; runs no getter. */
function ownValue(holder: object, key: string): unknown {
  return describe(holder, key)?.value;
}

function isClass(value: object): boolean {
  return sourceOf(value).startsWith('class');
}

export function functionName(value: object): string {
  const name = ownValue(value, 'name');
  return typeof name === 'string' && name !== '' ? name : '(anonymous)';
}

/** The nearest constructor in the chain of prototypes; runs no getter. */
export function constructorOf(value: object): object | null {
  for (let holder = getPrototypeOf(value); holder !== null; holder = getPrototypeOf(holder)) {
    const constructor = ownValue(holder, 'constructor');
    if (typeof constructor === 'function') return constructor;
  }
  return null;
}

/** What people call such a value: `Socket`, `function handler`, `class Foo instance`, `Promise`, `Symbol(token)`. */
export function describeValue(value: unknown): string {
  if (typeof value === 'symbol') return String(value);
  if (typeof value === 'function') return `${isClass(value) ? 'class' : 'function'} ${functionName(value)}`;
  if (typeof value !== 'object' || value === null) return typeof value;
  if (builtinTag(value) === '[object Arguments]') return 'arguments';
  const constructor = constructorOf(value);
  if (constructor === null || constructor === Object) {
    const tag = tagOf(value);
    if (tag !== null) return tag;
    return constructor === null ? 'object without a class' : 'object with a prototype of its own';
  }
  const name = functionName(constructor);
  return isClass(constructor) ? `class ${name} instance` : name;
}

/** `Generator`, `Map Iterator`, `Module`: what it is called where no constructor has a name for it; runs no getter. */
function tagOf(value: object): string | null {
  for (let holder: object | null = value; holder !== null; holder = getPrototypeOf(holder)) {
    const tag: unknown = describe(holder, Symbol.toStringTag)?.value;
    if (typeof tag === 'string') return tag;
  }
  return null;
}
