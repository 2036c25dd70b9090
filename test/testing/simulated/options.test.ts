import { expect, test } from 'vitest';
import type { MishapKind } from '../../../src/simulator/cluster/faults.ts';
import type { TestCluster } from '../../../src/testing/index.ts';
import { readOptions } from '../../../src/testing/simulated/options.ts';
import { bank, testing, work } from './native.ts';

const { testCluster } = testing;
const nothing = (): void => undefined;

test.each([
  [{ hosts: 0 }, 'hosts: found 0, expected at least 1'],
  [{ hosts: 2.5 }, 'hosts: found 2.5, expected a whole number'],
  [{ host: 3 }, 'host: found an option that does not exist'],
  [{ seed: -1 }, 'seed: found -1, expected at least 0'],
  [{ faults: { perSecond: 0 } }, 'faults.perSecond: found 0, expected more than 0'],
  [
    { faults: [{ atMs: 1, kind: 'crush', host: 'h1' }] },
    "faults[0].kind: found 'crush', expected one of crash, pause",
  ],
  [
    { faults: [{ atMs: 1, kind: 'crash', host: 'h9' }] },
    "faults[0].host: found 'h9', expected one of h1, h2, h3",
  ],
  [{ faults: [{ kind: 'fullDisk' }] }, 'faults[0].atMs: found undefined, expected a number from 0 on'],
  [
    { faults: [{ atMs: 1, kind: 'loss', ratio: 2 }] },
    'faults[0].ratio: found 2, expected a number from 0 to 1',
  ],
  [{ faults: [{ atMs: 1, kind: 'fullDisk', host: 'h1' }] }, "faults[0].host: found 'h1', expected none"],
  [{ faults: { perSec: 1 } }, 'faults.perSecond: it is missing; faults.perSec: found an option that'],
  [
    { faults: { perSecond: 1, kinds: ['crush'] } },
    "faults.kinds.0: found 'crush', expected one of crash, pause",
  ],
  [{ faults: 'crash' }, "faults: found 'crash', expected an object"],
  [{ moves: {} }, 'moves.everyMs: it is missing'],
  [
    { faults: [{ atMs: 1, kind: 'cut', host: 'h1', other: 'h1' }] },
    "faults[0].other: found 'h1', expected another",
  ],
  [{ settings: { lease: { termMs: 'long' } } }, 'settings of h1:'],
  [{ settings: () => 3 }, "settings('h1'): found 3, expected an object"],
])('%j is refused by name', async (options, message) => {
  const refused = testCluster(options as never, nothing);
  await expect(refused).rejects.toMatchObject({
    code: 'TEST_OPTIONS',
    message: expect.stringContaining(message) as string,
  });
});

test('what is no movable method, no host, no execution is said so', async () => {
  await testCluster({ seed: 1 }, async (cluster) => {
    const plain = (): number => 3;
    await expect(cluster.start(plain, [])).rejects.toThrow(
      /the function 'plain', which is no movable method/,
    );
    await expect(cluster.start(work.count, [1], { on: 'h7' })).rejects.toThrow(
      /no host 'h7'. There are: h1, h2, h3/,
    );
    await expect(cluster.outcome('x-9' as never)).rejects.toThrow(/no execution 'x-9'. None was started/);
    expect(() => cluster.strike({ kind: 'cut', host: 'h1', other: 'h4' })).toThrow(/other: found 'h4'/);
    expect(() => cluster.effects('x-9' as never)).toThrow(/no execution 'x-9'/);
  });
});

test.each<readonly [string, string, (cluster: TestCluster) => unknown]>([
  [
    'start',
    "options of start().host: found 'h1', expected none: there are on",
    (cluster) => cluster.start(work.count, [1], { host: 'h1' } as never),
  ],
  [
    'start, affinity',
    "affinity of start().close: found 'h1', expected none: there are hosts",
    (cluster) => cluster.start(work.count, [1], { affinity: { close: 'h1' } as never }),
  ],
  [
    'start, durable',
    "durable: found 'yes', expected true or false",
    (cluster) => cluster.start(work.count, [1], { durable: 'yes' as never }),
  ],
  [
    'cut',
    'options of cut().oneway: found true, expected none: there are oneWay',
    (cluster) => cluster.cut('h1', 'h2', { oneway: true } as never),
  ],
  ['until', 'until(): found false, expected a function', (cluster) => cluster.until(false as never)],
  [
    'outcome',
    'the execution: found a promise, expected its id',
    (cluster) => cluster.outcome(cluster.start(work.count, [1]) as never),
  ],
])('%s: what it does not understand is refused by name', async (_call, message, call) => {
  const refused = testCluster({ seed: 1 }, call);
  await expect(refused).rejects.toMatchObject({
    code: 'TEST_OPTIONS',
    message: expect.stringContaining(message) as string,
  });
});

test('a test that is none, and a seed for all seeds, are refused', async () => {
  await expect(testCluster({ seed: 1 }, undefined as never)).rejects.toThrow(
    'the test: found undefined, expected a function',
  );
  await expect(testCluster.seeds(1, 2, { seed: 3 } as never, nothing)).rejects.toThrow(
    'seed: found 3, expected none',
  );
});

test('a host that is down and a wait for nothing are told in whole sentences', async () => {
  await testCluster({ seed: 1, patienceMs: 4_000 }, async (cluster) => {
    await expect(cluster.until(() => false)).rejects.toThrow(/simulated time: no execution was started\.$/);
    cluster.crash('h1');
    await expect(cluster.start(work.count, [1], { on: 'h1' })).rejects.toThrow(/up are h2, h3\.$/);
  });
});

test('an effect that waits for what never comes is named, and so is what does not end', async () => {
  const never = new Promise<never>(nothing);
  await testCluster({ seed: 2, realMaxMs: 50, patienceMs: 1_000 }, async (cluster) => {
    const listening = await cluster.start(work.listen, [1]);
    await expect(cluster.outcome(listening)).rejects.toThrow(
      /x-1 did not end within 1000 ms of simulated time: x-1 \(.*#listen\) is live at 1\.1 on h\d, where it is 'running'/,
    );
    bank.answers().push(never);
    await cluster.start(work.ask, []);
    const hangs = cluster.advance(100);
    await expect(hangs).rejects.toThrow(/Effect 'ask' of x-2 on h\d has been waiting for 50 ms of real time/);
  }).catch((error: unknown) => {
    // The judgement cannot be made either, and says why.
    expect(error).toMatchObject({ code: 'EFFECT_HANGS' });
  });
});

test('an effect may wait for something real, which takes no simulated time', async () => {
  await testCluster({ seed: 3 }, async (cluster) => {
    bank.answers().push(new Promise((resolve) => setImmediate(() => resolve('well'))));
    const asking = await cluster.start(work.ask, []);
    expect(await cluster.outcome(asking)).toBe('well');
    const [call] = cluster.effects(asking);
    expect(call?.end).toMatchObject({ kind: 'returned', value: 'well', atMs: call?.atMs });
  });
});

test('a seed draws only faults of the kinds that were asked for, and always one', () => {
  const kinds: readonly MishapKind[] = ['clockJump', 'cut'];
  for (let seed = 1; seed <= 50; seed += 1) {
    const { faults } = readOptions({ faults: { perSecond: 0.1, kinds } }, seed, () => 0);
    expect(faults.length).toBeGreaterThan(0);
    expect(faults.map(({ mishap }) => mishap.kind).filter((kind) => !kinds.includes(kind))).toEqual([]);
  }
});
