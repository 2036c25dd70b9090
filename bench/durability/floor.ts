import { closeSync, fdatasyncSync, openSync, writeSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { open } from 'lmdb';
import type { RootDatabase } from 'lmdb';
import { Client } from 'pg';

/** Milliseconds of each. */
export interface FloorTimes {
  /** A page of a file is written over, and flushed. */
  readonly flush: number[];
  /** A row is put by LMDB alone, and flushed: its data, then its header. */
  readonly lmdb: number[];
  /** A row is inserted by the driver alone, and committed. */
  readonly insert: number[];
  /** A statement that does nothing. */
  readonly roundTrip: number[];
}

const pageBytes = 4_096;
const pages = 64;

/** What the disk, LMDB and PostgreSQL take by themselves, without anything of godwit: what no durable step can be faster than. */
export class Floor {
  readonly times: FloorTimes = { flush: [], lmdb: [], insert: [], roundTrip: [] };
  readonly #folder: string;
  readonly #file: number;
  readonly #lmdb: RootDatabase<Buffer, Buffer>;
  readonly #client: Client;
  readonly #rowBytes: number;
  #rows = 0;

  private constructor(folder: string, client: Client, rowBytes: number) {
    this.#folder = folder;
    this.#rowBytes = rowBytes;
    this.#client = client;
    this.#file = openSync(join(folder, 'pages'), 'w');
    writeSync(this.#file, Buffer.alloc(pages * pageBytes));
    fdatasyncSync(this.#file);
    this.#lmdb = open<Buffer, Buffer>({
      path: join(folder, 'floor.mdb'),
      noSubdir: true,
      encoding: 'binary',
      keyEncoding: 'binary',
      // As the store has it: a commit returns when it is flushed.
      overlappingSync: false,
    });
  }

  /** @param url of the server's database that the table is made in */
  static async open(url: string, rowBytes: number): Promise<Floor> {
    const client = new Client({ connectionString: url });
    await client.connect();
    await client.query('CREATE TABLE floor (id INT PRIMARY KEY, bytes BYTEA NOT NULL)');
    return new Floor(await mkdtemp(join(tmpdir(), 'godwit-floor-')), client, rowBytes);
  }

  async measure(count: number): Promise<void> {
    const row = Buffer.alloc(this.#rowBytes, 1);
    for (let step = 0; step < count; step += 1) {
      this.#rows += 1;
      const page = Buffer.alloc(pageBytes, this.#rows);
      await timed(this.times.flush, () => {
        writeSync(this.#file, page, 0, pageBytes, (this.#rows % pages) * pageBytes);
        fdatasyncSync(this.#file);
      });
      await timed(this.times.lmdb, () =>
        this.#lmdb.transactionSync(() => this.#lmdb.putSync(Buffer.from('row'), row)),
      );
      await timed(this.times.insert, () =>
        this.#client.query(
          `INSERT INTO floor VALUES (${this.#rows}, decode('${row.toString('base64')}', 'base64'))`,
        ),
      );
      await timed(this.times.roundTrip, () => this.#client.query('SELECT 1'));
    }
  }

  async close(): Promise<void> {
    closeSync(this.#file);
    await this.#lmdb.close();
    await this.#client.end();
    await rm(this.#folder, { recursive: true });
  }
}

async function timed(into: number[], act: () => unknown): Promise<void> {
  const before = performance.now();
  await act();
  into.push(performance.now() - before);
}
