import { expect, test } from 'vitest';
import { hostName } from '../../src/core/ids.ts';
import type { AffinityInputs, EstimatedExecution } from '../../src/placement/affinity-inputs.ts';
import { decideRound } from '../../src/placement/affinity-round.ts';
import { moveCostPrior } from '../../src/placement/move-cost.ts';
import { anywhere } from '../../src/placement/original-affinity.ts';
import type { PlacementPolicy } from '../../src/placement/placement-policy.ts';
import { utilityParameters, utilityPolicy, weightedPolicy } from '../../src/placement/placement-policy.ts';
import { decider, execution, inputs, movesOf, report } from './world.ts';

const work = (medianMs: number) =>
  ({ lowMs: medianMs / 2, medianMs, highMs: medianMs * 2, source: 'progress' }) as const;

function round(
  more: Partial<EstimatedExecution>,
  others: Partial<AffinityInputs> = {},
  policy: PlacementPolicy = utilityPolicy,
) {
  return decideRound(
    inputs({ executions: [execution('a', more)], candidates: [report('t')], ...others }),
    policy,
    decider,
  );
}

test('what it saves is the waiting of its remaining work, and what it costs is pause, bytes, energy and risk', () => {
  const moveCosts = { ...moveCostPrior, basePauseMs: 10, bytesPerMs: 1_000, failureRatio: 0.1 };
  const power = [
    { host: hostName('here'), wattsPerCore: 10 },
    { host: hostName('t'), wattsPerCore: 4 },
  ];
  const { records } = round({ remaining: work(8_000), uncheckpointedMs: 500 }, { moveCosts, power });
  // Four executions share a core here: 8 s of work take 32 s, and 8 s there.
  expect(records[0]?.expected.benefitMs).toBeCloseTo(24_000);
  expect(records[0]?.expected).toMatchObject({ pauseMs: 110, bytes: 100_000 });
  const { msPerJoule, joulesPerByte, msPerByte } = utilityParameters;
  const energyMs = msPerJoule * (joulesPerByte * 100_000 - 8 * 6);
  expect(records[0]?.alternatives[0]?.scores['costMs']).toBeCloseTo(
    110 + msPerByte * 100_000 + energyMs + 0.1 * (110 + 500),
  );
});

test('nearly finished work stays, under utility only', () => {
  const nearly = round({ remaining: work(15) });
  expect(nearly.stays).toMatchObject([{ executionId: 'a', because: 'cost' }]);
  expect(movesOf(round({ remaining: work(1_000) }))).toEqual(['a to t']);
  expect(movesOf(round({ remaining: work(15) }, {}, weightedPolicy))).toEqual(['a to t']);
});

test('what is too large to move for the work that is left stays', () => {
  const remaining = work(5_000);
  expect(movesOf(round({ remaining, snapshotBytes: 100_000_000 }))).toEqual(['a to t']);
  expect(movesOf(round({ remaining, snapshotBytes: 4_000_000_000 }))).toEqual([]);
});

test('the dearer moves turn out to be, the fewer are made', () => {
  const remaining = work(1_000);
  const moveCosts = { ...moveCostPrior, basePauseMs: 2_100 };
  expect(movesOf(round({ remaining }))).toEqual(['a to t']);
  expect(movesOf(round({ remaining }, { moveCosts }))).toEqual([]);
  expect(
    movesOf(
      round({ remaining, uncheckpointedMs: 60_000 }, { moveCosts: { ...moveCostPrior, failureRatio: 0.05 } }),
    ),
  ).toEqual([]);
});

test('energy can decide between hosts that are as fast', () => {
  const candidates = [report('t'), report('u')];
  const power = (there: number, other: number) => [
    { host: hostName('here'), wattsPerCore: 5 },
    { host: hostName('t'), wattsPerCore: there },
    { host: hostName('u'), wattsPerCore: other },
  ];
  expect(movesOf(round({}, { candidates, power: power(9, 4) }))).toEqual(['a to u']);
  expect(movesOf(round({}, { candidates, power: power(4, 9) }))).toEqual(['a to t']);
});

test('an original affinity of 0.8 counts as 0.8 of the speed, and a strong preference stays a pin', () => {
  const affinity = { ...anywhere, hosts: [hostName('here')], otherwise: 0.8 };
  const { records } = round({ affinity, remaining: work(8_000) });
  expect(records[0]?.expected.benefitMs).toBeCloseTo(32_000 - 10_000);
  expect(movesOf(round({ affinity: { ...affinity, otherwise: 0.5 } }))).toEqual([]);
});

test('what lies beyond the horizon is not counted', () => {
  const { records } = round({ remaining: work(1e12) });
  expect(records[0]?.expected.benefitMs).toBeCloseTo(utilityParameters.horizonMs * 0.75);
});
