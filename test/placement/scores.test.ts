import fc from 'fast-check';
import { expect, test } from 'vitest';
import { hostName, rackName } from '../../src/core/ids.ts';
import { affinityPolicy, dynamicAffinity } from '../../src/placement/affinity.ts';
import {
  availability,
  bottleneck,
  cpuAvailability,
  cpuDelivered,
  unstrained,
} from '../../src/placement/availability.ts';
import { executionCost } from '../../src/placement/execution-cost.ts';
import { anywhere, originalAffinity } from '../../src/placement/original-affinity.ts';

test.each([
  [0.5, 0, 1],
  [0.5, 0.5, 1],
  [0.5, 1, 0.5],
  [0.5, 12, 0.5 / 12],
  [4, 3, 1],
  [4, 16, 0.25],
])('a CPU share of %d with demand %d is available to %d', (cpuShare, demand, expected) => {
  expect(cpuAvailability(cpuShare, demand)).toBeCloseTo(expected);
});

test.each([
  [0.5, 1, 0, 0.5, 'cpu'],
  [4, 1, 0.8, 1, 'cpu'],
  [4, 1, 0.9, 0.5, 'memory'],
  [0.5, 2, 0.9, 0.25, 'cpu'],
  [4, 0, 1, 0, 'memory'],
] as const)(
  'share %d, demand %d, memory %d: availability %d, for want of %s',
  (cpuShare, demand, memoryUsage, score, scarce) => {
    expect(availability({ cpuShare, demand, memoryUsage })).toBeCloseTo(score);
    expect(bottleneck({ cpuShare, demand, memoryUsage })).toBe(scarce);
  },
);

test('on a host of affinity 1, an execution looks around when availability falls below a third', () => {
  const at = (resourceAvailability: number) =>
    dynamicAffinity({ originalAffinity: 1, resourceAvailability, executionCost: 0 }, affinityPolicy.weights);
  expect(at(0.34)).toBeGreaterThan(affinityPolicy.threshold);
  expect(at(0.33)).toBeLessThan(affinityPolicy.threshold);
  expect(at(0)).toBeCloseTo(0.6);
});

test('all scores stay within [0, 1]', () => {
  const share = fc.double({ min: 0, max: 1, noNaN: true });
  const amount = fc.double({ min: 0, max: 1e15, noNaN: true });
  fc.assert(
    fc.property(
      share,
      share,
      amount,
      amount,
      amount,
      (affinity, memoryUsage, demand, cpuMs, snapshotBytes) => {
        const parts = {
          originalAffinity: affinity,
          resourceAvailability: availability({ cpuShare: 0.5, demand, memoryUsage }),
          executionCost: executionCost({ cpuMs, snapshotBytes }),
        };
        for (const score of [...Object.values(parts), dynamicAffinity(parts, affinityPolicy.weights)]) {
          expect(score).toBeGreaterThanOrEqual(0);
          expect(score).toBeLessThanOrEqual(1 + 1e-12);
        }
      },
    ),
  );
});

test('what a CPU delivers is the integral of its availability', () => {
  let sum = 0;
  for (let demand = 0.2; demand < 5; demand += 0.001) sum += 0.001 * cpuAvailability(1.5, demand + 0.0005);
  expect(cpuDelivered(1.5, 0.2, 5)).toBeCloseTo(sum, 4);
});

test('cost grows with footprint and work, half of each at its constant', () => {
  expect(executionCost({ cpuMs: 0, snapshotBytes: 0 })).toBe(0);
  expect(executionCost({ cpuMs: 0, snapshotBytes: 8 * 1024 * 1024 })).toBeCloseTo(0.375);
  expect(executionCost({ cpuMs: 60_000, snapshotBytes: 0 })).toBeCloseTo(0.125);
  expect(executionCost({ cpuMs: 1e12, snapshotBytes: 1e15 })).toBeCloseTo(1);
});

test.each([
  [{}, 1],
  [{ hosts: ['h1'] }, 0.9],
  [{ hosts: ['h2', 'h1'] }, 0.9],
  [{ hosts: ['h2'] }, 0.4],
  [{ racks: ['r1'], labels: ['gpu', 'ssd'] }, 0.9],
  [{ racks: ['r1'], labels: ['gpu', 'tape'] }, 0.4],
  [{ racks: ['r2'], hosts: ['h1'] }, 0.4],
])('declared %o, a host with that name, rack and labels has affinity %d', (asked, expected) => {
  const declared =
    Object.keys(asked).length === 0 ? anywhere : { ...anywhere, matching: 0.9, otherwise: 0.4 };
  const {
    hosts = [],
    racks = [],
    labels = [],
  } = asked as {
    hosts?: string[];
    racks?: string[];
    labels?: string[];
  };
  const place = { host: hostName('h1'), rack: rackName('r1'), labels: ['ssd', 'gpu'] };
  expect(
    originalAffinity({ ...declared, hosts: hosts.map(hostName), racks: racks.map(rackName), labels }, place),
  ).toBe(expected);
});

test.each([
  ['cpu', { cpuStolenRatio: 0.9 }, 0.1],
  ['memory', { memoryStallRatio: 0.7 }, 0.3],
  ['io', { ioStallRatio: 0.6 }, 0.4],
  ['network', { networkUsage: 0.9 }, 0.5],
  ['network', { networkUsage: 1 }, 0],
  ['eventLoop', { eventLoopDelayMs: 200 }, 0.25],
  ['cpu', { networkUsage: 0.8, eventLoopDelayMs: 50 }, 1],
] as const)('for want of %s, strain %o leaves an idle core available to %d', (scarce, more, score) => {
  const load = { cpuShare: 1, demand: 1, memoryUsage: 0.5 };
  const strain = { ...unstrained, ...more };
  expect(availability(load, strain)).toBeCloseTo(score);
  expect(bottleneck(load, strain)).toBe(scarce);
});

test('what a strained CPU delivers is the integral of its limited availability', () => {
  for (const limit of [1, 0.6, 0.05]) {
    let sum = 0;
    for (let demand = 0.2; demand < 5; demand += 0.001)
      sum += 0.001 * Math.min(limit, cpuAvailability(1.5, demand + 0.0005));
    expect(cpuDelivered(1.5, 0.2, 5, limit)).toBeCloseTo(sum, 4);
  }
  expect(cpuDelivered(1.5, 0.2, 5, 0)).toBe(0);
});
