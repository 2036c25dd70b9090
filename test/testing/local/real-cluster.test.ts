import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { startRealCluster } from '../../../src/testing/index.ts';
import { checkRule } from '../../../src/testing/local/real-cluster-options.ts';

test.each([
  [{ hosts: 3 }, 'hosts: found 3, expected none: there are racks, hostsPerRack,'],
  [{ racks: 0 }, 'racks: found 0, expected a whole number from 1 on'],
  [{ hostsPerRack: -1 }, 'hostsPerRack: found -1, expected a whole number from 1 on'],
  [{ settings: { lease: { termMs: 1_500 } } }, "expected a list as ['lease.termMs=1500']"],
  [{ environment: { 'r1-h9': {} } }, "environment: found 'r1-h9', expected only r1-h1, r1-h2"],
  [{ diskBytes: 10 }, 'diskBytes: found 10, expected at least'],
  [{ diskBytes: 1e9, store: 'nats://127.0.0.1' }, 'diskBytes: found 1000000000, expected none with store'],
])('%j is refused by name, before anything is started', async (options, message) => {
  await expect(startRealCluster(options as never)).rejects.toMatchObject({
    code: 'REAL_CLUSTER',
    message: expect.stringContaining(message) as string,
  });
});

test('what a link does not know is refused by name', () => {
  const link = 'the link from r1-h1 to r1-h2';
  expect(() => checkRule({ delay: 5 } as never, link)).toThrow(
    `${link}: delay: found 5, expected none: there are cut, delayMs, lossRatio.`,
  );
  expect(() => checkRule({ lossRatio: 1 }, link)).toThrow(
    `lossRatio of ${link}: found 1, expected 0 to below 1.`,
  );
  expect(() => checkRule({ delayMs: -1 }, link)).toThrow(`delayMs of ${link}: found -1, expected 0 or more.`);
});

test('a client starts a method where it names a host, or leaves it open; and a cluster is ended as often as anybody asks', async () => {
  const cluster = await startRealCluster({ hostsPerRack: 1, links: false });
  onTestFinished(() => cluster.end());
  const file = fileURLToPath(new URL('../examples/deliveries.ts', import.meta.url));
  const pack = await cluster.client.deploy(file);
  for (const options of [undefined, { on: 'r1-h1', durable: true }]) {
    const execution = await cluster.client.start(pack, 'deliver', [cluster.witness, 2], options);
    expect(await cluster.client.outcome(execution)).toBe(2);
  }
  const elsewhere = cluster.client.start(pack, 'deliver', [cluster.witness, 2], { on: 'h9' });
  await expect(elsewhere).rejects.toThrow("There is no host 'h9'. Up are: r1-h1.");
  await Promise.all([cluster.end(), cluster.end()]);
  await cluster.end();
});

test('a host that is to hold where nobody ever comes says which points there are', async () => {
  const environment = { 'r1-h1': { GODWIT_HOLD_AT: 'target:comit' } };
  await expect(startRealCluster({ hostsPerRack: 1, links: false, environment })).rejects.toThrow(
    /Host r1-h1 did not come up \(2\)\. GODWIT_HOLD_AT: found 'target:comit', expected one of source:prepare, /,
  );
});
