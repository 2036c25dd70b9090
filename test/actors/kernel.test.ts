import { createRequire } from 'node:module';
import { expect, test } from 'vitest';
import { createKernel } from '../../src/actors/kernel.ts';
import type { ActorRef, Behaviour } from '../../src/actors/kernel.ts';
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
    clock,
    settle,
    advance: async (ms) => {
      await settle();
      const endMs = clock.monotonicMs() + ms;
      while (clock.fireNext(endMs)) await settle();
    },
  };
});

interface NactActor {
  readonly children: Map<string, NactActor>;
}

test('no actor of nact has more than 90 children, however many ours have: it copies its children in each turn', async () => {
  const systems: NactActor[] = [];
  // nact's own registry, watched: it is the only way to its actors.
  const registry = createRequire(import.meta.url)('nact/lib/system-map') as {
    add: (system: NactActor) => void;
  };
  const add = registry.add;
  registry.add = (system) => {
    systems.push(system);
    add(system);
  };
  const kernel = createKernel({ clock: new SimulatedClock() });
  registry.add = add;
  const idle: Behaviour<null, 'hello', never> = { init: () => null, receive: (state) => state };
  const parent = kernel.spawn<null, 'spawn', never>('parent', {
    init: () => null,
    receive: (state, _message, context) => {
      for (let count = 0; count < 9_000; count += 1) context.spawn(`c${count}`, idle).tell('hello');
      return state;
    },
  });
  parent.tell('spawn');
  for (let count = 0; count < 200; count += 1) kernel.spawn(`top${count}`, idle).tell('hello');
  await settle();
  const sizes: number[] = [];
  const walk = (actor: NactActor): void => {
    sizes.push(actor.children.size);
    for (const child of actor.children.values()) walk(child);
  };
  for (const system of systems) walk(system);
  expect(sizes.length).toBeGreaterThan(9_200);
  expect(Math.max(...sizes)).toBeLessThanOrEqual(90);
  await kernel.shutdown(0);
  expect([...(systems[0]?.children.keys() ?? [])].filter((name) => !name.startsWith('group.'))).toEqual([]);
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
