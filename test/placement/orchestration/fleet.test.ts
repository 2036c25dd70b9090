import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Fleet } from '../../../src/placement/orchestration/fleet.ts';
import { layEdges } from '../../../src/placement/orchestration/fleet-traffic.ts';
import { Heap } from '../../../src/placement/orchestration/heap.ts';
import {
  momentsOf,
  normalQuantile,
  normalTail,
  skewedExcess,
  skewedTail,
} from '../../../src/placement/orchestration/overload-risk.ts';
import { planFleet, pointsOf } from '../../../src/placement/orchestration/planner.ts';
import { orchestrationPolicy } from '../../../src/placement/orchestration/policy.ts';
import { swap, swapGain } from '../../../src/placement/orchestration/relief.ts';
import { Round } from '../../../src/placement/orchestration/round.ts';

function fleetOf(sites: number, components: number, chance: () => number): Fleet {
  const fleet = new Fleet({ sites, components, racks: 1, resources: ['cpu', 'memory'], steps: 2 });
  for (let at = 0; at < sites; at += 1) {
    fleet.capacity.set([4, 16], 2 * at);
    fleet.powerOf[at] = { kind: 'linear', idleW: 100, peakW: 200 };
  }
  for (let i = 0; i < components; i += 1) {
    fleet.siteOf[i] = Math.floor(chance() * sites);
    for (let cell = 0; cell < fleet.cells; cell += 1) {
      fleet.mean[i * fleet.cells + cell] = chance();
      fleet.deviation[i * fleet.cells + cell] = 0.2 * chance();
    }
    fleet.skewness[i] = 2 * chance();
  }
  fleet.refresh();
  return fleet;
}

function chanceFrom(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 16_807) % 2_147_483_647) / 2_147_483_647;
}

test('sums and members that were kept are those that are computed anew', () => {
  const moves = fc.array(fc.record({ component: fc.nat(19), site: fc.integer({ min: -1, max: 3 }) }), {
    maxLength: 60,
  });
  fc.assert(
    fc.property(moves, (list) => {
      const kept = fleetOf(4, 20, chanceFrom(5));
      for (const { component, site } of list) kept.place(component, site);
      const anew = fleetOf(4, 20, chanceFrom(5));
      anew.siteOf.set(kept.siteOf);
      anew.refresh();
      expect([...kept.memberCount]).toEqual([...anew.memberCount]);
      for (let site = 0; site < 4; site += 1) {
        expect(kept.membersOf(site).toSorted((a, b) => a - b)).toEqual(anew.membersOf(site));
      }
      kept.sums.forEach((sum, at) => {
        expect(sum).toBeCloseTo(anew.sums[at] ?? Number.NaN, 9);
      });
    }),
    { numRuns: 100, seed: 2 },
  );
});

test('a large fleet is relieved too, where only a few targets are scored', () => {
  const fleet = fleetOf(400, 2_000, chanceFrom(9));
  const plan = planFleet(fleet, { ...orchestrationPolicy, movesMax: 2_000 });
  expect(plan.before.overload).toBeGreaterThan(20);
  expect(plan.after.overload).toBeLessThan(0.1 * plan.before.overload);
  const overload = planFleet(fleet, { ...orchestrationPolicy, movesMax: 0 }).before.overload;
  expect(overload).toBeCloseTo(plan.after.overload, 6);
});

test('a large fleet exchanges components where no single move fits', () => {
  const sites = 65;
  const fleet = new Fleet({ sites, components: 2 * sites, racks: 1, resources: ['cpu'], steps: 1 });
  fleet.capacity.fill(4);
  for (let site = 0; site < sites; site += 1) {
    fleet.siteOf.set([site, site], 2 * site);
    fleet.mean.set(site === 0 ? [2.5, 2] : [2, 1.5], 2 * site);
  }
  fleet.refresh();
  const plan = planFleet(fleet, orchestrationPolicy);
  expect(plan.before.overload).toBe(1);
  expect(plan.after.overload).toBe(0);
  expect(plan.moves).toHaveLength(2);
});

