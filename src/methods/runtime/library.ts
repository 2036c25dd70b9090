import { nothingSpoken } from './spoken-errors.ts';
import { type Frame, type LoadedMethod, nothingNoted } from './method-code.ts';

/**
 * How one of the runtime's own functions may stand between the compiled activations of a capture. `calls`: calls a
 * callback and does nothing else. `walks`: called that, and keeps a frame of its own when a capture passes; or called another that walks,
 * and hands on what that one does. `passes`: only hands on.
 */
export type Role = 'calls' | 'walks' | 'passes';

/** The package name under which the runtime's own functions and methods are held by reference in snapshots. */
export const libraryPackage = 'godwit';

const methods = new Map<string, LoadedMethod>();
const names = new Map<object | symbol, string>();
const values = new Map<string, object>();
const movables = new Map<unknown, object>();
const roles = new Map<string, ReadonlyMap<string, Role>>();

/**
 * A method without compiled code: its frames are kept and resumed by hand.
 *
 * @param layout names of the variables of its frames
 * @param resume goes on with a frame; the outcome of the activation above it is taken from the gate
 */
export function libraryMethod(
  name: string,
  layout: readonly string[],
  resume: (frame: Frame) => unknown,
): LoadedMethod {
  const live = layout.map((_, index) => index);
  const method: LoadedMethod = {
    meta: {
      id: `${libraryPackage}:${name}`,
      code: '1',
      name,
      path: libraryPackage,
      isAsync: false,
      line: 0,
      layout,
      constructs: false,
      sites: [['call', 0, live]],
      fastLines: [],
      resumeLines: [],
      fastHash: '',
      resumeHash: '',
      stepHash: '',
    },
    fast: null,
    resume,
    step: null,
    factory: null,
    kind: 'plain',
    passed: nothingNoted,
    spoken: nothingSpoken,
  };
  methods.set(method.meta.id, method);
  return method;
}

/** One of the runtime's own methods, by id. */
export function findLibraryMethod(id: string): LoadedMethod | null {
  return methods.get(id) ?? null;
}

/** Names a function that methods may hold, so that snapshots refer to it. */
export function nameValue(name: string, value: object): void {
  names.set(value, `${libraryPackage}/${name}`);
  values.set(name, value);
}

/** The same for a function that stands in for one of the language's own. */
export function nameMovable(name: string, native: unknown, movable: object): void {
  movables.set(native, movable);
  nameValue(name, movable);
}

/** @returns what stands in for a function of the language; anything else itself */
export function movableOf(found: unknown): unknown {
  return movables.get(found) ?? found;
}

/** @returns `godwit/name` of one of the runtime's own functions */
export function libraryNameOf(value: object | symbol): string | undefined {
  return names.get(value);
}

export function libraryValues(): Iterable<object | symbol> {
  return names.keys();
}

export function findLibraryValue(name: string): object | undefined {
  return values.get(name);
}

/** Lets captures pass through functions of a module, by their names. `url` is as the native stack shows it. */
export function acceptFunctions(url: string, byName: Readonly<Record<string, Role>>): void {
  roles.set(url, new Map([...(roles.get(url) ?? []), ...Object.entries(byName)]));
}

export function roleOf(url: string | null, name: string | null): Role | null {
  return (url === null || name === null ? undefined : roles.get(url)?.get(name)) ?? null;
}
