import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Store } from '../../src/store/contract.ts';
import { openStore } from '../../src/store/open.ts';
import { storeOptions } from '../../src/store/options.ts';
import { storeContract } from '../contract/store.ts';
import type { StoreUnderTest } from '../contract/store.ts';
import { findNatsServer, NatsCluster } from './nats/cluster.ts';
import { clock, random } from './ports.ts';

const options = storeOptions({ clock, random });
const binary = await findNatsServer();
let cluster: NatsCluster;

test.skipIf(binary === null && process.env['CI'] === undefined)('finds nats-server', () => {
  expect(binary, 'put nats-server into PATH: without it nothing here is tested').not.toBeNull();
});

describe.skipIf(binary === null)('three servers', () => {
  beforeAll(async () => {
    cluster = await NatsCluster.start(binary ?? '');
  }, 90_000);

  afterAll(async () => {
    await cluster.dispose();
  });

  storeContract('nats', underTest);
});

let stores = 0;

/** A name of its own on the servers that all of them share. */
function underTest(): Promise<StoreUnderTest> {
  stores += 1;
  const url = cluster.url(`contract-${stores}`);
  const opened: Store[] = [];
  return Promise.resolve({
    open: async (callTimeoutMs) => {
      const store = await openStore(url, { ...options, callTimeoutMs });
      opened.push(store);
      return store;
    },
    block: () => {
      for (const node of cluster.nodes) node.signal('SIGSTOP');
      return Promise.resolve(() => {
        for (const node of cluster.nodes) node.signal('SIGCONT');
        return Promise.resolve();
      });
    },
    restart: async () => {
      await Promise.all(cluster.nodes.map((node) => node.kill()));
      await Promise.all(cluster.nodes.map((node) => node.start()));
      await cluster.ready();
    },
    dispose: async () => {
      await Promise.all(opened.map((store) => store.close()));
    },
  });
}
