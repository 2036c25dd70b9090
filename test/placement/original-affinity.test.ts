import fc from 'fast-check';
import { expect, test } from 'vitest';
import { executionId, hostName, methodId, rackName } from '../../src/core/ids.ts';
import type { EstimatedExecution } from '../../src/placement/affinity-inputs.ts';
import type { Acquaintance, Resident } from '../../src/placement/call-graph.ts';
import { neighbourhoodOf, settledNeighbourhood, trafficOf } from '../../src/placement/call-graph.ts';
import type { DeclaredAffinity } from '../../src/placement/original-affinity.ts';
import { anywhere, originalAffinity, startingAffinity } from '../../src/placement/original-affinity.ts';
import type { PlacementPolicy } from '../../src/placement/placement-policy.ts';
import { utilityPolicy, weightedPolicy } from '../../src/placement/placement-policy.ts';
import { calmHost, execution, report, World, type WorldHost } from './world.ts';
import { decideRound } from '../../src/placement/affinity-round.ts';
import { decider, inputs, movesOf } from './world.ts';

const place = { host: hostName('h1'), rack: rackName('r1'), labels: ['gpu', 'data:orders'] };
const rackOf = (host: string) => rackName(host === 'h3' ? 'r2' : 'r1');

function other(id: string, host: string, more: Partial<Acquaintance> = {}): Acquaintance {
  const none = { near: [], apart: [] };
  return {
    execution: executionId(id),
    method: methodId(`${id}.ts#m`),
    host: hostName(host),
    rack: rackOf(host),
    ...none,
    ...more,
  };
}

function resident(id: string, host: string, more: Partial<Resident> = {}): Resident {
  return {
    execution: executionId(id),
    method: methodId(`${id}.ts#m`),
    host: hostName(host),
    moves: 0,
    near: [],
    apart: [],
    kin: new Set(),
    calls: new Set(),
    measured: new Map(),
    ...more,
  };
}

const measured = (rates: Readonly<Record<string, number>>) =>
  new Map(Object.entries(rates).map(([id, rate]) => [executionId(id), rate]));

test.each<[Partial<DeclaredAffinity>, number]>([
  [{}, 1],
  [{ data: ['orders'] }, 1],
  [{ data: ['orders', 'prices'] }, 0.75],
  [{ data: ['prices'] }, 0.5],
  [{ data: ['prices'], matching: 0.8 }, 0.4],
  [{ labels: ['gpu'], data: ['orders'], otherwise: 0 }, 1],
  [{ labels: ['cpu:arm64'], data: ['orders'], otherwise: 0 }, 0],
])('declared %o: affinity %d', (declared, expected) => {
  expect(originalAffinity({ ...anywhere, ...declared }, place)).toBeCloseTo(expected, 12);
});

test.each([
  // Half known at 10 kB/s; all here, half as good in the rack, nothing elsewhere.
  [{ a: 10_000 }, { a: 'h1' }, 1],
  [{ a: 10_000 }, { a: 'h2' }, 1 - 0.25 * 0.5 * 0.5],
  [{ a: 10_000 }, { a: 'h3' }, 1 - 0.25 * 0.5],
  [{ a: 30_000, b: 10_000 }, { a: 'h3', b: 'h1' }, 1 - 0.25 * 0.8 * 0.75],
  [{ a: 1e15 }, { a: 'h3' }, 0.75],
  [{ a: 0 }, { a: 'h3' }, 1],
])('traffic %o with those at %o: affinity %d', (rates, hosts, expected) => {
  const others = Object.entries(hosts).map(([id, host]) => other(id, host));
  const neighbourhood = neighbourhoodOf(resident('x', 'h1', { measured: measured(rates) }), others);
  expect(originalAffinity({ ...anywhere, neighbourhood }, place)).toBeCloseTo(expected, 9);
});

