import fc from 'fast-check';
import { expect, test } from 'vitest';
import { executionId, hostName, rackName } from '../../src/core/ids.ts';
import type { EstimatedExecution } from '../../src/placement/affinity-inputs.ts';
import { decideRound } from '../../src/placement/affinity-round.ts';
import type { Asker } from '../../src/placement/admission.ts';
import { availability, memoryEasyShare, unstrained } from '../../src/placement/availability.ts';
import type { ChurnLimits } from '../../src/placement/churn-budget.ts';
import { churnLimits } from '../../src/placement/churn-budget.ts';
import type { ScoredHost } from '../../src/placement/migration-decision.ts';
import { anywhere } from '../../src/placement/original-affinity.ts';
import type { PlacementPolicy } from '../../src/placement/placement-policy.ts';
import { utilityPolicy, weightedPolicy } from '../../src/placement/placement-policy.ts';
import type { WorldHost, WorldMove } from './world.ts';
import { calmHost, decider, execution, inputs, movesOf, report, World } from './world.ts';

const runs = { numRuns: Number(process.env['RUNS'] ?? 40), seed: Number(process.env['SEED'] ?? 417) };
const ratio = fc.double({ min: 0, max: 1, noNaN: true });

/** Mostly crowded on the first of hosts that are mostly sound, so that there is something to decide. */
const hosts = fc.array(
  fc.record({
    cpuShare: fc.constantFrom(0.25, 0.5, 1, 2),
    baseMemory: fc.oneof(
      { weight: 4, arbitrary: fc.constant(0.1) },
      { weight: 1, arbitrary: fc.double({ min: 0.6, max: 0.95, noNaN: true }) },
    ),
    strain: fc.oneof(
      { weight: 2, arbitrary: fc.constant(unstrained) },
      {
        weight: 1,
        arbitrary: fc
          .tuple(fc.constantFrom('cpuStolenRatio', 'memoryStallRatio', 'ioStallRatio', 'networkUsage'), ratio)
          .map(([name, value]) => ({ ...unstrained, [name]: value })),
      },
      {
        weight: 1,
        arbitrary: fc
          .double({ min: 0, max: 2_000, noNaN: true })
          .map((eventLoopDelayMs) => ({ ...unstrained, eventLoopDelayMs })),
      },
    ),
  }),
  { minLength: 2, maxLength: 5, size: 'max' },
);
const shapes = fc.array(
  fc.record({
    demand: fc.oneof(fc.constant(1), ratio),
    memoryShare: fc.oneof(fc.constant(0.01), fc.double({ min: 0, max: 0.1, noNaN: true })),
    home: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(4) }),
    preferred: fc.array(fc.nat(4), { maxLength: 2 }),
    otherwise: fc.oneof(fc.constant(1), fc.double({ min: 0.9, max: 1, noNaN: true }), ratio),
    remainingMs: fc.constantFrom(0, 10, 1_000, 60_000, 1e9),
  }),
  { minLength: 3, maxLength: 14, size: 'max' },
);
const policies = fc.constantFrom<PlacementPolicy>(weightedPolicy, utilityPolicy, {
  ...weightedPolicy,
  hysteresis: 0,
});

type HostShapes = typeof hosts extends fc.Arbitrary<infer T> ? T : never;
type Shapes = typeof shapes extends fc.Arbitrary<infer T> ? T : never;

function worldOf(
  hostShapes: HostShapes,
  executionShapes: Shapes,
  policy: PlacementPolicy,
): { readonly world: World; readonly names: readonly string[] } {
  const names = hostShapes.map((_, index) => `h${index + 1}`);
  const name = (index: number) => names[index % names.length] as string;
  const worldHosts = hostShapes.map((shape, index): WorldHost => ({
    ...shape,
    name: name(index),
    rack: index % 2 === 0 ? 'r1' : 'r2',
  }));
  const executions = executionShapes.map((shape, index): EstimatedExecution =>
    execution(`x-${index}`, {
      demand: shape.demand,
      memoryShare: shape.memoryShare,
      affinity: {
        ...anywhere,
        hosts: shape.preferred.map((at) => hostName(name(at))),
        otherwise: shape.otherwise,
      },
      currentHost: hostName(name(shape.home)),
      remaining: {
        lowMs: shape.remainingMs / 9,
        medianMs: shape.remainingMs,
        highMs: shape.remainingMs * 9,
        source: 'age',
      },
    }),
  );
  return { world: new World(worldHosts, executions, policy), names };
}

