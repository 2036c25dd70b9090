import { asyncGeneratorFunction } from './async-generators.ts';
import { generatorFunctionOf } from './generators.ts';
import type { AnyFunction, LoadedMethod } from './method-code.ts';

/** What a function of movable code is made of. */
export interface Closure {
  readonly method: LoadedMethod;
  /** In the order of its factory's parameters. */
  readonly captured: readonly unknown[];
}

/** Takes what a function says of itself when it is called while a probe is set. */
export type Probe = (method: LoadedMethod, captured: readonly unknown[]) => unknown;

interface ProbeHolder {
  p: Probe | null;
}

const { apply } = Reflect;
const sourceOf = Function.prototype.toString;

/** How the compiler begins every function that a factory makes. */
const head = /^(?:"(?:[^"\\]|\\.)*")?[^{]*\{\nif \((\$\d*)\.p !== null\) return \1\.p\(/;

/**
 * Asks a function what it is made of. Functions that the compiler did not make are never called: those that it made
 * are known by the beginning of their text, and answer before anything else happens.
 */
export function closureOf(gate: ProbeHolder, candidate: AnyFunction): Closure | null {
  if (!head.test(apply(sourceOf, candidate, []).slice(0, 2000))) return null;
  let found: Closure | null = null;
  gate.p = (method, captured) => {
    found = { method, captured };
  };
  try {
    apply(candidate, undefined, []);
  } finally {
    gate.p = null;
  }
  return found;
}

const asyncFunction = Object.getPrototypeOf(async () => {}) as object;

/** Makes a function of the form that its author wrote look as it would natively. */
export function functionOf(kind: string, made: object): object {
  if (kind === 'generator') return generatorFunctionOf(made);
  if (kind === 'asyncGenerator') return generatorFunctionOf(made, asyncGeneratorFunction);
  return kind === 'async' ? (Object.setPrototypeOf(made, asyncFunction) as object) : made;
}

/** `{ [key]: made }`, the function named by its key. */
export function keyed(key: PropertyKey, made: object): object {
  giveName(made, key, '');
  return { [key]: made };
}

/** A function or class, named by the key that it stands under. */
export function named(key: PropertyKey, made: object): object {
  giveName(made, key, '');
  return made;
}

/** Names a function that has no name yet, as the language names what stands under a computed key. */
function giveName(made: object, key: PropertyKey, before: string): void {
  if (Object.getOwnPropertyDescriptor(made, 'name')?.value !== '') return;
  const described = typeof key === 'symbol' ? key.description : String(key);
  const name = typeof key === 'symbol' && described !== undefined ? `[${described}]` : (described ?? '');
  Object.defineProperty(made, 'name', { value: `${before}${name}`, configurable: true });
}

type AccessorPart = readonly [key: PropertyKey, kind: 'get' | 'set', made: () => unknown];

/** Turns the properties of a literal that stand for accessors into accessors, in their places. */
export function withAccessors(literal: object, accessors: readonly AccessorPart[]): object {
  for (const [key, kind, made] of accessors) {
    giveName(made, key, `${kind} `);
    const known = Object.getOwnPropertyDescriptor(literal, key);
    const isAccessor = known !== undefined && !('value' in known);
    const { get, set } = isAccessor ? known : { get: undefined, set: undefined };
    const accessor = kind === 'get' ? { get: made, set } : { get, set: made };
    Object.defineProperty(literal, key, {
      ...accessor,
      enumerable: true,
      configurable: true,
    } as PropertyDescriptor);
  }
  return literal;
}
