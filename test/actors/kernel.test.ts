import { createRequire } from 'node:module';
import { expect, test } from 'vitest';
import { createKernel, shutdown } from '../../src/actors/kernel.ts';
import type { ActorRef, AnyRef, Behaviour } from '../../src/actors/kernel.ts';
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
  let rounds = 0;
  const parent = kernel.spawn<readonly AnyRef[], 'replace', 'replaced'>('parent', {
    init: () => [],
    receive: (children, _message, context) => {
      rounds += 1;
      context.replyTo?.answer('replaced');
      for (const child of children) kernel.kill(child);
      const named = Array.from({ length: 9_000 }, (_, index) => `c${index}.${rounds}`);
      return named.map((name) => {
        const child = context.spawn(name, idle);
        child.tell('hello');
        return child;
      });
    },
  });
  for (let count = 0; count < 200; count += 1) kernel.spawn(`top${count}`, idle).tell('hello');
  await kernel.ask(parent, 'replace', 60_000);
  await settle();
  const sizes = (actor: NactActor): number[] => [
    actor.children.size,
    ...[...actor.children.values()].flatMap(sizes),
  ];
  const groups = (actor: NactActor): number =>
    [...actor.children].reduce(
      (sum, [name, child]) => sum + groups(child) + (name.startsWith('group.') ? 1 : 0),
      0,
    );
  const system = systems[0] as NactActor;
  expect(sizes(system).length).toBeGreaterThan(9_200);
  expect(Math.max(...sizes(system))).toBeLessThanOrEqual(90);
  const groupsBefore = groups(system);
  // For a moment there are twice as many; after that, places that became free are used again.
  for (let round = 0; round < 4; round += 1) {
    await kernel.ask(parent, 'replace', 60_000);
    await settle();
  }
  expect(Math.max(...sizes(system))).toBeLessThanOrEqual(90);
  expect(sizes(system).length).toBeGreaterThan(9_200);
  expect(groups(system)).toBeLessThanOrEqual(groupsBefore * 2);
  await kernel.shutdown(0);
  expect([...system.children.keys()].filter((name) => !name.startsWith('group.'))).toEqual([]);
});

test('orders to end overtake what waits in the mailbox', async () => {
  const kernel = createKernel({ clock: new SimulatedClock() });
  let handled = 0;
  const busy: Behaviour<null, 'work', never> = {
    init: () => null,
    receive: (state) => {
      handled += 1;
      return state;
    },
  };
  const one = kernel.spawn('killed', busy);
  const other = kernel.spawn('stopped', busy);
  const third = kernel.spawn('exited', busy);
  const actors = [one, other, third];
  for (const actor of actors) for (let count = 0; count < 1_000; count += 1) actor.tell('work');
  kernel.kill(one);
  void kernel.stop(other, 1_000);
  kernel.exit(third, shutdown);
  await settle();
  expect([handled, ...actors.map((actor) => actor.exitReason?.kind)]).toEqual([
    0,
    'killed',
    'shutdown',
    'shutdown',
  ]);
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
