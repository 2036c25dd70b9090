import { expect, test } from 'vitest';
import { expectedCost, learnFailure, learnMove, moveCostPrior } from '../../src/placement/move-cost.ts';

/** A cluster whose moves take 8 ms and 40 kB/ms, and whose captures shrink to 0.7 on the way. */
function measured(snapshotBytes: number, noise: number): { pauseMs: number; bytes: number } {
  const bytes = 0.7 * snapshotBytes;
  return { bytes, pauseMs: (8 + bytes / 40_000) * (1 + noise) };
}

function learnt(noises: readonly number[]): typeof moveCostPrior {
  return noises.reduce((model, noise, index) => {
    const snapshotBytes = 10_000 * 2 ** (index % 10);
    return learnMove(model, snapshotBytes, measured(snapshotBytes, noise));
  }, moveCostPrior);
}

const noises = Array.from({ length: 60 }, (_, index) => 0.1 * Math.sin(index * 2.399));

test('a model comes to expect what is measured', () => {
  const model = learnt(noises);
  for (const snapshotBytes of [50_000, 1_000_000, 5_000_000]) {
    const { pauseMs, bytes } = measured(snapshotBytes, 0);
    expect(expectedCost(model, snapshotBytes).bytes / bytes).toBeCloseTo(1, 6);
    expect(Math.abs(expectedCost(model, snapshotBytes).pauseMs / pauseMs - 1)).toBeLessThan(0.1);
  }
  expect(model.pauseErrorRatio).toBeLessThan(0.15);
});

test('one wild measurement in five changes little', () => {
  const model = learnt(noises.map((noise, index) => (index % 5 === 0 ? 300 : noise)));
  const { pauseMs } = measured(1_000_000, 0);
  expect(Math.abs(expectedCost(model, 1_000_000).pauseMs / pauseMs - 1)).toBeLessThan(0.25);
});

test('moves of one size show a base and leave the rate as it was', () => {
  let model = moveCostPrior;
  for (let count = 0; count < 10; count += 1)
    model = learnMove(model, 100_000, { bytes: 100_000, pauseMs: 71 });
  expect(model.bytesPerMs).toBe(moveCostPrior.bytesPerMs);
  expect(expectedCost(model, 100_000).pauseMs).toBeCloseTo(71);
});

test('four moves do not make a model yet, and it remembers no more than sixty-four', () => {
  const four = learnt(noises.slice(0, 4));
  expect(four).toMatchObject({ basePauseMs: 20, bytesPerMs: 100_000, bytesRatio: 1 });
  expect(learnt([...noises, ...noises]).moves).toHaveLength(64);
});

test.each([
  [{ pauseMs: NaN, bytes: 10 }, 10],
  [{ pauseMs: -5, bytes: 10 }, 10],
  [{ pauseMs: 5, bytes: -10 }, 10],
  [{ pauseMs: Infinity, bytes: 10 }, 10],
  [{ pauseMs: 5, bytes: 2 ** 41 }, 10],
  [{ pauseMs: 5, bytes: 10 }, NaN],
])('a measurement that cannot be, %o, teaches nothing', (lie, snapshotBytes) => {
  expect(learnMove(moveCostPrior, snapshotBytes, lie)).toBe(moveCostPrior);
});

test('moves that fail raise the risk, moves that succeed lower it', () => {
  let model = moveCostPrior;
  for (let count = 0; count < 100; count += 1) model = learnFailure(model);
  expect(model.failureRatio).toBeGreaterThan(0.99);
  for (let count = 0; count < 200; count += 1) model = learnMove(model, 10, { pauseMs: 1, bytes: 10 });
  expect(model.failureRatio).toBeLessThan(0.001);
});
