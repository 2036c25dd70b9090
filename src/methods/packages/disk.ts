import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { builtEntry } from '../../entries.ts';
import type { Installation, SourceFiles } from './contract.ts';

/** The source files of this machine. */
export const sourceFilesOnDisk: SourceFiles = {
  read(url) {
    try {
      return readFileSync(fileURLToPath(url), 'utf8');
    } catch (thrown) {
      const { code } = thrown as NodeJS.ErrnoException;
      if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EISDIR') return null;
      throw thrown;
    }
  },
};

const publicModules: ReadonlyMap<string, string> = new Map([
  ['godwit', 'index'],
  ['godwit/runtime', 'methods/runtime/gate'],
  ['godwit/testing', 'testing/index'],
]);

/** The godwit that this process runs. */
export const ownInstallation: Installation = {
  runtime: builtEntry('methods/runtime/gate').href,
  resolve(specifier) {
    const module = publicModules.get(specifier);
    return module === undefined ? null : builtEntry(module).href;
  },
};
