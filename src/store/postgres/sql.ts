import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { Along, Change, Entry } from '../contract.ts';
import { revision } from '../contract.ts';
import { StoreCorruptError } from '../errors.ts';
import type { Answer } from './connection.ts';

/** Newest layout of the tables that this code reads and writes. */
export const formatKnown = 1;
/** How many of the latest revisions a watcher can catch up with; deletions that are older are forgotten. */
export const revisionsKept = 16_384;
/** How many more there are before deletions are forgotten again. */
export const revisionsSlack = 4096;

/** Names of the tables, in the schema of one store. */
export interface TableNames {
  readonly schema: string;
  readonly head: string;
  readonly rows: string;
  readonly values: string;
  readonly objects: string;
  readonly chunks: string;
}

/** @param schema checked: lower-case letters, digits and underscores */
export function tableNames(schema: string): TableNames {
  const named = (table: string): string => `"${schema}".${table}`;
  return {
    schema: `"${schema}"`,
    head: named('registry_head'),
    rows: named('registry_rows'),
    values: named('vault_values'),
    objects: named('vault_objects'),
    chunks: named('vault_chunks'),
  };
}

/** A value of bytes as a literal that no setting of the session and no byte in it can turn into anything else. */
export function bytesLiteral(bytes: Uint8Array): string {
  const base64 = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
  return `decode('${base64}', 'base64')`;
}

/** @param key checked, so that it is ASCII */
export function keyLiteral(key: string): string {
  return bytesLiteral(Buffer.from(key, 'latin1'));
}

/** Condition for the keys that start with `prefix`. Keys are bytes, so that no collation has a say in their order. */
export function prefixCondition(column: string, prefix: string): string {
  if (prefix === '') return 'TRUE';
  const end = Buffer.concat([Buffer.from(prefix, 'latin1'), Buffer.from([0xff])]);
  return `(${column} >= ${keyLiteral(prefix)} AND ${column} < ${bytesLiteral(end)})`;
}

/** The server's clock in whole milliseconds since 1970. */
export const serverMs = 'CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)';

/**
 * Statements that happen together, as the text of one query, which the server gets whole. At this level a statement sees what was
 * committed before it began; where a database knows only stricter ones, it refuses what would differ, and the query is repeated.
 */
export function transaction(statements: readonly string[]): string {
  return ['BEGIN ISOLATION LEVEL READ COMMITTED', ...statements, 'COMMIT'].join('; ');
}

/** Over key and value, so that a value that ends up under another key is found too. */
export function checksum(key: string, value: Uint8Array): number {
  const ofKey = crc32(key);
  // Without bytes the library starts anew instead of going on.
  return value.byteLength === 0 ? ofKey : crc32(value, ofKey);
}

/** A compare-and-set as it is asked for. */
export interface CasAsked {
  readonly key: string;
  /** 0: absent. */
  readonly expected: number;
  readonly change: Change;
  readonly along: Along;
}

/**
 * The transaction of a batch of compare-and-sets on different keys.
 *
 * It takes the head's row first, and everybody does: transactions of one store end in the order of the revisions that they give out, and
 * what the later statements read is what all earlier transactions left. The i-th of n has the head's new revision − (n − 1 − i).
 */
export function casBatch(tables: TableNames, batch: readonly CasAsked[], forgets: boolean): string {
  const { head, rows } = tables;
  const isFresh = `h.id = 1 AND h.format = ${formatKnown}`;
  const replaces: string[] = [];
  const creates: string[] = [];
  for (const [index, { key, expected, change }] of batch.entries()) {
    const back = batch.length - 1 - index;
    const bytes = change === 'delete' ? 'CAST(NULL AS BYTEA)' : bytesLiteral(change);
    const sum = change === 'delete' ? 0 : checksum(key, change);
    const row = `${keyLiteral(key)}, ${back}, ${bytes}, CAST(${sum} AS BIGINT)`;
    if (expected === 0) creates.push(`(${row})`);
    else replaces.push(`(${row}, CAST(${expected} AS BIGINT))`);
  }
  const statements = [
    `UPDATE ${head} SET revision = revision + ${batch.length}, ` +
      `store_time_ms = GREATEST(store_time_ms, ${serverMs}) ` +
      `WHERE id = 1 AND format = ${formatKnown} RETURNING revision, store_time_ms, forgotten`,
  ];
  if (replaces.length > 0) {
    statements.push(
      `UPDATE ${rows} AS r SET revision = h.revision - c.back, value = c.value, checksum = c.checksum ` +
        `FROM ${head} AS h, (VALUES ${replaces.join(', ')}) AS c (key, back, value, checksum, expected) ` +
        `WHERE ${isFresh} AND r.key = c.key AND r.revision = c.expected AND r.value IS NOT NULL RETURNING r.revision`,
    );
  }
  if (creates.length > 0) {
    statements.push(
      `INSERT INTO ${rows} AS r (key, revision, value, checksum) ` +
        `SELECT c.key, h.revision - c.back, c.value, c.checksum ` +
        `FROM ${head} AS h, (VALUES ${creates.join(', ')}) AS c (key, back, value, checksum) WHERE ${isFresh} ` +
        `ON CONFLICT (key) DO UPDATE SET revision = excluded.revision, value = excluded.value, ` +
        `checksum = excluded.checksum WHERE r.value IS NULL RETURNING r.revision`,
    );
  }
  statements.push(...alongStatements(tables, batch));
  if (forgets) {
    const oldest = `(SELECT revision - ${revisionsKept} FROM ${head} WHERE id = 1 AND format = ${formatKnown})`;
    statements.push(
      `DELETE FROM ${rows} WHERE value IS NULL AND revision <= ${oldest}`,
      `UPDATE ${head} SET forgotten = GREATEST(forgotten, revision - ${revisionsKept}) ` +
        `WHERE id = 1 AND format = ${formatKnown}`,
    );
  }
  return transaction(statements);
}

