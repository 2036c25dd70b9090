import { afterEach, expect, test } from 'vitest';
import { incarnationId } from '../../src/core/ids.ts';
import { numbered, openHost, stopHosts, turn } from './test-host.ts';
import { Proxy } from './proxy.ts';

const proxies: Proxy[] = [];

afterEach(async () => {
  await stopHosts();
  await Promise.all(proxies.splice(0).map((proxy) => proxy.close()));
});

async function openProxy(target: string): Promise<Proxy> {
  const proxy = await Proxy.open(target);
  proxies.push(proxy);
  return proxy;
}

test('an envelope opens the link, arrives as it was, and can be answered over the same link', async () => {
  const [a, b] = [await openHost('a.1'), await openHost('b.1')];
  a.wire.links.connect(b.identity);
  const envelope = numbered(1, { bytes: new Uint8Array([1, 2, 3]), minusZero: -0, big: 2n ** 63n });

  expect(a.wire.links.send(b.self, envelope, 'batched')).toBe('queued');

  expect((await b.until('envelope')).envelope).toStrictEqual(envelope);
  expect(b.wire.links.send(a.self, numbered(2), 'urgent')).toBe('queued');
  expect((await a.until('envelope')).peer).toBe(b.self);
  expect([a.of('up').length, b.of('up').length]).toEqual([1, 1]);
});

test('envelopes arrive in order, whatever their urgency', async () => {
  const [a, b] = [await openHost('a.1'), await openHost('b.1')];
  a.wire.links.connect(b.identity);
  await a.until('up');

  const numbers = Array.from({ length: 5000 }, (_, index) => index);
  for (const number of numbers) {
    expect(a.wire.links.send(b.self, numbered(number), number % 7 === 0 ? 'urgent' : 'batched')).toBe(
      'queued',
    );
  }

  await b.untilTrue(() => b.numbers.length === numbers.length);
  expect(b.numbers).toEqual(numbers);
});

test('an urgent envelope leaves in the same turn, and a batched one does not', async () => {
  const [a, b] = [await openHost('a.1'), await openHost('b.1')];
  a.wire.links.connect(b.identity);
  await a.until('up');
  const queued = (): number | undefined => a.wire.links.status()[0]?.queuedCount;

  a.wire.links.send(b.self, numbered(1), 'batched');
  expect(queued()).toBe(1);
  a.wire.links.send(b.self, numbered(2), 'urgent');
  expect(queued()).toBe(0);

  await b.untilTrue(() => b.numbers.length === 2);
  expect(b.numbers).toEqual([1, 2]);
});

test('what is sent in one turn travels in one frame', async () => {
  const [a, b] = [await openHost('a.1'), await openHost('b.1')];
  const proxy = await openProxy(b.address);
  let bytes = 0;
  proxy.alter = (direction, chunk) => {
    if (direction === 'toServer') bytes += chunk.byteLength;
    return chunk;
  };
  a.wire.links.connect(b.at(proxy.address));
  await a.until('roundTrip');
  const before = bytes;

  for (let number = 0; number < 100; number += 1) a.wire.links.send(b.self, numbered(number), 'batched');
  await b.untilTrue(() => b.numbers.length === 100);

  // Each envelope takes about 60 bytes; 100 frames of their own would add 24 bytes and a WebSocket header to each.
  expect(bytes - before).toBeLessThan(100 * 70);
});

test('a peer that nobody has named is unknown', async () => {
  const a = await openHost('a.1');
  expect(a.wire.links.send(incarnationId('b.1'), numbered(1), 'batched')).toBe('unknownPeer');
});

