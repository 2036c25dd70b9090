import type { Clock, Random } from '../../core/ports.ts';
import { StoreAbsentError, StoreCorruptError, StoreFormatError } from '../errors.ts';
import { answered, ServerRefusal } from './connect.ts';
import type { Outcome } from './connection.ts';
import type { TableNames } from './sql.ts';
import { formatKnown } from './sql.ts';
import type { PostgresTarget } from './url.ts';

// SQLSTATE: no such table, no such schema.
const absent = /^(?:42P01|3F000)$/;
// Others create the same at the same time: it is there already, as a row of the catalogue or as a table, or one of us has to give way.
const collided = /^(?:23505|42P06|42P07|42710|40001|40P01)$/;
const attemptsMax = 20;
const pauseMaxMs = 50;

/** Runs one statement, within the call timeout. */
export type Run = (statement: string) => Promise<Outcome>;

/**
 * Finds the tables, or creates them; of several hosts that do so at once each finds the same ones. The head's row is written last: whoever
 * finds it finds everything.
 *
 * @param mayCreate whether tables are created where there are none
 * @throws {StoreAbsentError} when there are none, and they may not be created
 * @throws {StoreFormatError | StoreCorruptError} when they are not this godwit's
 * @throws {ServerRefusal} with the server's reason
 */
export async function settleSchema(
  run: Run,
  target: PostgresTarget,
  tables: TableNames,
  ports: { readonly clock: Clock; readonly random: Random; readonly mayCreate: boolean },
): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    const format = await findFormat(run, target, tables);
    if (format !== null) {
      if (format > formatKnown)
        throw new StoreFormatError(target.shown, { found: format, known: formatKnown });
      return;
    }
    if (!ports.mayCreate)
      throw new StoreAbsentError(target.shown, `it has no tables of godwit in schema ${target.schema}`);
    try {
      await create(run, target, tables);
    } catch (thrown) {
      if (attempt === attemptsMax || !(thrown instanceof ServerRefusal) || !collided.test(thrown.code))
        throw thrown;
      await new Promise<void>((resolve) => {
        ports.clock.after(ports.random.next() * pauseMaxMs, resolve);
      });
    }
  }
}

/** @returns null when there are no tables, or not all */
async function findFormat(run: Run, target: PostgresTarget, tables: TableNames): Promise<number | null> {
  const outcome = await run(`SELECT format FROM ${tables.head} WHERE id = 1`);
  if (outcome.kind === 'refused' && absent.test(outcome.code)) return null;
  const row = answered(outcome)[0]?.rows[0];
  if (row === undefined) return null;
  const format = Number(row['format']);
  if (Number.isInteger(format) && format >= 1) return format;
  throw new StoreCorruptError(`Table ${tables.head} of store ${target.shown}`, `its format is ${format}`);
}

async function create(run: Run, target: PostgresTarget, tables: TableNames): Promise<void> {
  const { schema, head, rows, values, objects, chunks } = tables;
  // Creating a schema takes a right that a user need not have whose schema was made by somebody else.
  const found = await run(
    `SELECT 1 AS found FROM information_schema.schemata WHERE schema_name = '${target.schema}'`,
  );
  const statements = [
    ...(answered(found)[0]?.rows.length === 0 ? [`CREATE SCHEMA IF NOT EXISTS ${schema}`] : []),
    `CREATE TABLE IF NOT EXISTS ${head} (id INT PRIMARY KEY, format INT NOT NULL, revision BIGINT NOT NULL, ` +
      `store_time_ms BIGINT NOT NULL, forgotten BIGINT NOT NULL)`,
    `CREATE TABLE IF NOT EXISTS ${rows} (key BYTEA PRIMARY KEY, revision BIGINT NOT NULL, value BYTEA, ` +
      `checksum BIGINT NOT NULL)`,
    `CREATE INDEX IF NOT EXISTS registry_rows_revision ON ${rows} (revision)`,
    `CREATE INDEX IF NOT EXISTS registry_rows_removed ON ${rows} (revision) WHERE value IS NULL`,
    `CREATE TABLE IF NOT EXISTS ${objects} (object BYTEA PRIMARY KEY, touched_ms BIGINT NOT NULL, doomed BOOLEAN NOT NULL)`,
    `CREATE TABLE IF NOT EXISTS ${chunks} (object BYTEA NOT NULL, number INT NOT NULL, bytes BYTEA NOT NULL, ` +
      `PRIMARY KEY (object, number))`,
    `CREATE TABLE IF NOT EXISTS ${values} (key BYTEA PRIMARY KEY, size_bytes BIGINT NOT NULL, sha256 BYTEA NOT NULL, ` +
      `object BYTEA, bytes BYTEA)`,
    `CREATE INDEX IF NOT EXISTS vault_values_object ON ${values} (object)`,
    `INSERT INTO ${head} (id, format, revision, store_time_ms, forgotten) VALUES (1, ${formatKnown}, 0, 0, 0) ` +
      `ON CONFLICT (id) DO NOTHING`,
  ];
  // One by one: distributed databases change their schema outside of transactions.
  for (const statement of statements) answered(await run(statement));
}
