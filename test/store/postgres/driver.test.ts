import { describe, expect, test } from 'vitest';
import type { WatchEvent } from '../../../src/store/contract.ts';
import {
  StoreAmbiguousError,
  StoreCorruptError,
  StoreFormatError,
  StoreFullError,
  StoreOpenError,
  StoreUnavailableError,
} from '../../../src/store/errors.ts';
import { openStore } from '../../../src/store/open.ts';
import { Proxy } from '../../wire/proxy.ts';
import { Peer } from '../lmdb/processes.ts';
import { bytes, failure, options, ownServer, text, until } from './fixture.ts';
import { password } from './server.ts';
import { describeWithPostgres } from './describe.ts';

describeWithPostgres('the driver', () => {
  const { fresh, server } = ownServer();

  describe('opening', () => {
    const wrong: readonly (readonly [string, (url: string) => string, string])[] = [
      [
        'a wrong password',
        (url) => url.replace(encodeURIComponent(password), 'guess'),
        'refused the password',
      ],
      ['no such database', (url) => url.replace('/postgres?', '/nowhere?'), 'createdb nowhere'],
      ['no TLS there', (url) => `${url}&sslmode=require`, 'does not offer TLS'],
      ['no such user', (url) => url.replace('godwit:', 'nobody:'), 'refused the password of user nobody'],
    ];

    test.each(wrong)(
      '%s is said at once, with what to do, and without the password',
      async (_, change, reason) => {
        const refused = await failure(openStore(change(fresh().url), options));
        expect(refused).toBeInstanceOf(StoreOpenError);
        expect(String(refused)).toContain(reason);
        for (const secret of [password, encodeURIComponent(password), 'guess'])
          expect(String(refused)).not.toContain(secret);
      },
    );

    test('a server that is not there is waited for within the opening timeout', async () => {
      const url = fresh().url.replace(`:${server().port}`, ':1');
      const refused = await failure(openStore(url, { ...options, openTimeoutMs: 300 }));
      expect(refused).toBeInstanceOf(StoreUnavailableError);
      expect(String(refused)).toMatch(/127\.0\.0\.1:1: .*ECONNREFUSED/);
    });

    test('many hosts that open an empty database at once find one store', async () => {
      const schema = fresh();
      const stores = await Promise.all(Array.from({ length: 12 }, () => schema.open()));
      const identities = await Promise.all(stores.map((store) => store.identity(null)));
      expect(new Set(identities.map(({ id }) => id)).size).toBe(1);
    });

    test('a user without the right to make a schema may use one that is there', async () => {
      const schema = fresh();
      await schema.open();
      const administrator = await schema.administrator();
      await administrator.query(`CREATE ROLE guest_${schema.name} LOGIN PASSWORD 'guest'`);
      const asGuest = schema.url.replace(/\/\/[^@]*@/, `//guest_${schema.name}:guest@`);
      const refused = await failure(openStore(asGuest.replace(schema.name + '', schema.name), options));
      expect(refused).toBeInstanceOf(StoreOpenError);
      expect(String(refused)).toContain('may not use schema');
      await administrator.query(`GRANT USAGE ON SCHEMA ${schema.name} TO guest_${schema.name}`);
      await administrator.query(`GRANT ALL ON ALL TABLES IN SCHEMA ${schema.name} TO guest_${schema.name}`);
      const guest = await schema.open({}, asGuest);
      expect((await guest.registry.cas('a', 'absent', bytes('1'))).kind).toBe('done');
    });

    test('a newer format is refused, and stops a session that is open', async () => {
      const schema = fresh();
      const store = await schema.open({ callTimeoutMs: 1500 });
      const administrator = await schema.administrator();
      await administrator.query('UPDATE registry_head SET format = 99');
      const refused = await failure(schema.open());
      expect(refused).toBeInstanceOf(StoreFormatError);
      expect(String(refused)).toContain('format 99');
      for (const call of [store.registry.cas('a', 'absent', bytes('1')), store.registry.get('a')]) {
        expect(await failure(call)).toBeInstanceOf(StoreUnavailableError);
      }
      const { rows } = await administrator.query('SELECT 1 FROM registry_rows');
      expect(rows).toEqual([]);
    });
  });

  describe('what the server says of a write', () => {
    const sayings: readonly (readonly [string, string, string | null])[] = [
      ['a refusal to serialise is repeated', `RAISE EXCEPTION 'again' USING ERRCODE = '40001'`, null],
      ['a deadlock is repeated', `RAISE EXCEPTION 'again' USING ERRCODE = '40P01'`, null],
      [
        'what was prepared is gone: another session is asked',
        `RAISE EXCEPTION 'again' USING ERRCODE = '26000'`,
        null,
      ],
      [
        'a full disk is told as such',
        `RAISE EXCEPTION 'no room' USING ERRCODE = '53100'`,
        StoreFullError.name,
      ],
      ['any other error: surely not done', `RAISE EXCEPTION 'no'`, StoreUnavailableError.name],
      [
        'completion unknown: in doubt',
        `RAISE EXCEPTION '?' USING ERRCODE = '40003'`,
        StoreAmbiguousError.name,
      ],
      ['a cancellation: in doubt', `RAISE EXCEPTION '?' USING ERRCODE = '57014'`, StoreAmbiguousError.name],
      ['a warning beside success: in doubt', `RAISE WARNING 'not replicated'`, StoreAmbiguousError.name],
    ];

    // The server itself says it, once: the sequence goes on whatever becomes of the transaction.
    test.each(sayings)('%s', async (_, statement, expected) => {
      const schema = fresh();
      const store = await schema.open();
      const administrator = await schema.administrator();
      await administrator.query(`CREATE SEQUENCE times`);
      await administrator.query(`CREATE FUNCTION say() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN IF nextval('${schema.name}.times') = 1 THEN ${statement}; END IF; RETURN NEW; END $$`);
      await administrator.query(
        'CREATE TRIGGER say BEFORE UPDATE ON registry_head FOR EACH ROW EXECUTE FUNCTION say()',
      );
      const outcome = await failure(store.registry.cas('a', 'absent', bytes('1')));
      expect(outcome instanceof Error ? outcome.name : null).toBe(expected);
      const found = await store.registry.get('a');
      if (expected === null) expect(text(found?.value)).toBe('1');
      if (expected === StoreUnavailableError.name || expected === StoreFullError.name)
        expect(found).toBeNull();
      expect((await store.registry.cas('b', 'absent', bytes('2'))).kind).toBe('done');
    });
  });

  describe('what is damaged is found', () => {
    test('a changed row, in that row only, also by a watcher', async () => {
      const schema = fresh();
      const store = await schema.open();
      for (const key of ['a', 'b']) await store.registry.cas(key, 'absent', bytes('whole'));
      const administrator = await schema.administrator();
      await administrator.query(`UPDATE registry_rows SET value = 'half' WHERE key = 'a'`);
      for (const call of [store.registry.get('a'), store.registry.list('')]) {
        const damaged = await failure(call);
        expect(damaged).toBeInstanceOf(StoreCorruptError);
        expect(String(damaged)).toContain('Row a');
      }
      expect(text((await store.registry.get('b'))?.value)).toBe('whole');
      const event = await new Promise<WatchEvent>((resolve) => store.registry.watch('', resolve));
      expect(event.kind === 'interrupted' && event.error instanceof StoreCorruptError).toBe(true);
    });

    test('a changed value, and one that has lost a chunk', async () => {
      const schema = fresh();
      const { vault } = await schema.open();
      await vault.put('small', bytes('small'));
      await vault.put('large', new Uint8Array(1_200_000).fill(7));
      await vault.put('short', new Uint8Array(1_200_000).fill(8));
      const administrator = await schema.administrator();
      await administrator.query(`UPDATE vault_values SET bytes = 'Small' WHERE key = 'small'`);
      const object = `(SELECT object FROM vault_values WHERE key = $1)`;
      await administrator.query(
        `UPDATE vault_chunks SET bytes = set_byte(bytes, 9, 0) WHERE object = ${object} AND number = 1`,
        ['large'],
      );
      await administrator.query(`DELETE FROM vault_chunks WHERE object = ${object} AND number = 2`, [
        'short',
      ]);
      for (const key of ['small', 'large', 'short']) {
        const damaged = await failure(vault.get(key));
        expect(damaged).toBeInstanceOf(StoreCorruptError);
        expect(String(damaged)).toContain(`Vault value ${key}`);
      }
    });
  });

  describe('history', () => {
    test('a watcher that is too far behind lists anew', async () => {
      const schema = fresh();
      const store = await schema.open();
      for (const key of ['a', 'b']) await store.registry.cas(key, 'absent', bytes('1'));
      const rows = new Map<string, string>();
      const kinds: string[] = [];
      let wake = (): void => undefined;
      store.registry.watch('', (event) => {
        kinds.push(event.kind);
        if (event.kind === 'listed') rows.clear();
        if (event.kind !== 'interrupted')
          for (const { key, value } of event.entries) rows.set(key, text(value));
        wake();
      });
      const told = async (condition: () => boolean): Promise<void> => {
        while (!condition()) {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
      };
      await told(() => rows.size === 2);
      // All that can happen between two looks, at once: many changes, of which the deletions are forgotten already.
      const administrator = await schema.administrator();
      await administrator.query(`BEGIN; UPDATE registry_head SET revision = revision + 30000, forgotten = 20000;
      DELETE FROM registry_rows WHERE key = 'a'; COMMIT`);
      await told(() => !rows.has('a'));
      expect([...rows]).toEqual([['b', '1']]);
      expect(kinds).toEqual(['listed', 'listed']);
    });

    test('deletions are forgotten after a bounded number of changes', async () => {
      const schema = fresh();
      const { registry } = await schema.open();
      for (let index = 0; index < 5; index += 1) {
        const created = await registry.cas(`row/${index}`, 'absent', bytes('1'));
        if (created.kind === 'done') await registry.cas(`row/${index}`, created.revision, 'delete');
      }
      const administrator = await schema.administrator();
      const removed = async (): Promise<number> =>
        (await administrator.query('SELECT 1 FROM registry_rows WHERE value IS NULL')).rows.length;
      expect(await removed()).toBe(5);
      await administrator.query('UPDATE registry_head SET revision = revision + 30000');
      for (const key of ['x', 'y']) await registry.cas(key, 'absent', bytes('1'));
      expect(await removed()).toBe(0);
      const { rows } = await administrator.query<{ kept: string }>(
        'SELECT revision - forgotten AS kept FROM registry_head',
      );
      expect(rows[0]?.kept).toBe('16384');
      const again = await registry.cas('row/0', 'absent', bytes('2'));
      expect(again.kind === 'done' && again.revision > 30_000).toBe(true);
    });

    test('a server that has lost what was seen ends the session, loudly', async () => {
      const schema = fresh();
      const store = await schema.open();
      for (const key of ['a', 'b', 'c']) await store.registry.cas(key, 'absent', bytes('1'));
      const events: WatchEvent[] = [];
      let over: (event: WatchEvent) => void = () => undefined;
      const interrupted = new Promise<WatchEvent>((resolve) => {
        over = resolve;
      });
      const administrator = await schema.administrator();
      await administrator.query('UPDATE registry_head SET revision = revision - 2');
      store.registry.watch('', (event) => {
        events.push(event);
        if (event.kind === 'interrupted') over(event);
      });
      const event = await interrupted;
      expect(event.kind === 'interrupted' && event.error.message).toContain('acknowledged writes are lost');
      for (const call of [
        store.registry.get('a'),
        store.registry.cas('d', 'absent', bytes('1')),
        store.vault.get('v'),
      ]) {
        expect(String(await failure(call))).toContain('Open the store again');
      }
      expect(await store.lost).toContain('acknowledged writes are lost');
      expect((await (await schema.open()).registry.list('')).length).toBe(3);
    });

    test('so does one whose loss the first write afterwards makes up in number', async () => {
      const schema = fresh();
      const store = await schema.open();
      for (const key of ['a', 'b', 'c']) await store.registry.cas(key, 'absent', bytes('1'));
      const administrator = await schema.administrator();
      await administrator.query('UPDATE registry_head SET revision = revision - 1');
      // That server did write it, and may be the one that stays.
      const write = await failure(store.registry.cas('d', 'absent', bytes('1')));
      expect(write).toBeInstanceOf(StoreAmbiguousError);
      expect(await store.lost).toContain('acknowledged writes are lost');
      expect(text((await (await schema.open()).registry.get('d'))?.value)).toBe('1');
    });
  });

  describe('connections', () => {
    test('a line that goes dead in silence ends no call late, and is left', async () => {
      const schema = fresh();
      const proxy = await Proxy.open(`127.0.0.1:${server().port}`);
      const url = schema.url.replace(`127.0.0.1:${server().port}`, proxy.address);
      const store = await schema.open({ callTimeoutMs: 1000 }, url);
      await store.registry.cas('a', 'absent', bytes('1'));
      proxy.hold();
      const startedMs = performance.now();
      const calls = [store.registry.cas('b', 'absent', bytes('1')), store.registry.get('a')].map(failure);
      const [write, read] = await Promise.all(calls);
      expect(performance.now() - startedMs).toBeLessThan(3000);
      expect(write).toBeInstanceOf(StoreAmbiguousError);
      expect(read).toBeInstanceOf(StoreUnavailableError);
      // What was held back comes late: the write may happen now.
      proxy.release();
      await until(async () => !((await failure(store.registry.get('a'))) instanceof Error));
      const b = await store.registry.get('b');
      const after = await store.registry.cas('b', b?.revision ?? 'absent', bytes('2'));
      expect(['done', 'conflict']).toContain(after.kind);
      await store.close();
      await proxy.close();
    });

    test('a cut line costs reads nothing', async () => {
      const schema = fresh();
      const proxy = await Proxy.open(`127.0.0.1:${server().port}`);
      const store = await schema.open({}, schema.url.replace(`127.0.0.1:${server().port}`, proxy.address));
      await store.registry.cas('a', 'absent', bytes('1'));
      for (let round = 0; round < 5; round += 1) {
        const reads = Array.from({ length: 20 }, () => store.registry.get('a'));
        proxy.cut();
        for (const found of await Promise.all(reads)) expect(text(found?.value)).toBe('1');
      }
      await store.close();
      await proxy.close();
    });

    test('what waits for a lock on behalf of a call that was given up does not wait for ever', async () => {
      const schema = fresh();
      const store = await schema.open({ callTimeoutMs: 600 });
      const administrator = await schema.administrator();
      await administrator.query('BEGIN; SELECT 1 FROM registry_head FOR UPDATE');
      expect(await failure(store.registry.cas('a', 'absent', bytes('1')))).toBeInstanceOf(
        StoreAmbiguousError,
      );
      await until(async () => {
        const waiting = `SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%${schema.name}%' AND pid <> pg_backend_pid()`;
        return (await administrator.query(waiting)).rows.length === 0;
      });
      await administrator.query('COMMIT');
      expect(await store.registry.get('a')).toBeNull();
      expect((await store.registry.cas('a', 'absent', bytes('2'))).kind).toBe('done');
    });

    test('a host that is stopped at any instant keeps nobody from writing', async () => {
      const schema = fresh();
      const store = await schema.open({ callTimeoutMs: 5000 });
      const peer = new Peer([schema.url, 'increment', 'theirs', '1000000']);
      for (let round = 1; round <= 8; round += 1) {
        await peer.saw('acknowledged', 7 * round);
        peer.signal('SIGSTOP');
        for (let index = 0; index < 3; index += 1) {
          expect((await store.registry.cas(`mine/${round}/${index}`, 'absent', bytes('1'))).kind).toBe(
            'done',
          );
        }
        peer.signal('SIGCONT');
      }
      peer.signal('SIGKILL');
      await peer.ended;
    });

    test('processes lose no increment', async () => {
      const schema = fresh();
      const peers = [1, 2, 3].map(() => new Peer([schema.url, 'increment', 'counter', '60']));
      const lines = (await Promise.all(peers.map(({ ended }) => ended))).flat();
      expect(new Set(lines.filter((line) => line.startsWith('acknowledged'))).size).toBe(180);
      expect(text((await (await schema.open()).registry.get('counter'))?.value)).toBe('180');
    });
  });
});
