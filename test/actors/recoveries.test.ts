import { expect, test } from 'vitest';
import type { ExecutionId } from '../../src/core/ids.ts';
import { ClusterWorld } from './cluster-world.ts';

const crowd = 600;

test('a dead host with many executions is recovered in portions, all of it, and without a checkpoint of each', async () => {
  const world = new ClusterWorld(5);
  const [dying, survivor] = [await world.start('h1'), await world.start('h2')];
  const all: ExecutionId[] = [];
  for (let count = 0; count < crowd; count += 1) all.push(await world.run(dying, { busy: false }));
  await world.until(() => all.every((one) => dying.phase(one) === 'running'), 10_000);
  await world.advance(2_000);

  let mostAtOnce = 0;
  world.calls.length = 0;
  world.kill(dying);
  const areRecovered = (): boolean => {
    const underWay = all.filter((one) => ['claiming', 'restoring'].includes(survivor.phase(one)));
    mostAtOnce = Math.max(mostAtOnce, underWay.length);
    return all.every((one) => survivor.phase(one) === 'running');
  };
  expect(await world.until(areRecovered, 60_000)).toBe(true);
  expect(mostAtOnce).toBeGreaterThan(16);
  expect(mostAtOnce).toBeLessThanOrEqual(128);
  // Each is as its recovery point holds it: nothing is to be written but the claims.
  expect(world.calls.filter((line) => line.startsWith('put snapshot/'))).toEqual([]);
});