test('under any constant load the moves end, by either policy, whatever strains the hosts', () => {
  let moves = 0;
  fc.assert(
    fc.property(
      hosts,
      shapes,
      policies,
      fc.array(fc.nat(4), { minLength: 1, maxLength: 7 }),
      (hostShapes, executionShapes, policy, turns) => {
        const { world } = worldOf(hostShapes, executionShapes, policy);
        let calm = 0;
        for (let round = 0; calm <= 12; round += 1) {
          const before = world.moves.length;
          world.round(turns[round % turns.length] ?? 0);
          calm = world.moves.length === before ? calm + 1 : 0;
          expect(round, 'comes to rest').toBeLessThan(2_000);
        }
        moves += world.moves.length;
      },
    ),
    runs,
  );
  expect(moves).toBeGreaterThan(runs.numRuns);
});

/** The integral of availability over the last `demand` that a host carries, but for its memory: by adding it up. */
function delivered({ load, strain }: ScoredHost, demand: number): number {
  const steps = 400;
  const width = demand / steps;
  return Array.from({ length: steps }, (_, step) => load.demand - demand + (step + 0.5) * width).reduce(
    (sum, at) => sum + width * availability({ ...load, demand: Math.max(0, at), memoryUsage: 0 }, strain),
    0,
  );
}

test('each move, but for want of memory, raises what all hosts together deliver: that is why the moves end', () => {
  let moves = 0;
  fc.assert(
    fc.property(hosts, shapes, policies, (hostShapes, executionShapes, policy) => {
      const [first, ...others] = hostShapes;
      const executions = executionShapes.map(({ demand, otherwise, memoryShare }, index) =>
        execution(`x-${index}`, {
          demand,
          memoryShare,
          affinity: { ...anywhere, hosts: [hostName(index % 2 === 0 ? 'here' : 'h0')], otherwise },
        }),
      );
      const reported = ({ strain, cpuShare, baseMemory }: (typeof hostShapes)[0]) => ({
        strain,
        cpuShare,
        resource: { memoryUsage: baseMemory },
      });
      const demand = executions.reduce((sum, one) => sum + one.demand, 0);
      const round = decideRound(
        inputs({
          here: { ...report('here', { demand }), ...reported(first as (typeof hostShapes)[0]) },
          executions,
          candidates: others.map((shape, index) => ({
            ...report(`h${index}`, { demand: index / 2 }),
            ...reported(shape),
          })),
        }),
        policy,
        decider,
      );
      for (const { here, candidates, methodExecution } of round.decisions) {
        const there = candidates[0] as ScoredHost;
        const moved = executions.find((one) => one.executionId === methodExecution.executionId);
        const amount = moved?.demand ?? 0;
        if (here.load.memoryUsage > memoryEasyShare) continue;
        const rise =
          policy.weights.resourceAvailability * (delivered(there, amount) - delivered(here, amount)) +
          policy.weights.originalAffinity * amount * (there.originalAffinity - here.originalAffinity);
        expect(rise).toBeGreaterThan(amount * policy.hysteresis - 1e-4);
        moves += 1;
      }
    }),
    { ...runs, numRuns: 3 * runs.numRuns },
  );
  expect(moves).toBeGreaterThan(runs.numRuns);
});

const tight: ChurnLimits = {
  execution: { movesMax: 2, windowMs: 60_000 },
  host: { movesMax: 4, windowMs: 20_000 },
  rack: { movesMax: 6, windowMs: 20_000 },
  cluster: { movesMax: 7, windowMs: 20_000 },
};

