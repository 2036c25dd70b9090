import { acceptFunctions, libraryMethod } from './library.ts';
import type { AnyFunction, LoadedMethod } from './method-code.ts';
import { callerUrl } from './stack-walk.ts';
import { thread } from './thread.ts';

// Modules that belong to an execution as a whole: their variables are boxes on its heap, so each execution has its own.

/** What a module gives on, as the compiler found it. */
export interface ExportTable {
  readonly reexports: readonly (readonly [name: string, path: string, imported: string])[];
  readonly stars: readonly string[];
  readonly names: readonly string[];
  /** Of CommonJS modules: what loads the modules of Node.js and packages. */
  readonly require?: ((specifier: string) => unknown) | null;
}

interface WholeModule {
  readonly body: LoadedMethod;
  readonly table: ExportTable;
}

interface Box {
  v: unknown;
}

/** A module of one execution: data. */
interface ModuleState {
  isStarted: boolean;
  readonly boxes: Map<string, Box>;
  namespace: object | null;
  /** Of CommonJS modules. */
  module: { exports: unknown } | null;
  require: object | null;
}

/** The modules of one execution, by path: data. */
export type ModuleStates = Map<string, ModuleState>;

const known = new Map<string, WholeModule>();

export function addWholeModule(path: string, body: LoadedMethod, table: ExportTable): void {
  known.set(path, { body, table });
}

function stateOf(modules: ModuleStates, path: string): ModuleState {
  let state = modules.get(path);
  if (state === undefined) {
    state = { isStarted: false, boxes: new Map(), namespace: null, module: null, require: null };
    modules.set(path, state);
  }
  return state;
}

/** The modules that a body runs among; those of a new execution for the one that it begins with. */
export function programOf(given: ModuleStates | undefined, path: string): ModuleStates {
  const modules = given ?? new Map<string, ModuleState>();
  stateOf(modules, path).isStarted = true;
  return modules;
}

/** The body of a module that has to be evaluated; null when that has begun already. */
export function dependencyOf(modules: ModuleStates, path: string): LoadedMethod['fast'] {
  const whole = known.get(path);
  const state = stateOf(modules, path);
  if (whole === undefined || state.isStarted) return null;
  return whole.body.fast;
}

function moduleOf(state: ModuleState): { exports: unknown } {
  state.module ??= { exports: {} };
  return state.module;
}

/** What a CommonJS module is given under a name. */
export function givenOf(modules: ModuleStates, path: string, name: string): unknown {
  const state = stateOf(modules, path);
  switch (name) {
    case 'module':
      return moduleOf(state);
    case 'exports':
      return moduleOf(state).exports;
    case 'require':
      state.require ??= fillRequire(blankRequire(), { modules, path });
      return state.require;
    case '__filename':
      return path;
    default:
      return path.slice(0, Math.max(0, path.lastIndexOf('/')));
  }
}

const requires = new WeakMap<object, NamespaceState>();

/** The `require` of one module; `fillRequire` says whose. */
export function blankRequire(): object {
  const itself: object[] = [];
  const require = (specifier: string): unknown => requireModule(itself[0] as object, specifier);
  itself.push(require);
  return require;
}

export function fillRequire(require: object, state: NamespaceState): object {
  requires.set(require, state);
  return require;
}

/** @returns null for any other value */
export function requireState(value: object): NamespaceState | null {
  return requires.get(value) ?? null;
}

/** The path that a relative specifier names among the modules that are known. */
function targetOf(path: string, specifier: string): string | null {
  if (!/^\.{0,2}\//.test(specifier)) return null;
  const parts = path.split('/').slice(0, -1);
  for (const part of specifier.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '.' && part !== '') parts.push(part);
  }
  const plain = parts.join('/');
  return [plain, `${plain}.js`, `${plain}.cjs`, `${plain}/index.js`].find((name) => known.has(name)) ?? null;
}

function requireModule(require: object, specifier: string): unknown {
  const { modules, path } = requires.get(require) as NamespaceState;
  const target = targetOf(path, specifier);
  if (target === null) return known.get(path)?.table.require?.(specifier);
  const state = stateOf(modules, target);
  const body = dependencyOf(modules, target);
  if (body !== null) {
    try {
      callBody(body, modules);
    } catch (error) {
      const { gate } = thread;
      throw error === gate.capture ? gate.save(requiring, 1, [state], null, null) : error;
    }
  }
  return moduleOf(state).exports;
}

