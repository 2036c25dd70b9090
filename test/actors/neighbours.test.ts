import { expect, test } from 'vitest';
import { methodId } from '../../src/core/ids.ts';
import { anywhere } from '../../src/placement/original-affinity.ts';
import { ClusterWorld } from './cluster-world.ts';

const hostsOf = (world: ClusterWorld): readonly number[] =>
  world.hosts.map((host) => host.parts.board.executions);

test('executions that must be apart part, though nothing is overloaded, and stay so', async () => {
  const world = new ClusterWorld(1);
  for (const name of ['h1', 'h2', 'h3']) await world.start(name);
  const [one] = world.hosts;
  if (one === undefined) throw new Error('no host');
  const apart = { ...anywhere, apart: [methodId('count.ts#count')] };
  for (let count = 0; count < 3; count += 1) await world.run(one, {}, apart);
  await world.advance(20_000);
  expect(hostsOf(world)).toEqual([1, 1, 1]);
  const moves = world.eventsOf('moved').length;
  expect(moves).toBeGreaterThanOrEqual(2);
  await world.advance(15_000);
  expect(world.eventsOf('moved')).toHaveLength(moves);
});

test('of two that are to be near, the later one comes to the other one, and both stay', async () => {
  const world = new ClusterWorld(2);
  const settings = { affinity: { threshold: 1 }, orchestrator: { enabled: false } };
  const one = await world.start('h1', { rack: 'r1', settings });
  const two = await world.start('h2', { rack: 'r2', settings });
  const near = { ...anywhere, near: [methodId('count.ts#count')] };
  const first = await world.run(one, { busy: false }, near);
  const second = await world.run(two, {}, near);
  await world.advance(30_000);
  expect(world.eventsOf('moved')).toMatchObject([{ tenure: { execution: second } }]);
  expect(first < second).toBe(true);
  expect(hostsOf(world)).toEqual([2, 0]);
});
