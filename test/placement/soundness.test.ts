import fc from 'fast-check';
import { expect, test } from 'vitest';
import { executionId, hostName } from '../../src/core/ids.ts';
import type { EstimatedExecution, HostReport } from '../../src/placement/affinity-inputs.ts';
import { decideRound } from '../../src/placement/affinity-round.ts';
import { unstrained } from '../../src/placement/availability.ts';
import { moveCostPrior } from '../../src/placement/move-cost.ts';
import { anywhere } from '../../src/placement/original-affinity.ts';
import type { PlacementPolicy } from '../../src/placement/placement-policy.ts';
import { utilityPolicy, weightedPolicy } from '../../src/placement/placement-policy.ts';
import { soundInputs } from '../../src/placement/soundness.ts';
import { calmHost, decider, execution, inputs, movesOf, report, World } from './world.ts';

const policies: readonly PlacementPolicy[] = [weightedPolicy, utilityPolicy];
const idle = report('t');
const spare = report('u', { demand: 0.5 });

function moves(candidates: readonly HostReport[], policy: PlacementPolicy = weightedPolicy): string[] {
  return movesOf(decideRound(inputs({ candidates }), policy, decider));
}

const impossible: readonly (readonly [string, Partial<HostReport>])[] = [
  ['no share', { cpuShare: 0 }],
  ['a negative share', { cpuShare: -4 }],
  ['a share that is no number', { cpuShare: NaN }],
  ['an endless share', { cpuShare: Infinity }],
  ['a million cores', { cpuShare: 1e6 }],
  ['demand that is no number', { demand: NaN }],
  ['negative demand', { demand: -5 }],
  ['endless demand', { demand: Infinity }],
  ['memory that is no number', { resource: { memoryUsage: NaN } }],
  ['negative memory', { resource: { memoryUsage: -0.4 } }],
  ['eight times its memory', { resource: { memoryUsage: 8 } }],
  ['negative reservations', { reserved: -3 }],
  ['reservations that are no number', { reserved: NaN }],
];

test.each(impossible)('a host that reports %s counts as not there', (_, lie) => {
  for (const policy of policies) {
    const without = moves([spare], policy);
    expect(without.length).toBeGreaterThan(0);
    expect(moves([{ ...idle, ...lie }, spare], policy)).toEqual(without);
    expect(moves([spare, { ...idle, ...lie }], policy)).toEqual(without);
  }
});

test.each(impossible)('a deciding host whose own monitor reports %s moves nothing', (_, lie) => {
  const round = decideRound(
    inputs({ here: { ...report('here', { demand: 4 }), ...lie }, candidates: [idle] }),
    weightedPolicy,
    decider,
  );
  expect(round.decisions).toEqual([]);
  expect(round.ignored).toMatchObject([{ what: 'host here' }]);
});

test('a monitor that reports far more demand than its host has executions is not believed', () => {
  const round = (demand: number) =>
    decideRound(inputs({ here: report('here', { demand }), candidates: [idle] }), weightedPolicy, decider);
  expect(movesOf(round(32)).length).toBeGreaterThan(0);
  expect(round(33)).toMatchObject({
    decisions: [],
    ignored: [{ what: 'host here', reason: 'demand 33, of executions that could make at most 32' }],
  });
});

test('an availability of more than one does not make a host better: scores are computed, not reported', () => {
  const boasting = { ...report('t', { demand: 5 }), availability: 7 };
  expect(moves([boasting, spare])).toEqual(moves([report('t', { demand: 5 }), spare]));
});

test('a host that reports no demand while room is reserved on it counts as what is reserved', () => {
  expect(moves([report('t', { reserved: 3 }), spare])[0]).toBe('a to u');
  expect(moves([report('t', { reserved: 0 }), spare])[0]).toBe('a to t');
});

test('of two reports of one host the worse counts, in either order', () => {
  const lies = report('t');
  for (const honest of [
    report('t', { demand: 6 }),
    report('t', { accepting: false }),
    { ...report('t'), strain: { ...unstrained, ioStallRatio: 0.9 } },
  ]) {
    expect(moves([lies, honest, spare])).toEqual(moves([honest, spare]));
    expect(moves([honest, lies, spare])).toEqual(moves([honest, spare]));
  }
  expect(moves([lies, report('t', { demand: NaN }), spare])).toEqual(moves([lies, spare]));
});

test.each([NaN, -1, 1.5, Infinity, -Infinity])('a strain of %d is as if nothing had been measured', (lie) => {
  const strain = {
    cpuStolenRatio: lie,
    memoryStallRatio: lie,
    ioStallRatio: lie,
    networkUsage: lie,
    eventLoopDelayMs: lie === 1.5 ? NaN : lie,
  };
  for (const policy of policies)
    expect(moves([{ ...idle, strain }, spare], policy)).toEqual(moves([idle, spare], policy));
});

