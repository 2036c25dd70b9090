import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** Mounts, says so, and takes the mount down when its input ends: when the program that wanted it has gone, however it did. */
const keeper =
  'mount -t tmpfs -o "size=$1,mode=0700" tmpfs "$2" || exit 1; echo mounted; cat > /dev/null; umount -l "$2"';
const ballastName = 'ballast';
const chunkBytes = 64 * 1024;

/** A small file system of its own in memory, for a cluster's folder: it can be filled up. */
export class OwnDisk {
  readonly #keeper: ChildProcess;
  readonly #ballast: string;

  private constructor(child: ChildProcess, folder: string) {
    this.#keeper = child;
    this.#ballast = join(folder, ballastName);
  }

  /**
   * @param folder made when it is absent
   * @returns null where this user may not mount
   */
  static async mount(folder: string, sizeBytes: number): Promise<OwnDisk | null> {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const child = spawn('sh', ['-c', keeper, 'sh', String(sizeBytes), folder], {
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    const exited = once(child, 'exit').then(() => false);
    const said = once(createInterface({ input: child.stdout }), 'line').then(() => true);
    return (await Promise.race([said, exited])) ? new OwnDisk(child, folder) : null;
  }

  /** Takes all room that is left. */
  async fill(): Promise<void> {
    const file = await open(this.#ballast, 'a', 0o600);
    const chunk = Buffer.alloc(chunkBytes, 1);
    try {
      for (;;) if ((await file.write(chunk)).bytesWritten < chunkBytes) return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    } finally {
      await file.close();
    }
  }

  async free(): Promise<void> {
    await rm(this.#ballast, { force: true });
  }

  async close(): Promise<void> {
    if (this.#keeper.exitCode !== null) return;
    const exited = once(this.#keeper, 'exit');
    this.#keeper.stdin?.end();
    await exited;
  }
}
