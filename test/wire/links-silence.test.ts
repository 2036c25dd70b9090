import { afterEach, expect, test } from 'vitest';
import { Proxy } from './proxy.ts';
import { numbered, openHost, stopHosts, type TestHost, turn } from './test-host.ts';

// Rule 10: a receiver closes a link, unread bytes included, after term − margin without a heartbeat.

const proxies: Proxy[] = [];

afterEach(async () => {
  await stopHosts();
  await Promise.all(proxies.splice(0).map((proxy) => proxy.close()));
});

async function linked(): Promise<{ readonly a: TestHost; readonly b: TestHost; readonly proxy: Proxy }> {
  const [a, b] = [await openHost('a.1'), await openHost('b.1')];
  const proxy = await Proxy.open(b.address);
  proxies.push(proxy);
  a.wire.links.connect(b.at(proxy.address));
  await Promise.all([a.until('roundTrip'), b.until('roundTrip')]);
  return { a, b, proxy };
}

test('a link on which heartbeats are answered stands for ever', async () => {
  const { a, b } = await linked();
  const { heartbeatEveryMs, silenceMaxMs } = a.ports.settings;
  const beats = (3 * silenceMaxMs) / heartbeatEveryMs;
  for (let beat = 2; beat <= beats; beat += 1) {
    a.clock.advance(heartbeatEveryMs);
    b.clock.advance(heartbeatEveryMs);
    await Promise.all([a.until('roundTrip', beat), b.until('roundTrip', beat)]);
  }
  expect([...a.of('down'), ...b.of('down')]).toEqual([]);
});

test('a short bound on silence makes heartbeats more frequent', async () => {
  const [a, b] = [await openHost('a.1', { settings: { silenceMaxMs: 200 } }), await openHost('b.1')];
  a.wire.links.connect(b.identity);
  for (let beat = 1; beat <= 10; beat += 1) {
    await a.until('roundTrip', beat);
    a.clock.advance(50);
  }
  expect(a.of('down')).toEqual([]);
});

test('a link without heartbeats ends on time, on both ends', async () => {
  const { a, b, proxy } = await linked();
  proxy.hold();
  const { silenceMaxMs } = a.ports.settings;
  for (const host of [a, b]) {
    host.clock.advance(silenceMaxMs - 1);
    expect(host.of('down')).toEqual([]);
    host.clock.advance(1);
    expect(host.of('down')[0]?.reason).toEqual({ kind: 'silent', silentMs: silenceMaxMs, silenceMaxMs });
  }
});

test('bytes that wait for a receiver that stood still are never read', async () => {
  const { a, b } = await linked();
  // As after SIGSTOP and SIGCONT: the bytes are read before the timer fires.
  b.clock.standStill(b.ports.settings.silenceMaxMs);
  a.wire.links.send(b.self, numbered(1), 'urgent');
  expect((await b.until('down')).reason.kind).toBe('silent');
  expect(b.numbers).toEqual([]);
});

test('a machine that slept reads nothing from before, though its monotonic clock stood', async () => {
  const { a, b } = await linked();
  b.clock.suspend(b.ports.settings.silenceMaxMs);
  a.wire.links.send(b.self, numbered(1), 'urgent');
  expect((await b.until('down')).reason.kind).toBe('silent');
  expect(b.numbers).toEqual([]);
});

test('an answer that the network delivered late proves no more than that its ping was sent', async () => {
  const { a, b, proxy } = await linked();
  const { heartbeatEveryMs, silenceMaxMs } = b.ports.settings;
  proxy.hold(['toServer']);
  b.clock.advance(heartbeatEveryMs);
  while (proxy.heldCount === 0) await turn();
  b.clock.standStill(silenceMaxMs - heartbeatEveryMs - 1);
  proxy.release();
  expect((await b.until('roundTrip', 2)).roundTripMs).toBe(silenceMaxMs - heartbeatEveryMs - 1);

  b.clock.standStill(heartbeatEveryMs + 1);
  a.wire.links.send(b.self, numbered(1), 'urgent');
  expect((await b.until('down')).reason.kind).toBe('silent');
  expect(b.numbers).toEqual([]);
});

test('after silence what waits is sent over a new link, and only with a live lease', async () => {
  let leased = true;
  const [a, b] = [await openHost('a.1', { mayOpen: () => leased }), await openHost('b.1')];
  a.wire.links.connect(b.identity);
  await a.until('roundTrip');
  leased = false;
  a.wire.links.send(b.self, numbered(1), 'urgent');
  a.clock.standStill(a.ports.settings.silenceMaxMs);
  a.clock.advance(0);
  expect(a.of('down')[0]?.reason.kind).toBe('silent');
  a.clock.advance(a.ports.settings.backoffMaxMs);
  expect(a.of('dialFailed').at(-1)?.reason).toEqual({ kind: 'notLeased' });
  expect(b.numbers).toEqual([]);

  leased = true;
  a.clock.advance(a.ports.settings.backoffMaxMs);
  await b.until('envelope');
  expect(b.numbers).toEqual([1]);
});
