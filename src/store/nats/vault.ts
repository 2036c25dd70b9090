import { createHash } from 'node:crypto';
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
import { frameRoomBytes } from './frame.ts';
import type { Changes } from './changes.ts';
import type { Ledger } from './ledger.ts';
import type { NatsLink } from './link.ts';
import type { ObjectRow } from './object-row.ts';
import { decodeObject, encodeObject, objectName } from './object-row.ts';
import type { Subjects } from './subjects.ts';
import type { Sweeper } from './sweeper.ts';
import { orphanAfterMs } from './sweeper.ts';

/** Largest chunk: small enough that one does not hold up a lease's renewal on its way through the servers. */
const chunkBytesMax = 256 * 1024;
/** How many chunks are on their way at a time. */
const chunksInFlight = 4;
const retryMs = 25;

/**
 * Large values in a stream of their own, in chunks under an object's fresh name; then one row in the registry's stream says which
 * object a key's bytes are in. So a value is seen whole or not at all, and never replaced.
 */
export class NatsVault implements Vault {
  readonly #ledger: Ledger;
  readonly #changes: Changes;
  readonly #link: NatsLink;
  readonly #subjects: Subjects;
  readonly #sweeper: Sweeper;
  readonly #url: string;
  readonly #options: StoreOptions;
  readonly #inFlight = new Set<Promise<unknown>>();
  #isClosed = false;

  constructor(
    session: {
      readonly ledger: Ledger;
      readonly changes: Changes;
      readonly link: NatsLink;
      readonly subjects: Subjects;
      readonly sweeper: Sweeper;
    },
    url: string,
    options: StoreOptions,
  ) {
    this.#ledger = session.ledger;
    this.#changes = session.changes;
    this.#link = session.link;
    this.#subjects = session.subjects;
    this.#sweeper = session.sweeper;
    this.#url = url;
    this.#options = options;
  }

  put(key: string, bytes: VaultBytes): Promise<VaultReceipt> {
    return this.#enter(`put ${key}`, (call) => this.#put(call, key, bytes));
  }

  get(key: string): Promise<Uint8Array | null> {
    return this.#enter(`get ${key}`, (call) => this.#get(call, key));
  }

