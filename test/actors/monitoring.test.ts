import { expect, test } from 'vitest';
import { address, controlSeat } from '../../src/actors/addresses.ts';
import { executionId, incarnationId, methodId, packageHash, rackName, term } from '../../src/core/ids.ts';
import type {
  ExecutionUsage,
  HostAvailability,
  HostUsage,
  RackUsage,
  RackUsageMessage,
} from '../../src/protocols/messages.ts';
import type { NetworkEnd } from '../../src/simulator/cluster/network.ts';
import { ClusterWorld } from './cluster-world.ts';

/** Nothing moves but what is asked to. */
const settings = {
  affinity: { enabled: false },
  orchestrator: { enabled: false },
  monitor: { usageMs: 4_000, executionsMax: 2, peersMax: 2 },
};

/** What racks' actors tell the control seat's holder on another host, in the order in which it is sent. */
function overhear(world: ClusterWorld): { to: NetworkEnd; role: string; usage: RackUsage }[] {
  const heard: { to: NetworkEnd; role: string; usage: RackUsage }[] = [];
  world.network.loses = (_from, to, { to: at, message }) => {
    const { kind, usage } = message as RackUsageMessage;
    if (kind === 'rackUsage') heard.push({ to, role: at, usage });
    return false;
  };
  return heard;
}

test('what hosts used reaches analyzer and orchestrator at the holder of the control seat, through their racks', async () => {
  const world = new ClusterWorld(1);
  const holder = await world.start('z1', { rack: 'z', settings });
  await world.advance(2_000);
  const [a1, a2] = [
    await world.start('a1', { rack: 'a', settings }),
    await world.start('a2', { rack: 'a', settings }),
  ];
  await world.start('b1', { rack: 'b', settings });
  expect(a1.parts.directory.seat(controlSeat)?.holder).toBe(holder.identity.incarnation);
  const heard = overhear(world);
  const busy = await world.run(a1, { bytes: 7_000 });
  await world.run(a2, { busy: false });
  await world.advance(12_000);
  expect(new Set(heard.map(({ to }) => to))).toEqual(new Set([holder]));
  const of = (role: string) => heard.filter((one) => one.role === role).map(({ usage }) => usage);
  expect(of(address.cluster('analyzer'))).toEqual(of(address.cluster('orchestrator')));
  const hosts = of(address.cluster('analyzer')).flatMap((usage) => usage.hosts);
  expect(new Set(hosts.map(({ identity }) => identity.name))).toEqual(new Set(['a1', 'a2', 'b1']));
  // Each report once, in order.
  const reports = hosts.filter(({ identity }) => identity.name === 'a1').map(({ report }) => report);
  expect(reports).toEqual([1, 2, 3]);
  const last = hosts.filter(({ identity }) => identity.name === 'a1').at(-1);
  expect(last).toMatchObject({
    periodMs: 4_000,
    capacity: { cpu: 1, memory: 1e9, io: 200e6, network: 250e6 },
    used: { memory: 1e8, io: 4_000, network: 1_200 },
    executions: [{ execution: busy, component: busy, snapshotBytes: 7_000, movedAtWallMs: 0 }],
    rest: { executions: 0 },
  });
  const { used, demand, cyclesPerSecond } = last?.executions[0] ?? {
    used: null,
    demand: 0,
    cyclesPerSecond: 0,
  };
  expect(used?.cpu).toBeCloseTo(1, 1);
  expect(demand).toBeCloseTo(1, 1);
  expect(used?.memory).toBe(7_000);
  expect(cyclesPerSecond).toBeCloseTo((used?.cpu ?? 0) * 2e9);
  const asleep = hosts.filter(({ identity }) => identity.name === 'a2').at(-1)?.executions[0];
  expect(asleep).toMatchObject({ demand: 0, used: { cpu: 0, network: 0 } });
});

