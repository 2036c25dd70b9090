import { expect, test } from 'vitest';
import { faultsOf } from './act-faults.ts';
import { ClusterWorld } from './cluster-world.ts';

const racks = ['r1', 'r1', 'r2', 'r2'];

async function fourHosts(seed: number): Promise<ClusterWorld> {
  const world = new ClusterWorld(seed);
  for (const [index, rack] of racks.entries()) await world.start(`h${index + 1}`, { rack });
  return world;
}

const load = (world: ClusterWorld): readonly number[] =>
  world.hosts.map((host) => host.parts.board.executions);

test.each([1, 2])(
  '12 busy executions of one host spread over two racks of two, and stay there (seed %i)',
  async (seed) => {
    const world = await fourHosts(seed);
    const [one] = world.hosts;
    if (one === undefined) throw new Error('no host');
    const executions = [];
    for (let count = 0; count < 12; count += 1) executions.push(await world.run(one));
    const worst: number[] = [];
    for (let second = 0; second < 40; second += 1) {
      await world.advance(1_000);
      worst.push(Math.max(...load(world).slice(1)));
    }
    // Nobody is stampeded on the way: a host that was idle never gets more than its share and one.
    expect(Math.max(...worst)).toBeLessThanOrEqual(4);
    expect(Math.max(...load(world))).toBeLessThanOrEqual(4);
    expect(Math.min(...load(world))).toBeGreaterThanOrEqual(2);
    const moves = world.eventsOf('moved').length;
    await world.advance(20_000);
    expect(world.eventsOf('moved')).toHaveLength(moves);
    for (const execution of executions) expect(faultsOf(world.actsOf(execution))).toEqual([]);
  },
);

test('12 sleeping executions and nothing else: 60 s without a move', async () => {
  const world = await fourHosts(3);
  const [one] = world.hosts;
  if (one === undefined) throw new Error('no host');
  for (let count = 0; count < 12; count += 1) await world.run(one, { busy: false });
  await world.advance(60_000);
  expect(load(world)).toEqual([12, 0, 0, 0]);
  expect(world.eventsOf('moved')).toEqual([]);
  expect(world.eventsOf('moveFailed')).toEqual([]);
});

test('the rack seat goes to a survivor, under the next term, and offers go on', async () => {
  const world = await fourHosts(4);
  await world.advance(3_000);
  const first = world.store.seats.rows.get('rack/r1')?.row;
  const holder = world.hosts.find((host) => host.identity.incarnation === first?.holder);
  if (holder === undefined || first === undefined) throw new Error('nobody holds the seat');
  const survivor = world.hosts.find((host) => host !== holder && host.identity.rack === 'r1');
  world.kill(holder);
  await world.advance(12_000);
  const second = world.store.seats.rows.get('rack/r1')?.row;
  expect(second).toMatchObject({
    holder: survivor?.identity.incarnation,
    term: first.term + 1,
    standing: 'held',
  });
  // The survivor hears of the other rack's hosts again: what it is given too much of leaves it.
  if (survivor === undefined) throw new Error('no survivor');
  for (let count = 0; count < 6; count += 1) await world.run(survivor);
  await world.advance(10_000);
  expect(survivor.parts.board.executions).toBeLessThanOrEqual(3);
});

test('switched off, nothing moves of its own accord, and what is asked for still does', async () => {
  const world = new ClusterWorld(5);
  const settings = { affinity: { enabled: false } };
  const one = await world.start('h1', { settings });
  const two = await world.start('h2', { settings });
  const executions = [];
  for (let count = 0; count < 8; count += 1) executions.push(await world.run(one));
  await world.advance(20_000);
  expect(load(world)).toEqual([8, 0]);
  const [first] = executions;
  if (first === undefined) throw new Error('no execution');
  expect(await world.settle(world.move(one, first, two), 5_000)).toMatchObject({ kind: 'moved' });
});
