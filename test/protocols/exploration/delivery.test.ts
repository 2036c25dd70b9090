import { expect, test } from 'vitest';
import { epoch, generation } from '../../../src/core/ids.ts';
import type { DeliveryEffect } from '../../../src/protocols/delivery/state.ts';
import type { DeliveryBounds, DeliveryStep, EndRules } from './delivery-model.ts';
import { DeliveryModel, realDelivery, realEnd } from './delivery-model.ts';
import { explore } from './explorer.ts';

// Promise 4 and rule 11 of docs/semantics.md: messages arrive once and in order per pair, across moves always, across recoveries as told.

const quiet: DeliveryBounds = {
  messages: [1, 0],
  moves: [0, 0],
  recoveries: [0, 0],
  flyingMax: 2,
  durable: false,
  returns: [false, false],
  rooms: [64, 64],
};

type Scenario = readonly [string, Partial<DeliveryBounds>];

const scenarios: readonly Scenario[] = [
  ['nobody moves', { messages: [3, 0], flyingMax: 3 }],
  ['both send, and both move', { messages: [2, 1], moves: [1, 1], flyingMax: 3 }],
  ['the receiver is recovered', { messages: [2, 0], recoveries: [0, 1] }],
  ['the sender is recovered', { messages: [2, 0], recoveries: [1, 0] }],
  ['the sender is recovered twice', { recoveries: [2, 0] }],
  ['the receiver is recovered twice', { recoveries: [0, 2] }],
  ['both send, and one of them is recovered', { messages: [1, 1], recoveries: [1, 0] }],
  ['both move, and the sender is recovered', { moves: [1, 1], recoveries: [1, 0] }],
  ['both are recovered', { recoveries: [1, 1] }],
  ['durable: the sender is recovered', { durable: true, recoveries: [1, 0] }],
  [
    'durable: the sender moves, the receiver is recovered',
    { durable: true, moves: [1, 0], recoveries: [0, 1] },
  ],
];

/** Ends: of the sender, of both with full mailboxes; whatever else happens to them meanwhile. */
const endings: readonly Scenario[] = [
  [
    'the sender returns, and moves',
    { messages: [2, 0], returns: [true, false], moves: [1, 0], flyingMax: 3 },
  ],
  ['the receiver returns first', { messages: [2, 0], returns: [false, true] }],
  [
    'both return, and read nothing',
    { messages: [1, 1], returns: [true, true], rooms: [0, 0], moves: [1, 0] },
  ],
  ['the sender returns, and the receiver is recovered', { returns: [true, false], recoveries: [0, 1] }],
  ['the sender returns, and is recovered', { messages: [2, 0], returns: [true, false], recoveries: [1, 0] }],
  [
    'durable: the sender returns, and is recovered',
    { durable: true, returns: [true, false], recoveries: [1, 0] },
  ],
  [
    'durable: the sender returns, the receiver is recovered',
    { durable: true, returns: [true, false], recoveries: [0, 1] },
  ],
  [
    'durable: both return, and read nothing',
    { messages: [1, 1], durable: true, returns: [true, true], rooms: [0, 0] },
  ],
];

/** Minutes instead of seconds; `GODWIT_EXPLORE=long` adds them. */
const longScenarios: readonly Scenario[] = [
  ['the receiver is recovered, three fly', { messages: [2, 0], recoveries: [0, 1], flyingMax: 3 }],
  ['the sender is recovered, three fly', { messages: [2, 0], recoveries: [1, 0], flyingMax: 3 }],
  ['both send two, and both move', { messages: [2, 2], moves: [1, 1] }],
  ['durable: two messages, the sender is recovered', { messages: [2, 0], durable: true, recoveries: [1, 0] }],
  [
    'durable: two messages, the receiver is recovered',
    { messages: [2, 0], durable: true, recoveries: [0, 1] },
  ],
  ['durable: both are recovered', { durable: true, recoveries: [1, 1] }],
  ['both are recovered, two messages', { messages: [2, 0], recoveries: [1, 1] }],
];

const isLong = process.env['GODWIT_EXPLORE'] === 'long';

test.each([...scenarios, ...endings, ...(isLong ? longScenarios : [])])(
  'messages arrive once and in order: %s',
  { timeout: isLong ? 3_600_000 : 120_000 },
  (name, bounds) => {
    const found = explore(new DeliveryModel({ ...quiet, ...bounds }), isLong ? 4_000_000 : 200_000);
    console.log(`${name}: ${found.states.toLocaleString('en')} states, ${found.kind}`);
    expect(found.kind, found.kind === 'violated' ? [found.reason, ...found.trace].join('\n') : '').toBe(
      'held',
    );
    expect(found.kind === 'held' && found.good).toBeGreaterThan(0);
  },
);