/** Whoever takes part in a move. */
function partakers(move: WorldMove): readonly (readonly [keyof ChurnLimits, string])[] {
  const rack = (host: string) => (Number(host.slice(1)) % 2 === 1 ? 'r1' : 'r2');
  return [
    ['execution', move.execution],
    ['host', move.from],
    ['host', move.to],
    ['rack', rack(move.from)],
    ...(rack(move.from) === rack(move.to) ? [] : [['rack', rack(move.to)] as const]),
    ['cluster', ''],
  ];
}

test('whatever mixture of deciders asks, no execution moves within its cool-down, and no budget is exceeded', () => {
  const asks = fc.array(
    fc.record({
      asker: fc.constantFrom<Asker>('orchestrator', 'rack', 'operator', 'drain'),
      execution: fc.nat(13),
      target: fc.nat(4),
    }),
    { minLength: 20, maxLength: 60 },
  );
  fc.assert(
    fc.property(hosts, shapes, policies, asks, (hostShapes, executionShapes, shipped, asked) => {
      const policy = { ...shipped, churn: tight };
      const { world, names } = worldOf(hostShapes, executionShapes, policy);
      for (const { asker, execution: index, target } of asked) {
        world.round(target);
        world.ask(asker, `x-${index}`, names[target % names.length] as string);
      }
      for (let round = 0; round < 3; round += 1) world.round(round);
      for (const move of world.moves) {
        if (move.asker === 'operator' || move.asker === 'drain') continue;
        const earlier = world.moves.filter((one) => one.beganAtMs <= move.beganAtMs && one !== move);
        const landed = earlier.filter((one) => one.execution === move.execution);
        for (const { landedAtMs } of landed)
          expect(move.beganAtMs - landedAtMs).toBeGreaterThanOrEqual(policy.coolDownMs);
        for (const [scope, name] of partakers(move)) {
          const { movesMax, windowMs } = tight[scope];
          const within = earlier.filter(
            (one) =>
              move.beganAtMs - one.beganAtMs < windowMs &&
              (one.beganAtMs < move.beganAtMs || world.moves.indexOf(one) < world.moves.indexOf(move)) &&
              partakers(one).some(([at, other]) => at === scope && other === name),
          );
          expect(within.length, `${scope} ${name}`).toBeLessThan(movesMax);
        }
      }
    }),
    runs,
  );
});

test('each budget holds for itself: the execution stays, or goes elsewhere', () => {
  const round = (churn: Partial<ChurnLimits>, spent: Readonly<Record<string, readonly number[]>>) =>
    decideRound(
      inputs({
        executions: [execution('a')],
        candidates: [
          report('t'),
          report('u', { demand: 1, identity: { name: hostName('u'), rack: rackName('r2') } }),
        ],
        churn: spent,
      }),
      { ...weightedPolicy, churn: { ...churnLimits, ...churn } },
      decider,
    );
  const one = { movesMax: 1, windowMs: 60_000 };
  expect(movesOf(round({ host: one }, {}))).toEqual(['a to t']);
  expect(movesOf(round({ host: one }, { 'host/t': [999_000] }))).toEqual(['a to u']);
  expect(movesOf(round({ host: one }, { 'host/t': [940_000] }))).toEqual(['a to t']);
  expect(movesOf(round({ host: one }, { 'host/here': [999_000] }))).toEqual([]);
  expect(movesOf(round({ rack: one }, { 'rack/r2': [999_000] }))).toEqual(['a to t']);
  expect(movesOf(round({ rack: one }, { 'rack/r1': [999_000] }))).toEqual([]);
  expect(movesOf(round({ execution: one }, { 'execution/a': [999_000] }))).toEqual([]);
  expect(movesOf(round({ cluster: one }, { cluster: [999_000] }))).toEqual([]);
  expect(movesOf(round({ cluster: { movesMax: 0, windowMs: 1 } }, {}))).toEqual([]);
});

