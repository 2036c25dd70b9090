import { expect, test } from 'vitest';
import { builtEntry } from '../../../src/entries.ts';
import { nativeImport } from '../../lanes/native-import.ts';
import { bank, testing, work } from './native.ts';

const { testCluster } = testing;

test('a loop without a pause is moved in its middle, and gives the right result', async () => {
  const expected = await work.count(300_000);
  await testCluster({ seed: 1 }, async (cluster) => {
    const counting = await cluster.start(work.count, [300_000], { on: 'h1' });
    for (const target of ['h2', 'h3', 'h1']) {
      await cluster.advance(20);
      await cluster.migrate(counting, target);
      expect(cluster.standing(counting)).toMatchObject({ host: target, phase: 'live', generation: 1 });
    }
    const { tasks } = await cluster.inspect(counting);
    expect(tasks[0]?.frames[0]?.locals.map(({ name }) => name)).toContain('sum');
    expect(await cluster.outcome(counting)).toBe(expected);
    expect(cluster.standing(counting)).toMatchObject({ epoch: 4, phase: 'settled' });
  });
});

/** Everything that happens to a payment whose hosts crash. */
async function crashes(seed: number): Promise<readonly string[]> {
  const options = { hosts: 3, seed, faults: { perSecond: 3 } } as const;
  return await testCluster(options, async (cluster) => {
    await cluster.outcome(await cluster.start(work.pay, ['ann', 30]));
    return cluster.trace();
  });
}

test('the same seed gives the same run, another one another', async () => {
  const first = await crashes(7);
  expect(first.length).toBeGreaterThan(50);
  expect(first.some((line) => line.includes('FAULT'))).toBe(true);
  expect(await crashes(7)).toEqual(first);
  expect(await crashes(8)).not.toEqual(first);
});

test('what a durable execution does is done once for each key, whatever the seed draws', async () => {
  for (let seed = 1; seed <= 15; seed += 1) {
    await testCluster({ seed, faults: { perSecond: 2 } }, async (cluster) => {
      const paying = await cluster.start(work.pay, ['ann', 12], { durable: true });
      const receipts = await cluster.outcome(paying);
      expect(receipts.map((key) => bank.booked().get(`ann ${key}`))).toEqual([...receipts.keys()]);
      expect(bank.booked().size).toBe(12);
    });
  }
});

test('a host that dies in the midst of an effect: nothing of it goes on, and it is called again under its key', async () => {
  await testCluster({ seed: 2 }, async (cluster) => {
    const paying = await cluster.start(work.pay, ['ann', 2], { on: 'h1', durable: true });
    await cluster.until(() => cluster.effects().length === 1);
    await cluster.advance(5);
    cluster.crash('h1');
    expect(cluster.effects()[0]?.end.kind).toBe('gone');
    expect(cluster.hosts().map(({ isUp }) => isUp)).toEqual([false, true, true]);
    await cluster.outcome(paying);
    const [first, again] = cluster.effects(paying);
    expect(again).toMatchObject({ key: first?.key, fence: 2, end: { kind: 'returned' } });
    expect(bank.booked().size).toBe(2);
  });
});

test('an effect whose lane dies once its execution has left is called again there: that is no second one', async () => {
  const dies = { phase: 'source confirming', nth: 1, afterMs: 0.3, kind: 'laneDeath', host: 'self' } as const;
  await testCluster({ seed: 2, faults: [dies] }, async (cluster) => {
    const paying = await cluster.start(work.pay, ['ann', 2], { on: 'h1', durable: true });
    await cluster.until(() => cluster.effects().length === 1);
    await cluster.advance(5);
    // Whoever asked does not hear that it has arrived: the copy here is gone.
    await cluster.migrate(paying, 'h2').catch(() => undefined);
    const receipts = await cluster.outcome(paying);
    expect(receipts.map((key) => bank.booked().get(`ann ${key}`))).toEqual([0, 1]);
    const [first, again] = cluster.effects();
    expect(first).toMatchObject({ host: 'h1', sequence: 1, end: { kind: 'gone' } });
    expect(again).toMatchObject({ host: 'h2', sequence: 1, fence: first?.fence, end: { kind: 'returned' } });
  });
});

test('messages cross a cut once and in order, and children give their results', async () => {
  await testCluster({ seed: 3, hosts: 3 }, async (cluster) => {
    const listening = await cluster.start(work.listen, [20], { on: 'h1' });
    const talking = await cluster.start(work.talk, [listening, 20], { on: 'h2' });
    await cluster.advance(60);
    const mend = cluster.cut('h1', 'h2');
    await cluster.advance(300);
    await cluster.migrate(listening, 'h3').catch(() => undefined);
    mend();
    expect(await cluster.outcome(listening)).toEqual([...Array(20).keys()]);
    expect(await cluster.outcome(talking)).toBe('h2');
    expect(await cluster.outcome(await cluster.start(work.sumUp, []))).toBe(
      (await work.count(1_000)) + (await work.count(2_000)),
    );
  });
});

