import fc from 'fast-check';
import { expect, test } from 'vitest';
import { deliveryLimits } from '../../../src/protocols/delivery/state.ts';
import type { WorldOptions } from './world.ts';
import { World } from './world.ts';

const step = fc.record({
  kind: fc.constantFrom(
    'send',
    'send',
    'send',
    'arrive',
    'arrive',
    'arrive',
    'double',
    'lose',
    'repeat',
    'empty',
    'move',
    'checkpoint',
    'rewind',
  ),
  who: fc.nat(2),
  which: fc.nat(1_000),
});
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

const tight = { ...deliveryLimits, outboxMax: 5, windowMessages: 3, outboxBytesMax: 14, earlyBytesMax: 4 };

function play(world: World, { kind, who, which }: Step): void {
  const node = world.node(who);
  switch (kind) {
    case 'send':
      return node.send(world.node(who + 1 + (which % (world.nodes.length - 1))));
    case 'arrive':
    case 'double': {
      const packet = world.pick(which);
      if (packet === null) return;
      if (kind === 'double') world.flying.push(packet);
      return world.arrive(packet);
    }
    case 'lose':
      return void world.pick(which);
    case 'repeat':
      return void node.act({ kind: 'retransmitted', peer: null });
    case 'empty':
      return void node.act({ kind: 'emptied', room: which % 4 });
    case 'move':
      return node.move();
    case 'checkpoint':
      return node.checkpoint();
    case 'rewind':
      return node.rewind();
  }
}

function run(peers: number, steps: readonly Step[], options: Partial<WorldOptions>): World {
  const world = new World(['a', 'b', 'c'].slice(0, peers), {
    limits: deliveryLimits,
    durable: false,
    room: 1_000,
    ...options,
  });
  for (const one of steps) play(world, one);
  expect(world.settle(200), 'comes to rest').toBe(true);
  return world;
}

/** What every receiver took, and what every sender sent it, as they remember it. */
function exchanges(world: World) {
  return world.nodes.flatMap((sender) =>
    world.nodes
      .filter((receiver) => receiver !== sender)
      .map((receiver) => ({
        sent: sender.application.sent[receiver.name] ?? [],
        taken: receiver.application.taken[sender.name] ?? [],
      })),
  );
}

const runs = {
  endOnFailure: process.env['SHRINK'] === undefined,
  numRuns: Number(process.env['RUNS'] ?? 400),
  seed: Number(process.env['SEED'] ?? 417),
};
const calm = fc.array(
  step.filter(({ kind }) => kind !== 'rewind'),
  { maxLength: 120, size: 'max' },
);
const stormy = fc.array(step, { maxLength: 120, size: 'max' });

test.each([2, 3])('%i executions that move take each message once, in order', (peers) => {
  fc.assert(
    fc.property(calm, (steps) => {
      for (const { sent, taken } of exchanges(run(peers, steps, {}))) expect(taken).toEqual(sent);
    }),
    runs,
  );
});

test('so they do within tight bounds, and full senders go on', () => {
  fc.assert(
    fc.property(calm, (steps) => {
      for (const { sent, taken } of exchanges(run(3, steps, { limits: tight, room: 1 })))
        expect(taken).toEqual(sent);
    }),
    runs,
  );
});

test('durable executions take each message once, in order, across recoveries too', () => {
  fc.assert(
    fc.property(stormy, fc.boolean(), fc.constantFrom(2, 3), (steps, narrow, peers) => {
      const bounds = narrow ? { limits: tight, room: 1 } : {};
      for (const { sent, taken } of exchanges(run(peers, steps, { durable: true, ...bounds })))
        expect(taken).toEqual(sent);
    }),
    runs,
  );
});

test('other executions agree, after any recoveries, on what was sent, taken back and missed', () => {
  fc.assert(
    fc.property(stormy, fc.boolean(), fc.constantFrom(2, 3), (steps, narrow, peers) => {
      const bounds = narrow ? { limits: tight, room: 1 } : {};
      for (const { sent, taken } of exchanges(run(peers, steps, bounds))) {
        expect(taken.map((value, at) => (value === null ? sent[at] : value))).toEqual(sent);
      }
    }),
    runs,
  );
});
