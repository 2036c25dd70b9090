import { expect, test } from 'vitest';
import { testing, work } from './native.ts';

// Promise 4 of docs/semantics.md: what an execution has sent outlives its method.

const { testCluster } = testing;
const inOrder = (count: number): readonly number[] => [...Array(count).keys()];

test('what a method has sent arrives after it has returned, across a cut link', async () => {
  await testCluster({ seed: 1, hosts: 2 }, async (cluster) => {
    const listening = await cluster.start(work.listen, [20], { on: 'h1' });
    await cluster.advance(50);
    const mend = cluster.cut('h1', 'h2');
    const hurrying = await cluster.start(work.hurry, [listening, 20], { on: 'h2' });
    await cluster.advance(2_000);
    // It is still owed: so it has not ended.
    expect(cluster.standing(hurrying).phase).toBe('live');
    expect(await cluster.inspect(hurrying)).toMatchObject({ state: 'ending' });
    mend();
    expect(await cluster.outcome(listening)).toEqual(inOrder(20));
    expect(await cluster.outcome(hurrying)).toBe('h2');
  });
});

test('an execution that is still owed is moved and drained like any other', async () => {
  await testCluster({ seed: 2, hosts: 3 }, async (cluster) => {
    const listening = await cluster.start(work.listen, [20], { on: 'h1' });
    await cluster.advance(50);
    const mend = cluster.cut('h1', 'h2');
    const hurrying = await cluster.start(work.hurry, [listening, 20], { on: 'h2' });
    await cluster.advance(100);
    expect(await cluster.drain('h2')).toEqual([]);
    expect(cluster.standing(hurrying)).toMatchObject({ host: 'h3', phase: 'live' });
    // Where it now is, it reaches its receiver.
    expect(await cluster.outcome(hurrying)).toBe('h2');
    mend();
    expect(await cluster.outcome(listening)).toEqual(inOrder(20));
  });
});

test('a durable execution that is still owed when its host dies is recovered with its outbox', async () => {
  await testCluster({ seed: 3, hosts: 3 }, async (cluster) => {
    const listening = await cluster.start(work.listen, [20], { on: 'h1', durable: true });
    await cluster.advance(50);
    const mend = cluster.isolate('h1');
    const hurrying = await cluster.start(work.hurry, [listening, 20], { on: 'h2', durable: true });
    await cluster.advance(500);
    expect(await cluster.inspect(hurrying)).toMatchObject({ state: 'ending' });
    cluster.crash('h2');
    mend();
    expect(await cluster.outcome(listening)).toEqual(inOrder(20));
    expect(await cluster.outcome(hurrying)).toBe('h2');
    expect(cluster.standing(hurrying).generation).toBe(2);
  });
});

test('nothing is owed to an execution that has ended', async () => {
  await testCluster({ seed: 4, hosts: 2 }, async (cluster) => {
    const listening = await cluster.start(work.listen, [0], { on: 'h1' });
    await cluster.outcome(listening);
    const hurrying = await cluster.start(work.hurry, [listening, 20], { on: 'h2' });
    const beganAtMs = cluster.nowMs;
    await cluster.outcome(hurrying);
    expect(cluster.nowMs - beganAtMs).toBeLessThan(1_000);
  });
});

test('nothing is owed to an execution that ends first, though its sender was out of reach then', async () => {
  await testCluster({ seed: 5, hosts: 2 }, async (cluster) => {
    const listening = await cluster.start(work.listen, [1], { on: 'h1' });
    await cluster.advance(50);
    const mend = cluster.cut('h1', 'h2');
    const hurrying = await cluster.start(work.hurry, [listening, 20], { on: 'h2' });
    await cluster.advance(1_000);
    expect(cluster.standing(hurrying).phase).toBe('live');
    await cluster.send(listening, 'enough');
    await cluster.outcome(listening);
    // The link is still cut: the register has told it.
    expect(await cluster.outcome(hurrying)).toBe('h2');
    mend();
  });
});

test('nothing is owed to nobody, once it is sure that nobody comes', async () => {
  await testCluster({ seed: 6, hosts: 2 }, async (cluster) => {
    const hurrying = await cluster.start(work.hurry, ['x-nobody', 3], { on: 'h2' });
    const beganAtMs = cluster.nowMs;
    expect(await cluster.outcome(hurrying)).toBe('h2');
    // Eight leases of 2 s: a child that is on its way would have come by then.
    expect(cluster.nowMs - beganAtMs).toBeGreaterThan(16_000);
    expect(cluster.nowMs - beganAtMs).toBeLessThan(19_000);
  });
});

test('two that end with messages for each other do not wait for each other', async () => {
  await testCluster({ seed: 7, hosts: 2 }, async (cluster) => {
    const one = await cluster.start(work.shout, [250], { on: 'h1', durable: true });
    const other = await cluster.start(work.shout, [250], { on: 'h2' });
    await cluster.send(one, other);
    await cluster.send(other, one);
    expect([await cluster.outcome(one), await cluster.outcome(other)]).toEqual(['h1', 'h2']);
  });
});

test('what durable executions have sent arrives once and in order, whatever the seed draws', async () => {
  const faults = { perSecond: 3, withinMs: 1_500 };
  await testCluster.seeds(1, 20, { hosts: 3, faults }, async (cluster) => {
    const listening = await cluster.start(work.listen, [40], { durable: true });
    const hurrying = await cluster.start(work.hurryTogether, [listening, 20], { durable: true });
    const heard = (await cluster.outcome(listening)) as number[];
    expect(heard.toSorted((a, b) => a - b)).toEqual(
      [...inOrder(20), ...inOrder(20)].toSorted((a, b) => a - b),
    );
    await cluster.outcome(hurrying);
    await cluster.settle();
  });
});
