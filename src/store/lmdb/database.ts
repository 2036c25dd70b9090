import { closeSync, openSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { ABORT, open } from 'lmdb';
import type { Database, RootDatabase } from 'lmdb';
import type { CasRequest, RawEntry, StoreAnswer, WriteRequest } from './messages.ts';
import { claimBegun, claimFree, claimGivenUp, formatKnown } from './messages.ts';
import { RegistryFault } from './fault.ts';
import { checkFile, latestCommit } from './file-check.ts';
import { Gate, requireLock } from './gate.ts';
import { createPrivately } from './private-file.ts';

/** How many of the latest changes a watcher can catch up with; one that is further behind lists again. */
const changesKept = 16_384;
const headBytes = 32;
const rowHeaderBytes = 13;
const headKey = Buffer.from('head');
/** Its row holds the number that LMDB gave the commit which wrote it, and that is always the latest. */
const commitKey = Buffer.from('commit');
/** How many snapshots are tried before a read waits for the write lock. */
const snapshotsMax = 4;
/** After how many commits processes are looked for that died while they read. */
const readerCheckEvery = 64;

/** The head of the database: what the last change left behind. */
interface Head {
  readonly revision: number;
  readonly storeTimeMs: number;
  /** Keys and values of all rows, and of the vault's values that came along with them, in bytes. */
  readonly rowsBytes: number;
}

/** What changed after a revision; `gap` when that is longer ago than the kept changes. */
export type Changes =
  | { readonly kind: 'none' }
  | { readonly kind: 'gap' }
  | { readonly kind: 'keys'; readonly keys: readonly string[]; readonly revision: number };

/**
 * The registry in one LMDB file. Synchronous: for the store's thread only, since another process can hold the write lock.
 *
 * Four tables. `rows`: key → crc32, layout version, revision, value. `changes`: revision → key, the latest `changesKept`.
 * `values`: small values of the vault, in the form of rows, each with the revision of the row that it came along with.
 * `head`: format, revision, store clock, in one row that every write transaction replaces. Revisions count the changes of the whole
 * registry, so a deleted key never gets an old revision again, and the changes since a revision are one range.
 */
export class RegistryDatabase {
  readonly #file: string;
  readonly #gate: Gate;
  readonly #descriptor: number;
  readonly #root: RootDatabase<Buffer, Buffer>;
  readonly #rows: Database<Buffer, Buffer>;
  readonly #changes: Database<Buffer, Buffer>;
  readonly #head: Database<Buffer, Buffer>;
  readonly #values: Database<Buffer, Buffer>;

  readonly #bytesMax: number;
  #closed = false;
  #commits = 0;

  /**
   * @param bytesMax how many bytes of keys and values fit
   * @throws {RegistryFault} when the file cannot be used; it is then as it was
   */
  constructor(file: string, bytesMax: number) {
    this.#file = file;
    this.#bytesMax = bytesMax;
    checkFile(file);
    createPrivately(file);
    createPrivately(`${file}-lock`);
    this.#gate = new Gate(`${file}-gate`);
    const tables = this.#gate.pass(() => openTables(file, bytesMax));
    this.#root = tables.root;
    this.#head = tables.head;
    this.#rows = tables.rows;
    this.#changes = tables.changes;
    this.#values = tables.values;
    this.#descriptor = openSync(file, 'r');
  }

  /** Harmless when it is closed already. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    closeSync(this.#descriptor);
    await this.#root.close();
    await this.#gate.close();
  }

  /**
   * Runs `body`, whose reads all see one commit: the latest of any process, or one that ends meanwhile, and flushed in any case.
   *
   * LMDB alone does not promise that. A reader takes the number of the latest commit, then copies that commit's header; when it
   * is held up in between, two commits later, the header may be that of a commit which is still being flushed: nobody else
   * sees it yet, and it may never be. So the number that the reader took is compared with the one that stands in the snapshot.
   *
   * @throws {RegistryFault} of kind `broken`
   */
  read<T>(body: () => T): T {
    for (let attempt = 0; attempt < snapshotsMax; attempt += 1) {
      this.#root.resetReadTxn();
      if (this.#isPublished()) return body();
    }
    const results: T[] = [];
    this.#exclusively(() => {
      results.push(body());
      return ABORT;
    });
    return results[0] as T;
  }

  get(key: string): RawEntry | null {
    const row = this.#rows.getBinary(Buffer.from(key));
    return row === undefined ? null : this.#decodeRow(key, row);
  }

  list(prefix: string): readonly RawEntry[] {
    const entries: RawEntry[] = [];
    for (const { key, value } of this.#rows.getRange(rangeOf(prefix))) {
      entries.push(this.#decodeRow(key.toString('latin1'), value));
    }
    return entries;
  }

  value(key: string): RawEntry | null {
    const row = this.#values.getBinary(Buffer.from(key));
    return row === undefined ? null : this.#decodeRow(key, row);
  }

  valueKeys(prefix: string): readonly string[] {
    return [...this.#values.getKeys(rangeOf(prefix))].map((key) => key.toString('latin1'));
  }

  /** The latest revision of the whole registry; 0 while nothing was ever written. */
  revision(): number {
    return this.#readHead().revision;
  }

  /** Which keys changed after `revision`, each once. */
  changesSince(revision: number): Changes {
    const head = this.#readHead();
    if (head.revision === revision) return { kind: 'none' };
    if (head.revision < revision || head.revision - revision > changesKept) return { kind: 'gap' };
    const keys = new Set<string>();
    for (const { value } of this.#changes.getRange({ start: encodeRevision(revision + 1) })) {
      keys.add(value.toString('latin1'));
    }
    return { kind: 'keys', keys: [...keys], revision: head.revision };
  }

  /**
   * Carries out compare-and-sets in order, in one transaction, durable when this returns. Calls that were given up are skipped.
   *
   * @throws what LMDB throws; `classify` says whether the transaction is then surely undone
   */
  commit(requests: readonly WriteRequest[], claims: Int32Array): readonly StoreAnswer[] {
    this.#forgetDeadReaders();
    return this.#exclusively(() => {
      const before = this.#readHead();
      // The wall clock, held back from stepping back across all processes by the highest value that was ever answered.
      const storeTimeMs = Math.max(before.storeTimeMs, Date.now());
      let { revision, rowsBytes } = before;
      const answers = requests.map((request): StoreAnswer => {
        // Decided inside the transaction: a call that still waits for the lock can be given up without doubt.
        const found = Atomics.compareExchange(claims, request.slot, claimFree, claimBegun);
        if (found === claimGivenUp) return { kind: 'skipped', request: request.request };
        if (request.kind === 'drop') {
          rowsBytes -= this.#drop(request.key);
          return { kind: 'dropped', request: request.request };
        }
        const current = this.get(request.key);
        if ((current?.revision ?? 0) !== request.expected) {
          return { kind: 'conflict', request: request.request, current, storeTimeMs };
        }
        const grownBytes =
          rowBytes(request.key, request.value) -
          rowBytes(request.key, current?.value ?? null) +
          request.puts.reduce((sum, { key, bytes }) => sum + rowBytes(key, bytes), 0);
        if (grownBytes > 0 && rowsBytes + grownBytes > this.#bytesMax) return this.#full(request, rowsBytes);
        revision += 1;
        rowsBytes += grownBytes;
        this.#write(request, revision);
        for (const key of request.drops) rowsBytes -= this.#drop(key);
        return { kind: 'done', request: request.request, revision, storeTimeMs };
      });
      this.#writeHead({ revision, storeTimeMs, rowsBytes });
      return answers;
    });
  }

  /**
   * The snapshot of a process that was killed while it read would keep all pages that are freed from then on, until the file has no room
   * left: by itself LMDB asks who is still there only when somebody opens the file.
   */
  #forgetDeadReaders(): void {
    if (this.#commits % readerCheckEvery === 0) this.#root.readerCheck();
    this.#commits += 1;
  }

  /** Runs `body` in a write transaction, which nobody opens the file beside. */
  #exclusively<T>(body: () => T): T {
    return this.#gate.pass(() =>
      this.#root.transactionSync(() => {
        requireLock(this.#root, this.#file);
        const latest = latestCommit(this.#file, this.#descriptor);
        const next = this.#root.getWriteTxnId();
        if (next !== latest + 1) throw this.#setBack(latest, next);
        return body();
      }),
    );
  }

  /** The gate makes this impossible among godwit's processes; a commit here would overwrite acknowledged ones. */
  #setBack(latest: number, next: number): RegistryFault {
    const reason =
      `commit ${latest} is in the file, but LMDB would write commit ${next}: another program has opened it ` +
      `while it was in use. Keep other programs away`;
    return new RegistryFault({ kind: 'broken', what: this.#file, reason, found: 0 });
  }

  /** Whether this snapshot is of the commit that was the latest flushed one when it was taken. */
  #isPublished(): boolean {
    try {
      const commit = this.#head.getBinary(commitKey);
      // Nothing was ever written, as far as anybody can know.
      if (commit === undefined) return this.#head.getBinary(headKey) === undefined;
      return (
        commit.byteLength === 8 && Number(commit.readBigUInt64BE()) === takenCommit(this.#root.readerList())
      );
    } catch {
      // A header that was copied while it was being written points anywhere. Real damage shows in the write lock, too.
      return false;
    }
  }

  #write(request: CasRequest, revision: number): void {
    const key = Buffer.from(request.key);
    if (request.value === null) this.#rows.removeSync(key);
    else this.#rows.putSync(key, encodeRow(request.key, revision, request.value));
    this.#changes.putSync(encodeRevision(revision), key);
    if (revision > changesKept) this.#changes.removeSync(encodeRevision(revision - changesKept));
    for (const { key: put, bytes } of request.puts) {
      this.#values.putSync(Buffer.from(put), encodeRow(put, revision, bytes));
    }
  }

  /** @returns the bytes that it took */
  #drop(key: string): number {
    const found = this.#values.getBinary(Buffer.from(key));
    if (found === undefined) return 0;
    this.#values.removeSync(Buffer.from(key));
    return key.length + found.byteLength - rowHeaderBytes;
  }

  #full(request: CasRequest, rowsBytes: number): StoreAnswer {
    const reason = `its rows take ${rowsBytes} of ${this.#bytesMax} bytes, and row ${request.key} does not fit`;
    return {
      kind: 'failed',
      request: request.request,
      failure: { kind: 'full', what: this.#file, reason, found: 0 },
    };
  }

  #readHead(): Head {
    const head = this.#head.getBinary(headKey);
    if (head === undefined) return { revision: 0, storeTimeMs: 0, rowsBytes: 0 };
    if (head.byteLength !== headBytes || head.readUInt32BE(0) !== crc32(head.subarray(4))) {
      throw RegistryFault.corrupt(this.#file, 'its head row does not match its checksum');
    }
    return {
      revision: head.readDoubleBE(8),
      storeTimeMs: head.readDoubleBE(16),
      rowsBytes: head.readDoubleBE(24),
    };
  }

  #writeHead(head: Head): void {
    const bytes = Buffer.alloc(headBytes);
    bytes.writeUInt32BE(formatKnown, 4);
    bytes.writeDoubleBE(head.revision, 8);
    bytes.writeDoubleBE(head.storeTimeMs, 16);
    bytes.writeDoubleBE(head.rowsBytes, 24);
    bytes.writeUInt32BE(crc32(bytes.subarray(4)), 0);
    this.#head.putSync(headKey, bytes);
    this.#head.putSync(commitKey, encodeRevision(this.#root.getWriteTxnId()));
  }

  #decodeRow(key: string, row: Buffer): RawEntry {
    if (row.byteLength < rowHeaderBytes || row.readUInt32BE(0) !== rowChecksum(key, row)) {
      throw RegistryFault.corrupt(this.#file, `row ${key} does not match its checksum`);
    }
    // A copy: LMDB's buffers may be parts of larger ones, which would cross to the other thread whole.
    return { key, value: new Uint8Array(row.subarray(rowHeaderBytes)), revision: row.readDoubleBE(5) };
  }
}

