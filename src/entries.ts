import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

function packageRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json'))) folder = dirname(folder);
  return folder;
}

/**
 * The built file of a program that runs in a thread or process of its own.
 *
 * @param module path within `src/`, without extension: `lanes/worker`
 */
export function builtEntry(module: string): URL {
  return pathToFileURL(join(packageRoot(), 'dist', `${module}.js`));
}
