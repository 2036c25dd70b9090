import { expect, test } from 'vitest';
import { ClusterWorld, faultsOf } from './cluster-world.ts';

const settings = { affinity: { enabled: false } };

test('a store that is away: frozen in time, and on again when it answers', async () => {
  const world = new ClusterWorld(1);
  const one = await world.host('h1', { settings });
  const two = await world.host('h2', { settings });
  const execution = await world.begin(one);
  await world.advance(2_500);
  world.store.away = true;
  const awayAtMs = world.clock.monotonicMs();
  await world.advance(30_000);
  const last = world.actsOf(execution).at(-1)?.atMs ?? 0;
  expect(last - awayAtMs).toBeLessThan(3_000);
  expect(last - awayAtMs).toBeGreaterThan(1_500);
  expect(one.kinds('hostFrozen')).toHaveLength(1);
  world.store.away = false;
  await world.advance(3_000);
  expect(one.kinds('hostThawed')).toHaveLength(1);
  expect(two.kinds('leaseEnded')).toEqual([]);
  expect(world.actsOf(execution).at(-1)?.atMs).toBeGreaterThan(world.clock.monotonicMs() - 50);
  expect(faultsOf(world.actsOf(execution))).toEqual([]);
  expect(world.actsOf(execution).at(-1)?.tenure.generation).toBe(1);
});

test('a host that cannot renew while the others can loses its lease, stops for ever, and is recovered', async () => {
  const world = new ClusterWorld(2);
  const one = await world.host('h1', { settings });
  const two = await world.host('h2', { settings });
  const execution = await world.begin(one);
  await world.advance(2_500);
  // Only this host's own row is out of its reach.
  const { leases } = world.store;
  const swap = leases.cas.bind(leases);
  leases.cas = (id, revision, row) =>
    id === one.identity.incarnation && row.phase === 'live'
      ? Promise.reject(new Error('no way through'))
      : swap(id, revision, row);
  await world.advance(20_000);
  expect(one.leaseEnded).toBe(true);
  // It may have read of its successor before it read of its own end.
  expect(['ended', 'absent']).toContain(one.phase(execution));
  expect(one.lane.residents.size).toBe(0);
  expect(world.runners(execution)).toEqual(['h2']);
  expect(faultsOf(world.actsOf(execution))).toEqual([]);
  expect(two.kinds('recovered')).toMatchObject([{ from: one.identity.incarnation }]);
});

test('a lane that is started again after the lease has ended runs nothing', async () => {
  const world = new ClusterWorld(3);
  const one = await world.host('h1', { settings });
  await world.begin(one);
  await world.advance(1_000);
  one.parts.board.endLease();
  one.parts.board.extendLease(world.clock.monotonicMs() + 10_000, Infinity);
  one.lane.die();
  const acts = world.acts.length;
  await world.advance(2_000);
  expect(world.acts).toHaveLength(acts);
});

test('a lease actor that crashes while it waits for an answer renews in time', async () => {
  const world = new ClusterWorld(4);
  const one = await world.host('h1', { settings });
  const execution = await world.begin(one);
  world.store.faults = { lost: 0, ambiguous: 0, delayMaxMs: 40 };
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
  expect(one.kinds('hostFrozen')).toEqual([]);
  expect(faultsOf(world.actsOf(execution))).toEqual([]);
});
