import { createHash } from 'node:crypto';
import { GodwitError } from '../../core/errors.ts';
import type { Cancel } from '../../core/ports.ts';
import type { Vault, VaultBytes, VaultReceipt } from '../contract.ts';
import { vaultValueBytesMax } from '../contract.ts';
import { StoreBoundsError, StoreCorruptError, StoreUnavailableError, VaultKeyTakenError } from '../errors.ts';
import { checkKey, checkPrefix } from '../keys.ts';
import type { StoreOptions } from '../options.ts';
import type { Answer } from './connection.ts';
import type { Desk } from './desk.ts';
import { pieces } from './pieces.ts';
import type { Reads } from './reads.ts';
import type { Row, TableNames } from './sql.ts';
import { textOf } from './sql.ts';
import type { VaultWrite } from './vault-sql.ts';
import {
  chunkBytes,
  chunksPerDelete,
  chunkStatement,
  findValueStatement,
  keysStatement,
  leftoverAgeMs,
  leftoversStatement,
  receiptStatement,
} from './vault-sql.ts';

/** How often the writer of a long value says that it is still there, in chunks. */
const touchEveryChunks = 32;

export interface VaultParts {
  readonly url: string;
  readonly options: StoreOptions;
  readonly tables: TableNames;
  readonly reads: Reads;
  readonly writes: Desk<VaultWrite, readonly Answer[]>;
}

/** A value that is being written in chunks. */
interface Upload {
  readonly object: Buffer;
  readonly chunks: number;
  readonly receipt: VaultReceipt;
}

/**
 * Large values in rows. One that fits into a chunk is a row of its own. A longer one is an object, whose chunks come first, each in a
 * transaction of its own; the key's row, written last, makes it visible, and only if all chunks stand.
 */
export class PostgresVault implements Vault {
  readonly #parts: VaultParts;
  readonly #inFlight = new Set<Promise<unknown>>();
  #cancelSweep: Cancel = () => undefined;
  #closed = false;

  constructor(parts: VaultParts) {
    this.#parts = parts;
    this.#sweepLater(0);
  }

  put(key: string, bytes: VaultBytes): Promise<VaultReceipt> {
    return this.#enter(`put ${key}`, () => this.#put(key, bytes));
  }

  get(key: string): Promise<Uint8Array | null> {
    return this.#enter(`get ${key}`, () => this.#get(key));
  }

