import { expect, test } from 'vitest';
import type { ExecutionId } from '../../../src/core/ids.ts';
import { executionId } from '../../../src/core/ids.ts';
import { beginDelivery, Delivery } from '../../../src/protocols/delivery/delivery.ts';
import type { DeliveryPacket, DeliverySubject } from '../../../src/protocols/delivery/packet.ts';
import type { DeliveryEffect, DeliveryLimits } from '../../../src/protocols/delivery/state.ts';
import { deliveryLimits } from '../../../src/protocols/delivery/state.ts';
import { tenure, throughText } from './world.ts';

// Promise 4 of docs/semantics.md.

const a = executionId('a');
const b = executionId('b');

function delivery(name: string, limits: Partial<DeliveryLimits> = {}, generation = 1): Delivery {
  return new Delivery(beginDelivery(tenure(name, generation)), { ...deliveryLimits, ...limits });
}

function send(from: Delivery, to: ExecutionId, byte: number, subject: DeliverySubject = 'user') {
  return from.step({ kind: 'sent', to, subject, body: Uint8Array.of(byte) });
}

function receive(at: Delivery, packet: DeliveryPacket, room = 1_000) {
  return at.step({ kind: 'received', packet, room });
}

function packets(effects: readonly DeliveryEffect[]): DeliveryPacket[] {
  return effects.flatMap((effect) => (effect.kind === 'transmit' ? [effect.packet] : []));
}

/** Effects as one reads them in a transcript. */
function shown(effects: readonly DeliveryEffect[]): string[] {
  return effects.map((effect) => {
    switch (effect.kind) {
      case 'transmit':
        return shownPacket(effect.packet);
      case 'deliver':
        return `deliver ${effect.body[0]} of ${effect.from} (${effect.subject})`;
      case 'refuse':
        return `refuse: ${effect.reason}`;
      case 'free':
        return `free ${effect.peer}`;
      case 'notifyRewound':
        return `${effect.peer} rewound to generation ${effect.generation}, took back ${effect.takenBack}`;
      case 'notifyMissed':
        return `missed ${effect.count} of ${effect.peer}`;
      case 'notifyUndelivered':
        return `${effect.count} undelivered to ${effect.peer}`;
    }
  });
}

function shownPacket(packet: DeliveryPacket): string {
  const route = `${packet.from.execution}.${packet.from.generation}>${packet.to}`;
  switch (packet.kind) {
    case 'message':
      return `${route} message ${packet.number}`;
    case 'acknowledgement':
      return `${route} acknowledges ${packet.upTo}`;
    case 'alignment':
      return `${route} stands at taken ${packet.taken}, acknowledged ${packet.acknowledged}${packet.asks ? ', asks' : ''}`;
  }
}

test('a message is delivered, acknowledged and forgotten', () => {
  const [from, to] = [delivery('a'), delivery('b')];
  const [message] = packets(send(from, b, 7));
  expect(from.idle).toBe(false);
  const answer = receive(to, message as DeliveryPacket);
  expect(shown(answer)).toEqual(['deliver 7 of a (user)', 'b.1>a acknowledges 1']);
  expect(receive(from, packets(answer)[0] as DeliveryPacket)).toEqual([]);
  expect(from.idle).toBe(true);
  expect(shown(receive(to, message as DeliveryPacket))).toEqual(['b.1>a acknowledges 1']);
});

test('messages out of order wait for their turn', () => {
  const [from, to] = [delivery('a'), delivery('b')];
  const sent = [1, 2, 3].flatMap((byte) => packets(send(from, b, byte)));
  expect(shown(receive(to, sent[2] as DeliveryPacket))).toEqual([]);
  expect(shown(receive(to, sent[1] as DeliveryPacket))).toEqual([]);
  expect(shown(receive(to, sent[0] as DeliveryPacket))).toEqual([
    'deliver 1 of a (user)',
    'deliver 2 of a (user)',
    'deliver 3 of a (user)',
    'b.1>a acknowledges 3',
  ]);
});

test('a move repeats what was not acknowledged, under the new epoch', () => {
  const from = delivery('a');
  send(from, b, 1);
  send(from, b, 2);
  const moved = new Delivery(throughText(from.capture()));
  const effects = moved.step({ kind: 'claimed', tenure: tenure('a', 1, 2) });
  expect(shown(effects)).toEqual(['a.1>b message 1', 'a.1>b message 2']);
  expect(packets(effects)[0]?.from.epoch).toBe(2);
});

