import { Client } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Store, WatchEvent } from '../../../src/store/contract.ts';
import { StoreOpenError, StoreUnavailableError } from '../../../src/store/errors.ts';
import { openStore } from '../../../src/store/open.ts';
import { bytes, failure, options, text } from './fixture.ts';
import { PostgresServer } from './server.ts';
import { describeWithPostgres } from './describe.ts';

describeWithPostgres('failover', () => {
  let primary: PostgresServer;
  let standby: PostgresServer;
  beforeAll(async () => {
    primary = await PostgresServer.start();
    standby = await primary.standby();
    // From now on nothing is acknowledged that the standby has not flushed.
    await primary.configure({ synchronous_standby_names: '*' });
    await primary.restart('fast');
    const administrator = new Client({ connectionString: primary.url().replace(/\?.*$/, '') });
    await administrator.connect();
    const following = `SELECT 1 FROM pg_stat_replication WHERE sync_state = 'sync'`;
    while ((await administrator.query(following)).rows.length === 0);
    await administrator.end();
  }, 180_000);
  afterAll(async () => {
    await standby.dispose();
    await primary.dispose();
  });

  /** Both servers, the standby first. */
  function bothOf(schema: string): string {
    return primary
      .url(schema)
      .replace(`127.0.0.1:${primary.port}`, `127.0.0.1:${standby.port},127.0.0.1:${primary.port}`);
  }

  /** Claims rows one after the other, and says which were acknowledged. */
  async function claim(store: Store, going: () => boolean, acknowledged: string[]): Promise<void> {
    for (let index = 0; going(); index += 1) {
      const key = `row/${index}`;
      const answer = await store.registry.cas(key, 'absent', bytes(key)).catch((error: unknown) => error);
      if (!(answer instanceof Error)) acknowledged.push(key);
    }
  }

  test('a standby is never asked, and when it takes over, all that was acknowledged is there', async () => {
    const alone = await failure(openStore(standby.url('failover'), { ...options, openTimeoutMs: 500 }));
    expect(alone).toBeInstanceOf(StoreUnavailableError);
    expect(alone).not.toBeInstanceOf(StoreOpenError);
    expect(String(alone)).toContain('it is a standby');

    const store = await openStore(bothOf('failover'), { ...options, callTimeoutMs: 1000 });
    const rows = new Map<string, string>();
    const kinds: WatchEvent['kind'][] = [];
    let wake = (): void => undefined;
    store.registry.watch('row/', (event) => {
      kinds.push(event.kind);
      if (event.kind === 'listed') rows.clear();
      if (event.kind !== 'interrupted')
        for (const { key, value } of event.entries) rows.set(key, text(value));
      wake();
    });
    let going = true;
    const acknowledged: string[] = [];
    const claiming = claim(store, () => going, acknowledged);
    await store.vault.put('value', new Uint8Array(1_500_000).fill(5));
    await primary.stop('killed');
    // Nobody takes writes now, and the standby would answer reads.
    const stale = await failure(store.registry.get('row/0'));
    expect(stale).toBeInstanceOf(StoreUnavailableError);
    await standby.configure({ synchronous_standby_names: '' });
    await standby.promote();
    const before = acknowledged.length;
    while (acknowledged.length < before + 5) await store.registry.get('row/0').catch(() => null);
    going = false;
    await claiming;

    const found = new Set((await store.registry.list('row/')).map(({ key }) => key));
    expect(acknowledged.filter((key) => !found.has(key))).toEqual([]);
    while (rows.size < found.size) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
    expect(new Set(rows.keys())).toEqual(found);
    expect(kinds).toContain('interrupted');
    expect((await store.vault.get('value'))?.every((byte) => byte === 5)).toBe(true);
    await store.close();
  }, 60_000);

  test('a server that does not flush is refused, unless its loss does not matter', async () => {
    const careless = await PostgresServer.start({ fsync: 'off', synchronous_commit: 'off' });
    try {
      const refused = await failure(openStore(careless.url(), options));
      expect(refused).toBeInstanceOf(StoreOpenError);
      expect(String(refused)).toContain('fsync = off');
      const store = await openStore(`${careless.url()}&durability=unchecked`, options);
      expect((await store.registry.cas('a', 'absent', bytes('1'))).kind).toBe('done');
      await store.close();
    } finally {
      await careless.dispose();
    }
  }, 60_000);
});
