import { expect, test } from 'vitest';
import { executionId } from '../../../src/core/ids.ts';
import { tracedPeersMax } from '../../../src/core/inspection.ts';
import { Allocation } from '../../../src/methods/runtime/allocation.ts';
import { Tally } from '../../../src/methods/runtime/tally.ts';
import { load, tenure, Workshop, writeModules } from './workshop.ts';

test('a tally names the heaviest peers since the last one, and starts again', () => {
  const tally = new Tally();
  for (let count = 0; count < 40; count += 1) {
    tally.sent(executionId(`x-${count}`), count);
    tally.received(executionId(`x-${count}`), 2 * count);
  }
  const taken = tally.take();
  expect(taken.length).toBe(tracedPeersMax);
  expect(taken[0]).toEqual({
    peer: 'x-39',
    messagesOut: 1,
    messagesIn: 1,
    bytesOut: 39,
    bytesIn: 78,
  });
  expect(taken.at(-1)?.peer).toBe(`x-${40 - tracedPeersMax}`);
  expect(tally.take()).toEqual([]);
});

test('a tally remembers a bounded number of peers', () => {
  const tally = new Tally();
  for (let count = 0; count < 5_000; count += 1) tally.sent(executionId(`x-${count}`), count);
  // Those that came beyond the bound are missed, however heavy they are.
  expect(tally.take()[0]?.peer).toBe('x-1023');
});

test('allocations: growth counts, and where the heap shrank the rate before stands in', () => {
  const allocation = new Allocation();
  allocation.begin(1_000, 0);
  for (let ms = 1; ms <= 10; ms += 1) allocation.look(1_000 + 500 * ms, ms);
  expect(allocation.bytes).toBe(5_000);
  // Collected: 2 ms at 500 bytes a ms.
  allocation.look(900, 12);
  expect(allocation.bytes).toBe(6_000);
  // What others allocate between two slices is not this one's.
  allocation.begin(50_000, 20);
  allocation.look(50_100, 21);
  expect(allocation.bytes).toBe(6_100);
});

test('a trace tells of what changed, and of work done on every host', async () => {
  const source = `export async function main() {
    let sum = 0;
    for (let i = 0; i < 3; i++) {
      for (let j = 0; j < 3_000_000; j++) sum = (sum + j) | 0;
      await receive();
    }
    return sum;
  }`;
  const text = `"use movable";\nimport { receive } from 'godwit';\n${source}`;
  const folder = writeModules({ 'm.ts': text }, { movable: true });
  await load(folder, 'm.ts');
  const ticking = (incarnation: string): Workshop => {
    const workshop = new Workshop(folder, {}, incarnation);
    Object.defineProperty(workshop, 'nowMs', { get: () => performance.now() });
    return workshop;
  };
  const first = ticking('h1');
  first.start('m.ts#main', []);
  while (first.runtime.step().ready > 0);
  const [worked] = first.runtime.traces();
  expect(worked).toMatchObject({ activity: 'waiting', method: { method: 'm.ts#main' }, messagesIn: 0 });
  expect(worked?.workedMs).toBe(worked?.cpuMs);
  expect(worked?.cpuMs).toBeGreaterThan(0);
  expect(worked?.demandMs).toBeGreaterThanOrEqual(worked?.cpuMs ?? Infinity);
  // It waits: there is nothing to tell.
  expect(first.runtime.traces()).toEqual([]);
  expect(first.runtime.trace(tenure.execution)).toBe(null);
  const outcome = first.runtime.freeze(tenure.execution);
  if (outcome.kind !== 'captured') throw new Error(JSON.stringify(outcome));
  expect(first.runtime.trace(tenure.execution)).toMatchObject({
    activity: 'frozen',
    snapshotBytes: outcome.capture.bytes.length,
  });
  const second = ticking('h2');
  second.restore(outcome.capture.bytes);
  const [arrived] = second.runtime.traces();
  expect(arrived).toMatchObject({ cpuMs: 0, workedMs: worked?.cpuMs });
});