test('what the code calls, and what is declared near, pulls before anything was measured, and measurements add', () => {
  const pull = (more: Partial<Resident>, others: readonly Acquaintance[]) =>
    neighbourhoodOf(resident('x', 'h1', more), others).pulls.map(({ host, bytesPerSecond }) => [
      host,
      bytesPerSecond,
    ]);
  const callee = methodId('b.ts#m');
  const two = [other('a', 'h2', { method: callee }), other('b', 'h3', { method: callee })];
  expect(pull({ calls: new Set([callee]) }, two)).toEqual([
    ['h2', 1_000],
    ['h3', 1_000],
  ]);
  expect(pull({ near: [callee] }, two)).toEqual([
    ['h2', 50_000],
    ['h3', 50_000],
  ]);
  expect(pull({ kin: new Set([executionId('b')]) }, two)).toEqual([['h3', 2_000]]);
  expect(pull({ calls: new Set([callee]), measured: measured({ b: 7_000 }) }, two)).toEqual([
    ['h2', 1_000],
    ['h3', 7_000],
  ]);
  // Whoever is wanted near is pulled as well.
  expect(pull({}, [other('a', 'h2', { near: [methodId('x.ts#m')] })])).toEqual([['h2', 100_000]]);
  expect(pull({}, two)).toEqual([]);
  expect(trafficOf(1_000, 4)).toBe(3_000);
  expect([trafficOf(NaN, 1), trafficOf(-5_000, 1), trafficOf(0, Infinity)]).toEqual([0, 0, 0]);
});

test('who must be apart is avoided, whichever side says so; on one host the later one leaves', () => {
  const apart = { apart: [methodId('b.ts#m')] };
  const avoided = (one: Resident, others: readonly Acquaintance[]) =>
    settledNeighbourhood(one, others).avoided;
  expect(avoided(resident('a', 'h1', apart), [other('b', 'h2')])).toEqual(['h2']);
  expect(avoided(resident('b', 'h1'), [other('a', 'h2', apart)])).toEqual(['h2']);
  expect(avoided(resident('a', 'h1', apart), [other('b', 'h1')])).toEqual([]);
  expect(avoided(resident('b', 'h1'), [other('a', 'h1', apart)])).toEqual(['h1']);
  const neighbourhood = { pulls: [], avoided: [hostName('h1')], patience: 1 };
  expect(originalAffinity({ ...anywhere, matching: 1, neighbourhood }, place)).toBe(0);
});

test('a crowded execution goes anywhere but to who must be apart, however idle that host is', () => {
  const affinity = {
    ...anywhere,
    hosts: [hostName('gone')],
    otherwise: 0.1,
    neighbourhood: { pulls: [], avoided: [hostName('idle')], patience: 1 },
  };
  for (const policy of [weightedPolicy, utilityPolicy]) {
    const round = decideRound(
      inputs({
        executions: [execution('a', { affinity })],
        candidates: [report('idle', { cpuShare: 16 }), report('busier', { demand: 0.5 })],
      }),
      policy,
      decider,
    );
    expect(movesOf(round)).toEqual(['a to busier']);
  }
});

test('of two that talk the later one comes, once; then each holds the other', () => {
  const talk = (with_: string) => ({ measured: measured({ [with_]: 50_000 }) });
  const apart = [
    settledNeighbourhood(resident('a', 'h1', talk('b')), [other('b', 'h3')]),
    settledNeighbourhood(resident('b', 'h3', talk('a')), [other('a', 'h1')]),
  ];
  expect(apart.map(({ pulls }) => pulls.map(({ host }) => host))).toEqual([[], ['h1']]);
  const together = settledNeighbourhood(resident('a', 'h1', talk('b')), [other('b', 'h1')]);
  expect(together.pulls.map(({ host }) => host)).toEqual(['h1']);
  expect(
    settledNeighbourhood(resident('b', 'h3', { ...talk('a'), moves: 6 }), [other('a', 'h1')]).patience,
  ).toBe(0.5);
  expect(
    settledNeighbourhood(resident('b', 'h3', { ...talk('a'), moves: 40 }), [other('a', 'h1')]).patience,
  ).toBe(0);
});

test('a busy execution whose peer is in another rack follows it there, and stays', () => {
  const world = talkers(
    [calmHost('h1'), calmHost('h2'), calmHost('h3', { rack: 'r2' })],
    [
      ['x-1', 'h3', 0.2],
      ['x-2', 'h1', 0.6],
      ['x-3', 'h1', 0.6],
    ],
    [['x-1', 'x-2', 500_000]],
  );
  for (let round = 0; round < 60; round += 1) world.round();
  expect(world.moves().map(({ execution: id, to }) => `${id} to ${to}`)).toEqual(['x-2 to h3']);
});

