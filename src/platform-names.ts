import { builtinModules } from 'node:module';
import { isObject } from './core/is-object.ts';

/** Reading these does something to the process, or warns. */
const untouched: ReadonlySet<string> = new Set([
  'localStorage',
  'sessionStorage',
  'process',
  'global',
  'globalThis',
]);

type Names = ReadonlyMap<object | symbol, string>;

/** `node:fs.readFile`: a public module's name without `node:`, where it can be had without importing it. */
function builtin(name: string): object | null {
  try {
    const found: unknown = process.getBuiltinModule(name);
    return isObject(found) ? found : null;
  } catch {
    // Not to be had on this thread: `trace_events` on any but the first.
    return null;
  }
}

/** The modules that this process has loaded: what it holds can only come from these. */
function loadedModules(): string[] {
  const { moduleLoadList } = process as unknown as { readonly moduleLoadList?: readonly string[] };
  const loaded = new Set(
    (moduleLoadList ?? []).map((entry) => entry.replace(/^(?:NativeModule|Internal Binding) /, '')),
  );
  return builtinModules.filter((name) => !name.startsWith('_') && loaded.has(name));
}

/** What stands on the global object, and one level below. */
function* globals(): Generator<readonly [object, string]> {
  yield [process, 'process'];
  for (const key of Object.getOwnPropertyNames(globalThis)) {
    if (untouched.has(key)) continue;
    const value: unknown = Reflect.get(globalThis, key);
    if (!isObject(value)) continue;
    yield [value, key];
    yield* membersOf(value, key);
  }
  yield* membersOf(process, 'process');
}

/** Functions and classes, and objects of functions; getters are not run. */
function* membersOf(holder: object, path: string): Generator<readonly [object, string]> {
  for (const key of Object.getOwnPropertyNames(holder)) {
    const value: unknown = Reflect.getOwnPropertyDescriptor(holder, key)?.value;
    if (isObject(value) && key !== 'prototype' && key !== 'constructor') yield [value, `${path}.${key}`];
  }
}

function readNames(modules: readonly string[]): Names {
  const names = new Map<object | symbol, string>();
  const add = (value: object, name: string): void => {
    if (!names.has(value)) names.set(value, name);
  };
  for (const name of modules) {
    const found = builtin(name);
    if (found === null) continue;
    add(found, `node:${name}`);
    for (const [value, path] of membersOf(found, `node:${name}`)) {
      if (typeof value !== 'function') continue;
      add(value, path);
    }
  }
  for (const [value, name] of globals()) {
    // Of what stands below globals only functions are the same thing everywhere; streams, for one, are not.
    if (typeof value === 'function' || !name.includes('.')) add(value, `global:${name}`);
  }
  return names;
}

/**
 * Functions of Node's own modules, and what stands on the global object: the same wherever a method runs, so held by
 * reference. Node versions differ in what they have; a name that is missing is told at the target.
 */
export class PlatformNames {
  #names: Names | null = null;
  #moduleCount = -1;

  nameOf(value: object | symbol): string | undefined {
    if (typeof value === 'symbol') return undefined;
    return this.#known(value).get(value);
  }

  find(name: string): object | undefined {
    const isGlobal = name.startsWith('global:');
    if (!isGlobal && !name.startsWith('node:')) return undefined;
    const path = name.slice(name.indexOf(':') + 1);
    const dot = path.indexOf('.', isGlobal ? 0 : path.lastIndexOf('/') + 1);
    const [head, member] = dot < 0 ? [path, null] : [path.slice(0, dot), path.slice(dot + 1)];
    const holder: unknown = isGlobal
      ? globalNamed(head)
      : builtinModules.includes(head)
        ? builtin(head)
        : null;
    if (!isObject(holder)) return undefined;
    if (member === null) return holder;
    const found: unknown = Reflect.getOwnPropertyDescriptor(holder, member)?.value;
    return isObject(found) ? found : undefined;
  }

  values(): Iterable<object | symbol> {
    return this.#known(null).keys();
  }

  /** Read again only for something unknown, and only when modules have been loaded since. */
  #known(value: object | null): Names {
    if (this.#names !== null && (value === null || this.#names.has(value))) return this.#names;
    const modules = loadedModules();
    if (this.#names === null || modules.length !== this.#moduleCount) {
      this.#moduleCount = modules.length;
      this.#names = readNames(modules);
    }
    return this.#names;
  }
}

function globalNamed(name: string): unknown {
  return name === 'process' || !untouched.has(name) ? Reflect.get(globalThis, name) : undefined;
}

export const platformNames = new PlatformNames();
