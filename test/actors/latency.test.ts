import { expect, test } from 'vitest';
import { address } from '../../src/actors/addresses.ts';
import { rackName, type RackName } from '../../src/core/ids.ts';
import type { HostLatencies, LatencyReply, RackLatencies, RackReply } from '../../src/protocols/messages.ts';
import { distanceMs, unknownCoordinate } from '../../src/protocols/probing/coordinates.ts';
import { isHeldBack } from '../../src/protocols/probing/matrix.ts';
import { SeededRandom } from '../../src/simulator/random.ts';
import type { SimulatedHost } from '../../src/simulator/cluster/host.ts';
import { calm } from '../../src/simulator/cluster/network.ts';
import { ClusterWorld } from './cluster-world.ts';

const settings = { affinity: { enabled: false } };
const roundMs = 1_000;

async function world(racks: Readonly<Record<string, number>>): Promise<ClusterWorld> {
  const made = new ClusterWorld(5);
  for (const [rack, count] of Object.entries(racks)) {
    for (let index = 0; index < count; index += 1) await made.start(`${rack}-h${index}`, { rack, settings });
  }
  return made;
}

async function agentOf(made: ClusterWorld, host: SimulatedHost): Promise<HostLatencies> {
  const where = address.role(host.identity.name, 'latency');
  const reply = await made.settle(host.exchange.ask<LatencyReply>(where, { kind: 'matrix' }, 1_000), 2_000);
  if (reply.kind !== 'matrix') throw new Error(reply.kind);
  return reply.latencies;
}

async function rowOf(made: ClusterWorld, via: SimulatedHost, rack: RackName): Promise<RackLatencies> {
  const asked = via.exchange.ask<RackReply>(address.rack(rack), { kind: 'latencyRow' }, 1_000);
  const reply = await made.settle(asked, 2_000);
  if (reply.kind !== 'latencyRow') throw new Error(reply.kind);
  return reply.latencies;
}

/** 0.4 ms within a rack, 3 ms between racks. */
function racksApart(made: ClusterWorld): void {
  const rackOf = (id: string): string => id.slice(0, id.indexOf('-'));
  made.probes.roundTripMs = (from, to) => (rackOf(from) === rackOf(to) ? 0.4 : 3);
}

test('agents measure each other, and the racks’ actors make rows of it', async () => {
  const made = await world({ r1: 2, r2: 2 });
  racksApart(made);
  await made.advance(12 * roundMs);
  const [first] = made.hosts as [SimulatedHost];
  const { peers, probes } = await agentOf(made, first);
  expect(probes).toEqual({ kind: 'open', address: 'r1-h0:1' });
  const shown = peers.map(({ host, rack, statistics }) => [host, rack, statistics.p50Ms, statistics.source]);
  expect(shown.toSorted(([a], [b]) => (String(a) < String(b) ? -1 : 1))).toEqual([
    ['r1-h1', 'r1', expect.closeTo(0.4), 'measured'],
    ['r2-h0', 'r2', expect.closeTo(3), 'measured'],
    ['r2-h1', 'r2', expect.closeTo(3), 'measured'],
  ]);
  const row = await rowOf(made, first, first.identity.rack);
  expect(row).toMatchObject({
    rack: 'r1',
    term: 1,
    row: {
      r1: { p50Ms: expect.closeTo(0.4), lossRatio: 0, source: 'measured' },
      r2: { p50Ms: expect.closeTo(3), lossRatio: 0, source: 'measured' },
    },
  });
  // The host's own figure stays the median to the other hosts.
  expect(first.availability?.resource.latency).toBeCloseTo(3);
});