test('a sender has at most a window in flight; an acknowledgement opens it', () => {
  const from = delivery('a', { windowMessages: 2 });
  expect([1, 2, 3, 4].map((byte) => packets(send(from, b, byte)).length)).toEqual([1, 1, 0, 0]);
  const acknowledged = { kind: 'acknowledgement', from: tenure('b'), to: a, generation: 1, upTo: 1 } as const;
  expect(shown(receive(from, acknowledged))).toEqual(['a.1>b message 3']);
  expect(shown(from.step({ kind: 'retransmitted', peer: null }))).toEqual([
    'a.1>b message 2',
    'a.1>b message 3',
  ]);
});

test('a receiver keeps nothing beyond its window, nor more bytes than it may', () => {
  const to = delivery('b', { windowMessages: 3, earlyBytesMax: 1 });
  const message = (number: number): DeliveryPacket => ({
    kind: 'message',
    from: tenure('a'),
    to: b,
    number,
    subject: 'user',
    body: Uint8Array.of(number),
  });
  for (const number of [4, 3, 2]) receive(to, message(number));
  expect(to.capture().peers[0]?.early.map((held) => held.number)).toEqual([3]);
});

test('a full outbox refuses, and says when it is free', () => {
  const from = delivery('a', { outboxMax: 2 });
  send(from, b, 1);
  send(from, b, 2);
  expect(shown(send(from, b, 3))).toEqual(['refuse: full']);
  const moved = new Delivery(throughText(from.capture()), { ...deliveryLimits, outboxMax: 2 });
  const acknowledged = { kind: 'acknowledgement', from: tenure('b'), to: a, generation: 1, upTo: 1 } as const;
  expect(shown(receive(moved, acknowledged))).toEqual(['free b']);
  expect(shown(send(moved, b, 3))).toEqual(['a.1>b message 3']);
});

test.each([
  ['bytes to all peers', { outboxBytesMax: 1 }, 'refuse: full'],
  ['peers', { peersMax: 1 }, 'refuse: tooManyPeers'],
  ['bytes of a message', { bodyBytesMax: 0 }, 'refuse: tooLarge'],
])('the bound on %s', (_, limits, refusal) => {
  const from = delivery('a', limits);
  send(from, b, 1);
  expect(shown(send(from, executionId('c'), 2))).toEqual([refusal]);
});

test('beyond the bound on peers, a stranger’s message stays unacknowledged', () => {
  const to = delivery('b', { peersMax: 1 });
  const first = packets(send(delivery('a'), b, 1))[0] as DeliveryPacket;
  const second = packets(send(delivery('c'), b, 2))[0] as DeliveryPacket;
  expect(receive(to, first)).toHaveLength(2);
  expect(receive(to, second)).toEqual([]);
  to.step({ kind: 'ended', peer: a });
  expect(shown(receive(to, second))).toEqual(['deliver 2 of c (user)', 'b.1>c acknowledges 1']);
});

test('a full mailbox holds its senders back, until it is emptied; a settled child needs no room', () => {
  const [from, to] = [delivery('a'), delivery('b')];
  const sent = [1, 2].flatMap((byte) => packets(send(from, b, byte)));
  const last = packets(send(from, b, 3, 'childSettled'))[0] as DeliveryPacket;
  expect(shown(receive(to, sent[0] as DeliveryPacket, 0))).toEqual([]);
  expect(shown(receive(to, sent[1] as DeliveryPacket, 0))).toEqual([]);
  expect(shown(receive(to, last, 0))).toEqual([]);
  const moved = new Delivery(throughText(to.capture()));
  expect(shown(moved.step({ kind: 'emptied', room: 1 }))).toEqual([
    'deliver 1 of a (user)',
    'b.1>a acknowledges 1',
  ]);
  expect(shown(moved.step({ kind: 'emptied', room: 1 }))).toEqual([
    'deliver 2 of a (user)',
    'deliver 3 of a (childSettled)',
    'b.1>a acknowledges 3',
  ]);
});

test('a settled child is forgotten; what it repeats is acknowledged, not delivered', () => {
  const [child, parent] = [delivery('a'), delivery('b')];
  send(parent, a, 9);
  const last = packets(send(child, b, 1, 'childSettled'))[0] as DeliveryPacket;
  expect(shown(receive(parent, last))).toEqual([
    'deliver 1 of a (childSettled)',
    'b.1>a acknowledges 1',
    '1 undelivered to a',
  ]);
  expect(parent.capture().peers).toEqual([]);
  expect(shown(receive(parent, last))).toEqual(['b.1>a acknowledges 1']);
  expect(shown(send(parent, a, 2))).toEqual(['refuse: ended']);
});

