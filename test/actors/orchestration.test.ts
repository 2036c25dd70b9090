import { expect, test } from 'vitest';
import { address, controlSeat } from '../../src/actors/addresses.ts';
import { decisionsOf } from '../../src/actors/decisions.ts';
import type { ExecutionId } from '../../src/core/ids.ts';
import { executionId } from '../../src/core/ids.ts';
import type { OrchestrationRecord } from '../../src/placement/decision-record.ts';
import { explain } from '../../src/placement/explanation.ts';
import type {
  AnalyzerReply,
  EngineReply,
  EventDetail,
  OrchestratorReply,
} from '../../src/protocols/messages.ts';
import type { SimulatedHost } from '../../src/simulator/cluster/host.ts';
import { faultsOf } from './act-faults.ts';
import { ClusterWorld, laneOf } from './cluster-world.ts';

const settings = {
  affinity: { enabled: false, coolDownMs: 2_000 },
  monitor: { sampleMs: 500, usageMs: 1_000 },
  analyzer: { stepMs: 10_000, saveMs: 5_000 },
  orchestrator: { everyMs: 1_000, utilizationMax: 0.7 },
};

/** Two racks of two hosts with one core each; four busy executions in the first. */
async function overloaded(seed: number, more: Record<string, unknown> = {}) {
  const world = new ClusterWorld(seed);
  const hosts: SimulatedHost[] = [];
  for (const [name, rack] of [
    ['a1', 'r1'],
    ['a2', 'r1'],
    ['b1', 'r2'],
    ['b2', 'r2'],
  ] as const)
    hosts.push(await world.start(name, { rack, settings: { ...settings, ...more } }));
  const executions: ExecutionId[] = [];
  for (let count = 0; count < 4; count += 1)
    executions.push(await world.run(hosts[count % 2] as SimulatedHost));
  return { world, hosts, executions };
}

function holderOf(world: ClusterWorld): SimulatedHost {
  const row = world.hosts.find(({ alive }) => alive)?.parts.directory.seat(controlSeat);
  const holder = world.hosts.find(({ identity }) => identity.incarnation === row?.holder);
  if (holder === undefined) throw new Error('nobody holds the control seat');
  return holder;
}

function moved(world: ClusterWorld): Extract<EventDetail, { kind: 'moved' }>[] {
  return [...world.eventsOf('moved')];
}

async function standing(world: ClusterWorld, via: SimulatedHost) {
  const asked = via.exchange.ask<OrchestratorReply>(
    address.cluster('orchestrator'),
    { kind: 'standing' },
    5_000,
  );
  const reply = await world.settle(asked, 6_000);
  if (reply.kind !== 'standing') throw new Error(reply.kind);
  return reply.standing;
}

test('a component that its rack will not serve goes to the nearest rack with room, and is bound to it', async () => {
  const { world, hosts } = await overloaded(1);
  expect(await world.until(() => moved(world).length > 0, 30_000)).toBe(true);
  await world.advance(20_000);
  // Two cores at 70 % take one busy execution, and not two.
  expect(moved(world)).toHaveLength(1);
  const [move] = moved(world);
  expect(move).toMatchObject({ reason: { by: 'orchestrator' } });
  expect(['b1', 'b2']).toContain(move?.to);
  const { directives, utilization, policy } = await standing(world, hosts[3] as SimulatedHost);
  expect(policy).toBe('latency-first');
  expect(directives).toHaveLength(1);
  expect(directives[0]).toMatchObject({ phase: 'done', directive: { targetRack: 'r2' } });
  expect(utilization).toMatchObject({ r1: { cpu: 150 }, r2: { cpu: 50 } });
  expect(faultsOf(world.acts.filter(({ tenure }) => tenure.execution === move?.tenure.execution))).toEqual(
    [],
  );
});

test('an order is stored with what it was made from, and explained with its numbers', async () => {
  const { world } = await overloaded(2);
  await world.until(() => moved(world).length > 0, 30_000);
  await world.advance(1_000);
  const [move] = moved(world);
  const key = move?.reason.decision ?? '';
  expect(key).toContain(decisionsOf(move?.tenure.execution ?? executionId('none')));
  const bytes = world.store.values.get(key);
  const record = JSON.parse(new TextDecoder().decode(bytes)) as OrchestrationRecord;
  const text = explain(record).join('\n');
  expect(text).toContain('from r1 to r2');
  expect(text).toMatch(/cpu of rack r1 is forecast to be used by [12]\d\d %/);
  expect(text).toContain('nearest');
});

test('the next holder of the seat knows what was ordered, and goes on', async () => {
  const { world, hosts } = await overloaded(3);
  await world.until(() => moved(world).length > 0, 30_000);
  await world.advance(3_000);
  const holder = holderOf(world);
  const before = await standing(world, hosts.find((host) => host !== holder) as SimulatedHost);
  expect(before.directives).toHaveLength(1);
  world.kill(holder);
  expect(await world.until(() => hosts.some((host) => host.alive && holds(world, host)), 60_000)).toBe(true);
  await world.advance(5_000);
  const survivor = hosts.find(({ alive }) => alive) as SimulatedHost;
  const after = await standing(world, survivor);
  expect(after.term).toBeGreaterThan(before.term);
  expect(after.directives.map(({ directive }) => directive.directive)).toContain(
    before.directives[0]?.directive.directive,
  );
});