test('a rack actor that is lost is followed by one that knows the row within two rounds', async () => {
  const made = await world({ r1: 3, r2: 1 });
  racksApart(made);
  await made.advance(10 * roundMs);
  const rack = made.hosts[0]!.identity.rack;
  const seat = (): string | undefined =>
    made.hosts.find(({ alive }) => alive)?.parts.directory.seat(`rack/${rack}`)?.holder;
  const holder = made.hosts.find((host) => host.identity.incarnation === seat());
  expect(holder).toBeDefined();
  made.kill(holder!);
  const rest = made.hosts.find(({ alive, identity }) => alive && identity.rack === rack)!;
  const isFollowed = (): boolean =>
    seat() !== holder!.identity.incarnation &&
    made.hosts.some(
      ({ alive, identity, kernel }) =>
        alive && identity.incarnation === seat() && kernel.lookup(address.rack(rack)) !== null,
    );
  expect(await made.until(isFollowed, 30_000)).toBe(true);
  await made.advance(2 * roundMs);
  const row = await rowOf(made, rest, rack);
  expect(row.term).toBe(2);
  expect(row.row).toMatchObject({ r1: { p50Ms: expect.closeTo(0.4) }, r2: { p50Ms: expect.closeTo(3) } });
});

test('losses are counted, in the row too', async () => {
  const made = await world({ r1: 1, r2: 1 });
  const random = new SeededRandom(11);
  made.probes.roundTripMs = () => (random.next() < 0.25 ? null : 2);
  await made.advance(140 * roundMs);
  const [first] = made.hosts as [SimulatedHost];
  const { row } = await rowOf(made, first, first.identity.rack);
  expect(Object.values(row)[0]?.lossRatio).toBeGreaterThan(0.15);
  expect(Object.values(row)[0]?.lossRatio).toBeLessThan(0.35);
});

test('without probes the link’s pings stand in, and both the report and the row say so', async () => {
  const made = await world({ r1: 1, r2: 1 });
  const [first, second] = made.hosts as [SimulatedHost, SimulatedHost];
  made.probes.ping = { lastMs: 2, leastMs: 1, smoothedMs: 1.5, jitterMs: 0.2, samples: 40, unanswered: 1 };
  made.probes.end(second.identity.incarnation).closed = 'no UDP port could be had';
  await made.advance(30 * roundMs);
  const report = await agentOf(made, first);
  expect(report.peers.map(({ statistics }) => [statistics.p50Ms, statistics.source])).toEqual([
    [1.5, 'link'],
  ]);
  expect((await agentOf(made, second)).probes).toEqual({
    kind: 'closed',
    reason: 'no UDP port could be had',
  });
  const { row } = await rowOf(made, first, first.identity.rack);
  expect(Object.values(row).map(({ source }) => source)).toEqual(['link']);
  // Who said that it takes no probes is not bothered with many.
  expect(made.probes.end(first.identity.incarnation).sent).toBeLessThan(8);
  expect(first.availability?.resource.latency).toBe(1.5);
});

test('when a storm closes one’s own port, the links’ pings stand in at once, until it is open again', async () => {
  const made = await world({ r1: 1, r2: 1 });
  const [first] = made.hosts as [SimulatedHost];
  made.probes.ping = { lastMs: 2, leastMs: 1, smoothedMs: 1.5, jitterMs: 0.2, samples: 40, unanswered: 1 };
  const sources: (string | undefined)[] = [];
  const end = made.probes.end(first.identity.incarnation);
  for (const closed of [null, 'too many packets came', null]) {
    end.closed = closed;
    await made.advance(5 * roundMs);
    const { peers, probes } = await agentOf(made, first);
    sources.push(peers[0]?.statistics.source);
    expect(probes.kind).toBe(closed === null ? 'open' : 'closed');
  }
  expect(sources).toEqual(['measured', 'link', 'measured']);
});

test('a peer that listens elsewhere than usual is asked where, and found', async () => {
  const made = await world({ r1: 1, r2: 1 });
  const [first, second] = made.hosts as [SimulatedHost, SimulatedHost];
  made.probes.end(second.identity.incarnation).address = 'elsewhere:7';
  await made.advance(30 * roundMs);
  const { peers } = await agentOf(made, first);
  expect(peers.map(({ statistics }) => statistics.source)).toEqual(['measured']);
});

