import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';

const sourceName = /\.[cm]?[jt]s$/;

/** Larger ones are generated, and would be most of the work of whoever counts them. */
const sizeMaxBytes = 2 ** 20;

/** @returns paths of JavaScript and TypeScript files within the folder, with `/`, in code-unit order */
export async function listSources(folder: string): Promise<string[]> {
  const found: string[] = [];
  const waiting = [''];
  for (let within = waiting.pop(); within !== undefined; within = waiting.pop()) {
    for (const entry of await readdir(join(folder, within), { withFileTypes: true })) {
      const path = within === '' ? entry.name : `${within}/${entry.name}`;
      if (entry.isDirectory()) waiting.push(path);
      else if (entry.isFile() && sourceName.test(path)) found.push(path);
    }
  }
  const sizes = await Promise.all(found.map(async (path) => (await stat(join(folder, path))).size));
  return found.filter((_, index) => (sizes[index] ?? 0) <= sizeMaxBytes).toSorted();
}

/** @param path as `listSources` gave it */
export function readSource(folder: string, path: string): Promise<string> {
  return readFile(join(folder, path), 'utf8');
}