test('a rack passes on only what is new, of its own hosts that are up, in portions that a frame holds', async () => {
  const world = new ClusterWorld(8);
  await world.start('z1', { rack: 'z', settings });
  await world.advance(2_000);
  const a1 = await world.start('a1', { rack: 'a', settings });
  const a2 = await world.start('a2', { rack: 'a', settings });
  await world.advance(5_500);
  const [first] = a1.usages;
  const [second] = a2.usages;
  const third = world.hosts[0]?.usages[0];
  if (first === undefined || second === undefined || third === undefined) throw new Error('each reported');
  const holder = world.hosts.find(({ kernel }) => kernel.lookup(address.rack(rackName('a'))) !== null);
  const heard = overhear(world);
  const forge = (usage: HostUsage) => holder?.tell(address.rack(rackName('a')), { kind: 'usage', usage });
  forge(first);
  forge({ ...first, report: 0 });
  forge({ ...third, report: 99 });
  forge({ ...first, report: 98, identity: { ...first.identity, incarnation: incarnationId('a1.0000') } });
  await world.advance(1_100);
  const forged = () => heard.flatMap(({ usage }) => usage.hosts).filter(({ report }) => report !== 2);
  expect(forged()).toEqual([]);
  heard.length = 0;
  const many = Array.from({ length: 4_000 }, (_, count): ExecutionUsage => {
    const execution = executionId(`x-forged-${count}`);
    return {
      execution,
      method: { package: packageHash('p'.repeat(64)), method: methodId('a.ts#a') },
      component: execution,
      used: { cpu: 0, memory: 0, io: 0, network: 0 },
      demand: 0,
      allocatedBytesPerSecond: 0,
      cyclesPerSecond: 0,
      snapshotBytes: 0,
      remainingMs: null,
      executionCost: 0,
      movedAtWallMs: 0,
      peers: [],
    };
  });
  forge({ ...first, report: 50, executions: many });
  forge({ ...second, report: 50, executions: many });
  await world.advance(1_100);
  const portions = heard.filter(({ role }) => role === address.cluster('analyzer'));
  expect(portions.map(({ usage }) => usage.hosts.map(({ report }) => report))).toEqual([[50], [50]]);
});

test('a report waits for the lanes’ traces', async () => {
  const world = new ClusterWorld(9);
  const quick = { ...settings, monitor: { ...settings.monitor, usageMs: 250 } };
  const host = await world.start('h1', { settings: quick });
  await world.run(host);
  await world.advance(1_000);
  const before = host.usages.length;
  await world.advance(5_000);
  // The scripted lane traces once a second.
  expect(host.usages.length - before).toBeGreaterThanOrEqual(4);
  for (const { periodMs, executions } of host.usages.slice(before)) {
    expect(periodMs).toBeGreaterThanOrEqual(1_000);
    expect(executions[0]?.used.cpu).toBeGreaterThan(0.8);
  }
});

test('when the holder of the control seat is lost, usage goes to the next', async () => {
  const world = new ClusterWorld(7);
  const holder = await world.start('z1', { rack: 'z', settings });
  await world.advance(2_000);
  const [a1] = [await world.start('a1', { rack: 'a', settings })];
  await world.start('b1', { rack: 'b', settings });
  await world.advance(1_000);
  world.kill(holder);
  const heard = overhear(world);
  const isNext = () => heard.some(({ to }) => to !== holder);
  expect(await world.until(isNext, 40_000)).toBe(true);
  const next = a1.parts.directory.seat(controlSeat)?.holder;
  expect(heard.at(-1)?.to.identity.incarnation).toBe(next);
});

test('calls are counted as arrivals where they come, and a move is dated', async () => {
  const world = new ClusterWorld(2);
  const [one, two] = [await world.start('h1', { settings }), await world.start('h2', { settings })];
  const execution = await world.run(one, { busy: false });
  await world.advance(4_200);
  expect(one.usages[0]?.arrivals).toMatchObject([{ method: { method: 'count.ts#count' }, perSecond: 0.25 }]);
  const beforeMs = world.clock.wallMs();
  await world.settle(world.move(one, execution, two), 5_000);
  const afterMs = world.clock.wallMs();
  await world.advance(8_000);
  const [moved] = two.usages.at(-1)?.executions ?? [];
  expect(moved?.movedAtWallMs).toBeGreaterThanOrEqual(beforeMs);
  expect(moved?.movedAtWallMs).toBeLessThanOrEqual(afterMs);
  // A move is no call.
  expect(two.usages.flatMap(({ arrivals }) => arrivals)).toEqual([]);
  expect(one.usages.at(-1)?.executions).toEqual([]);
});