const impossibleExecutions: readonly (readonly [string, Partial<EstimatedExecution>])[] = [
  ['demand that is no number', { demand: NaN }],
  ['demand of 40', { demand: 40 }],
  ['negative demand', { demand: -1 }],
  ['a negative share of memory', { memoryShare: -0.5 }],
  ['three times the memory', { memoryShare: 3 }],
  ['a cost of 9', { executionCost: 9 }],
  ['an affinity that is no number', { affinity: { ...anywhere, matching: NaN } }],
  ['a snapshot of negative size', { snapshotBytes: -1 }],
  ['work that is no number', { remaining: { lowMs: 0, medianMs: NaN, highMs: 0, source: 'age' } }],
  ['a last move at no time', { movedAtMs: NaN }],
];

test.each(impossibleExecutions)(
  'an execution with %s stays, and the others go as if it were not there',
  (_, lie) => {
    for (const policy of policies) {
      const others = [execution('b'), execution('c')];
      const round = (executions: readonly EstimatedExecution[]) =>
        decideRound(inputs({ executions, candidates: [idle] }), policy, decider);
      expect(movesOf(round([execution('a', lie), ...others]))).toEqual(movesOf(round(others)));
      expect(round([execution('a', lie), ...others]).ignored).toMatchObject([{ what: 'execution a' }]);
    }
  },
);

test('an execution that is listed twice is asked to move once', () => {
  const twice = [execution('a'), execution('a')];
  const round = decideRound(
    inputs({ executions: twice, candidates: [idle, spare] }),
    weightedPolicy,
    decider,
  );
  expect(movesOf(round)).toEqual(['a to t']);
});

test('a clock far ahead does not hold an execution for ever, one a little ahead counts as now', () => {
  const round = (movedAtMs: number) =>
    movesOf(
      decideRound(
        inputs({ executions: [execution('a', { movedAtMs })], candidates: [idle] }),
        weightedPolicy,
        decider,
      ),
    );
  expect(round(1_000_000 + 3_600_000)).toEqual(['a to t']);
  expect(round(1_000_000 + 50)).toEqual([]);
});

test('a move that was asked for stays asked for, whatever is said about its size', () => {
  const outstanding = [
    { executionId: executionId('a'), targetHost: hostName('t'), demand: NaN, memoryShare: -1 },
  ];
  const { decisions } = decideRound(inputs({ outstanding, candidates: [idle] }), weightedPolicy, decider);
  expect(decisions.map(({ methodExecution }) => methodExecution.executionId)).not.toContain('a');
});

test('move costs that are no numbers are forgotten', () => {
  const spoilt = { ...moveCostPrior, basePauseMs: NaN };
  expect(soundInputs(inputs({ moveCosts: spoilt })).inputs?.moveCosts).toEqual(moveCostPrior);
});

test('a host that says it is idle and vast, and is neither, draws no more than its budget', () => {
  const limit = { movesMax: 3, windowMs: 60_000 };
  const policy = { ...weightedPolicy, churn: { ...weightedPolicy.churn, host: limit } };
  const liar = { ...calmHost('h2'), cpuShare: 4096 };
  const names = Array.from({ length: 12 }, (_, index) => `x-${index}`);
  const world = new World(
    [calmHost('h1'), liar, calmHost('h3')],
    names.map((name) => execution(name, { currentHost: hostName('h1') })),
    policy,
  );
  for (let second = 0; second < 55; second += 1) world.round(0);
  expect(world.moves.filter(({ to }) => to === 'h2')).toHaveLength(3);
});

test('nothing that can be reported breaks a decision, and no target is ever beyond its memory', () => {
  const anything = fc.oneof(fc.double(), fc.constantFrom(0, -0, 1, NaN, Infinity, -Infinity, 1e308, 5e-324));
  const hosts = fc.array(
    fc.record({
      name: fc.constantFrom('here', 't', 'u', 'v'),
      cpuShare: anything,
      demand: anything,
      reserved: anything,
      memoryUsage: anything,
      strain: anything,
    }),
    { maxLength: 5 },
  );
  const executions = fc.array(
    fc.record({ demand: anything, memoryShare: anything, movedAtMs: anything, medianMs: anything }),
    { maxLength: 5 },
  );
  fc.assert(
    fc.property(hosts, executions, fc.constantFrom(...policies), anything, (shapes, movers, policy, here) => {
      const reports = shapes.map(({ name, memoryUsage, strain, ...figures }) => ({
        ...report(name, { ...figures, resource: { memoryUsage } }),
        strain: { ...unstrained, ioStallRatio: strain, eventLoopDelayMs: strain },
      }));
      const round = decideRound(
        inputs({
          here: report('here', { demand: here }),
          executions: movers.map(({ medianMs, ...more }, index) =>
            execution(`x-${index}`, {
              ...more,
              remaining: { lowMs: 0, medianMs, highMs: 0, source: 'age' },
            }),
          ),
          candidates: reports,
        }),
        policy,
        decider,
      );
      for (const { candidates, gain } of round.decisions) {
        expect(Number.isFinite(gain)).toBe(true);
        expect(candidates[0]?.load.memoryUsage).toBeLessThanOrEqual(0.8);
      }
    }),
    { numRuns: 500, seed: 417 },
  );
});