test('the test sends messages itself, and drains a host', async () => {
  await testCluster({ seed: 4, hosts: 2 }, async (cluster) => {
    const listening = await cluster.start(work.listen, [2], { on: 'h1' });
    await cluster.send(listening, { word: 'one' });
    expect(await cluster.drain('h1')).toEqual([]);
    expect(cluster.standing(listening).host).toBe('h2');
    await cluster.send(listening, 'two');
    expect(await cluster.outcome(listening)).toEqual([{ word: 'one' }, 'two']);
  });
});

test('an error comes with the stack of the method', async () => {
  await testCluster({ seed: 5 }, async (cluster) => {
    const failing = await cluster.start(work.fail, []);
    const error: unknown = await cluster.outcome(failing).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'EXECUTION_FAILED', cause: { name: 'RangeError' } });
    expect((error as { executionStack: string }).executionStack).toMatch(/fail .*work\.ts:\d+/);
  });
});

test('a failure that a method threw shows where', async () => {
  const failing = testCluster({ seed: 5 }, async (cluster) => {
    await cluster.outcome(await cluster.start(work.fail, []));
  });
  await expect(failing).rejects.toThrow(
    /threw: too far\nRangeError: too far\n +at fail .*work\.ts:\d+[^]*SEED=5/,
  );
});

test('a failure that needs no move and no fault is told so', async () => {
  const failing = testCluster.seeds(1, 1, { faults: { perSecond: 1, withinMs: 200 } }, async (cluster) => {
    expect(await cluster.outcome(await cluster.start(work.count, [3]))).toBe(99);
  });
  await expect(failing).rejects.toThrow(/in the same way:\n +seed: 1,\n +moves: null,\n +faults: \[\],$/);
});

test('a failing test says the seed, and what happened', async () => {
  const failing = testCluster(
    { seed: 6, faults: [{ atMs: 20, kind: 'crash', host: 'h1' }] },
    async (cluster) => {
      await cluster.start(work.pay, ['ann', 3], { on: 'h1' });
      await cluster.advance(100);
      expect(cluster.effects().length).toBe(99);
    },
  );
  await expect(failing).rejects.toThrow(/to be 99[^]*SEED=6[^]*FAULT crash, host h1/);
});

test('a host that wakes up after its lease has ended calls nothing more, though its own thread stands still', async () => {
  await testCluster({ seed: 8 }, async (cluster) => {
    const paying = await cluster.start(work.pay, ['ann', 200], { on: 'h1' });
    await cluster.advance(100);
    const wake = cluster.suspend('h1');
    cluster.stall('h1');
    await cluster.advance(5_000);
    wake();
    // Its lane notices it within 20 ms.
    await cluster.advance(40);
    const callsThere = (): number => cluster.effects(paying).filter(({ host }) => host === 'h1').length;
    const calls = callsThere();
    await cluster.advance(1_000);
    expect(callsThere()).toBe(calls);
    expect(cluster.standing(paying)).toMatchObject({ generation: 2 });
  });
});

test('a lease that nobody looks at lets two copies act, which is found', async () => {
  const { LeaseWatch } = (await nativeImport(
    builtEntry('lanes/lease-watch').href,
  )) as typeof import('../../../src/lanes/lease-watch.ts');
  const mayAct = Object.getOwnPropertyDescriptor(LeaseWatch.prototype, 'mayAct') as PropertyDescriptor;
  const isolated = async (): Promise<void> => {
    await testCluster({ seed: 7 }, async (cluster) => {
      await cluster.start(work.pay, ['ann', 200], { on: 'h1' });
      await cluster.advance(100);
      const join = cluster.isolate('h1');
      await cluster.advance(5_000);
      join();
    });
  };
  await isolated();
  Object.defineProperty(LeaseWatch.prototype, 'mayAct', { ...mayAct, value: () => true });
  try {
    await expect(isolated()).rejects.toMatchObject({
      code: 'PROMISE_BROKEN',
      message: expect.stringMatching(
        /^neverTwo is broken for x-1: h\d\.\w+ calls effect \d+ 'book' under/,
      ) as string,
    });
  } finally {
    Object.defineProperty(LeaseWatch.prototype, 'mayAct', mayAct);
  }
});
