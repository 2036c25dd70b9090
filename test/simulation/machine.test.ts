import { expect, test } from 'vitest';
import { SimulatedClock } from '../../src/simulator/clock.ts';
import { Machine } from '../../src/simulator/cluster/machine.ts';

test('a machine whose clock is put right while it sleeps has slept all the time', () => {
  const world = new SimulatedClock();
  const machine = new Machine(world, 5_000);
  machine.drift(1.1);
  machine.suspend();
  const before = { monotonicMs: machine.monotonicMs(), bootMs: machine.bootMs() };
  world.advance(100);
  machine.drift(1);
  world.advance(50);
  machine.wake();
  expect(machine.monotonicMs()).toBe(before.monotonicMs);
  expect(machine.bootMs() - before.bootMs).toBeCloseTo(160);
});
