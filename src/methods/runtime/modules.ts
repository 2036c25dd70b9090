import { textHash } from '../../core/text-hash.ts';
import { ModuleStateError } from './errors.ts';
import type { LoadedMethod } from './method-code.ts';

/** What stands at a line of a loaded module: a site of a method, or 0 for a call that captures pass through. */
interface SiteLine {
  readonly method: LoadedMethod;
  readonly pc: number;
}

export interface LoadedModule {
  readonly url: string;
  readonly path: string;
  readonly methods: readonly LoadedMethod[];
  /** Frozen objects that methods share by reference, by name within the module. */
  readonly constants: ReadonlyMap<string, object>;
  readonly sites: ReadonlyMap<number, SiteLine>;
  /** For each generated line its original line; 0 where there is none. */
  readonly originalLines: readonly number[];
  /** Why positions in this module cannot be trusted; null when they can. */
  readonly shifted: string | null;
}

interface LineTable {
  /** Where the module was compiled to register itself, and where it did. */
  readonly expected: number;
  readonly found: number | null;
  /** For each generated line its original line; 0 where there is none. */
  readonly original: readonly number[];
}

/** Reads a module's tables, and checks them against the code as it was loaded. */
export function loadModule(
  url: string,
  path: string,
  methods: readonly LoadedMethod[],
  constants: Readonly<Record<string, unknown>>,
  lines: LineTable,
): LoadedModule {
  const sites = new Map<number, SiteLine>();
  for (const method of methods) {
    for (const [line, pc] of [...method.meta.fastLines, ...method.meta.resumeLines])
      sites.set(line, { method, pc });
  }
  return {
    url,
    path,
    methods,
    constants: frozenConstants(path, constants),
    sites,
    originalLines: lines.original,
    shifted: shift(path, methods, lines),
  };
}

function shift(path: string, methods: readonly LoadedMethod[], lines: LineTable): string | null {
  const changed = methods.find(
    ({ meta, fast, resume }) =>
      textHash(String(fast)) !== meta.fastHash ||
      (resume !== null && textHash(String(resume)) !== meta.resumeHash),
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
    found.set(name, value as object);
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
