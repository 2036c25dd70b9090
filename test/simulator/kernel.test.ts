import { describe, expect, test } from 'vitest';
import type { ActorRef } from '../../src/actors/kernel/contract.ts';
import { SimulatedClock } from '../../src/simulator/clock.ts';
import { SimulatedKernel } from '../../src/simulator/kernel.ts';
import { SeededRandom } from '../../src/simulator/random.ts';
import { kernelContract } from '../actors/kernel-contract.ts';

for (const seed of [1, 2, 3]) {
  kernelContract(`simulated, SEED=${seed}`, (onEvent) => {
    const clock = new SimulatedClock();
    const kernel = new SimulatedKernel({ clock, random: new SeededRandom(seed), onEvent });
    return { kernel, clock, settle: () => kernel.runUntilIdle(), advance: (ms) => kernel.advance(clock, ms) };
  });
}

/** Three senders tell one receiver three messages each; the order of arrival. */
async function arrivals(seed: number): Promise<string> {
  const kernel = new SimulatedKernel({ clock: new SimulatedClock(), random: new SeededRandom(seed) });
  const arrived: string[] = [];
  const receiver = kernel.spawn<null, string, never>('receiver', {
    init: () => null,
    receive: (state, message) => {
      arrived.push(message);
      return state;
    },
  });
  const senders = ['a', 'b', 'c'].map((name): ActorRef<number> =>
    kernel.spawn<null, number, never>(name, {
      init: () => null,
      receive: (state, message) => {
        receiver.tell(`${name}${message}`);
        return state;
      },
    }),
  );
  for (const sender of senders) for (const count of [1, 2, 3]) sender.tell(count);
  await kernel.runUntilIdle();
  return arrived.join(' ');
}

describe('the seed', () => {
  test('decides the order between pairs, and reproduces it', async () => {
    const orders = new Set<string>();
    for (let seed = 0; seed < 50; seed += 1) {
      const order = await arrivals(seed);
      expect(await arrivals(seed)).toBe(order);
      for (const name of ['a', 'b', 'c']) {
        expect(order.replaceAll(new RegExp(`[^${name}123 ]\\d ?`, 'g'), '').trim()).toBe(
          `${name}1 ${name}2 ${name}3`,
        );
      }
      orders.add(order);
    }
    expect(orders.size).toBeGreaterThan(40);
  });
});
