import { closeSync, openSync } from 'node:fs';
import { codeOf } from './fault.ts';

/**
 * Creates an empty file for this user alone; an existing one stays as it is and is not even opened, because closing any descriptor of
 * LMDB's lock file would free the locks that this process holds on it.
 */
export function createPrivately(file: string): void {
  try {
    closeSync(openSync(file, 'ax', 0o600));
  } catch (thrown) {
    if (codeOf(thrown) !== 'EEXIST') throw thrown;
  }
}