const requiring = libraryMethod('require', ['module'], (frame) => {
  thread.gate.take();
  return moduleOf(frame.vars[0] as ModuleState).exports;
});

function callBody(body: AnyFunction, modules: ModuleStates): unknown {
  return body(modules);
}

acceptFunctions(callerUrl(), { callBody: 'calls', requireModule: 'walks', require: 'passes' });

interface Place {
  readonly path: string;
  readonly name: string;
}

/** Where an exported name is declared (ECMA-262, ResolveExport); null when nowhere. */
function placeOf(path: string, name: string, seen: Set<string>): Place | null {
  const step = `${path}\n${name}`;
  const whole = known.get(path);
  if (whole === undefined || seen.has(step)) return null;
  seen.add(step);
  const { table } = whole;
  if (table.names.includes(name) || table.require !== undefined) return { path, name };
  const given = table.reexports.find(([exported]) => exported === name);
  if (given !== undefined) {
    const from = given[1] === '' ? path : given[1];
    return given[2] === '*' ? { path: from, name: '*' } : placeOf(from, given[2], seen);
  }
  if (name === 'default') return null;
  for (const star of table.stars) {
    const found = placeOf(star, name, seen);
    if (found !== null) return found;
  }
  return null;
}

/** The box of an exported variable, whoever asks first. @throws SyntaxError for a name that is not exported */
export function boxOf(modules: ModuleStates, path: string, name: string, unset: unknown): Box {
  const place = placeOf(path, name, new Set());
  if (place === null) {
    throw new SyntaxError(`The requested module '${path}' does not provide an export named '${name}'`);
  }
  const { boxes } = stateOf(modules, place.path);
  let box = boxes.get(place.name);
  if (box === undefined) {
    box = { v: place.name === '*' ? namespaceOf(modules, place.path, unset) : unset };
    boxes.set(place.name, box);
  }
  if (place.name !== '*' && known.get(place.path)?.table.require !== undefined) {
    // A CommonJS module is evaluated before whoever imports it: once it is, its exports are there.
    const { exports } = moduleOf(stateOf(modules, place.path));
    box.v = place.name === 'default' ? exports : (exports as Record<string, unknown>)[place.name];
  }
  return box;
}

function namesOf(path: string, seen: Set<string>): Set<string> {
  const whole = known.get(path);
  const names = new Set<string>();
  if (whole === undefined || seen.has(path)) return names;
  seen.add(path);
  for (const name of whole.table.names) names.add(name);
  for (const [name] of whole.table.reexports) names.add(name);
  for (const star of whole.table.stars) {
    for (const name of namesOf(star, seen)) if (name !== 'default') names.add(name);
  }
  return names;
}

interface NamespaceState {
  readonly modules: ModuleStates;
  readonly path: string;
}

const namespaces = new WeakMap<object, NamespaceState>();

/** `import * as name`. Its properties read the variables of the module as they are. */
export function namespaceOf(modules: ModuleStates, path: string, unset: unknown): object {
  const state = stateOf(modules, path);
  state.namespace ??= fillNamespace(blankNamespace(), { modules, path }, unset);
  return state.namespace;
}

export function blankNamespace(): object {
  return Object.create(null) as object;
}

export function fillNamespace(namespace: object, state: NamespaceState, unset: unknown): object {
  const { modules, path } = state;
  namespaces.set(namespace, state);
  for (const name of [...namesOf(path, new Set())].sort()) {
    Object.defineProperty(namespace, name, {
      enumerable: true,
      get: () => {
        const { v } = boxOf(modules, path, name, unset);
        if (v === unset) throw new ReferenceError(`Cannot access '${name}' before initialization`);
        return v;
      },
    });
  }
  Object.defineProperty(namespace, Symbol.toStringTag, { value: 'Module' });
  return Object.preventExtensions(namespace);
}

/** @returns null for any other object */
export function namespaceState(value: object): NamespaceState | null {
  return namespaces.get(value) ?? null;
}