test('what an exchange is said to gain is by how much the fleet is better', () => {
  const policy = {
    ...orchestrationPolicy,
    capacityQuantile: 0,
    weights: { latency: 1, cost: 1, energy: 1, churn: 1 },
  };
  const talk = [
    { a: 0, b: 1, messagesPerSecond: 40, bytesPerSecond: 1e6 },
    { a: 0, b: 2, messagesPerSecond: 90, bytesPerSecond: 0 },
    { a: 1, b: 3, messagesPerSecond: 70, bytesPerSecond: 0 },
  ];
  for (const [a, b] of [
    [0, 1],
    [0, 2],
    [1, 3],
    [4, 9],
  ] as const) {
    const fleet = fleetOf(4, 20, chanceFrom(a + 10 * b + 1));
    fleet.siteOf[a] = 0;
    fleet.siteOf[b] = 1;
    fleet.waitMs.fill(0.3);
    layEdges(fleet, talk);
    fleet.refresh();
    const round = new Round(fleet, policy);
    const before = round.scorer.totals();
    const gain = swapGain(round, a, b);
    expect(swap(round, a, b)).toBe(true);
    const churn = round.scorer.churn(a) + round.scorer.churn(b);
    const after = round.scorer.totals();
    expect(gain).toBeCloseTo(pointsOf(before, policy) - pointsOf(after, policy) - churn, 5);
  }
});

test('with few moves to spend, the worst sites are relieved first', () => {
  const gain = (movesMax: number) => {
    const plan = planFleet(fleetOf(400, 2_000, chanceFrom(9)), { ...orchestrationPolicy, movesMax });
    expect(plan.moves.length).toBeLessThanOrEqual(movesMax);
    return plan.moves.reduce((sum, move) => sum + move.gain, 0);
  };
  expect(gain(20) / 20).toBeGreaterThan(1.5 * (gain(200) / 200));
});

test('planning goes on from round to round, and comes to rest', () => {
  const fleet = fleetOf(60, 300, chanceFrom(3));
  let moves = Infinity;
  for (let round = 0; round < 6 && moves > 0; round += 1) {
    fleet.refresh();
    moves = planFleet(fleet, orchestrationPolicy).moves.length;
  }
  expect(moves).toBe(0);
});

/** P(X > x) of a sum of k exponential variables of mean 1. */
function erlangTail(k: number, x: number): number {
  let term = Math.exp(-x);
  let sum = term;
  for (let i = 1; i < k; i += 1) sum += term *= x / i;
  return sum;
}

test.each([2, 4, 9, 25])('tails of skewed sums are close to the exact ones (%i exponential parts)', (k) => {
  for (const z of [-1, 0, 0.5, 1, 1.5, 2, 3]) {
    const exact = erlangTail(k, k + z * Math.sqrt(k));
    expect(Math.abs(skewedTail(z, 2 / Math.sqrt(k)) - exact)).toBeLessThan(0.01);
    // E[(X − x)+] of an Erlang sum: k P(X' > x) − x P(X > x), with one part more in X'.
    const x = k + z * Math.sqrt(k);
    const excess = (k * erlangTail(k + 1, x) - x * exact) / Math.sqrt(k);
    expect(Math.abs(skewedExcess(z, 2 / Math.sqrt(k)) - excess)).toBeLessThan(0.04);
  }
});

test('the normal tail and its inverse', () => {
  expect(normalTail(1.6448536)).toBeCloseTo(0.05, 6);
  expect(normalTail(-1)).toBeCloseTo(0.841345, 5);
  expect(normalQuantile(0.9)).toBeCloseTo(1.2816, 3);
  expect(normalQuantile(0.01)).toBeCloseTo(-2.3263, 3);
});

test('moments that go with quantiles', () => {
  expect(momentsOf(8.7184, 10, 11.2816, 0.9).deviation).toBeCloseTo(1, 2);
  expect(momentsOf(8.7184, 10, 11.2816, 0.9).skewness).toBeCloseTo(0, 3);
  const skewed = momentsOf(0.105, 0.693, 2.303, 0.9);
  expect(skewed.mean).toBeCloseTo(1, 0);
  expect(skewed.skewness).toBeGreaterThan(1);
  expect(momentsOf(5, 5, 5, 0.9)).toEqual({ mean: 5, deviation: 0, skewness: 0 });
});

test('a heap gives the largest first, and of equals the lowest number', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(9), { maxLength: 40 }), (keys) => {
      const heap = new Heap();
      keys.forEach((key, item) => heap.push(item, key));
      const given = keys.map(() => heap.pop());
      const sorted = keys.map((_, item) => item).sort((a, b) => (keys[b] ?? 0) - (keys[a] ?? 0) || a - b);
      expect(given).toEqual(sorted);
      expect(heap.pop()).toBe(-1);
    }),
    { numRuns: 100, seed: 4 },
  );
});