test('a round spends what it asks for, so that the next step of it sees less', () => {
  const candidates = [report('t', { cpuShare: 8 }), report('u', { cpuShare: 8, demand: 7.9 })];
  const limits = { ...churnLimits, host: { movesMax: 2, windowMs: 60_000 } };
  const policy = { ...weightedPolicy, churn: limits };
  const first = decideRound(inputs({ candidates, here: report('here', { demand: 9 }) }), policy, decider);
  expect(movesOf(first)).toEqual(['a to t', 'b to t']);
  expect(first.churn).toMatchObject({
    'host/here': [1e6, 1e6],
    'host/t': [1e6, 1e6],
    cluster: [1e6, 1e6],
  });
});

test('until a directive ends, its execution goes only to hosts of its rack, the others go where they like', () => {
  const candidates = [
    report('t'),
    report('u', { demand: 1, identity: { name: hostName('u'), rack: rackName('r2') } }),
  ];
  const bounds = [{ executionId: executionId('a'), rack: rackName('r2'), endsAtMs: 1_000_001 }];
  const round = (nowMs: number, names: readonly string[]) =>
    movesOf(
      decideRound(
        inputs({
          nowMs,
          here: report('here', { demand: 6 }),
          candidates,
          bounds,
          executions: names.map((name) => execution(name)),
        }),
        weightedPolicy,
        decider,
      ),
    );
  expect(round(1_000_000, ['a'])).toEqual(['a to u']);
  expect(round(1_000_001, ['a'])).toEqual(['a to t']);
  expect(round(1_000_000, ['a', 'b'])).toEqual(['b to t', 'a to u']);
});

test('an anomaly makes an execution look around above the threshold, and no more than that', () => {
  const alarmed = [executionId('a')];
  const round = (demandThere: number) =>
    movesOf(
      decideRound(
        inputs({
          here: report('here', { demand: 2 }),
          executions: [execution('a'), execution('b')],
          candidates: [report('t', { demand: demandThere })],
          alarmed,
        }),
        weightedPolicy,
        decider,
      ),
    );
  expect(round(0)).toEqual(['a to t']);
  expect(round(1.5)).toEqual([]);
});

test('without a hysteresis, nobody goes to and fro between equals', () => {
  const world = new World(
    [calmHost('h1', { cpuShare: 0.2 }), calmHost('h2', { cpuShare: 0.2 })],
    [execution('x-1', { currentHost: hostName('h1') })],
    { ...weightedPolicy, hysteresis: 0 },
  );
  for (let second = 0; second < 60; second += 1) world.round(0);
  expect(world.moves).toEqual([]);
});

test('a host whose cores are stolen, or that stalls, sheds to one that is not', () => {
  const stalled = (more: Partial<typeof unstrained>) => {
    const world = new World(
      [calmHost('h1', { strain: { ...unstrained, ...more } }), calmHost('h2')],
      [execution('x-1', { currentHost: hostName('h1') })],
      weightedPolicy,
    );
    for (let round = 0; round < 3; round += 1) world.round(0);
    return world.moves.length;
  };
  expect(stalled({})).toBe(0);
  expect(stalled({ cpuStolenRatio: 0.8 })).toBe(1);
  expect(stalled({ ioStallRatio: 0.8 })).toBe(1);
  expect(stalled({ memoryStallRatio: 0.8 })).toBe(1);
  expect(stalled({ networkUsage: 0.95 })).toBe(1);
  expect(stalled({ eventLoopDelayMs: 500 })).toBe(1);
  expect(stalled({ ioStallRatio: 0.5 })).toBe(0);
});

test('what stays says why', () => {
  const { stays } = decideRound(
    inputs({
      executions: [
        execution('asleep', { demand: 0 }),
        execution('heavy', { executionCost: 1, affinity: { ...anywhere, matching: 1 } }),
        execution('pinned', { movable: false }),
        execution('rested', { movedAtMs: 995_000 }),
        execution('large', { memoryShare: 0.9 }),
      ],
      candidates: [report('t', { demand: 0.5 })],
      here: report('here', { demand: 4 }),
    }),
    weightedPolicy,
    decider,
  );
  expect(Object.fromEntries(stays.map(({ executionId: id, because }) => [id, because]))).toEqual({
    asleep: 'relievesNothing',
    heavy: 'aboveThreshold',
    pinned: 'notMovable',
    rested: 'coolDown',
    large: 'nowhereToGo',
  });
});