/** Acknowledges what has arrived, also what it cannot deliver yet. */
const hastyAcknowledgement: DeliveryStep = (state, event) => {
  const { state: next, effects } = realDelivery(state, event);
  if (event.kind !== 'received' || event.packet.kind !== 'message') return { state: next, effects };
  const { from, number } = event.packet;
  const hasty: DeliveryEffect = {
    kind: 'transmit',
    packet: {
      kind: 'acknowledgement',
      from: state.self,
      to: from.execution,
      generation: from.generation,
      upTo: number,
    },
  };
  return { state: next, effects: [...effects, hasty] };
};

/** What was taken does not travel. */
const forgottenReceipts: DeliveryStep = (state, event) => {
  const { state: next, effects } = realDelivery(state, event);
  if (event.kind !== 'claimed') return { state: next, effects };
  return { state: { ...next, peers: next.peers.map((peer) => ({ ...peer, taken: 0, early: [] })) }, effects };
};

/** What was not acknowledged does not travel. */
const forgottenOutbox: DeliveryStep = (state, event) => {
  const { state: next, effects } = realDelivery(state, event);
  if (event.kind !== 'claimed') return { state: next, effects: effects };
  const peers = next.peers.map((peer) => ({ ...peer, outbox: [], acknowledged: peer.sent }));
  return { state: { ...next, peers }, effects: [] };
};

/** A recovered life counts as the one before it. */
const sameGeneration: DeliveryStep = (state, event) =>
  realDelivery(
    state,
    event.kind === 'claimed'
      ? {
          kind: 'claimed',
          tenure: { ...event.tenure, epoch: epoch(state.self.epoch + 1), generation: generation(1) },
        }
      : event,
  );

/** An acknowledgement for a life that was taken back counts for the present one. */
const staleAcknowledgement: DeliveryStep = (state, event) => {
  if (event.kind !== 'received' || event.packet.kind !== 'acknowledgement') return realDelivery(state, event);
  return realDelivery(state, { ...event, packet: { ...event.packet, generation: state.self.generation } });
};

/** Nobody is told which messages were taken back. */
const silentRewind: DeliveryStep = (state, event) => {
  const { state: next, effects } = realDelivery(state, event);
  return {
    state: next,
    effects: effects.map((effect) =>
      effect.kind === 'transmit' && effect.packet.kind === 'alignment'
        ? { ...effect, packet: { ...effect.packet, rewinds: [] } }
        : effect,
    ),
  };
};

const faults: readonly (readonly [string, DeliveryStep, Partial<DeliveryBounds>])[] = [
  ['an acknowledgement of what is not in line yet', hastyAcknowledgement, { messages: [2, 0] }],
  ['receipts that do not travel', forgottenReceipts, { moves: [0, 1] }],
  ['an outbox that does not travel', forgottenOutbox, { moves: [1, 0] }],
  ['a recovery without a new generation', sameGeneration, { messages: [2, 0], recoveries: [1, 0] }],
  ['an acknowledgement for an earlier life', staleAcknowledgement, { messages: [2, 0], recoveries: [1, 0] }],
  ['a rewind that nobody is told of', silentRewind, { messages: [2, 0], recoveries: [1, 0] }],
];

test.each(faults)('the enumeration catches %s', { timeout: 120_000 }, (name, step, bounds) => {
  const found = explore(new DeliveryModel({ ...quiet, ...bounds }, step), 200_000);
  expect(found.kind, `nothing was found in ${found.states} states`).toBe('violated');
  if (found.kind === 'violated')
    console.log([`${name}: ${found.reason}`, ...found.trace.map((line) => `  ${line}`)].join('\n'));
});

const endFaults: readonly (readonly [string, Partial<EndRules>, Partial<DeliveryBounds>])[] = [
  ['an end with a full outbox', { mayEnd: () => true }, { returns: [true, false] }],
  ['an end that nobody is told of', { isTold: false }, { returns: [false, true] }],
  [
    'a mailbox that stays full after the end',
    { roomOnceReturned: 0 },
    { messages: [1, 1], returns: [true, true], rooms: [0, 0] },
  ],
];

test.each(endFaults)('the enumeration catches %s', (name, broken, bounds) => {
  const model = new DeliveryModel({ ...quiet, ...bounds }, realDelivery, false, { ...realEnd, ...broken });
  const found = explore(model, 200_000);
  expect(found.kind, `nothing was found in ${found.states} states`).toBe('violated');
  if (found.kind === 'violated')
    console.log([`${name}: ${found.reason}`, ...found.trace.map((line) => `  ${line}`)].join('\n'));
});

test('the enumeration catches acts of a durable execution that leave before their checkpoint', () => {
  // Its acts are those of any other execution; what it is promised is more.
  const found = explore(new DeliveryModel({ ...quiet, recoveries: [1, 0] }, realDelivery, true), 200_000);
  expect(found).toMatchObject({ kind: 'violated', reason: 'a message of a durable execution is taken back' });
});
