import { expect, test } from 'vitest';
import { createKernel } from '../../src/actors/kernel.ts';
import type { ActorRef } from '../../src/actors/kernel.ts';
import { SimulatedClock } from '../../src/simulator/clock.ts';
import { kernelContract } from './kernel-contract.ts';

/** The event loop comes round often enough for any chain of messages in the suite: nact uses nothing else. */
async function settle(): Promise<void> {
  for (let count = 0; count < 60; count += 1) await new Promise(setImmediate);
}

kernelContract('on nact', (onEvent) => {
  const clock = new SimulatedClock();
  return {
    kernel: createKernel({ clock, onEvent }),
    settle,
    advance: async (ms) => {
      await settle();
      const endMs = clock.monotonicMs() + ms;
      while (clock.fireNext(endMs)) await settle();
    },
  };
});

test('a flood of one actor does not starve another, nor the event loop', async () => {
  const kernel = createKernel({ clock: new SimulatedClock() });
  let handled = 0;
  const flooded = kernel.spawn<null, 'again', never>('flooded', {
    init: () => null,
    receive: (state, message, context) => {
      handled += 1;
      if (handled < 100_000) context.self.tell(message);
      return state;
    },
  });
  flooded.tell('again');
  const handledAtReply = await new Promise<number>((resolve) => {
    const other: ActorRef<'ping'> = kernel.spawn<null, 'ping', never>('other', {
      init: () => null,
      receive: (state) => {
        resolve(handled);
        return state;
      },
    });
    other.tell('ping');
  });
  expect(handledAtReply).toBeLessThan(100_000);
  kernel.kill(flooded);
  await settle();
  expect(handled).toBeLessThan(100_000);
});
