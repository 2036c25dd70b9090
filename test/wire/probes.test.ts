import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, expect, test } from 'vitest';
import { incarnationId } from '../../src/core/ids.ts';
import type { AnsweredProbe } from '../../src/protocols/probing/contract.ts';
import { Prober } from '../../src/protocols/probing/prober.ts';
import { probingDefaults } from '../../src/protocols/probing/settings.ts';
import { SeededRandom } from '../../src/simulator/random.ts';
import { parseAddress } from '../../src/wire/address.ts';
import { probePacketBytes, ProbeSeal, tagOf } from '../../src/wire/probe-packet.ts';
import { probeSettings, type ProbeSettings, UdpProbes } from '../../src/wire/probes.ts';
import { SteppedClock } from './stepped-clock.ts';
import { clusterSecret, turn } from './test-host.ts';
import { type Fate, UdpProxy } from './udp-proxy.ts';

const closers: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

/** Probes on a real socket, under a clock of their own, and all answers that they got. */
class ProbeEnd {
  readonly clock: SteppedClock;
  readonly self;
  readonly probes: UdpProbes;
  readonly answers: AnsweredProbe[] = [];
  #wake: () => void = () => undefined;

  static async open(
    name: string,
    settings: Partial<ProbeSettings> = {},
    clock = new SteppedClock(),
    port = 0,
  ) {
    const end = new ProbeEnd(name, settings, clock);
    await end.probes.open('127.0.0.1', port);
    closers.push(() => end.probes.close());
    return end;
  }

  private constructor(name: string, settings: Partial<ProbeSettings>, clock: SteppedClock) {
    this.clock = clock;
    this.self = incarnationId(name);
    this.probes = new UdpProbes({
      self: this.self,
      secret: clusterSecret,
      clock,
      settings: { ...probeSettings, ...settings },
    });
    this.probes.onAnswer((answer) => {
      this.answers.push(answer);
      this.#wake();
    });
  }

  get address(): string {
    const standing = this.probes.standing();
    if (standing.kind === 'closed') throw new Error(standing.reason);
    return standing.address;
  }