/**
 * A compare-and-set was done if its row has the revision that it was to get: what goes along asks for that. And for the format: a head
 * of another one was not taken, and then that revision may be the one that the row has had before.
 */
function alongStatements({ head, rows, values }: TableNames, batch: readonly CasAsked[]): readonly string[] {
  const puts: string[] = [];
  const drops: string[] = [];
  for (const [index, { key, along }] of batch.entries()) {
    const owner = `${keyLiteral(key)}, ${batch.length - 1 - index}`;
    for (const { key: put, bytes } of along.puts) {
      const sha256 = createHash('sha256').update(bytes).digest();
      puts.push(
        `(${owner}, ${keyLiteral(put)}, ${bytes.byteLength}, ${bytesLiteral(sha256)}, ${bytesLiteral(bytes)})`,
      );
    }
    for (const drop of along.drops) drops.push(`(${owner}, ${keyLiteral(drop)})`);
  }
  const isDone = `h.id = 1 AND h.format = ${formatKnown} AND r.key = c.owner AND r.revision = h.revision - c.back`;
  const statements: string[] = [];
  if (puts.length > 0) {
    statements.push(
      `INSERT INTO ${values} (key, size_bytes, sha256, bytes) SELECT c.key, c.size_bytes, c.sha256, c.bytes ` +
        `FROM ${head} AS h, ${rows} AS r, (VALUES ${puts.join(', ')}) AS c (owner, back, key, size_bytes, sha256, bytes) ` +
        `WHERE ${isDone} ON CONFLICT (key) DO NOTHING`,
    );
  }
  if (drops.length > 0) {
    statements.push(
      `DELETE FROM ${values} WHERE object IS NULL AND key IN (SELECT c.key ` +
        `FROM ${head} AS h, ${rows} AS r, (VALUES ${drops.join(', ')}) AS c (owner, back, key) WHERE ${isDone})`,
    );
  }
  return statements;
}

/** What each read begins with: whether this server takes writes, and how far its history goes. */
export function guardStatement({ head }: TableNames): string {
  return (
    `SELECT pg_is_in_recovery() OR current_setting('transaction_read_only') = 'on' AS passive, ` +
    `revision, format FROM ${head} WHERE id = 1`
  );
}

export function getStatement({ rows }: TableNames, key: string): string {
  return `SELECT key, revision, value, checksum FROM ${rows} WHERE key = ${keyLiteral(key)} AND value IS NOT NULL`;
}

export function listStatement({ rows }: TableNames, prefix: string): string {
  const where = `${prefixCondition('key', prefix)} AND value IS NOT NULL`;
  return `SELECT key, revision, value, checksum FROM ${rows} WHERE ${where} ORDER BY key`;
}

/** The rows of a prefix and the revision that they are complete up to, of one moment. */
export function watchListStatement({ head, rows }: TableNames, prefix: string): string {
  return (
    `SELECT h.revision AS head, h.forgotten, r.key, r.revision, r.value, r.checksum FROM ${head} AS h ` +
    `LEFT JOIN ${rows} AS r ON r.value IS NOT NULL AND ${prefixCondition('r.key', prefix)} WHERE h.id = 1`
  );
}

/** The rows of some prefixes that changed after a revision, deletions included, and up to where, of one moment. */
export function watchChangesStatement(
  { head, rows }: TableNames,
  prefixes: readonly string[],
  since: number,
): string {
  const watched = prefixes.map((prefix) => prefixCondition('r.key', prefix)).join(' OR ');
  return (
    `SELECT h.revision AS head, h.forgotten, r.key, r.revision, r.value, r.checksum FROM ${head} AS h ` +
    `LEFT JOIN ${rows} AS r ON r.revision > ${since} AND (${watched}) WHERE h.id = 1`
  );
}

export type Row = Answer['rows'][number];

/** @throws {StoreCorruptError} when it is not what was written */
export function entryOf(shown: string, row: Row): Entry {
  const key = textOf(row['key']);
  const value = row['value'] as Buffer;
  if (Number(row['checksum']) !== checksum(key, value)) {
    throw new StoreCorruptError(`Row ${key} of store ${shown}`, 'it does not match its checksum');
  }
  // A copy: the driver's buffers are parts of larger ones, which would live as long.
  return { key, value: new Uint8Array(value), revision: revision(Number(row['revision'])) };
}

export function textOf(bytes: unknown): string {
  return (bytes as Buffer).toString('latin1');
}
