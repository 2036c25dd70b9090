import { createHash } from 'node:crypto';
import { link, mkdir, open, readdir, rm, stat, unlink } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { GodwitError, messageOf } from '../../core/errors.ts';
import type { Vault, VaultBytes, VaultReceipt } from '../contract.ts';
import { vaultValueBytesMax } from '../contract.ts';
import {
  StoreAmbiguousError,
  StoreBoundsError,
  StoreCorruptError,
  StoreFullError,
  StoreUnavailableError,
  VaultKeyTakenError,
} from '../errors.ts';
import { checkKey, checkPrefix } from '../keys.ts';
import type { StoreOptions } from '../options.ts';

/** Ends each file: what it is, how long its value is, and the value's SHA-256. */
const trailerMark = Buffer.from('godwit-vault-1\n\0');
const trailerBytes = trailerMark.byteLength + 8 + 32;
/** Largest piece that is read, written or hashed at once. Hashing one takes well under a millisecond. */
const pieceBytes = 256 * 1024;
/** How much may be unflushed at a time, so that no single flush is long. */
const unflushedBytesMax = 16 * 1024 * 1024;
/** A half-written file that nobody has written to for so long belongs to a process that died. */
const partialAgeMsMax = 3_600_000;
const partialFolder = '.partial';
/** Replaces `/`, which no file name may hold; no key holds it. */
const slash = '%';

type Mode = 'read' | 'write';

/**
 * Large values as files beside the database, one each: a snapshot that is being written never holds the database's write lock.
 *
 * A value is written to a file of its own under `.partial/`, flushed, and then linked to its name, which fails if the name is
 * taken; so it is seen whole or not at all, and never replaced.
 */
export class FileVault implements Vault {
  readonly #url: string;
  readonly #folder: string;
  readonly #options: StoreOptions;
  readonly #inFlight = new Set<Promise<unknown>>();
  #closed = false;

  private constructor(url: string, folder: string, options: StoreOptions) {
    this.#url = url;
    this.#folder = folder;
    this.#options = options;
  }

  /** @param folder absolute; created when it is absent */
  static async open(url: string, folder: string, options: StoreOptions): Promise<FileVault> {
    const vault = new FileVault(url, folder, options);
    await vault.#step('opening', 'read', vault.#prepare(), options.openTimeoutMs);
    return vault;
  }

