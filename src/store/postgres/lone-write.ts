import { createHash } from 'node:crypto';
import type { StoreOptions } from '../options.ts';
import type { Connection } from './connection.ts';
import type { CasAsked, TableNames } from './sql.ts';
import { bytesLiteral, checksum, formatKnown, keyLiteral, serverMs, transaction } from './sql.ts';

/**
 * What a session prepares for a compare-and-set that is alone in its transaction, as nearly all are: the server plans the
 * statements once, which takes it longer than carrying them out. They do what those of `casBatch` do for a batch of one.
 */
function preparation({ head, rows, values }: TableNames): readonly string[] {
  const isDone = `h.id = 1 AND h.format = ${formatKnown} AND r.key = $1 AND r.revision = h.revision`;
  return [
    'DEALLOCATE ALL',
    // Planned while the tables are small, and used when they are large: by the index in any case. A setting of PostgreSQL's alone.
    `SELECT set_config('enable_seqscan', 'off', false) FROM pg_settings WHERE name = 'enable_seqscan'`,
    `PREPARE godwit_head AS UPDATE ${head} SET revision = revision + 1, ` +
      `store_time_ms = GREATEST(store_time_ms, ${serverMs}) ` +
      `WHERE id = 1 AND format = ${formatKnown} RETURNING revision, store_time_ms, forgotten`,
    `PREPARE godwit_replace (BYTEA, BYTEA, BIGINT, BIGINT) AS ` +
      `UPDATE ${rows} AS r SET revision = h.revision, value = $2, checksum = $3 FROM ${head} AS h ` +
      `WHERE h.id = 1 AND h.format = ${formatKnown} AND r.key = $1 AND r.revision = $4 AND r.value IS NOT NULL ` +
      `RETURNING r.revision`,
    `PREPARE godwit_put (BYTEA, BYTEA, BIGINT, BYTEA, BYTEA) AS ` +
      `INSERT INTO ${values} (key, size_bytes, sha256, bytes) SELECT $2, $3, $4, $5 ` +
      `FROM ${head} AS h, ${rows} AS r WHERE ${isDone} ON CONFLICT (key) DO NOTHING`,
    `PREPARE godwit_drop (BYTEA, BYTEA) AS DELETE FROM ${values} WHERE object IS NULL AND key = $2 ` +
      `AND EXISTS (SELECT 1 FROM ${head} AS h, ${rows} AS r WHERE ${isDone})`,
    // No key is empty, so that this does nothing, but shows whether it could.
    `EXECUTE godwit_drop (${keyLiteral('')}, ${keyLiteral('')})`,
  ];
}

/** Where a database does not know how to, its sessions do without. Takes at most the call timeout. */
export async function prepareLoneWrites(
  connection: Connection,
  tables: TableNames,
  { clock, callTimeoutMs }: StoreOptions,
): Promise<void> {
  const late = `did not answer within ${callTimeoutMs} ms`;
  const cancel = clock.after(callTimeoutMs, () => connection.destroy(late));
  const outcome = await connection.run(preparation(tables).join('; '));
  cancel();
  connection.hasPrepared = outcome.kind === 'answered';
}

/** @returns null for what nothing was prepared for */
export function loneWrite(asked: CasAsked): string | null {
  const { key, expected, change, along } = asked;
  if (expected === 0 || change === 'delete') return null;
  const owner = keyLiteral(key);
  return transaction([
    'EXECUTE godwit_head',
    `EXECUTE godwit_replace (${owner}, ${bytesLiteral(change)}, ${checksum(key, change)}, ${expected})`,
    ...along.puts.map(({ key: put, bytes }) => {
      const sha256 = createHash('sha256').update(bytes).digest();
      const value = `${bytes.byteLength}, ${bytesLiteral(sha256)}, ${bytesLiteral(bytes)}`;
      return `EXECUTE godwit_put (${owner}, ${keyLiteral(put)}, ${value})`;
    }),
    ...along.drops.map((drop) => `EXECUTE godwit_drop (${owner}, ${keyLiteral(drop)})`),
  ]);
}