  async answered(count: number): Promise<void> {
    while (this.answers.length < count) await new Promise<void>((resolve) => (this.#wake = resolve));
  }

  /** One probe that is answered: all that was sent to `to` before has been handled by then. */
  async settled(to: ProbeEnd): Promise<void> {
    const before = this.answers.length;
    expect(this.probes.send(to.self, to.address)).not.toBeNull();
    await this.answered(before + 1);
  }
}

/** A socket of somebody else. */
async function stranger(): Promise<{
  send(bytes: Buffer, address: string): Promise<void>;
  readonly received: Buffer[];
}> {
  const socket = createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const received: Buffer[] = [];
  socket.on('message', (bytes) => received.push(bytes));
  closers.push(() => void socket.close());
  return {
    received,
    send: (bytes, address) =>
      new Promise((resolve) => {
        const to = parseAddress(address);
        socket.send(bytes, to?.port ?? 0, to?.host ?? '', () => resolve());
      }),
  };
}

/** Through a proxy whose delays pass on the prober's own clock. */
async function proxied(a: ProbeEnd, b: ProbeEnd, fate: (bytes: Buffer) => Fate) {
  const proxy = await UdpProxy.open(a.address, b.address, fate, (ms, run) => void a.clock.after(ms, run));
  closers.push(() => proxy.close());
  return proxy;
}

test('a probe is answered by a packet of the same size, with the coordinate of whoever answers', async () => {
  const [a, b] = [await ProbeEnd.open('a.1'), await ProbeEnd.open('b.1')];
  b.probes.announce({ vectorMs: [1.5, -2, 0.25], heightMs: 4, error: 0.5 });
  const proxy = await proxied(a, b, () => ({ kind: 'delayed', ms: 0 }));
  const sent = a.probes.send(b.self, proxy.addressFor(1));
  await proxy.until(1);
  a.clock.advance(0);
  await proxy.until(2);
  a.clock.advance(0);
  await a.answered(1);
  expect(a.answers[0]).toMatchObject({
    number: sent?.number,
    from: b.self,
    coordinate: { vectorMs: [1.5, -2, 0.25], heightMs: 4, error: 0.5 },
  });
  expect(proxy.seen.map((bytes) => bytes.length)).toEqual([probePacketBytes, probePacketBytes]);
});

test('a loss of 10 % and a jitter of 5 ms are seen as such', async () => {
  const [a, b] = [await ProbeEnd.open('a.1'), await ProbeEnd.open('b.1')];
  const random = new SeededRandom(417);
  let onWay: Fate = { kind: 'lost' };
  const proxy = await proxied(a, b, () => onWay);
  const windowProbes = 1_024;
  const prober = new Prober({ ...probingDefaults, windowProbes, windowMs: Number.POSITIVE_INFINITY });
  for (let probe = 0; probe < windowProbes; probe += 1) {
    a.clock.advance(1_000);
    // Each way loses 1 − √0.9. The mean difference of two numbers from [0, 15) is 5.
    const losesThere = random.next() > Math.sqrt(0.9);
    const losesBack = random.next() > Math.sqrt(0.9);
    const thereMs = 20 + 15 * random.next();
    const passed = proxy.seen.length;
    onWay = losesThere ? { kind: 'lost' } : { kind: 'delayed', ms: thereMs };
    const sent = a.probes.send(b.self, proxy.addressFor(1));
    if (sent !== null) prober.sent(b.self, sent);
    await proxy.until(passed + 1);
    if (losesThere) continue;
    onWay = losesBack ? { kind: 'lost' } : { kind: 'delayed', ms: 20 };
    // The responder's clock does not go with the prober's: no time of its own enters.
    b.clock.advance(1_000);
    a.clock.advance(thereMs);
    await proxy.until(passed + 2);
    if (losesBack) continue;
    const before = a.answers.length;
    a.clock.advance(20);
    await a.answered(before + 1);
    const answer = a.answers.at(-1);
    if (answer !== undefined) prober.answered(answer);
  }
  a.clock.advance(probingDefaults.answerMaxMs + 1);
  prober.settle(a.clock.monotonicMs(), () => true);
  const statistics = prober.statistics(b.self, a.clock.monotonicMs());
  // Three standard errors at 1,024 probes.
  expect(Math.abs((statistics?.lossRatio ?? 1) - 0.1)).toBeLessThan(0.028);
  expect(Math.abs((statistics?.jitterMs ?? 0) - 5)).toBeLessThan(0.5);
  expect(Math.abs((statistics?.p50Ms ?? 0) - 47.5)).toBeLessThan(1);
  expect(Math.abs((statistics?.p95Ms ?? 0) - 54.25)).toBeLessThan(0.6);
  expect(statistics?.samples).toBe(windowProbes);
});

test('what is not sealed with the secret, or meant for somebody else, gets no answer', async () => {
  const [a, b] = [await ProbeEnd.open('a.1'), await ProbeEnd.open('b.1')];
  const other = await stranger();
  const packet = {
    kind: 'probe',
    number: 7,
    from: tagOf(incarnationId('c.1')),
    to: tagOf(b.self),
    coordinate: { vectorMs: [0, 0, 0], heightMs: 1, error: 1 },
  } as const;
  const good = new ProbeSeal(clusterSecret).write(packet);
  const bad = [
    new ProbeSeal(Buffer.from('the secret of another cluster')).write(packet),
    new ProbeSeal(clusterSecret).write({ ...packet, to: tagOf(a.self) }),
    good.subarray(0, probePacketBytes - 1),
    Buffer.concat([good, Buffer.alloc(1)]),
    Buffer.alloc(0),
    // Any changed byte breaks the seal.
    ...Array.from({ length: probePacketBytes }, (_, at) => {
      const changed = Buffer.from(good);
      changed[at] = (changed[at] ?? 0) ^ 1;
      return changed;
    }),
  ];
  for (const bytes of bad) await other.send(bytes, b.address);
  await a.settled(b);
  expect(b.probes.refused()).toEqual({ unauthentic: bad.length, replayed: 0, tooMany: 0 });
  expect(other.received).toEqual([]);
  await other.send(good, b.address);
  await a.settled(b);
  expect(b.probes.refused().unauthentic).toBe(bad.length);
});

test('a repeated probe gets no second answer, and a repeated answer is no second round trip', async () => {
  const [a, b] = [await ProbeEnd.open('a.1'), await ProbeEnd.open('b.1')];
  const proxy = await proxied(a, b, () => ({ kind: 'delayed', ms: 0 }));
  a.probes.send(b.self, proxy.addressFor(1));
  await proxy.until(1);
  a.clock.advance(0);
  await proxy.until(2);
  a.clock.advance(0);
  await a.answered(1);
  const [probe, answer] = proxy.seen;
  const other = await stranger();
  for (let count = 0; count < 20; count += 1) {
    await other.send(probe ?? Buffer.alloc(0), b.address);
    await other.send(answer ?? Buffer.alloc(0), a.address);
  }
  await a.settled(b);
  await b.settled(a);
  expect(b.probes.refused().replayed).toBe(20);
  expect(a.probes.refused().replayed).toBe(20);
  expect(other.received).toEqual([]);
  expect(a.answers.length).toBe(2);
});

test('in a flood from strangers few seals are checked, and whoever is known is answered as before', async () => {
  const rates = { ...probeSettings.rates, strangersTotal: { burst: 10, perSecond: 10 } };
  const [a, b] = [await ProbeEnd.open('a.1'), await ProbeEnd.open('b.1', { rates })];
  await a.settled(b);
  const other = await stranger();
  const forged = new ProbeSeal(Buffer.from('the secret of another cluster')).write({
    kind: 'probe',
    number: 1,
    from: tagOf(a.self),
    to: tagOf(b.self),
    coordinate: { vectorMs: [0, 0, 0], heightMs: 1, error: 1 },
  });
  for (let count = 0; count < 500; count += 1) {
    await other.send(forged, b.address);
    if (count % 50 === 49) await a.settled(b);
  }
  // Of the burst, one check went to the first probe of `a`, before it was known.
  expect(b.probes.refused()).toEqual({ unauthentic: 9, replayed: 0, tooMany: 491 });
  expect(other.received).toEqual([]);
});

test('one that is known is answered at a bounded rate too', async () => {
  const rates = { ...probeSettings.rates, known: { burst: 5, perSecond: 5 } };
  const [a, b] = [await ProbeEnd.open('a.1'), await ProbeEnd.open('b.1', { rates })];
  const c = await ProbeEnd.open('c.1');
  await a.settled(b);
  for (let count = 0; count < 50; count += 1) a.probes.send(b.self, b.address);
  await c.settled(b);
  expect(b.probes.refused().tooMany).toBe(45);
  b.clock.advance(1_000);
  await a.settled(b);
});

test('in a storm the port is closed for a while, which costs nothing, and then opened again', async () => {
  const b = await ProbeEnd.open('b.1', { stormPerSecond: 100, stormRestMs: 5_000 });
  const [a, other] = [await ProbeEnd.open('a.1'), await stranger()];
  const { address } = b;
  for (let count = 0; count <= 100; count += 1) await other.send(Buffer.from('noise'), address);
  while (b.probes.standing().kind === 'open') await turn();
  expect(b.probes.send(a.self, a.address)).toBeNull();
  b.clock.advance(5_000);
  while (b.probes.standing().kind === 'closed') await turn();
  expect(b.address).toBe(address);
  await a.settled(b);
});

test('clocks that differ by years, or jump, change no figure', async () => {
  const wrong = new SteppedClock();
  wrong.standStill(1e12);
  const [a, b] = [await ProbeEnd.open('a.1'), await ProbeEnd.open('b.1', {}, wrong)];
  const proxy = await proxied(a, b, () => ({ kind: 'delayed', ms: 4 }));
  const prober = new Prober(probingDefaults);
  for (let probe = 0; probe < 10; probe += 1) {
    const sent = a.probes.send(b.self, proxy.addressFor(1));
    if (sent !== null) prober.sent(b.self, sent);
    await proxy.until(2 * probe + 1);
    wrong.standStill(86_400_000);
    a.clock.advance(4);
    await proxy.until(2 * probe + 2);
    a.clock.advance(4);
    await a.answered(probe + 1);
    const answer = a.answers.at(-1);
    if (answer !== undefined) prober.answered(answer);
  }
  const statistics = prober.statistics(b.self, a.clock.monotonicMs());
  expect(statistics).toMatchObject({ p50Ms: 8, p95Ms: 8, jitterMs: 0, lossRatio: 0, samples: 10 });
});

test('who finds the port taken takes another, and says which', async () => {
  const first = await ProbeEnd.open('a.1');
  const port = parseAddress(first.address)?.port ?? 0;
  const second = await ProbeEnd.open('b.1', {}, new SteppedClock(), port);
  expect(second.address).not.toBe(first.address);
  await first.settled(second);
});

test('closed probes send nothing, and say why', async () => {
  const end = await ProbeEnd.open('a.1');
  const { address } = end;
  await end.probes.close();
  expect(end.probes.send(incarnationId('b.1'), address)).toBeNull();
  expect(end.probes.standing()).toEqual({ kind: 'closed', reason: 'this host has stopped' });
});