test('a life of an ended peer that went back before its end lets go of what it holds', () => {
  const [child, parent] = [delivery('a'), delivery('b')];
  send(child, b, 1);
  parent.step({ kind: 'ended', peer: a });
  const asked = packets(child.step({ kind: 'claimed', tenure: tenure('a', 2) }))[0] as DeliveryPacket;
  receive(child, packets(receive(parent, asked))[0] as DeliveryPacket);
  expect(child.idle).toBe(true);
});

test('only so many ended peers are remembered', () => {
  const parent = delivery('b', { endedMax: 2 });
  for (const peer of ['a', 'c', 'd']) parent.step({ kind: 'ended', peer: executionId(peer) });
  expect(parent.capture().ended).toEqual(['c', 'd']);
});

test('a recovery: messages wait until the peer knows it, then go on from the checkpoint', () => {
  const [from, to] = [delivery('a'), delivery('b')];
  const acknowledge = (effects: readonly DeliveryEffect[]) => {
    for (const packet of packets(effects)) receive(from, packet);
  };
  acknowledge(receive(to, packets(send(from, b, 1))[0] as DeliveryPacket));
  const checkpoint = throughText(from.capture());
  acknowledge(receive(to, packets(send(from, b, 2))[0] as DeliveryPacket));

  const recovered = new Delivery(checkpoint);
  const claimed = recovered.step({ kind: 'claimed', tenure: tenure('a', 2) });
  expect(shown(claimed)).toEqual(['a.2>b stands at taken 0, acknowledged 1, asks']);
  expect(shown(send(recovered, b, 3))).toEqual([]);
  const answer = receive(to, packets(claimed)[0] as DeliveryPacket);
  expect(shown(answer)).toEqual([
    'a rewound to generation 2, took back 1',
    'b.1>a acknowledges 1',
    'b.1>a stands at taken 1, acknowledged 0',
  ]);
  const released = packets(answer).flatMap((packet) => [...receive(recovered, packet)]);
  expect(shown(released)).toEqual(['a.2>b message 2']);
  expect(shown(receive(to, packets(released)[0] as DeliveryPacket))).toEqual([
    'deliver 3 of a (user)',
    'b.1>a acknowledges 2',
  ]);
  // The life that was taken back may still have packets under way.
  expect(receive(to, packets(send(from, b, 4))[0] as DeliveryPacket)).toEqual([]);
});

test('a recovered receiver learns which messages only its earlier life took', () => {
  const [from, to] = [delivery('a'), delivery('b')];
  const checkpoint = throughText(to.capture());
  for (const packet of packets(receive(to, packets(send(from, b, 1))[0] as DeliveryPacket)))
    receive(from, packet);
  const recovered = new Delivery(checkpoint);
  recovered.step({ kind: 'claimed', tenure: tenure('b', 2) });
  const second = packets(send(from, b, 2))[0] as DeliveryPacket;
  const asked = receive(recovered, second);
  expect(shown(asked)).toEqual(['b.2>a stands at taken 0, acknowledged 0, asks']);
  const answer = receive(from, packets(asked)[0] as DeliveryPacket);
  expect(shown(answer).slice(0, 2)).toEqual([
    'b rewound to generation 2, took back 0',
    'a.1>b stands at taken 0, acknowledged 1',
  ]);
  expect(shown(receive(recovered, packets(answer)[0] as DeliveryPacket))).toEqual([
    'missed 1 of a',
    'deliver 2 of a (user)',
    'b.2>a acknowledges 2',
  ]);
});

test('the cluster’s news of a recovery makes a receiver ask, until it is answered', () => {
  const to = delivery('b');
  receive(to, packets(send(delivery('a'), b, 1))[0] as DeliveryPacket);
  const asked = to.step({ kind: 'peerRewound', peer: a, generation: 2 });
  expect(shown(asked)).toEqual(['b.1>a stands at taken 1, acknowledged 0, asks']);
  expect(shown(to.step({ kind: 'retransmitted', peer: a }))).toEqual(shown(asked));
  const restarted = delivery('a', {}, 2);
  const answer = packets(receive(restarted, packets(asked)[0] as DeliveryPacket)).at(-1) as DeliveryPacket;
  expect(shown(receive(to, answer))).toContain('a rewound to generation 2, took back 1');
  expect(to.step({ kind: 'peerRewound', peer: a, generation: 2 })).toEqual([]);
});

