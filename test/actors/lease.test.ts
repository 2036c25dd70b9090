import { expect, test } from 'vitest';
import { SharedWords } from '../../src/lanes/shared.ts';
import { faultsOf } from './act-faults.ts';
import { ClusterWorld, laneOf, noFaults, storeAway } from './cluster-world.ts';

const settings = { affinity: { enabled: false } };

test('a store that is away: frozen in time, and on again when it answers', async () => {
  const world = new ClusterWorld(1);
  const one = await world.start('h1', { settings });
  const two = await world.start('h2', { settings });
  const execution = await world.run(one);
  await world.advance(2_500);
  world.storeFaults = storeAway;
  const awayAtMs = world.clock.monotonicMs();
  await world.advance(30_000);
  const last = world.actsOf(execution).at(-1)?.atMs ?? 0;
  expect(last - awayAtMs).toBeLessThan(3_000);
  expect(last - awayAtMs).toBeGreaterThan(1_500);
  expect(world.eventsOf('hostFrozen', [one])).toHaveLength(1);
  world.storeFaults = noFaults;
  await world.advance(3_000);
  expect(world.eventsOf('hostThawed', [one])).toHaveLength(1);
  expect(world.eventsOf('leaseEnded', [two])).toEqual([]);
  expect(world.actsOf(execution).at(-1)?.atMs).toBeGreaterThan(world.clock.monotonicMs() - 50);
  expect(faultsOf(world.actsOf(execution))).toEqual([]);
  expect(world.actsOf(execution).at(-1)?.tenure.generation).toBe(1);
});

test('a host that cannot renew while the others can loses its lease, stops for ever, and is recovered', async () => {
  const world = new ClusterWorld(2);
  const one = await world.start('h1', { settings });
  const two = await world.start('h2', { settings });
  const execution = await world.run(one);
  await world.advance(2_500);
  // Only this host's own row is out of its reach.
  const { leases } = one.session.tables;
  const swap = leases.cas.bind(leases);
  leases.cas = (id, revision, row) =>
    id === one.identity.incarnation && row.phase === 'live'
      ? Promise.reject(new Error('no way through'))
      : swap(id, revision, row);
  await world.advance(20_000);
  expect(one.leaseEnded).toBe(true);
  // It may have read of its successor before it read of its own end.
  expect(['ended', 'absent']).toContain(one.phase(execution));
  expect(laneOf(one).commands.at(-1)).toEqual({ kind: 'discard', execution });
  expect(one.alive).toBe(false);
  expect(world.runners(execution)).toEqual(['h2']);
  expect(faultsOf(world.actsOf(execution))).toEqual([]);
  expect(world.eventsOf('recovered', [two])).toMatchObject([{ from: one.identity.incarnation }]);
});

test('a lane that is started again after the lease has ended runs nothing', async () => {
  const world = new ClusterWorld(3);
  const one = await world.start('h1', { settings });
  await world.run(one);
  await world.advance(1_000);
  one.parts.board.endLease();
  one.parts.board.extendLease(one.machine.monotonicMs() + 10_000, Infinity);
  laneOf(one).die();
  const acts = world.acts.length;
  await world.advance(2_000);
  expect(world.acts).toHaveLength(acts);
});

test('a lane that is started again keeps to the deadline that stands, by both clocks', async () => {
  const world = new ClusterWorld(5);
  const one = await world.start('h1', { settings });
  await world.advance(1_000);
  laneOf(one).die();
  expect(await world.until(() => one.lanes.length === 2, 2_000)).toBe(true);
  const { validUntilMs, validUntilBootMs } = one.parts.leaseCell;
  const { leaseDeadlineMs, leaseDeadlineBootMs } = new SharedWords(laneOf(one).shared);
  expect(leaseDeadlineMs).toBeCloseTo(validUntilMs, 3);
  expect(leaseDeadlineBootMs).toBeCloseTo(validUntilBootMs, 3);
});

test('a lease actor that crashes while it waits for an answer renews in time', async () => {
  const world = new ClusterWorld(4);
  const one = await world.start('h1', { settings });
  const execution = await world.run(one);
  world.storeFaults = { lost: 0, ambiguous: 0, delayMaxMs: 40 };
  for (let count = 0; count < 40; count += 1) {
    await world.until(
      () =>
        'awaitingSinceMs' in one.parts.leaseCell.holder &&
        one.parts.leaseCell.holder.awaitingSinceMs !== null,
      3_000,
    );
    one.crashRole('lease');
    await world.advance(2_500);
  }
  expect(one.leaseEnded).toBe(false);
  expect(world.eventsOf('hostFrozen', [one])).toEqual([]);
  expect(faultsOf(world.actsOf(execution))).toEqual([]);
});
