import { type Role, roleOf } from './library.ts';
import type { LoadedModule } from './modules.ts';

/** Whether everything between here and the runtime is movable code at its sites. */
export type StackFinding =
  | { readonly kind: 'ours'; readonly frames: number }
  /** `where` is a function or module that is not ours, or not at a site. */
  | { readonly kind: 'foreign'; readonly where: string };

interface Position {
  readonly url: string | null;
  readonly line: number | null;
  readonly name: string | null;
  readonly isConstructor: boolean;
}

/** The runtime's own functions under which every method runs; see `Execution`. */
const boundary = /\benter(?:Method|Frame)\b/;

/** Whether a name, or a line of a stack's text, is one of them: nothing of a method stands below. */
export function isBoundary(name: string): boolean {
  return boundary.test(name);
}

/**
 * Walks the native stack from the caller of `above` down to the runtime. The site tables give one line to each call and
 * nothing else, so a native function, a getter, a Proxy's trap or a conversion in between shows.
 */
export function walkStack(
  above: (...args: never[]) => unknown,
  modules: ReadonlyMap<string, LoadedModule>,
): StackFinding {
  let frames = 0;
  /** Whether a callback runs whose caller's frame is still to come. */
  let isCalledBack = false;
  let last: Role | null = null;
  for (const { url, line, name, isConstructor } of positions(above)) {
    const role = roleOf(url, name);
    if (role !== null) {
      // Only a callback that was called as one may be captured: a getter or trap may stand right above the function, too.
      if (role === 'calls') isCalledBack = true;
      else if (last === null) return { kind: 'foreign', where: `a getter, trap or conversion in ${name}` };
      if (role === 'walks' && isCalledBack) {
        isCalledBack = false;
        frames += 1;
      }
      last = role;
      continue;
    }
    if (isCalledBack) return { kind: 'foreign', where: name ?? url ?? 'native code' };
    last = null;
    const loaded = url === null ? undefined : modules.get(url);
    if (loaded === undefined) {
      if (name !== null && isBoundary(name)) return { kind: 'ours', frames };
      return { kind: 'foreign', where: name ?? url ?? 'native code' };
    }
    if (loaded.shifted !== null) return { kind: 'foreign', where: loaded.shifted };
    const site = line === null ? undefined : loaded.sites.get(line);
    if (site === undefined) return { kind: 'foreign', where: `${name ?? 'a function'} (${loaded.path})` };
    if (!isConstructor && site.method.kind === 'class') {
      return {
        kind: 'foreign',
        where: `class ${site.method.meta.name} (${loaded.path}), which is being made`,
      };
    }
    if (isConstructor && !site.method.meta.constructs) {
      return {
        kind: 'foreign',
        where: `new ${name ?? 'function'} (${loaded.path}), which does not say 'this'`,
      };
    }
    if (site.pc > 0) frames += 1;
  }
  return { kind: 'foreign', where: 'a stack without its end' };
}

/** The file of the code that calls this, as the native stack shows it. */
export function callerUrl(): string {
  return positions(callerUrl, 1)[0]?.url ?? '';
}

/** Where the code stands that called `above`; `line` from 1. `url` is what Node calls the file: a path in CommonJS. */
export function callerOf(above: (...args: never[]) => unknown): {
  readonly url: string | null;
  readonly line: number | null;
} {
  return positions(above, 1)[0] ?? { url: null, line: null };
}

const positionsOf = (_error: Error, sites: readonly NodeJS.CallSite[]): readonly Position[] =>
  sites.map((site): Position => ({
    url: site.getScriptNameOrSourceURL() ?? site.getFileName() ?? null,
    line: site.getLineNumber(),
    name: site.getFunctionName(),
    isConstructor: site.isConstructor(),
  }));

/** Whether a function that prepares stacks wants the places of generated code as they are. */
export function readsRawSites(prepare: unknown): boolean {
  return prepare === positionsOf;
}

/** Survives a `prepareStackTrace` and a `stackTraceLimit` that somebody else has set. */
function positions(above: (...args: never[]) => unknown, most = Infinity): readonly Position[] {
  const limit = Error.stackTraceLimit;
  const prepare: unknown = Reflect.get(Error, 'prepareStackTrace');
  const holder: { stack?: unknown } = {};
  try {
    Error.stackTraceLimit = most;
    Error.prepareStackTrace = positionsOf;
    Error.captureStackTrace(holder, above);
    const found = holder.stack;
    return Array.isArray(found) ? (found as Position[]) : [];
  } finally {
    Error.stackTraceLimit = limit;
    Reflect.set(Error, 'prepareStackTrace', prepare);
  }
}
