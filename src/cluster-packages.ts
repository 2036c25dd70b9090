import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Table } from './actors/ports.ts';
import { MethodsRefusedError, NotFoundError, RefusedError } from './cluster-errors.ts';
import type { MethodRef } from './core/execution.ts';
import type { ExecutionId, HostName, PackageHash } from './core/ids.ts';
import { hostOf, methodId, packageHash } from './core/ids.ts';
import { SystemDigest } from './digest.ts';
import { compileModule, compilerVersion } from './methods/compiler/index.ts';
import type { BundleRoots, Package, PackagedMethod } from './methods/packages/index.ts';
import {
  bundle,
  encodeSignature,
  packageRoots,
  packageTitlePattern,
  readPackage,
  signPackage,
  sourceFilesOnDisk,
} from './methods/packages/index.ts';
import type { RegisterRow } from './protocols/ownership/register.ts';
import type { CatalogueRow } from './store/catalogue.ts';
import { Catalogue } from './store/catalogue.ts';
import type { Store } from './store/contract.ts';
import { packageKey, PackageUnknownError, signatureKey } from './store/packages.ts';

export interface DeployOptions {
  /** Null: what `package.json` says, else the file's or the folder's name. */
  readonly name: string | null;
  /** An Ed25519 private key as PEM; null leaves the package unsigned. */
  readonly privatePem: string | null;
  /** For people: `ann@build-7`. */
  readonly by: string;
  readonly nowMs: number;
}

/** A package of the catalogue, with what runs it. */
export interface DeployedPackage extends CatalogueRow {
  readonly executions: readonly ExecutionId[];
  /** Hosts that run it now, and so have it on disk. */
  readonly hosts: readonly HostName[];
}

export interface Undeployed {
  /** Empty for bytes that the catalogue did not list. */
  readonly name: string;
  readonly hash: PackageHash;
  /** Those that run it still: its bytes stay in the store for them. */
  readonly executions: readonly ExecutionId[];
}

/** Shortest beginning of a hash that names a package. */
const hashCharactersMin = 8;
const hashBeginning = /^[0-9a-f]{8,64}$/;

/** The packages of a cluster: compiled here, kept in the store, listed in its catalogue. Needs no host that is up. */
export class ClusterPackages {
  readonly #store: Store;
  readonly #registers: Table<RegisterRow>;
  readonly #catalogue: Catalogue;

  constructor(store: Store, registers: Table<RegisterRow>) {
    this.#store = store;
    this.#registers = registers;
    this.#catalogue = new Catalogue(store.registry);
  }

  /**
   * Compiles a file with what it imports, and puts it into the vault; the catalogue does not list it.
   *
   * @throws {NotFoundError | MethodsRefusedError}
   */
  async store(file: string): Promise<Package> {
    const path = existing(file);
    return this.#bundled(file, pathToFileURL(path).href);
  }

  /**
   * Makes one package of a file or a folder, and lists it in the catalogue.
   *
   * @throws {NotFoundError} when there is nothing at `path`
   * @throws {MethodsRefusedError} with all that cannot be moved
   * @throws {PackageFolderError | SigningKeyError}
   */
  async deploy(path: string, options: DeployOptions): Promise<CatalogueRow> {
    const roots = packageRoots(existing(path));
    if (options.name !== null && !packageTitlePattern.test(options.name)) {
      throw new RefusedError(
        `A package cannot be called '${options.name}': expected lower-case letters, digits, dots and dashes, at most 63.`,
      );
    }
    const pack = await this.#bundled(path, { ...roots, name: options.name ?? roots.name });
    const signature = options.privatePem === null ? null : signPackage(pack.hash, options.privatePem);
    if (signature !== null) {
      // Another key's signature gives way: a vault's keys are written once.
      await this.#store.vault.delete(signatureKey(pack.hash));
      await this.#store.vault.put(signatureKey(pack.hash), encodeSignature(signature));
    }
    const row = rowOf(pack, options, signature?.publicKey ?? (await this.#signer(pack.hash)));
    await this.#catalogue.put(row);
    return row;
  }

  /** All that were deployed, by name, of one name the newest first. */
  async list(): Promise<readonly DeployedPackage[]> {
    const running = await this.#running();
    return (await this.#catalogue.list()).map((row) => {
      const rows = running.filter(({ method }) => method.package === row.hash);
      const hosts = [...new Set(rows.map(({ owner }) => hostOf(owner)))].toSorted();
      return { ...row, executions: rows.map(({ execution }) => execution), hosts };
    });
  }

  /**
   * @param text a package's name, of which the newest version is meant, or the beginning of its hash
   * @throws {NotFoundError | PackageUnknownError | PackageCorruptError | PackageVersionError}
   */
  async open(text: string): Promise<Package> {
    const rows = await this.#catalogue.list();
    const [row] = named(rows, text);
    if (row === undefined) throw noPackage(rows, text);
    const bytes = await this.#store.vault.get(packageKey(row.hash));
    if (bytes === null) throw new PackageUnknownError(row.hash);
    const content = readPackage(bytes, row.hash, { digest: new SystemDigest(), compilerVersion });
    return { hash: row.hash, bytes, content };
  }

  /**
   * Takes a package off the catalogue, and its bytes out of the store once nothing runs it.
   *
   * @param text its name, if only one version of it is deployed, or the beginning of its hash
   * @param force while executions run it, too: they go on, and its bytes stay for their moves and recoveries
   * @throws {NotFoundError}
   * @throws {RefusedError} when executions run it, or the name has several versions
   */
  async undeploy(text: string, force: boolean): Promise<Undeployed> {
    const { name, hash } = await this.#only(text);
    const executions = await this.#runningOf(hash);
    if (executions.length > 0 && !force) {
      const shown = executions.slice(0, 5).join(', ') + (executions.length > 5 ? ', …' : '');
      throw new RefusedError(
        `${name} (${hash.slice(0, 12)}) is run by ${executions.length} executions: ${shown}. ` +
          'Wait until they have ended, or add --force: then no more are started by its name.',
      );
    }
    await this.#catalogue.remove(hash);
    if (executions.length > 0) return { name, hash, executions };
    await this.#store.vault.delete(packageKey(hash));
    await this.#store.vault.delete(signatureKey(hash));
    return { name, hash, executions: [] };
  }

  /** The one package that a text means: of the catalogue, else one whose bytes alone are in the store. */
  async #only(text: string): Promise<{ readonly name: string; readonly hash: PackageHash }> {
    const rows = await this.#catalogue.list();
    const listed = named(rows, text);
    const found = listed.length > 0 ? listed : await this.#unlisted(text);
    const [only] = found;
    if (only === undefined) throw noPackage(rows, text);
    if (found.length === 1) return only;
    const hashes = found.map(({ hash }) => hash.slice(0, 12)).join(', ');
    throw new RefusedError(
      `${found.length} packages are meant by '${text}': name one by its hash: ${hashes}.`,
    );
  }