test('an acknowledgement of messages that were taken back says nothing about those that took their numbers', () => {
  const [first, to] = [delivery('a'), delivery('b')];
  const checkpoint = throughText(first.capture());
  const late = packets(receive(to, packets(send(first, b, 1))[0] as DeliveryPacket))[0] as DeliveryPacket;
  const recovered = new Delivery(checkpoint);
  recovered.step({ kind: 'claimed', tenure: tenure('a', 2) });
  const asked = packets(send(recovered, b, 2))[0] as DeliveryPacket;
  const released = packets(receive(to, asked)).flatMap((packet) => [...receive(recovered, packet)]);
  expect(shown(released)).toEqual(['a.2>b stands at taken 0, acknowledged 0', 'a.2>b message 1']);
  receive(recovered, late);
  expect(recovered.idle).toBe(false);
  const taken = packets(released).flatMap((packet) => [...receive(to, packet)]);
  expect(shown(taken)).toContain('deliver 2 of a (user)');
});

/** A sender of two messages, and the receiver's second life, which took neither and has told the sender so. */
function recoveredReceiver() {
  const from = delivery('a');
  send(from, b, 1);
  send(from, b, 2);
  const recovered = new Delivery(beginDelivery(tenure('b', 2)));
  const asked = packets(recovered.step({ kind: 'sent', to: a, subject: 'user', body: Uint8Array.of(9) }));
  for (const packet of packets(receive(from, asked[0] as DeliveryPacket))) {
    if (packet.kind !== 'alignment') continue;
    for (const answer of packets(receive(recovered, packet))) receive(from, answer);
  }
  expect(from.capture().peers[0]).toMatchObject({ aligned: true, generation: 2, acknowledged: 0 });
  return from;
}

test('what an earlier life of the peer acknowledges late, its present life may not have', () => {
  const from = recoveredReceiver();
  receive(from, { kind: 'acknowledgement', from: tenure('b', 1), to: a, generation: 1, upTo: 2 });
  expect(from.idle).toBe(false);
  receive(from, { kind: 'acknowledgement', from: tenure('b', 2), to: a, generation: 1, upTo: 2 });
  expect(from.idle).toBe(true);
});

test('nor does it stand where an earlier life of it stood', () => {
  const from = recoveredReceiver();
  const stands = {
    kind: 'alignment',
    to: a,
    rewinds: [],
    acknowledged: 0,
    taken: 2,
    knows: 1,
    asks: true,
  } as const;
  expect(receive(from, { ...stands, from: tenure('b', 1) })).toEqual([]);
  expect(from.idle).toBe(false);
});

test('a peer that does not know of a recovery yet may have taken what was taken back', () => {
  const first = delivery('a');
  send(first, b, 1);
  const recovered = new Delivery(throughText(first.capture()));
  recovered.step({ kind: 'claimed', tenure: tenure('a', 2) });
  send(recovered, b, 2);
  const stands = { kind: 'alignment', from: tenure('b', 2), to: a, rewinds: [], acknowledged: 0 } as const;
  receive(recovered, { ...stands, taken: 2, knows: 1, asks: true });
  expect(recovered.capture().peers[0]).toMatchObject({ acknowledged: 1, outbox: [{ number: 2 }] });
  receive(recovered, { ...stands, taken: 2, knows: 2, asks: false });
  expect(recovered.idle).toBe(true);
});

test('of recoveries from the same number, the last says it all, and only so many are remembered', () => {
  const from = delivery('a', { rewindsMax: 2 });
  send(from, b, 1);
  for (const generation of [2, 3]) from.step({ kind: 'claimed', tenure: tenure('a', generation) });
  expect(from.capture().peers[0]?.rewinds).toEqual([{ generation: 3, sent: 1 }]);
  for (const generation of [4, 5]) {
    send(from, b, generation);
    from.step({ kind: 'claimed', tenure: tenure('a', generation) });
  }
  expect(from.capture().peers[0]?.rewinds).toEqual([
    { generation: 4, sent: 2 },
    { generation: 5, sent: 3 },
  ]);
});

test('a life that was taken back learns nothing from what was meant for a later one', () => {
  const from = delivery('a');
  send(from, b, 1);
  const stands = {
    kind: 'alignment',
    to: a,
    rewinds: [],
    acknowledged: 0,
    taken: 1,
    knows: 2,
    asks: true,
  } as const;
  expect(receive(from, { ...stands, from: tenure('b', 1) })).toEqual([]);
  receive(from, { kind: 'acknowledgement', from: tenure('b', 1), to: a, generation: 2, upTo: 1 });
  expect(from.idle).toBe(false);
});

test('a packet for somebody else is a bug', () => {
  const packet = packets(send(delivery('a'), b, 1))[0] as DeliveryPacket;
  expect(() => receive(delivery('c'), packet)).toThrow('A packet is handed to the execution that it names.');
});