test('a report lists the heaviest executions and peers, and sums up the rest', async () => {
  const world = new ClusterWorld(3);
  const host = await world.start('h1', { settings });
  const far = await world.start('h2', { settings });
  const peers = [await world.run(far), await world.run(host), await world.run(far)];
  const tallies = peers.map((peer, index) => ({
    peer,
    messagesOut: 1,
    messagesIn: 1,
    bytesOut: 100 * (index + 1),
    bytesIn: 0,
  }));
  // A tool that posted something is nobody's peer.
  const tool = { ...tallies[0], peer: executionId('tools-1'), bytesOut: 1e6 } as (typeof tallies)[number];
  const busy = await world.run(host, { peers: [...tallies, tool] });
  await world.run(host, { busy: false });
  await world.run(host, { busy: false });
  await world.advance(8_000);
  const usage = host.usages.at(-1);
  expect(usage?.executions.length).toBe(2);
  expect(usage?.rest).toMatchObject({ executions: 2, used: { cpu: 0 } });
  const listed = usage?.executions.find(({ execution }) => execution === busy);
  // Each trace, once a second, tells of one message each way.
  expect(listed?.peers.map(({ peer }) => peer)).toEqual([peers[2], peers[1]]);
  expect(listed?.peers[0]?.messagesPerSecond).toBeCloseTo(2);
  expect(listed?.peers[0]?.bytesPerSecond).toBeCloseTo(300);
  // What stays within the host needs no network: the other two peers are at the other host.
  expect(listed?.used.network).toBeCloseTo(400);
});

test('a monitor that is started again goes on counting, so that its rack believes it', async () => {
  const world = new ClusterWorld(4);
  const host = await world.start('h1', { settings });
  await world.advance(9_000);
  const before = host.availability?.sample ?? 0;
  expect(before).toBeGreaterThan(5);
  expect(host.crashRole('monitor')).toBe(true);
  await world.advance(6_000);
  expect(host.availability?.sample).toBeGreaterThan(before);
  expect(host.usages.map(({ report }) => report)).toEqual([1, 2, 3]);
});

test('a period that a suspend cut through, or in which the wall clock stepped, is not reported', async () => {
  const world = new ClusterWorld(5);
  const host = await world.start('h1', { settings });
  await world.advance(4_500);
  expect(host.usages.length).toBe(1);
  // It loses its lease as well, but what is tested here is its monitor.
  host.parts.leaseListener.onEnded = () => undefined;
  world.suspend(host);
  await world.advance(60_000);
  world.wake(host);
  await world.advance(4_000);
  expect(host.usages.length).toBe(1);
  await world.advance(4_000);
  expect(host.usages.map(({ report }) => report)).toEqual([1, 2]);
});

test('offers stay bounded with three racks, and no host hears from all', async () => {
  const world = new ClusterWorld(6);
  const racks = ['a', 'b', 'c'] as const;
  for (const rack of racks) {
    for (let count = 1; count <= 2; count += 1) await world.start(`${rack}${count}`, { rack, settings });
  }
  await world.advance(3_000);
  world.passages.length = 0;
  await world.advance(3_000);
  // Reports go to the rack's own actor only, and racks speak to racks once a second.
  const holders = racks.map((rack) => {
    const holder = world.hosts[0]?.parts.directory.seat(`rack/${rack}`)?.holder ?? '';
    return `${rack}${holder.startsWith(`${rack}1.`) ? 2 : 1}>${holder.split('.')[0]} availability`;
  });
  const reports = world.passages.filter((passage) => passage.endsWith(' availability'));
  expect(new Set(reports)).toEqual(new Set(holders));
  const offers = world.passages.filter((passage) => passage.endsWith(' offer'));
  expect(offers.length).toBeLessThanOrEqual(4 * (3 + 3 * 2));
  const [first] = world.hosts;
  const asked = first?.exchange.ask<{ readonly hosts: readonly HostAvailability[] }>(
    address.rack(rackName('c')),
    { kind: 'candidates', limit: 5 },
    1_000,
  );
  const { hosts } = await world.settle(asked ?? Promise.reject(new Error('no host')), 2_000);
  expect(hosts.length).toBe(5);
  // Many hosts of another rack offer their rack's best only.
  const crowd = Array.from({ length: 100 }, (_, index) => ({
    ...(hosts[0] as HostAvailability),
    availability: index / 100,
  }));
  const offered: (readonly HostAvailability[])[] = [];
  const third = world.hosts.find(({ identity }) => identity.name === 'c1');
  if (third === undefined) throw new Error('c1 is there');
  Object.assign(third.parts, { onOffer: (found: readonly HostAvailability[]) => offered.push(found) });
  third.tell(address.rack(rackName('c')), {
    kind: 'offer',
    rack: rackName('a'),
    term: term(9),
    hosts: crowd,
  });
  await world.advance(500);
  const all = await world.settle(
    third.exchange.ask<{ readonly hosts: readonly HostAvailability[] }>(
      address.rack(rackName('c')),
      { kind: 'candidates', limit: 1_000 },
      1_000,
    ),
    2_000,
  );
  expect(all.hosts.length).toBeLessThanOrEqual(2 + 2 + 16);
});
