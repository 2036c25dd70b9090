import type { Client } from 'pg';
import { expect, test } from 'vitest';
import type { CasAnswer, Revision, Store } from '../../../src/store/contract.ts';
import { StoreUnavailableError } from '../../../src/store/errors.ts';
import { describeWithPostgres } from './describe.ts';
import { bytes, failure, ownServer, text, until } from './fixture.ts';

/** The sessions' latest messages that write, from BEGIN on, and their processes. */
async function writes(by: Client): Promise<readonly { readonly pid: number; readonly query: string }[]> {
  const { rows } = await by.query<{ pid: number; query: string }>(
    `SELECT pid, query FROM pg_stat_activity WHERE application_name = 'godwit' AND query LIKE 'BEGIN%'`,
  );
  return rows;
}

function revisionOf(answer: CasAnswer): Revision {
  if (answer.kind !== 'done') throw new Error(JSON.stringify(answer));
  return answer.revision;
}

async function replaced(store: Store, value: string, puts: readonly string[] = []): Promise<Revision> {
  const before = await store.registry.get('row');
  const along = { puts: puts.map((key) => ({ key, bytes: bytes(key) })), drops: [] };
  return revisionOf(await store.registry.cas('row', before?.revision ?? 'absent', bytes(value), along));
}

describeWithPostgres('a compare-and-set by itself', () => {
  const { fresh } = ownServer();

  test('is one message of prepared statements, with what goes along', async () => {
    const schema = fresh();
    const store = await schema.open();
    const administrator = await schema.administrator();
    await replaced(store, '1');
    await replaced(store, '2', ['snapshot/1', 'snapshot/2']);
    const [write] = await writes(administrator);
    const statements = write?.query.split('; ').map((statement) => statement.replace(/ \(.*/, ''));
    expect(statements).toEqual([
      'BEGIN ISOLATION LEVEL READ COMMITTED',
      'EXECUTE godwit_head',
      'EXECUTE godwit_replace',
      'EXECUTE godwit_put',
      'EXECUTE godwit_put',
      'COMMIT',
    ]);
    expect(text((await store.vault.get('snapshot/2')) ?? undefined)).toBe('snapshot/2');
  });

  test('changes nothing where another revision stands, neither the row nor what goes along', async () => {
    const store = await fresh().open();
    const first = await replaced(store, '1');
    const second = revisionOf(
      await store.registry.cas('row', first, bytes('2'), {
        puts: [{ key: 'snapshot/2', bytes: bytes('2') }],
        drops: [],
      }),
    );
    const along = { puts: [{ key: 'snapshot/3', bytes: bytes('3') }], drops: ['snapshot/2'] };
    expect(await store.registry.cas('row', first, bytes('3'), along)).toMatchObject({
      kind: 'conflict',
      current: { revision: second },
    });
    expect(await store.vault.list('snapshot/')).toEqual(['snapshot/2']);
    expect((await store.registry.cas('row', second, bytes('3'), along)).kind).toBe('done');
    expect(await store.vault.list('snapshot/')).toEqual(['snapshot/3']);
  });

  test.each([
    ['by itself', ['row']],
    ['with others', ['other', 'row']],
  ])('takes nothing away from a store that has a newer format by now, %s', async (_, keys) => {
    const schema = fresh();
    const store = await schema.open({ callTimeoutMs: 1500 });
    const administrator = await schema.administrator();
    await replaced(store, '1');
    const latest = await replaced(store, '2', ['snapshot/2']);
    await administrator.query('UPDATE registry_head SET format = 99');
    const along = { puts: [], drops: ['snapshot/2'] };
    const calls = keys.map((key) => failure(store.registry.cas(key, latest, bytes('3'), along)));
    for (const outcome of await Promise.all(calls)) expect(outcome).toBeInstanceOf(StoreUnavailableError);
    expect((await administrator.query('SELECT 1 FROM vault_values')).rows.length).toBe(1);
  });

  test('is prepared again in a session that takes the place of another', async () => {
    const schema = fresh();
    const store = await schema.open();
    const administrator = await schema.administrator();
    await replaced(store, '1');
    await replaced(store, '2');
    const [first] = await writes(administrator);
    await administrator.query('SELECT pg_terminate_backend($1)', [first?.pid]);
    await until(async () => (await writes(administrator)).length === 0);
    await replaced(store, '3');
    const [second] = await writes(administrator);
    expect(second?.pid).not.toBe(first?.pid);
    expect(second?.query).toContain('EXECUTE godwit_replace');
  });

  test('is sent in full where nothing can be prepared', async () => {
    const schema = fresh();
    const administrator = await schema.administrator();
    const store = await schema.open();
    await replaced(store, '1');
    // What is prepared names this table.
    await administrator.query('ALTER TABLE vault_values RENAME TO elsewhere');
    const other = await schema.open();
    await replaced(other, '2');
    const queries = (await writes(administrator)).map(({ query }) => query);
    expect(queries.filter((query) => query.includes('EXECUTE'))).toEqual([]);
    expect(text((await store.registry.get('row'))?.value)).toBe('2');
  });
});
