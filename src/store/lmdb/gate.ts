import { ABORT, open } from 'lmdb';
import type { RootDatabase } from 'lmdb';
import { RegistryFault } from './fault.ts';
import { uninterrupted } from './exit-guard.ts';
import { createPrivately } from './private-file.ts';

/**
 * Lets one process at a time through, and dies with its holder: the write lock of an LMDB database that nothing is ever written to.
 *
 * It keeps commits and openings of the registry apart. While LMDB opens a file it reads the number of the latest commit, and later
 * stores that number, without any lock, as the one that readers and writers of all processes start from. A commit in between
 * would be hidden from them, and overwritten by the next one. This database's own number never changes, so opening it is harmless.
 */
export class Gate {
  readonly #file: string;
  readonly #root: RootDatabase<Buffer, Buffer>;

  /** @throws {Error} when it cannot be opened, or is being closed by its last user at this moment */
  constructor(file: string) {
    this.#file = file;
    createPrivately(file);
    createPrivately(`${file}-lock`);
    this.#root = open<Buffer, Buffer>({
      path: file,
      noSubdir: true,
      overlappingSync: false,
      mapSize: 1024 * 1024,
    });
  }

  /** Waits, for as long as another process is inside, and runs `body` as the only one. */
  pass<T>(body: () => T): T {
    const results: T[] = [];
    uninterrupted(() =>
      this.#root.transactionSync(() => {
        requireLock(this.#root, this.#file);
        results.push(body());
        return ABORT;
      }),
    );
    return results[0] as T;
  }

  async close(): Promise<void> {
    await this.#root.close();
  }
}

/**
 * Ends a write transaction that has no lock: lmdb runs it even if LMDB could not begin it.
 *
 * @throws {RegistryFault}
 */
export function requireLock(root: RootDatabase<Buffer, Buffer>, file: string): void {
  if (root.getWriteTxnId() > 0) return;
  throw new RegistryFault({ kind: 'broken', what: file, reason: `${file} could not be locked`, found: 0 });
}