test('no host hears of an order before the vault remembers it', async () => {
  const world = new ClusterWorld(8);
  const hosts: SimulatedHost[] = [];
  for (const [name, rack] of [
    ['a1', 'r1'],
    ['a2', 'r1'],
    ['b1', 'r2'],
    ['b2', 'r2'],
  ] as const)
    hosts.push(await world.start(name, { rack, settings }));
  for (let count = 0; count < 3; count += 1) await world.run(hosts[1] as SimulatedHost);
  world.storeFaults = { lost: 0, ambiguous: 0, delayMaxMs: 40 };
  const unremembered: string[] = [];
  let orders = 0;
  world.network.loses = (_from, _to, { message }) => {
    const [id] = /(?<="directive":")d-[0-9a-f]+(?=","term")/.exec(JSON.stringify(message)) ?? [];
    if (id === undefined) return false;
    orders += 1;
    const memory = new TextDecoder().decode(world.store.values.get('orchestrator/memory'));
    if (!memory.includes(id)) unremembered.push(id);
    return false;
  };
  await world.until(() => moved(world).length > 0, 30_000);
  expect(orders).toBeGreaterThan(0);
  expect(unremembered).toEqual([]);
});

test('hosts refuse a former orchestrator before its successor has ordered anything', async () => {
  const { world, hosts } = await overloaded(9, { orchestrator: { everyMs: 1_000, latencyMaxMs: 0.01 } });
  await world.advance(5_000);
  const holder = holderOf(world);
  const { term } = await standing(world, hosts.find((host) => host !== holder) as SimulatedHost);
  world.kill(holder);
  await world.until(() => hosts.some((host) => host.alive && holds(world, host)), 60_000);
  await world.advance(5_000);
  const other = hosts.find((host) => host.alive && host !== holderOf(world)) as SimulatedHost;
  const [part] = laneOf(other).residents.keys();
  const directive = {
    directive: 'd-late',
    term,
    componentId: part ?? executionId('none'),
    targetRack: 'r2',
    migrationStrategy: 'stopAndCopy',
    parts: [part],
    targetHosts: {},
    startInMs: 0,
    horizonMs: 1,
    decision: '',
    text: '',
  };
  const asked = other.exchange.ask<EngineReply>(
    address.role(other.identity.name, 'engine'),
    { kind: 'carryOut', directive } as never,
    1_000,
  );
  const reply = await world.settle(asked, 2_000);
  expect(reply).toMatchObject({ kind: 'refused' });
  expect(world.eventsOf('ordered')).toEqual([]);
});

function holds(world: ClusterWorld, host: SimulatedHost): boolean {
  return holderOf(world) === host && host.kernel.lookup(address.cluster('orchestrator')) !== null;
}

test('nothing is ordered where it is switched off, and the figures are there all the same', async () => {
  const { world, hosts } = await overloaded(4, { orchestrator: { enabled: false } });
  await world.advance(30_000);
  expect(moved(world)).toEqual([]);
  const { utilization, directives } = await standing(world, hosts[0] as SimulatedHost);
  expect(utilization).toMatchObject({ r1: { cpu: 200 }, r2: { cpu: 0 } });
  expect(directives).toEqual([]);
});

test('racks too far away are no target', async () => {
  const { world } = await overloaded(5, { orchestrator: { everyMs: 1_000, latencyMaxMs: 0.01 } });
  await world.advance(30_000);
  expect(moved(world)).toEqual([]);
});

test('the analyzer forecasts what runs, from a history that outlives its holder', async () => {
  const { world, hosts } = await overloaded(6, { orchestrator: { enabled: false } });
  await world.advance(40_000);
  const ask = async (via: SimulatedHost) => {
    const asked = via.exchange.ask<AnalyzerReply>(address.cluster('analyzer'), { kind: 'forecast' }, 5_000);
    return (await world.settle(asked, 6_000)).forecast;
  };
  const forecast = await ask(hosts[0] as SimulatedHost);
  expect(forecast.components).toHaveLength(4);
  for (const { quantiles, rack } of forecast.components) {
    const median = quantiles.find(({ level }) => level === 0.5)?.steps ?? [];
    expect(median).toHaveLength(60);
    for (const { cpu } of median) expect(cpu).toBeCloseTo(1, 1);
    expect(rack).toBe('r1');
  }
  const holder = holderOf(world);
  world.kill(holder);
  await world.until(() => holderOf(world) !== holder, 60_000);
  await world.advance(15_000);
  const after = await ask(hosts.find(({ alive }) => alive) as SimulatedHost);
  expect(after.term).toBeGreaterThan(forecast.term);
  expect(after.components.length).toBeGreaterThan(0);
});

test('over several objectives, the planner spreads what is overloaded over hosts, and says why', async () => {
  const { world, hosts } = await overloaded(7, {
    orchestrator: { everyMs: 1_000, policy: 'multi-objective', utilizationMax: 1 },
  });
  expect(await world.until(() => moved(world).length >= 2, 30_000)).toBe(true);
  await world.advance(20_000);
  const { utilization, policy } = await standing(world, hosts[0] as SimulatedHost);
  expect(policy).toBe('multi-objective');
  expect(utilization).toMatchObject({ r1: { cpu: 100 }, r2: { cpu: 100 } });
  const places = hosts.map((host) => host.parts.board.executions);
  expect(places).toEqual([1, 1, 1, 1]);
  expect(moved(world)).toHaveLength(2);
  const [move] = moved(world);
  const bytes = world.store.values.get(move?.reason.decision ?? '');
  const text = explain(JSON.parse(new TextDecoder().decode(bytes)) as OrchestrationRecord).join('\n');
  expect(text).toContain('likely to be overloaded');
});

test('on hosts smaller than what one execution wants, the planner spreads them all the same', async () => {
  const { world, hosts } = await overloaded(8, {
    cpuShare: 0.5,
    orchestrator: { everyMs: 1_000, policy: 'multi-objective' },
  });
  expect(await world.until(() => moved(world).length >= 2, 30_000)).toBe(true);
  await world.advance(20_000);
  expect(hosts.map((host) => host.parts.board.executions)).toEqual([1, 1, 1, 1]);
});
