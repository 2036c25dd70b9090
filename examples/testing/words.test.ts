import { testCluster } from 'godwit/testing';
import { expect, test } from 'vitest';
import { countWords } from './words.ts';

const pages = Array.from({ length: 40 }, (_, page) => `the word on page ${page}`);

test('every word is counted once, though its host dies and a move goes wrong', async () => {
  const faults = [
    // The host that is sending the execution away stops answering.
    { phase: 'source transferring', kind: 'pause', forMs: 800 },
    { atMs: 1_500, kind: 'crash', host: 'h2', restartMs: 1_000 },
  ] as const;
  await testCluster({ hosts: 3, seed: 1, faults }, async (cluster) => {
    const counting = await cluster.start(countWords, [pages], { on: 'h1' });
    await cluster.advance(200);
    // Whether it moves or stays: it goes on.
    await cluster.migrate(counting, 'h2').catch(() => undefined);
    const counts = await cluster.outcome(counting);
    expect(counts.get('word')).toBe(40);
    expect(counts.size).toBe(4 + 40);
  });
});

test('the same, with faults and moves that the seed draws', async () => {
  await testCluster.seeds(1, 10, { hosts: 3, faults: { perSecond: 2 } }, async (cluster) => {
    const counting = await cluster.start(countWords, [pages]);
    const counts = await cluster.outcome(counting);
    expect(counts.get('word')).toBe(40);
  });
});
