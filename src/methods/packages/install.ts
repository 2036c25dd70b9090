import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, realpath, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { createRequire, isBuiltin } from 'node:module';
import { dirname, join } from 'node:path';
import type { PackageHash } from '../../core/ids.ts';
import type { Digest } from '../../core/ports.ts';
import { readPackage } from './content.ts';
import type { Installation, PackageContent, PackagedModule } from './contract.ts';
import { PackageImportMissingError } from './errors.ts';
import { encodePath, fileOf, metaFileOf } from './specifiers.ts';

export interface InstallOptions {
  /** Absolute folder that this host keeps its packages in; made when it is not there. Processes may share it. */
  readonly root: string;
  readonly digest: Digest;
  readonly compilerVersion: number;
  readonly installation: Installation;
}

/** A file or link of an installed package, relative to its folder. */
type Entry =
  | { readonly kind: 'file'; readonly path: string; readonly text: string }
  | { readonly kind: 'link'; readonly path: string; readonly target: string };

/**
 * Puts a package's modules on this host's disk, ready to be imported. Whoever finds the folder finds all of it: it
 * appears under its name at once, and installing it again, in any process, changes nothing.
 *
 * @returns the absolute folder: named by the package's hash, and by what it resolved to on this host
 * @throws {PackageCorruptError} when the bytes are not the package of that hash
 * @throws {PackageVersionError} when another version of godwit made it
 * @throws {PackageImportMissingError} when it imports an npm package that this host does not have
 */
export async function install(
  bytes: Uint8Array,
  hash: PackageHash,
  options: InstallOptions,
): Promise<string> {
  const content = readPackage(bytes, hash, options);
  const entries = content.modules.flatMap((module) => entriesOf(module, content, options));
  const resolved = new TextEncoder().encode(JSON.stringify(entries));
  const folder = join(options.root, `${hash}-${options.digest.sha256(resolved).slice(0, 12)}`);
  if (!existsSync(folder)) await place(entries, folder);
  // Modules know themselves by their real path.
  return realpath(folder);
}

/** Builds the folder aside, and gives it its name in one step. */
async function place(entries: readonly Entry[], folder: string): Promise<void> {
  const aside = `${folder}.${randomUUID()}`;
  try {
    for (const entry of entries) {
      const path = join(aside, ...entry.path.split('/'));
      await mkdir(dirname(path), { recursive: true });
      if (entry.kind === 'file') await writeFile(path, entry.text);
      else await symlink(entry.target, path, 'dir');
    }
    await rename(aside, folder);
  } catch (thrown) {
    await rm(aside, { recursive: true, force: true });
    // Another process was first; what stands there is the same.
    if (!(await isFolder(folder))) throw thrown;
  }
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    return false;
  }
}

function entriesOf(module: PackagedModule, content: PackageContent, options: InstallOptions): Entry[] {
  const file = fileOf(module.path);
  const map = `${file}.map`;
  const mapName = encodePath(map.slice(map.lastIndexOf('/') + 1));
  const code = resolveReferences(module, content, options.installation);
  const entries: Entry[] = [
    { kind: 'file', path: file, text: `${code}\n//# sourceMappingURL=${mapName}\n` },
    { kind: 'file', path: map, text: module.sourceMap },
  ];
  const original = new URL(encodePath(module.path), content.base).href;
  if (module.readsImportMeta) {
    entries.push({ kind: 'file', path: metaFileOf(module.path), text: importMetaModule(original) });
  }
  const folder = module.path.split('/').slice(0, -1);
  for (const name of module.packages) {
    if (isBuiltin(name)) continue;
    const path = [...folder, 'node_modules', name].join('/');
    entries.push({ kind: 'link', path, target: findPackage(name, module, original) });
  }
  return entries;
}

/** Puts this host's own files in the place of the references to godwit. */
function resolveReferences(
  module: PackagedModule,
  content: PackageContent,
  installation: Installation,
): string {
  const pattern = new RegExp(`${content.marker}:([^:]*):`, 'g');
  return module.code.replaceAll(pattern, (_, specifier: string) => {
    const url = specifier === 'runtime' ? installation.runtime : installation.resolve(specifier);
    if (url === null) throw new PackageImportMissingError(specifier, module.path, 'this godwit');
    // A quote may stand in a URL, but it would end the string that the URL stands in.
    return url.replaceAll("'", '%27').replaceAll('"', '%22');
  });
}

/** Where Node would find the package from the original file, which need not exist here itself. */
function findPackage(name: string, module: PackagedModule, original: string): string {
  const folders = createRequire(original).resolve.paths(name) ?? [];
  const found = folders.map((folder) => join(folder, name)).find((folder) => existsSync(folder));
  if (found === undefined) throw new PackageImportMissingError(name, module.path, original);
  return found;
}

/** What stands for `import.meta` in the module: that of the original file. */
function importMetaModule(original: string): string {
  return `import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const url = ${JSON.stringify(original)};
const filename = fileURLToPath(url);
const resolve = (specifier) =>
  /^(?:\\.{0,2}\\/|[a-z][a-z0-9+.-]*:)/i.test(specifier)
    ? new URL(specifier, url).href
    : pathToFileURL(createRequire(url).resolve(specifier)).href;

export default Object.freeze({ __proto__: null, dirname: dirname(filename), filename, resolve, url });
`;
}