interface Tables {
  readonly root: RootDatabase<Buffer, Buffer>;
  readonly head: Database<Buffer, Buffer>;
  readonly rows: Database<Buffer, Buffer>;
  readonly changes: Database<Buffer, Buffer>;
  readonly values: Database<Buffer, Buffer>;
}

/** Keys are ASCII, so that 0xff ends every prefix's range. */
function rangeOf(prefix: string): { readonly start: Buffer; readonly end: Buffer } {
  const start = prefix === '' ? Buffer.from([0]) : Buffer.from(prefix);
  return { start, end: Buffer.concat([Buffer.from(prefix), Buffer.from([0xff])]) };
}

/** To be called inside the gate. */
function openTables(file: string, bytesMax: number): Tables {
  const table = { encoding: 'binary', keyEncoding: 'binary' } as const;
  const root = open<Buffer, Buffer>({
    path: file,
    ...table,
    noSubdir: true,
    // A commit flushes its data, then its header, and only then shows it to readers and returns.
    overlappingSync: false,
    // Address space, not disk; never outgrown, because growing a map that several processes share is LMDB's weak spot.
    mapSize: mapBytes(bytesMax),
    maxDbs: 4,
    maxReaders: 512,
  });
  const head = root.openDB({ name: 'head', ...table });
  refuseNewerFormat(file, head.getBinary(headKey));
  const rows = root.openDB({ name: 'rows', ...table });
  const changes = root.openDB({ name: 'changes', ...table });
  const values = root.openDB({ name: 'values', ...table });
  return { root, head, rows, changes, values };
}

