import fc from 'fast-check';
import { expect, test } from 'vitest';
import { hostName } from '../../src/core/ids.ts';
import { affinityPolicy, preferenceMax, preferenceMaxBetween } from '../../src/placement/affinity.ts';
import { scoresOf } from './choosing.ts';
import { anywhere } from '../../src/placement/original-affinity.ts';
import type { FleetExecution } from './fleet.ts';
import { equalHosts, executionsOn, Fleet } from './fleet.ts';

const runs = { numRuns: Number(process.env['RUNS'] ?? 300), seed: Number(process.env['SEED'] ?? 417) };

/** Lets a fleet decide until nothing has moved for longer than a cool-down. @returns whether it came to rest */
function settle(fleet: Fleet, roundsMax: number, turns: readonly number[]): boolean {
  let calm = 0;
  for (let round = 0; round < roundsMax; round += 1) {
    const before = fleet.moves.length;
    fleet.round(turns[round % turns.length] ?? 0);
    calm = fleet.moves.length === before ? calm + 1 : 0;
    if (calm > 12) return true;
  }
  return false;
}

const hosts = fc.array(
  fc.record({
    cpuShare: fc.constantFrom(0.25, 0.5, 1, 2),
    baseMemory: fc.double({ min: 0, max: 0.95, noNaN: true }),
  }),
  { minLength: 2, maxLength: 5 },
);
const executions = fc.array(
  fc.record({
    demand: fc.double({ min: 0, max: 1, noNaN: true }),
    memoryShare: fc.double({ min: 0, max: 0.1, noNaN: true }),
    home: fc.nat(4),
    preferred: fc.array(fc.nat(4), { maxLength: 2 }),
    otherwise: fc.double({ min: 0, max: 1, noNaN: true }),
  }),
  { maxLength: 16 },
);

test('under any constant load the moves end, and none comes within the cool-down of the last', () => {
  fc.assert(
    fc.property(
      hosts,
      executions,
      fc.array(fc.nat(4), { minLength: 1, maxLength: 7 }),
      (hostShapes, shapes, turns) => {
        const names = hostShapes.map((_, index) => `h${index + 1}`);
        const name = (index: number) => names[index % names.length] as string;
        const fleet = new Fleet(
          hostShapes.map((shape, index) => ({ ...shape, name: name(index) })),
          shapes.map(({ demand, memoryShare, home, preferred, otherwise }, index): FleetExecution => ({
            name: `x-${index}`,
            demand,
            memoryShare,
            affinity: { ...anywhere, hosts: preferred.map((at) => hostName(name(at))), otherwise },
            host: name(home),
            movedAtMs: null,
          })),
          affinityPolicy,
        );
        expect(settle(fleet, 2_000, turns), 'comes to rest').toBe(true);
        const last = new Map<string, number>();
        for (const { execution, atMs } of fleet.moves) {
          expect(atMs - (last.get(execution) ?? -Infinity)).toBeGreaterThanOrEqual(affinityPolicy.coolDownMs);
          last.set(execution, atMs);
        }
      },
    ),
    runs,
  );
});

test('sleeping executions never cause a move', () => {
  const fleet = new Fleet(equalHosts(4, 0.5), executionsOn('h1', 12, 0, 0.98), affinityPolicy);
  for (let second = 0; second < 60; second += 1) fleet.round();
  expect(fleet.moves).toEqual([]);
});

test('a sleeping execution on a busy host stays: it would relieve nothing', () => {
  const sleeping = { ...(executionsOn('h1', 1, 0, 1)[0] as FleetExecution), name: 'x-asleep' };
  const fleet = new Fleet(equalHosts(4, 0.5), [...executionsOn('h1', 12, 1, 1), sleeping], affinityPolicy);
  settle(fleet, 100, [0]);
  expect(fleet.moves.length).toBeGreaterThan(0);
  expect(fleet.moves.map((move) => move.execution)).not.toContain('x-asleep');
});