  has(key: string): Promise<boolean> {
    return this.#enter(`has ${key}`, async () => {
      checkKey(key);
      const { reads, tables } = this.#parts;
      return (await reads.ask(`has ${key}`, receiptStatement(tables, key))).rows.length > 0;
    });
  }

  delete(key: string): Promise<void> {
    return this.#enter(`delete ${key}`, async () => {
      checkKey(key);
      const [, , deleted] = await this.#parts.writes.ask(`delete ${key}`, { kind: 'delete', key });
      const object = deleted?.rows[0]?.['object'] ?? null;
      if (object !== null) await this.#clear(`delete ${key}`, object as Buffer);
    });
  }

  list(prefix: string): Promise<readonly string[]> {
    return this.#enter(`list ${prefix}`, async () => {
      checkPrefix(prefix);
      const { reads, tables } = this.#parts;
      const { rows } = await reads.ask(`list ${prefix}`, keysStatement(tables, prefix));
      return rows.map((row) => textOf(row['key']));
    });
  }

  /** Lets calls in flight end; each of their steps is bounded. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#cancelSweep();
    await Promise.allSettled(this.#inFlight);
  }

  async #enter<T>(call: string, run: () => Promise<T>): Promise<T> {
    if (this.#closed) throw new StoreUnavailableError(call, this.#parts.url, 'was closed');
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
    const source = pieces(bytes, chunkBytes);
    const first = await source.next();
    const start = first.done === true ? new Uint8Array(0) : first.value;
    // A piece that is not full is the last.
    if (start.byteLength === chunkBytes) return this.#putLong(key, start, source);
    return this.#putSmall(key, start);
  }

  async #putSmall(key: string, bytes: Uint8Array): Promise<VaultReceipt> {
    const { writes } = this.#parts;
    const digest = createHash('sha256').update(bytes).digest();
    const receipt = { sizeBytes: bytes.byteLength, sha256: digest.toString('hex') };
    const [answer] = await writes.ask(`put ${key}`, { kind: 'put', key, sha256: digest, bytes });
    const stands = answer?.rows.some((row) => textOf(row['key']) === key) === true;
    if (!stands) await this.#compare(`put ${key}`, key, receipt);
    return receipt;
  }

  async #putLong(key: string, start: Uint8Array, rest: AsyncIterator<Uint8Array>): Promise<VaultReceipt> {
    const call = `put ${key}`;
    const object = Buffer.from(this.#parts.options.random.hex(16), 'hex');
    let sealed = false;
    try {
      const upload = await this.#upload(call, key, object, start, rest);
      const { receipt, chunks } = upload;
      const [, , inserted] = await this.#parts.writes.ask(call, {
        kind: 'seal',
        key,
        object,
        chunks,
        sizeBytes: receipt.sizeBytes,
        sha256: Buffer.from(receipt.sha256, 'hex'),
      });
      sealed = inserted?.changed === 1 || (await this.#compare(call, key, receipt)).equals(object);
      return receipt;
    } finally {
      // What stays behind when this fails is swept later. An ambiguous seal may have happened: then nothing is cleared.
      if (!sealed) await this.#discard(call, object);
    }
  }

  async #upload(
    call: string,
    key: string,
    object: Buffer,
    start: Uint8Array,
    rest: AsyncIterator<Uint8Array>,
  ): Promise<Upload> {
    const { writes } = this.#parts;
    const hash = createHash('sha256');
    let [sizeBytes, chunks] = [0, 0];
    for (let piece: Uint8Array | null = start; piece !== null;) {
      sizeBytes += piece.byteLength;
      if (sizeBytes > vaultValueBytesMax) throw tooLarge(key);
      hash.update(piece);
      if (chunks % touchEveryChunks === 0) await writes.ask(call, { kind: 'begin', object });
      await writes.ask(call, { kind: 'chunk', object, number: chunks, bytes: piece });
      chunks += 1;
      const next: IteratorResult<Uint8Array> = await rest.next();
      piece = next.done === true ? null : next.value;
    }
    return { object, chunks, receipt: { sizeBytes, sha256: hash.digest('hex') } };
  }

  /** @returns the object of what stands under the key already, with these bytes; empty when it has none */
  async #compare(call: string, key: string, offered: VaultReceipt): Promise<Buffer> {
    const { reads, tables, url } = this.#parts;
    const row = (await reads.ask(call, receiptStatement(tables, key))).rows[0];
    if (row === undefined) {
      throw new StoreUnavailableError(
        call,
        url,
        'lost a part of it before it was whole, or deleted it meanwhile',
      );
    }
    const found = receiptOf(row);
    if (found.sha256 === offered.sha256) return (row['object'] as Buffer | null) ?? Buffer.alloc(0);
    throw new VaultKeyTakenError(key, { found: found.sha256, offered: offered.sha256 });
  }

  async #get(key: string): Promise<Uint8Array | null> {
    checkKey(key);
    const { reads, tables } = this.#parts;
    const call = `get ${key}`;
    const row = (await reads.ask(call, findValueStatement(tables, key))).rows[0];
    if (row === undefined) return null;
    const receipt = receiptOf(row);
    if (row['bytes'] !== null) return this.#checked(key, receipt, row['bytes'] as Buffer);
    const bytes = new Uint8Array(receipt.sizeBytes);
    for (let at = 0; at < bytes.byteLength; at += chunkBytes) {
      const statement = chunkStatement(tables, row['object'] as Buffer, at / chunkBytes);
      const chunk = (await reads.ask(call, statement)).rows[0]?.['bytes'] as Buffer | undefined;
      if (chunk === undefined || chunk.byteLength !== Math.min(chunkBytes, bytes.byteLength - at)) {
        // Deleted while it was read, unless it is still there.
        if ((await reads.ask(call, receiptStatement(tables, key))).rows.length === 0) return null;
        throw this.#damaged(key, `its bytes from ${at} on are missing`);
      }
      bytes.set(chunk, at);
    }
    return this.#checked(key, receipt, bytes);
  }

  #checked(key: string, receipt: VaultReceipt, bytes: Uint8Array): Uint8Array {
    const found = createHash('sha256').update(bytes).digest('hex');
    if (found === receipt.sha256 && bytes.byteLength === receipt.sizeBytes) return new Uint8Array(bytes);
    throw this.#damaged(key, `its SHA-256 is ${found}, it was put with ${receipt.sha256}`);
  }

  #damaged(key: string, reason: string): StoreCorruptError {
    return new StoreCorruptError(`Vault value ${key} of store ${this.#parts.url}`, reason);
  }

  /** The failure that led here is what the caller must see. */
  async #discard(call: string, object: Buffer): Promise<void> {
    try {
      await this.#parts.writes.ask(call, { kind: 'doom', object });
      await this.#clear(call, object);
    } catch (thrown) {
      if (!(thrown instanceof GodwitError)) throw thrown;
    }
  }

  /** Frees what a doomed object takes. What it leaves behind when the store goes away is swept later. */
  async #clear(call: string, object: Buffer): Promise<void> {
    const { writes } = this.#parts;
    try {
      for (let from = 0; ; from += chunksPerDelete) {
        const [, chunks, whole] = await writes.ask(call, { kind: 'clear', object, from });
        if (whole?.changed === 1 || chunks?.changed === 0) return;
      }
    } catch (thrown) {
      if (!(thrown instanceof GodwitError)) throw thrown;
    }
  }

  #sweepLater(delayMs: number): void {
    this.#cancelSweep = this.#parts.options.clock.after(delayMs, () => {
      void this.#enter('sweeping', () => this.#sweep()).catch(() => undefined);
      this.#sweepLater(leftoverAgeMs);
    });
  }

  /** Frees what writers that died have left half-written. */
  async #sweep(): Promise<void> {
    const { reads, tables } = this.#parts;
    const { rows } = await reads.ask('sweeping', leftoversStatement(tables));
    for (const row of rows) {
      if (this.#closed) return;
      await this.#discard('sweeping', row['object'] as Buffer);
    }
  }
}

function receiptOf(row: Row): VaultReceipt {
  return { sizeBytes: Number(row['size_bytes']), sha256: (row['sha256'] as Buffer).toString('hex') };
}

function tooLarge(key: string): StoreBoundsError {
  return new StoreBoundsError(
    `The value for vault key ${key} has more than ${vaultValueBytesMax} bytes. Put it in several values.`,
  );
}