function refuseNewerFormat(file: string, head: Buffer | undefined): void {
  if (head === undefined || head.byteLength < 8) return;
  const found = head.readUInt32BE(4);
  if (found <= formatKnown) return;
  throw new RegistryFault({ kind: 'format', what: file, reason: 'it has a newer format', found });
}

/**
 * The commit that this process's latest snapshot was taken at.
 *
 * @param readers one line per reader of any process: process, thread, commit (`-` for none)
 * @returns -1 when this process has none
 */
function takenCommit(readers: string): number {
  let taken = -1;
  for (const line of readers.split('\n')) {
    const [pid, , commit] = line.trim().split(/\s+/);
    if (pid === String(process.pid) && commit !== '-') taken = Math.max(taken, Number(commit));
  }
  return taken;
}

/** Rows are copied on write, freed pages wait for readers, and large values round up to pages: leave ample room. */
function mapBytes(bytesMax: number): number {
  return 8 * bytesMax + 1024 * 1024 * 1024;
}

function rowBytes(key: string, value: Uint8Array | null): number {
  return value === null ? 0 : key.length + value.byteLength;
}

function encodeRow(key: string, revision: number, value: Uint8Array): Buffer {
  const row = Buffer.alloc(rowHeaderBytes + value.byteLength);
  row.writeUInt8(formatKnown, 4);
  row.writeDoubleBE(revision, 5);
  row.set(value, rowHeaderBytes);
  row.writeUInt32BE(rowChecksum(key, row), 0);
  return row;
}

/** The key is part of it, so that a row that ends up under another key is found too. */
function rowChecksum(key: string, row: Buffer): number {
  return crc32(row.subarray(4), crc32(key));
}

function encodeRevision(revision: number): Buffer {
  const key = Buffer.alloc(8);
  key.writeBigUInt64BE(BigInt(revision));
  return key;
}
