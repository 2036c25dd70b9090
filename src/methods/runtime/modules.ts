import { originsIn } from '../../core/code-tables.ts';
import { textHash } from '../../core/text-hash.ts';
import { ModuleStateError } from './errors.ts';
import type { LoadedMethod } from './method-code.ts';

/** What stands at a line of a loaded module: a site of a method, or 0 for a call that captures pass through. */
interface SiteLine {
  readonly method: LoadedMethod;
  readonly pc: number;
}

/** A file of movable code as this thread has it: one module, or several that a bundler has put into one file. */
export interface LoadedModule {
  readonly url: string;
  readonly path: string;
  readonly methods: readonly LoadedMethod[];
  /** Frozen objects that methods share by reference, as `path#name`. */
  readonly constants: ReadonlyMap<string, object>;
  readonly sites: ReadonlyMap<number, SiteLine>;
  readonly texts: readonly OriginalText[];
  /** Why positions in this module cannot be trusted; null when they can. */
  readonly shifted: string | null;
}

/** What an author wrote, of a file that was generated from it. */
interface OriginalText {
  readonly path: string;
  /** For each generated line its original line; 0 where there is none. */
  readonly lines: readonly number[];
}

interface LineTable {
  /** Where the module was compiled to register itself, and where it did. */
  readonly expected: number;
  readonly found: number | null;
  /** For each generated line its original line: `originText`. */
  readonly origins: string;
}

/** Reads a module's tables, and checks them against the code as it was loaded. */
export function loadModule(
  url: string,
  path: string,
  methods: readonly LoadedMethod[],
  constants: Readonly<Record<string, unknown>>,
  lines: LineTable,
): LoadedModule {
  let sites: ReadonlyMap<number, SiteLine> | null = null;
  let shifted: string | null | undefined;
  return {
    url,
    path,
    methods,
    constants: frozenConstants(path, constants),
    // Both are needed by captures only, and cost more than to load the code.
    get sites() {
      return (sites ??= sitesOf(methods));
    },
    texts: [textOf(path, lines.origins)],
    get shifted() {
      return (shifted ??= shift(path, methods, lines));
    },
  };
}

function sitesOf(methods: readonly LoadedMethod[]): ReadonlyMap<number, SiteLine> {
  const sites = new Map<number, SiteLine>();
  for (const method of methods) {
    for (const [line, pc] of [...method.meta.fastLines, ...method.meta.resumeLines])
      sites.set(line, { method, pc });
  }
  return sites;
}

function textOf(path: string, origins: string): OriginalText {
  let lines: readonly number[] | null = null;
  return {
    path,
    get lines() {
      return (lines ??= originsIn(origins));
    },
  };
}

/** What the native stack calls a file: a URL, or a path in CommonJS. */
export function fileUrlOf(file: string): string {
  if (!file.startsWith('/')) return file;
  return `file://${file.split('/').map(encodeURIComponent).join('/')}`;
}

/** A file's modules, one after another: each has the sites of its own lines. */
export function joinModules(earlier: LoadedModule | undefined, later: LoadedModule): LoadedModule {
  if (earlier === undefined || earlier.texts.some(({ path }) => path === later.path)) return later;
  let sites: ReadonlyMap<number, SiteLine> | null = null;
  return {
    url: later.url,
    path: earlier.path,
    methods: [...earlier.methods, ...later.methods],
    constants: new Map([...earlier.constants, ...later.constants]),
    get sites() {
      return (sites ??= new Map([...earlier.sites, ...later.sites]));
    },
    texts: [...earlier.texts, ...later.texts],
    get shifted() {
      return earlier.shifted ?? later.shifted;
    },
  };
}

function shift(path: string, methods: readonly LoadedMethod[], lines: LineTable): string | null {
  const changed = methods.find(
    ({ meta, fast, factory, resume, step }) =>
      // What stands in the text of a class is part of the class's own.
      (meta.fastHash !== '' && textHash(String(factory ?? fast)) !== meta.fastHash) ||
      (resume !== null && textHash(String(resume)) !== meta.resumeHash) ||
      (step !== null && textHash(String(step)) !== meta.stepHash),
  );
  const advice = 'Let godwit be the last to transform a module.';
  if (changed !== undefined)
    return `the code of ${changed.meta.id} was changed after it was compiled. ${advice}`;
  if (lines.found !== lines.expected) {
    return `${path} was shifted after it was compiled (line ${String(lines.found)}, expected ${lines.expected}). ${advice}`;
  }
  return null;
}

/** Everything that a module's constants reach, under its path. @throws {ModuleStateError} where it is not frozen */
function frozenConstants(
  path: string,
  constants: Readonly<Record<string, unknown>>,
): ReadonlyMap<string, object> {
  const found = new Map<string, object>();
  const seen = new Set<object>();
  const open = Object.entries(constants);
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const [name, value] = next;
    const isObject = typeof value === 'object' && value !== null;
    if ((!isObject && typeof value !== 'function') || seen.has(value as object)) continue;
    seen.add(value as object);
    found.set(`${path}#${name}`, value as object);
    if (!isObject) continue;
    if (!Object.isFrozen(value) || isCollection(value))
      throw new ModuleStateError(path, name.split('.')[0] ?? name);
    for (const [key, { value: below }] of Object.entries(Object.getOwnPropertyDescriptors(value))) {
      open.push([`${name}.${key}`, below]);
    }
  }
  return found;
}

function isCollection(value: object): boolean {
  return value instanceof Map || value instanceof Set || value instanceof Date || ArrayBuffer.isView(value);
}
