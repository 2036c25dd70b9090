import { readdir } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { InstalledPackage } from './contract.ts';

const moduleExtensions = ['.js', '.mjs'];

/**
 * Imports every module of an installed package into this thread: all of them were reached from its entry, and those
 * with methods register them as they load. What it depends on (links in `node_modules`) is left to their own imports.
 *
 * @returns the `file:` URL of the package's folder, ending in `/`
 * @throws whatever a module throws while it loads, with the module's name
 */
export async function importPackage(installed: InstalledPackage): Promise<string> {
  const entries = await readdir(installed.folder, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile() && moduleExtensions.some((extension) => entry.name.endsWith(extension)))
    .filter((entry) => !relative(installed.folder, entry.parentPath).split(sep).includes('node_modules'))
    .map((entry) => join(entry.parentPath, entry.name))
    .toSorted();
  for (const file of files) await import(pathToFileURL(file).href);
  return pathToFileURL(`${installed.folder}/`).href;
}
