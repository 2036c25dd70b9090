import type { LoadedMethod } from './method-code.ts';

// Modules that belong to an execution as a whole: their variables are boxes on its heap, so each execution has its own.

/** What a module gives on, as the compiler found it. */
export interface ExportTable {
  readonly reexports: readonly (readonly [name: string, path: string, imported: string])[];
  readonly stars: readonly string[];
  readonly names: readonly string[];
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
    state = { isStarted: false, boxes: new Map(), namespace: null };
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
  if (table.names.includes(name)) return { path, name };
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
