import { testCluster } from 'godwit/testing';
import { expect, test } from 'vitest';
import { booked } from './bank.ts';
import { fulfil } from './orders.ts';

const prices = Array.from({ length: 20 }, (_, item) => 100 + item);
const charged = (): number => [...booked().values()].reduce((all, cents) => all + cents, 0);

test('a host dies between a charge and its answer', async () => {
  await testCluster({ hosts: 3, seed: 1 }, async (cluster) => {
    const order = await cluster.start(fulfil, [prices], { on: 'h1', durable: true });
    await cluster.until(() => booked().size === 5);
    cluster.crash('h1');
    const sum = await cluster.outcome(order);
    expect(charged()).toBe(sum);
  });
});

test('nobody is charged twice, whatever the seed draws', async () => {
  const faults = { perSecond: 5, withinMs: 1_000, kinds: ['crash', 'laneDeath', 'pause'] } as const;
  await testCluster.seeds(1, 20, { hosts: 3, faults }, async (cluster) => {
    const order = await cluster.start(fulfil, [prices], { durable: true });
    const sum = await cluster.outcome(order);
    expect(charged()).toBe(sum);
  });
});