  has(key: string): Promise<boolean> {
    return this.#enter(`has ${key}`, async (call) => {
      checkKey(key);
      return this.#ledger.read(call, (view) => view.row('values', key) !== null);
    });
  }

  delete(key: string): Promise<void> {
    return this.#enter(`delete ${key}`, (call) => this.#delete(call, key));
  }

  list(prefix: string): Promise<readonly string[]> {
    return this.#enter(`list ${prefix}`, async (call) => {
      checkPrefix(prefix);
      return this.#ledger.read(call, (view) => view.rows('values', prefix).map(({ key }) => key));
    });
  }

  /** Lets calls in flight end; each of their steps is bounded. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.allSettled(this.#inFlight);
  }

  async #enter<T>(call: string, run: (call: string) => Promise<T>): Promise<T> {
    if (this.#isClosed) throw new StoreUnavailableError(call, this.#url, 'was closed');
    const running = run(call);
    this.#inFlight.add(running);
    try {
      return await running;
    } finally {
      this.#inFlight.delete(running);
    }
  }

  async #put(call: string, key: string, bytes: VaultBytes): Promise<VaultReceipt> {
    checkKey(key);
    const beganMs = this.#options.clock.bootMs();
    const object = objectName(this.#ledger.serverMs, this.#options.random.hex(12));
    try {
      const row = await this.#write(call, key, object, bytes);
      // Half of the age at which others clear away what nothing points at: a row that comes in time finds its chunks there.
      if (this.#options.clock.bootMs() - beganMs > orphanAfterMs / 2) {
        throw new StoreUnavailableError(
          call,
          this.#url,
          `was given the value for more than ${orphanAfterMs / 2} ms`,
        );
      }
      return await this.#switch(call, key, row);
    } catch (thrown) {
      // In doubt the row may be there, or come yet.
      if (!(thrown instanceof StoreAmbiguousError)) this.#drop(object);
      throw thrown;
    }
  }

  async #get(call: string, key: string): Promise<Uint8Array | null> {
    checkKey(key);
    for (;;) {
      const row = await this.#row(call, key);
      if (row === null) return null;
      const bytes = await this.#readObject(call, key, row);
      if (bytes !== 'gone') return bytes;
    }
  }

  async #delete(call: string, key: string): Promise<void> {
    checkKey(key);
    for (;;) {
      const head = await this.#ledger.read(call, (view) => view.row('values', key));
      if (head === null) return;
      const swap = await this.#changes.swap(call, 'values', key, head.revision, null);
      if (swap.kind === 'conflict') continue;
      this.#sweeper.superseded('values', swap.head, swap.before);
      this.#drop(decodeObject(key, head.value).object);
      return;
    }
  }

  /** What is there is never changed, so only its absence needs a proof; a deleted value may be found for a moment longer. */
  async #row(call: string, key: string): Promise<ObjectRow | null> {
    const head =
      this.#ledger.view.row('values', key) ??
      (await this.#ledger.read(call, (view) => view.row('values', key)));
    return head === null ? null : decodeObject(key, head.value);
  }

  async #write(call: string, key: string, object: string, bytes: VaultBytes): Promise<ObjectRow> {
    const chunkBytes = Math.min(chunkBytesMax, this.#link.messageBytesMax - frameRoomBytes);
    const hash = createHash('sha256');
    let sizeBytes = 0;
    let chunks = 0;
    const storing: Promise<void>[] = [];
    const store = async (chunk: Uint8Array): Promise<void> => {
      if (storing.length >= chunksInFlight) await storing.shift();
      const stored = this.#storeChunk(call, this.#subjects.chunk(object, chunks), chunk);
      stored.catch(() => undefined);
      storing.push(stored);
      chunks += 1;
    };
    let rest = Buffer.alloc(0);
    for await (const piece of bytes instanceof Uint8Array ? [bytes] : bytes) {
      sizeBytes += piece.byteLength;
      if (sizeBytes > vaultValueBytesMax) throw tooLarge(key);
      hash.update(piece);
      rest = Buffer.concat([rest, piece]);
      for (; rest.byteLength >= chunkBytes; rest = rest.subarray(chunkBytes)) {
        await store(new Uint8Array(rest.subarray(0, chunkBytes)));
      }
    }
    if (rest.byteLength > 0) await store(new Uint8Array(rest));
    await Promise.all(storing);
    return { object, chunks, sizeBytes, sha256: hash.digest('hex') };
  }

  /** Storing a chunk twice is harmless: the subject keeps one. */
  #storeChunk(call: string, subject: string, chunk: Uint8Array): Promise<void> {
    return this.#ledger.within(call, async (limit) => {
      for (;;) {
        const tryMs = Math.min(limit.remainingMs, this.#options.callTimeoutMs / 2);
        const publication = await limit.within(this.#link.publish(subject, chunk, false, tryMs));
        if (publication.kind === 'stored') return;
        if (publication.kind === 'full') throw new StoreFullError(this.#url, publication.reason);
        if ('reason' in publication) limit.reason = publication.reason;
        await limit.pause(retryMs);
      }
    });
  }

  async #switch(call: string, key: string, row: ObjectRow): Promise<VaultReceipt> {
    const receipt = { sizeBytes: row.sizeBytes, sha256: row.sha256 };
    const swap = await this.#changes.swap(call, 'values', key, 0, encodeObject(row));
    if (swap.kind === 'done') {
      this.#sweeper.superseded('values', swap.head, swap.before);
      return receipt;
    }
    const found = decodeObject(key, swap.current?.value ?? null);
    this.#drop(row.object);
    if (found.sha256 === row.sha256) return receipt;
    throw new VaultKeyTakenError(key, { found: found.sha256, offered: row.sha256 });
  }

  /** @returns `gone` when it was deleted meanwhile */
  async #readObject(call: string, key: string, row: ObjectRow): Promise<Uint8Array | 'gone'> {
    const hash = createHash('sha256');
    const bytes = new Uint8Array(row.sizeBytes);
    const reading: Promise<Uint8Array | 'gone'>[] = [];
    let asked = 0;
    let at = 0;
    for (let index = 0; index < row.chunks; index += 1) {
      while (asked < row.chunks && reading.length < chunksInFlight) {
        const chunk = this.#readChunk(call, key, row, asked);
        chunk.catch(() => undefined);
        reading.push(chunk);
        asked += 1;
      }
      const chunk = await (reading.shift() as Promise<Uint8Array | 'gone'>);
      if (chunk === 'gone') return 'gone';
      if (at + chunk.byteLength > bytes.byteLength)
        throw damaged(key, `it has more than ${row.sizeBytes} bytes`);
      hash.update(chunk);
      bytes.set(chunk, at);
      at += chunk.byteLength;
    }
    const found = hash.digest('hex');
    if (found === row.sha256) return bytes;
    throw damaged(key, `its SHA-256 is ${found}, it was put with ${row.sha256}`);
  }

  /** From whichever server answers; one that lags behind may not have it yet. */
  #readChunk(call: string, key: string, row: ObjectRow, index: number): Promise<Uint8Array | 'gone'> {
    const subject = this.#subjects.chunk(row.object, index);
    let isMissing = false;
    return this.#ledger
      .within(call, async (limit): Promise<Uint8Array | 'gone'> => {
        for (;;) {
          const found = await limit.within(
            this.#link.message(
              this.#subjects.objects,
              subject,
              Math.min(limit.remainingMs, this.#options.callTimeoutMs / 2),
            ),
          );
          if (found instanceof Uint8Array) return found;
          isMissing = found === null;
          if (found instanceof Error) limit.reason = found.message;
          else if ((await this.#row(call, key))?.object !== row.object) return 'gone';
          await limit.pause(retryMs);
        }
      })
      .catch((thrown: unknown) => {
        if (isMissing && thrown instanceof StoreUnavailableError) {
          throw damaged(key, `chunk ${index} of ${row.chunks} is missing`);
        }
        throw thrown;
      });
  }

  /** What is not dropped now is dropped when it is old. */
  #drop(object: string): void {
    const timeoutMs = this.#options.callTimeoutMs;
    void this.#ledger.purge(this.#subjects.objects, this.#subjects.chunks(object), null, timeoutMs);
  }
}

function damaged(key: string, reason: string): StoreCorruptError {
  return new StoreCorruptError(`Vault value ${key}`, reason);
}

function tooLarge(key: string): StoreBoundsError {
  return new StoreBoundsError(
    `The value for vault key ${key} has more than ${vaultValueBytesMax} bytes. Put it in several values.`,
  );
}
