import { afterAll, beforeAll } from 'vitest';
import type { Store } from '../../src/store/contract.ts';
import { openStore } from '../../src/store/open.ts';
import { storeOptions } from '../../src/store/options.ts';
import { storeContract } from '../contract/store.ts';
import type { StoreUnderTest } from '../contract/store.ts';
import { clock, random } from './ports.ts';
import { PostgresServer } from './postgres/server.ts';
import { describeWithPostgres } from './postgres/describe.ts';

describeWithPostgres('the contract, on PostgreSQL', () => {
  let server: PostgresServer;
  let schemas = 0;
  beforeAll(async () => {
    server = await PostgresServer.start();
  }, 180_000);
  afterAll(() => server.dispose());

  /** A fresh schema, and the sessions that a test opens in it. */
  function freshSchema(): { readonly url: string; readonly name: string } {
    schemas += 1;
    const name = `store_${schemas}`;
    return { name, url: server.url(name) };
  }

  storeContract('postgres', (): Promise<StoreUnderTest> => {
    const { url } = freshSchema();
    const stores: Store[] = [];
    return Promise.resolve({
      open: async (callTimeoutMs) => {
        const store = await openStore(url, { ...storeOptions({ clock, random }), callTimeoutMs });
        stores.push(store);
        return store;
      },
      block: () => server.freeze(),
      restart: () => server.restart('killed'),
      dispose: async () => {
        await Promise.all(stores.map((store) => store.close()));
      },
    });
  });
});
