import type { Query } from './connection.ts';
import type { TableNames } from './sql.ts';
import { bytesLiteral, keyLiteral, prefixCondition, serverMs, transaction } from './sql.ts';

/** Largest piece of a value that goes over the network, or is held in memory, at once. */
export const chunkBytes = 512 * 1024;
/** Chunks that one statement deletes. */
export const chunksPerDelete = 32;
/** A half-written value that nobody has written to for so long belongs to a process that died. */
export const leftoverAgeMs = 3_600_000;

/** A value that fits into one chunk: it stands in its own row. */
export interface SmallPut {
  readonly kind: 'put';
  readonly key: string;
  readonly sha256: Buffer;
  readonly bytes: Uint8Array;
}

/** What changes the vault. */
export type VaultWrite =
  | SmallPut
  | { readonly kind: 'begin'; readonly object: Buffer }
  | { readonly kind: 'chunk'; readonly object: Buffer; readonly number: number; readonly bytes: Uint8Array }
  | {
      readonly kind: 'seal';
      readonly key: string;
      readonly object: Buffer;
      readonly chunks: number;
      readonly sizeBytes: number;
      readonly sha256: Buffer;
    }
  | { readonly kind: 'delete'; readonly key: string }
  /** Nothing of it is to be seen any more, if no key leads to it. */
  | { readonly kind: 'doom'; readonly object: Buffer }
  /** Frees some chunks of a doomed object, from the first on that is named; the object goes with the last. */
  | { readonly kind: 'clear'; readonly object: Buffer; readonly from: number };

/**
 * One statement for values that are put together: one transaction, one flush. It names those that stand with these bytes. What stood
 * already is written again: a transaction that changes nothing waits for no standby, and who put it may never have had one's word.
 */
export function putQuery({ values }: TableNames, puts: readonly SmallPut[]): Query {
  const bytes = (position: number): string => `CAST($${position} AS BYTEA)`;
  const rows = puts.map(
    (_, index) => `(${bytes(3 * index + 1)}, ${bytes(3 * index + 2)}, ${bytes(3 * index + 3)})`,
  );
  const text =
    `INSERT INTO ${values} AS v (key, size_bytes, sha256, bytes) ` +
    `SELECT p.key, length(p.bytes), p.sha256, p.bytes FROM (VALUES ${rows.join(', ')}) AS p (key, sha256, bytes) ` +
    `ON CONFLICT (key) DO UPDATE SET sha256 = excluded.sha256 WHERE v.sha256 = excluded.sha256 RETURNING v.key`;
  return {
    text,
    values: puts.flatMap(({ key, sha256, bytes: value }) => [Buffer.from(key, 'latin1'), sha256, value]),
  };
}

/** An object that is being removed is never sealed, and one that is sealed is never removed before its key: both change its row. */
export function writeQuery(tables: TableNames, write: Exclude<VaultWrite, SmallPut>): Query {
  const { values, objects, chunks } = tables;
  switch (write.kind) {
    case 'begin':
      return (
        `INSERT INTO ${objects} (object, touched_ms, doomed) VALUES (${bytesLiteral(write.object)}, ${serverMs}, FALSE) ` +
        `ON CONFLICT (object) DO UPDATE SET touched_ms = excluded.touched_ms`
      );
    case 'chunk':
      // Of an object that stands until this has ended: one that comes late, when all others were cleared away, would never be found.
      return {
        text:
          `INSERT INTO ${chunks} (object, number, bytes) SELECT o.object, CAST($2 AS INT), CAST($3 AS BYTEA) ` +
          `FROM ${objects} AS o WHERE o.object = CAST($1 AS BYTEA) AND NOT o.doomed FOR SHARE ` +
          `ON CONFLICT (object, number) DO NOTHING`,
        values: [write.object, write.number, write.bytes],
      };
    case 'seal': {
      const object = bytesLiteral(write.object);
      const count = `(SELECT count(*) FROM ${chunks} AS c WHERE c.object = ${object}) = ${write.chunks}`;
      return transaction([
        `UPDATE ${objects} SET touched_ms = ${serverMs} WHERE object = ${object} AND NOT doomed`,
        `INSERT INTO ${values} (key, size_bytes, sha256, object, bytes) ` +
          `SELECT ${keyLiteral(write.key)}, ${write.sizeBytes}, ${bytesLiteral(write.sha256)}, o.object, NULL ` +
          `FROM ${objects} AS o WHERE o.object = ${object} AND NOT o.doomed AND ${count} ` +
          `ON CONFLICT (key) DO NOTHING RETURNING key`,
      ]);
    }
    case 'delete': {
      const key = keyLiteral(write.key);
      return transaction([
        `UPDATE ${objects} SET doomed = TRUE WHERE object IN (SELECT v.object FROM ${values} AS v WHERE v.key = ${key})`,
        `DELETE FROM ${values} WHERE key = ${key} RETURNING object`,
      ]);
    }
    case 'doom': {
      const object = bytesLiteral(write.object);
      // The row first: a seal that is under way has ended, or will find it doomed, when the second statement looks for a key.
      return transaction([
        `SELECT 1 FROM ${objects} WHERE object = ${object} FOR UPDATE`,
        `UPDATE ${objects} AS o SET doomed = TRUE WHERE o.object = ${object} ` +
          `AND NOT EXISTS (SELECT 1 FROM ${values} AS v WHERE v.object = o.object)`,
      ]);
    }
    case 'clear': {
      const object = bytesLiteral(write.object);
      const isDoomed = `EXISTS (SELECT 1 FROM ${objects} AS o WHERE o.object = ${object} AND o.doomed)`;
      const end = write.from + chunksPerDelete;
      return transaction([
        `DELETE FROM ${chunks} WHERE object = ${object} AND number >= ${write.from} AND number < ${end} AND ${isDoomed}`,
        `DELETE FROM ${objects} WHERE object = ${object} AND doomed ` +
          `AND NOT EXISTS (SELECT 1 FROM ${chunks} AS c WHERE c.object = ${object})`,
      ]);
    }
  }
}

export function findValueStatement({ values }: TableNames, key: string): string {
  return `SELECT size_bytes, sha256, object, bytes FROM ${values} WHERE key = ${keyLiteral(key)}`;
}

/** As `findValueStatement`, without the bytes. */
export function receiptStatement({ values }: TableNames, key: string): string {
  return `SELECT size_bytes, sha256, object FROM ${values} WHERE key = ${keyLiteral(key)}`;
}

export function chunkStatement({ chunks }: TableNames, object: Buffer, number: number): string {
  return `SELECT bytes FROM ${chunks} WHERE object = ${bytesLiteral(object)} AND number = ${number}`;
}

export function keysStatement({ values }: TableNames, prefix: string): string {
  return `SELECT key FROM ${values} WHERE ${prefixCondition('key', prefix)} ORDER BY key`;
}

/** Objects that no key leads to: those that are being removed, and those that nobody has gone on with. */
export function leftoversStatement({ values, objects }: TableNames): string {
  return (
    `SELECT o.object FROM ${objects} AS o WHERE o.doomed OR (o.touched_ms < ${serverMs} - ${leftoverAgeMs} ` +
    `AND NOT EXISTS (SELECT 1 FROM ${values} AS v WHERE v.object = o.object)) LIMIT 100`
  );
}
