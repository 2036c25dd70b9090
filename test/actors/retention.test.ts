import { expect, test } from 'vitest';
import type { ExecutionId } from '../../src/core/ids.ts';
import { ClusterWorld } from './cluster-world.ts';

// Promises 2 and 7 of docs/semantics.md: how long a result is there to be read.

const settings = { results: { retentionMs: 60_000, readMs: 10_000, knownMs: 200_000, sweepMs: 1_000 } };

const isKept = (world: ClusterWorld, execution: ExecutionId): boolean =>
  [...world.store.values.keys()].some((key) => key.startsWith(`result/${execution}/`));

function fateOf(world: ClusterWorld, execution: ExecutionId): string | undefined {
  const standing = world.store.registers.rows.get(execution)?.row.standing;
  return standing?.phase === 'settled' ? standing.fate : standing?.phase;
}

/** As a client does that has read it. */
function read(world: ClusterWorld, execution: ExecutionId): void {
  const found = world.store.registers.rows.get(execution);
  if (found?.row.standing.phase !== 'settled') throw new Error(`${execution} has not ended`);
  const row = { ...found.row, standing: { ...found.row.standing, fate: 'read' as const } };
  expect(world.store.registers.swap(execution, found.revision, row).kind).toBe('done');
}

test('a result is kept until its retention ends; one that was read, not as long', async () => {
  const world = new ClusterWorld(1);
  const one = await world.start('h1', { settings });
  await world.start('h2', { settings });
  const unread = await world.run(one, { until: 10 });
  const known = await world.run(one, { until: 10 });
  await world.advance(3_000);
  read(world, known);
  // Its host crashed before it could delete this.
  const remains = `snapshot/${known}/1-remains`;
  world.store.values.set(remains, new Uint8Array(1));
  // An earlier life came to this on a host that was lost before the register had it.
  world.store.values.set(`result/${known}/1-0`, new Uint8Array(1));
  await world.advance(4_000);
  expect([isKept(world, unread), isKept(world, known)]).toEqual([true, true]);
  await world.advance(8_000);
  expect([isKept(world, unread), isKept(world, known)]).toEqual([true, false]);
  expect([fateOf(world, unread), fateOf(world, known)]).toEqual(['unread', 'gone']);
  expect(world.store.values.has(remains)).toBe(false);
  await world.advance(60_000);
  expect([isKept(world, unread), fateOf(world, unread)]).toEqual([false, 'gone']);
  // Whoever sweeps looks again, and finds nothing to do.
  world.calls.length = 0;
  await world.advance(10_000);
  expect(world.calls.filter((line) => line.startsWith('delete result/'))).toEqual([]);
});

test('what has ended is known for longer than its result is kept, and forgotten then', async () => {
  const world = new ClusterWorld(3);
  const one = await world.start('h1', { settings });
  await world.start('h2', { settings });
  const over = await world.run(one, { until: 10 });
  const running = await world.run(one);
  await world.advance(190_000);
  expect(fateOf(world, over)).toBe('gone');
  // A checkpoint that came when the others had been deleted, from a host that was gone by then.
  const late = `snapshot/${over}/1-late`;
  world.store.values.set(late, new Uint8Array(1));
  await world.advance(15_000);
  expect(world.store.values.has(late)).toBe(false);
  expect([fateOf(world, over), fateOf(world, running)]).toEqual([undefined, 'live']);
  expect(one.parts.directory.register(over)).toBeNull();
});

test('a child’s result outlives its retention while its parent runs', async () => {
  const world = new ClusterWorld(2);
  const host = await world.start('h1', { settings });
  const parent = await world.run(host);
  const child = await world.run(host, { until: 10 });
  await world.advance(3_000);
  const found = world.store.registers.rows.get(child);
  const parents = world.store.registers.rows.get(parent);
  if (found === undefined || parents === undefined) throw new Error('both have rows');
  const { execution, epoch, generation } = parents.row;
  const row = { ...found.row, parent: { execution, epoch, generation } };
  expect(world.store.registers.swap(child, found.revision, row).kind).toBe('done');
  await world.advance(90_000);
  expect(isKept(world, child)).toBe(true);
});