  async #unlisted(text: string): Promise<readonly { readonly name: string; readonly hash: PackageHash }[]> {
    if (!hashBeginning.test(text)) return [];
    const keys = await this.#store.vault.list(packageKey(packageHash(text)));
    return keys.map((key) => ({
      name: '',
      hash: packageHash(key.slice(packageKey(packageHash('')).length)),
    }));
  }

  async #bundled(path: string, roots: string | BundleRoots): Promise<Package> {
    const outcome = bundle(roots, {
      files: sourceFilesOnDisk,
      digest: new SystemDigest(),
      compile: compileModule,
      compilerVersion,
    });
    if (outcome.kind === 'refused') throw new MethodsRefusedError(path, outcome.refusals);
    await this.#store.vault.put(packageKey(outcome.package.hash), outcome.package.bytes);
    return outcome.package;
  }

  /** Who signed it in an earlier deploy. */
  async #signer(hash: PackageHash): Promise<string> {
    const rows = await this.#catalogue.list();
    return rows.find((row) => row.hash === hash)?.signedBy ?? '';
  }

  /** Those in quarantine included: they need their package when they are released. */
  async #running(): Promise<readonly RegisterRow[]> {
    return (await this.#registers.list())
      .map(({ row }) => row)
      .filter(({ standing }) => standing.phase !== 'settled');
  }

  async #runningOf(hash: PackageHash): Promise<readonly ExecutionId[]> {
    return (await this.#running())
      .filter(({ method }) => method.package === hash)
      .map(({ execution }) => execution);
  }
}

/**
 * The method that a name means: of the entry, else the only one of that name.
 *
 * @param name `census`, or with its module: `lib/census.ts#census`
 * @throws {NotFoundError}
 */
export function methodOf(pack: Package, name: string): MethodRef & { readonly declared: PackagedMethod } {
  const { entry, methods } = pack.content;
  const exported = methods.filter((method) => method.exported);
  const own = exported.filter(({ id }) => id === methodId(name.includes('#') ? name : `${entry}#${name}`));
  const [found, ...more] = own.length > 0 ? own : exported.filter((method) => method.name === name);
  if (found !== undefined && more.length === 0)
    return { package: pack.hash, method: found.id, declared: found };
  if (more.length > 0) {
    const ids = [found, ...more].map((method) => method?.id ?? '').join(', ');
    throw new NotFoundError(
      `Several methods of ${pack.content.name} are called '${name}': ${ids}. Name one of these.`,
    );
  }
  const known = exported.map((method) => (method.module === entry ? method.name : method.id));
  throw new NotFoundError(
    `${entry} exports no movable method '${name}'. ` +
      (known.length === 0 ? 'It has none: is "use movable" its first line?' : `It has: ${known.join(', ')}.`),
  );
}

function existing(path: string): string {
  const found = resolve(path);
  if (!existsSync(found)) throw new NotFoundError(`There is no file ${found}.`);
  return found;
}

function named(rows: readonly CatalogueRow[], text: string): readonly CatalogueRow[] {
  const byName = rows.filter(({ name }) => name === text);
  if (byName.length > 0) return byName;
  return text.length < hashCharactersMin ? [] : rows.filter(({ hash }) => hash.startsWith(packageHash(text)));
}

function noPackage(rows: readonly CatalogueRow[], text: string): NotFoundError {
  const names = [...new Set(rows.map(({ name }) => name))];
  return new NotFoundError(
    `There is no package '${text}'. ` +
      (names.length === 0
        ? 'None is deployed: `godwit deploy DIR` does it.'
        : `Deployed are: ${names.join(', ')}.`),
  );
}

function rowOf(pack: Package, { by, nowMs }: DeployOptions, signedBy: string): CatalogueRow {
  const { name, entry, methods } = pack.content;
  return {
    name,
    hash: pack.hash,
    entry,
    methods: methods
      .filter(({ exported }) => exported)
      .map(({ id, affinity, starts }) => ({ id, affinity, starts })),
    sizeBytes: pack.bytes.byteLength,
    deployedAtMs: nowMs,
    by,
    signedBy,
  };
}