  /** Lets calls in flight end; each of their steps is bounded. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.allSettled(this.#inFlight);
  }

  put(key: string, bytes: VaultBytes): Promise<VaultReceipt> {
    return this.#enter(`put ${key}`, () => this.#put(key, bytes));
  }

  get(key: string): Promise<Uint8Array | null> {
    return this.#enter(`get ${key}`, () => this.#get(key));
  }

  has(key: string): Promise<boolean> {
    return this.#enter(`has ${key}`, () => this.#has(key));
  }

  delete(key: string): Promise<void> {
    return this.#enter(`delete ${key}`, () => this.#delete(key));
  }

  list(prefix: string): Promise<readonly string[]> {
    return this.#enter(`list ${prefix}`, () => this.#list(prefix));
  }

  async #enter<T>(call: string, run: () => Promise<T>): Promise<T> {
    if (this.#closed) throw new StoreUnavailableError(call, this.#url, 'was closed');
    const running = run();
    this.#inFlight.add(running);
    try {
      return await running;
    } finally {
      this.#inFlight.delete(running);
    }
  }

  async #put(key: string, bytes: VaultBytes): Promise<VaultReceipt> {
    checkKey(key);
    const call = `put ${key}`;
    const partial = join(this.#folder, partialFolder, this.#options.random.hex(16));
    const file = await this.#open(call, open(partial, 'wx', 0o600), (late) => discard(late, partial));
    let receipt: VaultReceipt;
    try {
      receipt = await this.#write(call, key, file, bytes);
    } catch (thrown) {
      // The failure that led here is what the caller must see; a file that stays behind is swept later.
      await this.#step(call, 'read', discard(file, partial)).catch(() => undefined);
      throw thrown;
    }
    await this.#step(call, 'read', file.close());
    return this.#publish(call, key, partial, receipt);
  }

  async #get(key: string): Promise<Uint8Array | null> {
    checkKey(key);
    const call = `get ${key}`;
    const file = await this.#openValue(call, key);
    if (file === null) return null;
    try {
      const receipt = await this.#readTrailer(call, key, file);
      const bytes = new Uint8Array(receipt.sizeBytes);
      const hash = createHash('sha256');
      for (let at = 0; at < bytes.byteLength; at += pieceBytes) {
        const piece = bytes.subarray(at, at + pieceBytes);
        const { bytesRead } = await this.#step(call, 'read', file.read(piece, 0, piece.byteLength, at));
        if (bytesRead !== piece.byteLength) throw this.#damaged(key, `it ends at byte ${at + bytesRead}`);
        hash.update(piece);
      }
      const found = hash.digest('hex');
      if (found === receipt.sha256) return bytes;
      throw this.#damaged(key, `its SHA-256 is ${found}, it was put with ${receipt.sha256}`);
    } finally {
      await this.#release(call, file);
    }
  }

  async #has(key: string): Promise<boolean> {
    checkKey(key);
    return (await this.#step(`has ${key}`, 'read', absentAsNull(stat(this.#path(key))))) !== null;
  }

  async #delete(key: string): Promise<void> {
    checkKey(key);
    await this.#step(`delete ${key}`, 'write', absentAsNull(unlink(this.#path(key))));
    await this.#step(`delete ${key}`, 'write', flushFolder(this.#folder));
  }

  async #list(prefix: string): Promise<readonly string[]> {
    checkPrefix(prefix);
    const names = await this.#step(`list ${prefix}`, 'read', readdir(this.#folder));
    return names
      .filter((name) => name !== partialFolder)
      .map((name) => name.replaceAll(slash, '/'))
      .filter((key) => key.startsWith(prefix))
      .toSorted();
  }

  async #write(call: string, key: string, file: FileHandle, bytes: VaultBytes): Promise<VaultReceipt> {
    const hash = createHash('sha256');
    let sizeBytes = 0;
    let flushedBytes = 0;
    for await (const chunk of bytes instanceof Uint8Array ? [bytes] : bytes) {
      for (let at = 0; at < chunk.byteLength; at += pieceBytes) {
        const piece = chunk.subarray(at, at + pieceBytes);
        sizeBytes += piece.byteLength;
        if (sizeBytes > vaultValueBytesMax) throw tooLarge(key);
        hash.update(piece);
        await this.#step(call, 'read', file.appendFile(piece));
        if (sizeBytes - flushedBytes < unflushedBytesMax) continue;
        await this.#step(call, 'read', file.datasync());
        flushedBytes = sizeBytes;
      }
    }
    const digest = hash.digest();
    const length = Buffer.alloc(8);
    length.writeBigUInt64BE(BigInt(sizeBytes));
    await this.#step(call, 'read', file.appendFile(Buffer.concat([digest, length, trailerMark])));
    await this.#step(call, 'read', file.datasync());
    return { sizeBytes, sha256: digest.toString('hex') };
  }

  async #publish(call: string, key: string, partial: string, receipt: VaultReceipt): Promise<VaultReceipt> {
    const linked = link(partial, this.#path(key)).then(
      () => 'linked' as const,
      (thrown: unknown) => {
        if (codeOf(thrown) === 'EEXIST') return 'taken' as const;
        throw thrown;
      },
    );
    const outcome = await this.#step(call, 'write', linked);
    await this.#step(call, 'write', unlink(partial));
    if (outcome === 'taken') await this.#compare(call, key, receipt);
    // Also when it was there already: whoever put it may have died before this flush.
    await this.#step(call, 'write', flushFolder(this.#folder));
    return receipt;
  }

  async #compare(call: string, key: string, offered: VaultReceipt): Promise<void> {
    const file = await this.#openValue(call, key);
    if (file === null) throw new StoreAmbiguousError(call, this.#url, 'deleted the key meanwhile');
    try {
      const found = await this.#readTrailer(call, key, file);
      if (found.sha256 !== offered.sha256) {
        throw new VaultKeyTakenError(key, { found: found.sha256, offered: offered.sha256 });
      }
    } finally {
      await this.#release(call, file);
    }
  }

  async #readTrailer(call: string, key: string, file: FileHandle): Promise<VaultReceipt> {
    const { size } = await this.#step(call, 'read', file.stat());
    const trailer = Buffer.alloc(trailerBytes);
    const at = Math.max(0, size - trailerBytes);
    await this.#step(call, 'read', file.read(trailer, 0, trailerBytes, at));
    const sizeBytes = Number(trailer.readBigUInt64BE(32));
    if (!trailer.subarray(40).equals(trailerMark) || sizeBytes !== size - trailerBytes) {
      throw this.#damaged(
        key,
        `its last ${trailerBytes} bytes are not what godwit writes (${size} bytes in all)`,
      );
    }
    return { sizeBytes, sha256: trailer.toString('hex', 0, 32) };
  }

  #openValue(call: string, key: string): Promise<FileHandle | null> {
    const opening = absentAsNull(open(this.#path(key), 'r'));
    return this.#open(call, opening, async (late) => late?.close());
  }

  #path(key: string): string {
    return join(this.#folder, key.replaceAll('/', slash));
  }

  #damaged(key: string, reason: string): StoreCorruptError {
    return new StoreCorruptError(`Vault value ${key} (${this.#path(key)})`, reason);
  }

  /** Of a file that was only read: whatever becomes of closing it, nothing is lost. */
  #release(call: string, file: FileHandle): Promise<void> {
    return this.#step(call, 'read', file.close()).catch(() => undefined);
  }

  /** @param undo for a file that is open only when nobody waits for it any more */
  async #open<File>(
    call: string,
    opening: Promise<File>,
    undo: (late: File) => Promise<void>,
  ): Promise<File> {
    try {
      return await this.#step(call, 'read', opening);
    } catch (thrown) {
      opening.then(undo).catch(() => undefined);
      throw thrown;
    }
  }

  /** Makes its folders, and removes what processes that died left half-written. */
  async #prepare(): Promise<void> {
    const folder = join(this.#folder, partialFolder);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const oldestMs = this.#options.clock.wallMs() - partialAgeMsMax;
    for (const name of await readdir(folder)) {
      const found = await absentAsNull(stat(join(folder, name)));
      if (found !== null && found.mtimeMs < oldestMs) await rm(join(folder, name), { force: true });
    }
  }

  /**
   * Bounds one step, by the call timeout unless another is given, and says what its failure means.
   *
   * @param mode whether the step, if it did happen, can be seen by others
   */
  #step<T>(call: string, mode: Mode, step: Promise<T>, timeoutMs = this.#options.callTimeoutMs): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const cancel = this.#options.clock.after(timeoutMs, () => {
        reject(this.#failed(call, mode, `did not answer within ${timeoutMs} ms`, null));
      });
      step.then(
        (value) => {
          cancel();
          resolve(value);
        },
        (thrown: unknown) => {
          cancel();
          reject(this.#errorOf(call, mode, thrown));
        },
      );
    });
  }

  #errorOf(call: string, mode: Mode, thrown: unknown): GodwitError {
    if (thrown instanceof GodwitError) return thrown;
    const code = codeOf(thrown);
    if (code === 'ENOSPC' || code === 'EDQUOT' || code === 'EFBIG') {
      return new StoreFullError(this.#url, messageOf(thrown), { cause: thrown });
    }
    return this.#failed(call, mode, `failed: ${messageOf(thrown)}`, thrown);
  }

  #failed(call: string, mode: Mode, reason: string, cause: unknown): GodwitError {
    const Failed = mode === 'write' ? StoreAmbiguousError : StoreUnavailableError;
    return new Failed(call, this.#url, reason, { cause });
  }
}

async function discard(file: FileHandle, path: string): Promise<void> {
  await file.close();
  await rm(path, { force: true });
}

async function flushFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function absentAsNull<T>(operation: Promise<T>): Promise<T | null> {
  try {
    return await operation;
  } catch (thrown) {
    if (codeOf(thrown) === 'ENOENT') return null;
    throw thrown;
  }
}

function codeOf(thrown: unknown): unknown {
  return typeof thrown === 'object' && thrown !== null && 'code' in thrown ? thrown.code : undefined;
}

function tooLarge(key: string): StoreBoundsError {
  return new StoreBoundsError(
    `The value for vault key ${key} has more than ${vaultValueBytesMax} bytes. Put it in several values.`,
  );
}
