import { testCluster } from 'godwit/testing';
import { expect, test } from 'vitest';
import { feed, gather } from './relay.ts';

const messages = 40;
const inOrder = [...Array(messages).keys()];

test('messages arrive once and in order, across a partition and a move within one side of it', async () => {
  await testCluster({ hosts: 4, racks: 2, seed: 1 }, async (cluster) => {
    const gathering = await cluster.start(gather, [messages], { on: 'h1' });
    const feeding = await cluster.start(feed, [gathering, messages], { on: 'h2' });
    await cluster.advance(100);

    // The racks, h1 and h3, h2 and h4, hear nothing of each other any more; both still reach the store.
    for (const host of ['h1', 'h3']) for (const other of ['h2', 'h4']) cluster.cut(host, other);
    await cluster.advance(300);
    await cluster.migrate(gathering, 'h3');
    expect(cluster.standing(gathering)).toMatchObject({ host: 'h3', phase: 'live', generation: 1 });

    cluster.heal();
    expect(await cluster.outcome(gathering)).toEqual(inOrder);
    await cluster.send(feeding, 'they are there');
    await cluster.settle();
  });
});

test('messages of durable executions arrive once and in order, whatever the seed draws', async () => {
  const faults = { perSecond: 3, withinMs: 1_000 };
  await testCluster.seeds(1, 10, { hosts: 4, racks: 2, faults }, async (cluster) => {
    const gathering = await cluster.start(gather, [messages], { durable: true });
    await cluster.start(feed, [gathering, messages], { durable: true });
    expect(await cluster.outcome(gathering)).toEqual(inOrder);
  });
});
