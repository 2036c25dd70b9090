import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/**
 * Where nobody may mount: from now on every write of a process to a file fails (EFBIG), or works again. Node.js ignores
 * the signal that comes with it.
 *
 * @throws when there is no `prlimit`, which is part of util-linux
 */
export async function limitWrites(pid: number, isFull: boolean): Promise<void> {
  // The soft limit only: it may be raised again by the same user.
  await run('prlimit', [`--pid=${pid}`, `--fsize=${isFull ? '0' : 'unlimited'}:`]);
}
