import type { PackageHash } from '../../core/ids.ts';
import type { Permanents } from '../snapshot/index.ts';
import { type MethodFinder, ThreadCode } from './code-table.ts';
import { MethodsMissingError } from './errors.ts';
import { memberPrototypes } from './classes.ts';
import { findLibraryValue, libraryNameOf, libraryPackage, libraryValues } from './library.ts';
import type { AnyFunction, LoadedMethod } from './method-code.ts';
import type { LoadedModule } from './modules.ts';

/** The methods of one package, as this thread has them. */
export class LoadedPackage {
  readonly hash: PackageHash;
  readonly methods = new Map<string, LoadedMethod>();
  /** Methods and frozen constants, by the names that they have on every host. */
  readonly named = new Map<string, object>();
  readonly #ids = new Map<AnyFunction, string>();

  /** @throws {MethodsMissingError} when no module stands under `baseUrl` */
  constructor(hash: PackageHash, baseUrl: string, modules: Iterable<LoadedModule>) {
    this.hash = hash;
    for (const module of modules) {
      if (!module.url.startsWith(baseUrl)) continue;
      for (const method of module.methods) {
        this.methods.set(method.meta.id, method);
        if (method.fast === null) continue;
        this.#ids.set(method.fast, method.meta.id);
        this.named.set(method.meta.id, method.fast);
        const { prototype } = method.fast as { prototype?: unknown };
        if (typeof prototype === 'object' && prototype !== null) {
          this.named.set(`${method.meta.id}.prototype`, prototype);
        }
        for (const [name, value] of memberPrototypes(method.fast))
          this.named.set(`${method.meta.id} ${name}`, value);
      }
      for (const [name, value] of module.constants) this.named.set(name, value);
    }
    if (this.methods.size === 0) throw new MethodsMissingError(baseUrl);
  }

  idOf(method: AnyFunction): string | null {
    return this.#ids.get(method) ?? null;
  }
}

/** @throws TypeError for a function that is no method of the package */
export function methodIdIn(loaded: LoadedPackage | null, method: AnyFunction): string {
  const id = loaded?.idOf(method);
  if (typeof id === 'string') return id;
  const name = typeof method === 'function' ? `function '${method.name}'` : typeof method;
  throw new TypeError(
    `start() was given the ${name}, which is no movable method of this package. ` +
      'Give it a top-level function of a file with "use movable".',
  );
}

/** The packages of one runtime. What they name is held by reference in snapshots, as `package hash/name`. */
export class LoadedPackages implements Permanents, MethodFinder {
  /** How snapshots write functions that packages' methods have made. */
  readonly code = new ThreadCode(this);
  readonly #packages = new Map<string, LoadedPackage>();
  readonly #names = new Map<object | symbol, string>();
  readonly #owners = new Map<LoadedMethod, string>();

  add(loaded: LoadedPackage): void {
    this.#packages.set(loaded.hash, loaded);
    for (const method of loaded.methods.values()) this.#owners.set(method, loaded.hash);
    for (const [name, value] of loaded.named) {
      if (!this.#names.has(value)) this.#names.set(value, `${loaded.hash}/${name}`);
    }
  }

  get(hash: string): LoadedPackage | null {
    return this.#packages.get(hash) ?? null;
  }

  nameOf(value: object | symbol): string | undefined {
    return this.#names.get(value) ?? libraryNameOf(value);
  }

  *values(): Iterable<object | symbol> {
    yield* this.#names.keys();
    yield* libraryValues();
  }

  method(hash: string, id: string): LoadedMethod | null {
    return this.#packages.get(hash)?.methods.get(id) ?? null;
  }

  packageOf(method: LoadedMethod): string | null {
    return this.#owners.get(method) ?? null;
  }

  find(name: string): object | undefined {
    const slash = name.indexOf('/');
    if (name.slice(0, slash) === libraryPackage) return findLibraryValue(name.slice(slash + 1));
    return this.#packages.get(name.slice(0, slash))?.named.get(name.slice(slash + 1));
  }
}
