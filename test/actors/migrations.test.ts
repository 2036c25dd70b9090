import { expect, test } from 'vitest';
import { ClusterWorld, faultsOf } from './cluster-world.ts';

test('a move is answered, and goes on where it stopped', async () => {
  const world = new ClusterWorld(1);
  const one = await world.host('h1');
  const two = await world.host('h2');
  const execution = await world.begin(one);
  await world.advance(500);
  const reply = await world.settle(world.move(one, execution, two), 5_000);
  expect(reply).toMatchObject({ kind: 'moved', epoch: 2 });
  await world.advance(2_000);
  expect(world.runners(execution)).toEqual(['h2']);
  expect([one.phase(execution), two.phase(execution)]).toEqual(['absent', 'running']);
  expect(faultsOf(world.actsOf(execution))).toEqual([]);
  expect(world.actsOf(execution).length).toBeGreaterThan(200);
  expect([one.crashes, two.crashes]).toEqual([[], []]);
});