test('a client has a link without an address of its own, and is forgotten when it leaves', async () => {
  const b = await openHost('b.1');
  const client = await openHost('client.7', { listens: false });
  client.wire.links.connect(b.identity);
  client.wire.links.send(b.self, numbered(1), 'urgent');
  await b.until('envelope');
  b.wire.links.send(client.self, numbered(2), 'urgent');
  expect((await client.until('envelope')).peer).toBe(b.self);

  client.wire.links.disconnect(b.self);

  expect((await b.until('down')).reason).toEqual({ kind: 'closedByPeer', detail: 'disconnected' });
  expect(b.wire.links.send(client.self, numbered(3), 'urgent')).toBe('unknownPeer');
});

test('when both dial at once, one link stands, and nothing is lost', async () => {
  for (const [first, second] of [
    ['a.1', 'b.1'],
    ['d.1', 'c.1'],
  ] as const) {
    const [one, other] = [await openHost(first), await openHost(second)];
    one.wire.links.connect(other.identity);
    other.wire.links.connect(one.identity);
    one.wire.links.send(other.self, numbered(1), 'urgent');
    other.wire.links.send(one.self, numbered(2), 'urgent');

    await Promise.all([one.until('envelope'), other.until('envelope')]);

    expect([one.numbers, other.numbers]).toEqual([[2], [1]]);
    expect([one.of('down'), other.of('down')]).toEqual([[], []]);
    expect([one.of('dialFailed'), other.of('dialFailed')]).toEqual([[], []]);
    expect([one.of('up').length, other.of('up').length]).toEqual([1, 1]);
  }
});

test('a dial that gives way to the other end is no failure, and what it was for goes over the other link', async () => {
  const [a, b] = [await openHost('a.1'), await openHost('b.1')];
  const proxy = await openProxy(b.address);
  proxy.hold();
  a.wire.links.connect(b.at(proxy.address));
  b.wire.links.connect(a.identity);
  b.wire.links.send(a.self, numbered(1), 'urgent');
  while (b.wire.links.status()[0]?.phase !== 'waiting') await turn();
  expect([a.of('up').length, b.of('dialFailed').length]).toEqual([0, 0]);

  proxy.release();
  await a.until('envelope');
  expect(a.numbers).toEqual([1]);
});

test('a restarted host under the same name never gets what was meant for the one before', async () => {
  const a = await openHost('a.1');
  const restarted = await openHost('b.2');
  const before = { ...restarted.identity, incarnation: incarnationId('b.1') };
  a.wire.links.connect(before);
  a.wire.links.send(before.incarnation, numbered(1), 'urgent');

  const { reason } = await a.until('dialFailed');

  expect(reason).toEqual({ kind: 'unknownIncarnation', expected: 'b.1', found: 'b.2' });
  expect(a.wire.links.send(before.incarnation, numbered(2), 'urgent')).toBe('unknownIncarnation');
  a.wire.links.connect(restarted.identity);
  a.wire.links.send(restarted.self, numbered(3), 'urgent');
  await restarted.until('envelope');
  expect(restarted.numbers).toEqual([3]);
});

test('a full queue says so, loses nothing that it took, and says when it has drained', async () => {
  const [a, b] = [
    await openHost('a.1', { settings: { queueMaxBytes: 4 * 1024 * 1024, queueMaxCount: 1000 } }),
    await openHost('b.1'),
  ];
  const proxy = await openProxy(b.address);
  a.wire.links.connect(b.at(proxy.address));
  await a.until('up');
  proxy.hold();
  const payload = new Uint8Array(64 * 1024);
  let number = 0;
  while (a.wire.links.send(b.self, numbered(number, { payload }), 'batched') === 'queued') {
    number += 1;
    if (number % 64 === 0) await turn();
    // Whatever the system's own buffers take: far less than this.
    expect(number).toBeLessThan(4096);
  }
  expect(a.wire.links.status()[0]?.queuedBytes).toBeLessThanOrEqual(4 * 1024 * 1024);

  proxy.release();
  await a.until('drained');
  expect(a.wire.links.send(b.self, numbered(number), 'batched')).toBe('queued');
  await b.untilTrue(() => b.numbers.length === number + 1);
  expect(b.numbers).toEqual(Array.from({ length: number + 1 }, (_, index) => index));
});