test('under any constant load and traffic the moves end', () => {
  const demands = fc.oneof(fc.constantFrom(0.3, 0.6, 1), fc.double({ min: 0, max: 1, noNaN: true }));
  let moves = 0;
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom(0.5, 1, 2), { minLength: 2, maxLength: 4, size: 'max' }),
      fc.array(fc.tuple(fc.oneof(fc.constant(0), fc.nat(3)), demands), {
        minLength: 4,
        maxLength: 9,
        size: 'max',
      }),
      fc.array(fc.tuple(fc.nat(8), fc.nat(8), fc.constantFrom(1_000, 20_000, 1e6)), {
        minLength: 2,
        maxLength: 10,
        size: 'max',
      }),
      fc.constantFrom(
        weightedPolicy,
        utilityPolicy,
        { ...weightedPolicy, threshold: 1 },
        { ...weightedPolicy, hysteresis: 0 },
      ),
      (shares, placed, talks, policy) => {
        const names = shares.map((_, index) => `h${index + 1}`);
        const world = talkers(
          shares.map((cpuShare, index) => ({
            ...calmHost(names[index] as string),
            cpuShare,
            rack: rackOf(names[index] as string),
          })),
          placed.map(([home, demand], index) => [`x-${index}`, names[home % names.length] as string, demand]),
          talks.filter(([a, b]) => a !== b).map(([a, b, rate]) => [`x-${a}`, `x-${b}`, rate]),
          { ...policy, churn: unlimited },
        );
        let calm = 0;
        for (let round = 0; calm <= 14; round += 1) {
          const before = world.moves().length;
          world.round();
          calm = world.moves().length === before ? calm + 1 : 0;
          expect(round, 'comes to rest').toBeLessThan(3_000);
        }
        moves += world.moves().length;
      },
    ),
    { numRuns: 80, seed: 9 },
  );
  expect(moves).toBeGreaterThan(40);
});

/** A budget would end the moves for a while, and hide that they go on. */
const endless = { movesMax: 1e6, windowMs: 1_000 };
const unlimited = { execution: endless, host: endless, rack: endless, cluster: endless };

/** Hosts whose affinity actors see, once a second, where those were that their executions talk to. */
function talkers(
  hosts: readonly WorldHost[],
  placed: readonly (readonly [id: string, host: string, demand: number])[],
  talks: readonly (readonly [a: string, b: string, bytesPerSecond: number])[],
  policy: PlacementPolicy = { ...weightedPolicy, threshold: 1 },
) {
  const racks = new Map(hosts.map(({ name, rack }) => [name, rackName(rack)]));
  const executions = placed.map(([id, host, demand]) =>
    execution(id, { demand, currentHost: hostName(host) }),
  );
  const world = new World(hosts, executions, policy);
  const acquaintances = () =>
    world.executions.map((one) => ({
      ...other(one.executionId, one.currentHost),
      rack: racks.get(one.currentHost) ?? rackName('r1'),
    }));
  const situated = (one: EstimatedExecution, others: readonly Acquaintance[]): EstimatedExecution => {
    const rates = new Map(
      talks.flatMap(([a, b, rate]) =>
        a === one.executionId
          ? [[executionId(b), rate]]
          : b === one.executionId
            ? [[executionId(a), rate]]
            : [],
      ),
    );
    const moves = world.moves.filter((move) => move.execution === one.executionId).length;
    const self = resident(one.executionId, one.currentHost, { measured: rates, moves });
    const around = others.filter((known) => known.execution !== one.executionId);
    return { ...one, affinity: { ...anywhere, neighbourhood: settledNeighbourhood(self, around) } };
  };
  return {
    moves: () => world.moves,
    round(): void {
      const others = acquaintances();
      world.executions = world.executions.map((one) => situated(one, others));
      world.round(0);
    },
  };
}

test('what an author declares holds where whoever starts it says nothing', () => {
  const authored = { labels: ['gpu'], racks: ['r1'], near: ['a.ts#a'], apart: ['b.ts#b'], data: ['orders'] };
  expect(startingAffinity(anywhere, authored)).toEqual({
    hosts: [],
    labels: ['gpu'],
    racks: ['r1'],
    near: ['a.ts#a'],
    apart: ['b.ts#b'],
    data: ['orders'],
    matching: 1,
    otherwise: 0,
  });
  expect(startingAffinity(anywhere, null)).toBe(anywhere);
  const asked = { ...anywhere, racks: [rackName('r2')], otherwise: 0.5 };
  expect(startingAffinity(asked, authored)).toBe(asked);
});