test.each([1, 0.99, 0.98])(
  'busy executions that prefer one of four equal hosts, others at %d, spread',
  (otherwise) => {
    const fleet = new Fleet(equalHosts(4, 0.5), executionsOn('h1', 12, 1, otherwise), affinityPolicy);
    expect(settle(fleet, 100, [0, 1, 2, 3])).toBe(true);
    for (const host of ['h1', 'h2', 'h3', 'h4']) {
      expect(Math.abs(fleet.count(host) - 3), host).toBeLessThanOrEqual(2);
    }
  },
);

test('a preference stronger than any load could outweigh holds, and its limit is known', () => {
  const limit = preferenceMax(affinityPolicy, 0.5);
  const moved = (otherwise: number) => {
    const fleet = new Fleet(equalHosts(4, 0.5), executionsOn('h1', 1_000, 1, otherwise), affinityPolicy);
    fleet.round();
    return fleet.moves.length > 0;
  };
  expect(limit).toBeCloseTo((0.3 * 0.5 - 0.01) / 0.6);
  expect(moved(1 - limit - 0.005)).toBe(false);
  expect(moved(1 - limit + 0.005)).toBe(true);
});

test('what a stronger preference leaves uneven is known beforehand', () => {
  const between = preferenceMaxBetween(affinityPolicy, 0.5, 6, 2);
  expect(between).toBeCloseTo(0.025);
  const spread = (otherwise: number) => {
    const fleet = new Fleet(equalHosts(4, 0.5), executionsOn('h1', 12, 1, otherwise), affinityPolicy);
    settle(fleet, 100, [0]);
    return fleet.count('h1');
  };
  expect(spread(1 - between - 0.002)).toBe(6);
  expect(spread(1 - between + 0.002)).toBe(5);
});

test('an idle host is not stampeded: what is reserved and outstanding counts', () => {
  const fleet = new Fleet(
    equalHosts(2, 0.5),
    executionsOn('h1', 12, 1, 1),
    { ...affinityPolicy, movesPerRoundMax: 50 },
    60_000,
  );
  for (let second = 0; second < 50; second += 1) fleet.round();
  // The sixth would gain 0.0036, less than the hysteresis.
  expect(fleet.moves).toHaveLength(5);
});

test('a round, with what is outstanding, asks for no more than the budget', () => {
  const fleet = new Fleet(
    equalHosts(4, 0.5),
    executionsOn('h1', 12, 1, 1),
    { ...affinityPolicy, movesPerRoundMax: 2 },
    2_500,
  );
  fleet.round();
  expect(fleet.moves).toHaveLength(2);
  fleet.round();
  expect(fleet.moves).toHaveLength(2);
});

test('a host short of memory sheds, only to hosts that keep some', () => {
  const shapes = equalHosts(3, 2).map((host, index) => ({
    ...host,
    baseMemory: [0.86, 0.79, 0.3][index] as number,
  }));
  const heavy = executionsOn('h1', 6, 0.1, 1).map((one) => ({ ...one, memoryShare: 0.02 }));
  const fleet = new Fleet(shapes, heavy, { ...affinityPolicy, threshold: 0.8 });
  expect(settle(fleet, 200, [0])).toBe(true);
  expect(fleet.count('h1')).toBeLessThan(6);
  expect(fleet.count('h2')).toBe(0);
  expect(fleet.moves[0]?.decision.text).toMatch(/^memory is 98 % full: /);
});

test('a decision shows what it was made from', () => {
  const fleet = new Fleet(equalHosts(2, 0.5), executionsOn('h1', 4, 1, 0.98), affinityPolicy);
  fleet.round();
  const decision = fleet.moves[0]?.decision;
  expect(decision).toMatchObject({
    methodExecution: { executionId: 'x-1', methodId: 'work.ts#work', currentHost: 'h1', originalAffinity: 1 },
    targetHost: 'h2',
    here: { originalAffinity: 1, resourceAvailability: 0.125 },
    candidates: [{ host: 'h2', originalAffinity: 0.98, resourceAvailability: 0.5 }],
    text: '4 executions want 0.5 cores: dynamic affinity 0.643 at h1 is below 0.7, 0.743 at h2 with it there',
  });
  expect(decision && scoresOf(decision)).toMatchObject({
    gain: expect.closeTo(0.1005) as number,
    'here.dynamicAffinity': expect.closeTo(0.6425) as number,
    'h2.dynamicAffinity': expect.closeTo(0.743) as number,
  });
});