test('a cut link is opened again while something waits, and not otherwise', async () => {
  const [a, b] = [await openHost('a.1'), await openHost('b.1')];
  const proxy = await openProxy(b.address);
  a.wire.links.connect(b.at(proxy.address));
  await Promise.all([a.until('up'), b.until('up')]);
  const dialed = proxy.connections;

  proxy.cut();
  expect((await a.until('down')).reason.kind).toBe('lost');
  a.clock.advance(60_000);
  expect(a.wire.links.status()[0]?.phase).toBe('idle');
  expect(proxy.connections).toBe(dialed);

  proxy.refuses = true;
  a.wire.links.send(b.self, numbered(1), 'batched');
  await a.until('dialFailed');
  proxy.refuses = false;
  a.clock.advance(a.ports.settings.backoffFirstMs);
  await b.until('envelope');
  expect(b.numbers).toEqual([1]);
});

test('a peer that lost its link opens a new one, which replaces the old at once', async () => {
  const [a, b] = [await openHost('a.1'), await openHost('b.1')];
  const proxy = await openProxy(b.address);
  a.wire.links.connect(b.at(proxy.address));
  await Promise.all([a.until('roundTrip'), b.until('roundTrip')]);
  // Only a hears of the cut; b's side of the link stays open.
  proxy.hold();
  a.wire.links.disconnect(b.self);
  a.wire.links.connect(b.identity);
  a.wire.links.send(b.self, numbered(1), 'urgent');

  expect((await b.until('down')).reason).toEqual({ kind: 'replaced' });
  await b.until('envelope');
  expect(b.wire.links.send(a.self, numbered(2), 'urgent')).toBe('queued');
  await a.until('envelope');
});

test('a peer that lost the link that the other end had opened names it, and so replaces it', async () => {
  for (const [first, second] of [
    ['a.1', 'b.1'],
    ['d.1', 'c.1'],
  ] as const) {
    const [loser, opener] = [await openHost(first), await openHost(second)];
    const proxy = await openProxy(loser.address);
    opener.wire.links.connect(loser.at(proxy.address));
    await Promise.all([loser.until('roundTrip'), opener.until('roundTrip')]);
    proxy.hold();
    loser.clock.advance(loser.ports.settings.silenceMaxMs);
    expect(loser.of('down').length).toBe(1);

    loser.wire.links.send(opener.self, numbered(1), 'urgent');

    await opener.until('envelope');
    expect(opener.of('down').map(({ reason }) => reason)).toEqual([{ kind: 'replaced' }]);
    expect(opener.wire.links.send(loser.self, numbered(2), 'urgent')).toBe('queued');
    await loser.until('envelope');
  }
});

test('who sends on hearing that a link was replaced sends over the new one, and dials no further', async () => {
  let leased = true;
  const [a, b] = [await openHost('a.1'), await openHost('b.1', { mayOpen: () => leased })];
  const proxy = await openProxy(a.address);
  b.wire.links.connect(a.at(proxy.address));
  await Promise.all([a.until('roundTrip'), b.until('roundTrip')]);
  b.react = (event) => {
    if (event.kind !== 'down') return;
    // A dial that fails at once plans the next: the new link must end that plan.
    leased = false;
    b.wire.links.send(a.self, numbered(2), 'urgent');
    leased = true;
  };
  proxy.hold();
  a.clock.advance(a.ports.settings.silenceMaxMs);
  a.wire.links.send(b.self, numbered(1), 'urgent');

  await Promise.all([a.until('envelope'), b.until('envelope')]);
  expect(b.of('dialFailed').map(({ reason }) => reason)).toEqual([{ kind: 'notLeased' }]);
  b.clock.advance(b.ports.settings.backoffFirstMs);
  expect(b.wire.links.status()[0]?.phase).toBe('up');
  expect([a.numbers, b.numbers]).toEqual([[2], [1]]);
  expect(b.of('down').map(({ reason }) => reason.kind)).toEqual(['replaced']);
});

