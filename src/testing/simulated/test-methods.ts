import { GodwitError } from '../../core/errors.ts';
import type { MethodRef } from '../../core/execution.ts';
import { methodId, packageHash } from '../../core/ids.ts';
import { $ } from '../../methods/runtime/gate.ts';
import { LoadedPackage } from '../../methods/runtime/packages.ts';

/** What was to be started is no movable method. */
export class NoMethodError extends GodwitError {
  override readonly name = 'NoMethodError';
  readonly code = 'NO_METHOD';
  readonly retryable = false;

  constructor(found: string, known: readonly string[]) {
    const has =
      known.length === 0
        ? "No movable file was loaded. Is 'use movable' the first line of the method's file, and does the test's runner compile it: " +
          'is godwit() of godwit/vite among the plugins of vitest.config.ts, or is Node.js started with --import godwit/register?'
        : `These were loaded: ${known.join(', ')}. Import the file at the top of the test; its own first line is 'use movable'.`;
    super(`start() was given ${found}, expected an exported function of a movable file. ${has}`);
  }
}

/** All movable files that this thread has loaded count as one package. */
export const methodsBaseUrl = 'file:';
export const methodsPackage = packageHash('0'.repeat(64));
const namedMax = 10;

/** The movable methods that a test has imported. */
export class TestMethods {
  /** Null before anything movable was loaded. */
  #loaded: LoadedPackage | null = null;
  #modules = 0;

  /** @throws {NoMethodError} */
  refOf(method: unknown): MethodRef {
    const loaded = this.#look();
    const id = typeof method === 'function' ? loaded?.idOf(method as never) : null;
    if (typeof id === 'string') return { package: methodsPackage, method: methodId(id) };
    throw new NoMethodError(shown(method), [...(loaded?.methods.keys() ?? [])].slice(0, namedMax));
  }

  #look(): LoadedPackage | null {
    const found = [...$.modules.values()].filter(({ url }) => url.startsWith(methodsBaseUrl));
    if (found.length === 0) return null;
    if (this.#loaded === null || this.#modules !== found.length) {
      this.#modules = found.length;
      this.#loaded = new LoadedPackage(methodsPackage, methodsBaseUrl, found);
    }
    return this.#loaded;
  }
}

function shown(value: unknown): string {
  if (typeof value !== 'function') return value === null ? 'null' : `a value of type ${typeof value}`;
  const what = value.name === '' ? 'a function without a name' : `the function '${value.name}'`;
  return `${what}, which is no movable method`;
}
