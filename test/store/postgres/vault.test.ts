import { createHash } from 'node:crypto';
import type { QueryConfig } from 'pg';
import { expect, test } from 'vitest';
import { StoreAmbiguousError, StoreUnavailableError } from '../../../src/store/errors.ts';
import { tableNames } from '../../../src/store/postgres/sql.ts';
import { writeQuery } from '../../../src/store/postgres/vault-sql.ts';
import { describeWithPostgres } from './describe.ts';
import { bytes, failure, ownServer, text, until } from './fixture.ts';

describeWithPostgres('the vault', () => {
  const { fresh } = ownServer();

  test('frees the chunks of a deleted value, and of one whose source failed', async () => {
    const schema = fresh();
    const { vault } = await schema.open();
    await vault.put('large', new Uint8Array(20_000_000).fill(1));
    const failing = async function* (): AsyncGenerator<Uint8Array> {
      yield new Uint8Array(1_500_000);
      await Promise.reject(new Error('the source'));
    };
    await expect(vault.put('failed', failing())).rejects.toThrow('the source');
    await vault.delete('large');
    const administrator = await schema.administrator();
    for (const table of ['vault_values', 'vault_objects', 'vault_chunks']) {
      expect((await administrator.query(`SELECT 1 FROM ${table}`)).rows).toEqual([]);
    }
  });

  test('a value whose standby was given up on is in doubt, and putting it again waits for one', async () => {
    const schema = fresh();
    const { vault } = await schema.open();
    const administrator = await schema.administrator();
    await administrator.query(`CREATE SEQUENCE times`);
    await administrator.query(`CREATE FUNCTION say() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN IF nextval('${schema.name}.times') % 2 = 1 THEN RAISE WARNING 'not replicated'; END IF; RETURN NEW; END $$`);
    await administrator.query(
      'CREATE TRIGGER say BEFORE INSERT ON vault_values FOR EACH ROW EXECUTE FUNCTION say()',
    );
    const writer = async (key: string): Promise<unknown> =>
      (await administrator.query(`SELECT xmin FROM vault_values WHERE key = $1`, [key])).rows[0];
    for (const [key, sizeBytes] of [
      ['small', 10],
      ['large', 1_200_000],
    ] as const) {
      const value = new Uint8Array(sizeBytes).fill(3);
      expect(await failure(vault.put(key, value))).toBeInstanceOf(StoreAmbiguousError);
      const before = await writer(key);
      expect((await vault.put(key, value)).sizeBytes).toBe(sizeBytes);
      expect((await vault.get(key))?.byteLength).toBe(sizeBytes);
      // A transaction that writes nothing waits for no standby. A long value has its chunks written again.
      if (key === 'small') expect(await writer(key)).not.toEqual(before);
    }
  });

  test('sweeps what a dead writer left, and only that', async () => {
    const schema = fresh();
    await (await schema.open()).vault.put('large', new Uint8Array(1_200_000));
    const administrator = await schema.administrator();
    const insert = `INSERT INTO vault_objects (object, touched_ms, doomed) VALUES ($1, $2, $3)`;
    const now = Date.now();
    for (const [name, ageMs, doomed] of [
      ['old', 7_200_000, false],
      ['fresh', 60_000, false],
      ['doomed', 0, true],
    ] as const) {
      await administrator.query(insert, [Buffer.from(name), now - ageMs, doomed]);
      await administrator.query(`INSERT INTO vault_chunks VALUES ($1, 0, 'half')`, [Buffer.from(name)]);
    }
    await administrator.query(
      'UPDATE vault_objects SET touched_ms = 0 WHERE object IN (SELECT object FROM vault_values)',
    );
    const { vault } = await schema.open();
    const left = async (): Promise<readonly string[]> => {
      const { rows } = await administrator.query<{ object: Buffer }>('SELECT object FROM vault_objects');
      return rows.map(({ object }) => object.toString()).filter((name) => /^[a-z]+$/.test(name));
    };
    await until(async () => (await left()).join() === 'fresh');
    expect((await vault.get('large'))?.byteLength).toBe(1_200_000);
  });

  test('a value whose chunks are being swept is not made visible, and put again it is', async () => {
    const schema = fresh();
    const { vault } = await schema.open();
    const administrator = await schema.administrator();
    const swept = async function* (): AsyncGenerator<Uint8Array> {
      yield new Uint8Array(1_200_000).fill(1);
      await administrator.query('UPDATE vault_objects SET doomed = TRUE');
      yield new Uint8Array(10);
    };
    expect(await failure(vault.put('large', swept()))).toBeInstanceOf(StoreUnavailableError);
    expect(await vault.has('large')).toBe(false);
    expect((await administrator.query('SELECT 1 FROM vault_chunks')).rows).toEqual([]);
    await vault.put('large', new Uint8Array(1_200_000).fill(2));
    expect((await vault.get('large'))?.every((byte) => byte === 2)).toBe(true);
  });

  test('a chunk that comes after its value was given up leaves nothing', async () => {
    const schema = fresh();
    const { vault } = await schema.open();
    const administrator = await schema.administrator();
    await vault.put('large', new Uint8Array(1_200_000));
    const { rows } = await administrator.query<{ object: Buffer }>('SELECT object FROM vault_objects');
    const object = rows[0]?.object ?? Buffer.alloc(0);
    /** As a server carries it out that was cut off from the writer meanwhile. */
    const late = async (number: number): Promise<void> => {
      const write = { kind: 'chunk', object, number, bytes: bytes('late') } as const;
      await administrator.query(writeQuery(tableNames(schema.name), write) as QueryConfig);
    };
    const chunks = async (): Promise<number> =>
      (await administrator.query('SELECT 1 FROM vault_chunks')).rows.length;
    await late(3);
    expect(await chunks()).toBe(4);
    await administrator.query('UPDATE vault_objects SET doomed = TRUE');
    await late(4);
    await vault.delete('large');
    await late(5);
    expect(await chunks()).toBe(0);
  });

  test('many small values that are put at once are each there', async () => {
    const { vault } = await fresh().open();
    const values = Array.from({ length: 200 }, (_, index) => `value ${index}`);
    const receipts = await Promise.all(values.map((value, index) => vault.put(`v/${index}`, bytes(value))));
    const digest = createHash('sha256').update('value 7').digest('hex');
    expect(receipts[7]).toEqual({ sizeBytes: 7, sha256: digest });
    expect((await vault.list('v/')).length).toBe(200);
    expect(text((await vault.get('v/199')) ?? undefined)).toBe('value 199');
  });
});