test('without a live lease nothing is opened, accepted or sent; with it, all goes on', async () => {
  let leased = false;
  const [a, b] = [await openHost('a.1', { mayOpen: () => leased }), await openHost('b.1')];
  a.wire.links.connect(b.identity);
  expect((await a.until('dialFailed')).reason).toEqual({ kind: 'notLeased' });
  b.wire.links.connect(a.identity);
  expect((await b.until('dialFailed')).reason).toEqual({ kind: 'closedByPeer', detail: 'notLeased' });

  leased = true;
  a.wire.links.connect(b.identity);
  await Promise.all([a.until('roundTrip'), b.until('up')]);
  leased = false;
  a.wire.links.send(b.self, numbered(1), 'urgent');
  expect(a.wire.links.status()[0]?.queuedCount).toBe(1);

  leased = true;
  a.clock.advance(a.ports.settings.heartbeatEveryMs);
  await b.until('envelope');
  expect(b.numbers).toEqual([1]);
});

test('round trips are measured by heartbeats, on the own clock', async () => {
  const [a, b] = [await openHost('a.1'), await openHost('b.1')];
  const proxy = await openProxy(b.address);
  a.wire.links.connect(b.at(proxy.address));
  expect(a.wire.links.roundTrip(b.self)).toBeNull();
  await a.until('roundTrip');
  proxy.hold();
  a.clock.advance(a.ports.settings.heartbeatEveryMs);
  a.clock.standStill(40);
  proxy.release();

  expect((await a.until('roundTrip', 2)).roundTripMs).toBe(40);
  expect(a.wire.links.roundTrip(b.self)).toMatchObject({ lastMs: 40, leastMs: 0, smoothedMs: 5, samples: 2 });
});

test('an envelope that cannot be carried is refused at the sender, and the link goes on', async () => {
  const [a, b] = [await openHost('a.1', { settings: { frameMaxBytes: 4096 } }), await openHost('b.1')];
  a.wire.links.connect(b.identity);
  expect(() => a.wire.links.send(b.self, numbered(1, { at: new Date() }), 'urgent')).toThrow(
    "'numbered' to host/b/test cannot be sent: message.at is unfit: a Date is not plain data",
  );
  expect(() => a.wire.links.send(b.self, numbered(1, { large: new Uint8Array(5000) }), 'urgent')).toThrow(
    /it takes \d+ bytes, at most 4092 fit/,
  );
  a.wire.links.send(b.self, numbered(2), 'urgent');
  await b.until('envelope');
  expect(b.numbers).toEqual([2]);
});

test('no more links are accepted than may stand, and the next is let in when one has left', async () => {
  const b = await openHost('b.1', { settings: { linksMax: 1 } });
  const [one, other] = [
    await openHost('client.1', { listens: false }),
    await openHost('client.2', { listens: false }),
  ];
  one.wire.links.connect(b.identity);
  await b.until('up');
  other.wire.links.connect(b.identity);
  expect((await other.until('dialFailed')).reason).toEqual({ kind: 'closedByPeer', detail: 'crowded' });

  one.wire.links.disconnect(b.self);
  await b.until('down');
  other.wire.links.connect(b.identity);
  await other.until('up');
});

test('stopping ends all links and frees the port', async () => {
  const [a, b] = [await openHost('a.1'), await openHost('b.1')];
  a.wire.links.connect(b.identity);
  await a.until('up');
  await b.wire.stop();
  expect((await a.until('down')).reason).toEqual({ kind: 'closedByPeer', detail: 'disconnected' });
  expect(b.wire.links.send(a.self, numbered(1), 'urgent')).toBe('stopped');

  const port = Number(b.address.slice(b.address.lastIndexOf(':') + 1));
  const next = await openHost('b.2', { listens: false });
  expect((await next.wire.listen('127.0.0.1', port, null)).address).toBe(b.address);
});