test('an agent that crashes goes on measuring; its probes keep counting upwards', async () => {
  const made = await world({ r1: 1, r2: 1 });
  const [first] = made.hosts as [SimulatedHost];
  await made.advance(5 * roundMs);
  expect(first.crashRole('latency')).toBe(true);
  await made.advance(5 * roundMs);
  const { peers } = await agentOf(made, first);
  expect(peers.map(({ statistics }) => statistics.lossRatio)).toEqual([0]);
});

test('a host that stood still for a while does not count what it missed as lost', async () => {
  const made = await world({ r1: 1, r2: 1 });
  const [first] = made.hosts as [SimulatedHost];
  // Longer than a round: answers come while the host stands still, and are seen after its next round has begun.
  made.probes.roundTripMs = (from) => (from === first.identity.incarnation ? 1.5 * roundMs : 2);
  await made.advance(20 * roundMs);
  made.clock.advance(5_000);
  await made.advance(20 * roundMs);
  const { peers } = await agentOf(made, first);
  expect(peers.map(({ statistics }) => statistics.lossRatio)).toEqual([0]);
});

test('coordinates move by what is measured, and are told with each answer; held-back pairs move none', async () => {
  const names = Array.from({ length: 40 }, (_, index) => rackName(`r${index}`));
  const held = names.find((name) => isHeldBack(rackName('r1'), name));
  const free = names.find((name) => name !== 'r1' && !isHeldBack(rackName('r1'), name));
  for (const other of [held, free]) {
    const made = await world({ r1: 1, [String(other)]: 1 });
    const [first, second] = made.hosts as [SimulatedHost, SimulatedHost];
    made.probes.roundTripMs = () => 30;
    await made.advance(40 * roundMs);
    const [here, there] = [await agentOf(made, first), await agentOf(made, second)];
    const told = [first, second].map(({ identity }) => made.probes.end(identity.incarnation).coordinate);
    if (other === held) {
      expect([here.coordinate, ...told]).toEqual([unknownCoordinate, unknownCoordinate, unknownCoordinate]);
    } else {
      expect(Math.abs(distanceMs(here.coordinate, there.coordinate) - 30)).toBeLessThan(1);
      expect(Math.abs(distanceMs(told[0]!, told[1]!) - 30)).toBeLessThan(1);
    }
  }
});

test('answers to real messages are timed as well', async () => {
  const made = await world({ r1: 1, r2: 1 });
  made.network.weather = { ...calm, delayMinMs: 0.3, delayMaxMs: 0.3 };
  const [first, second] = made.hosts as [SimulatedHost, SimulatedHost];
  const where = address.role(second.identity.name, 'latency');
  // The link has to stand.
  await made.advance(3 * roundMs);
  await made.settle(first.exchange.ask<LatencyReply>(where, { kind: 'matrix' }, 1_000), 2_000);
  await made.advance(3 * roundMs);
  const { peers } = await agentOf(made, first);
  // Twice the 0.3 ms of one way.
  expect(peers[0]?.answersP50Ms).toBeCloseTo(0.6);
});

test('a host that reports nonsense changes no row', async () => {
  const made = await world({ r1: 2, r2: 2 });
  racksApart(made);
  await made.advance(6 * roundMs);
  const [first, mad] = made.hosts as [SimulatedHost, SimulatedHost];
  const report = await agentOf(made, mad);
  const nonsense = {
    ...report,
    report: report.report + 1_000,
    peers: report.peers.map((peer) => ({ ...peer, statistics: { ...peer.statistics, p50Ms: Number.NaN } })),
    coordinate: { vectorMs: [Number.NaN, 1e300, -1], heightMs: -4, error: Number.NaN },
  };
  first.exchange.tell(address.rack(first.identity.rack), { kind: 'latencies', latencies: nonsense });
  await made.advance(2 * roundMs);
  const { row, coordinate } = await rowOf(made, first, first.identity.rack);
  expect(row).toMatchObject({ r1: { p50Ms: expect.closeTo(0.4) }, r2: { p50Ms: expect.closeTo(3) } });
  for (const ms of coordinate?.vectorMs ?? []) expect(Number.isFinite(ms)).toBe(true);
});
