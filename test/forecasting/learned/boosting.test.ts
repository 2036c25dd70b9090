import fc from 'fast-check';
import { expect, test } from 'vitest';
import { boost, type BoostingOptions, weightedQuantile } from '../../../src/forecasting/learned/boosting.ts';
import { addAnswers } from '../../../src/forecasting/learned/forest.ts';
import type { Rows } from '../../../src/forecasting/learned/rows.ts';
import { SeededRandom } from '../../../src/simulator/random.ts';

const options: BoostingOptions = {
  trees: 40,
  shrinkage: 0.3,
  rowShare: 0.7,
  quantile: 0.5,
  softness: 0.5,
  leavesMax: 8,
  leafRowsMin: 20,
  featureShare: 1,
  damping: 1,
};

/** Rows of three features of which the third says nothing. */
function rowsOf(
  count: number,
  seed: number,
  target: (first: number, second: number, noise: number) => number,
): Rows {
  const random = new SeededRandom(seed);
  const features = Float32Array.from({ length: 3 * count }, () => random.next());
  const targets = Float32Array.from({ length: count }, (_, row) =>
    target(features[3 * row] ?? 0, features[3 * row + 1] ?? 0, random.next()),
  );
  return { count, width: 3, features, targets, weights: new Float32Array(count).fill(1) };
}

function answersOf(rows: Rows, changed: Partial<BoostingOptions> = {}, seed = 1): Float64Array {
  const forest = boost(
    rows,
    new Float64Array(rows.count),
    { ...options, ...changed },
    new SeededRandom(seed),
    () => {},
  );
  const answers = new Float64Array(rows.count);
  addAnswers(forest, rows.features, rows.width, answers);
  return answers;
}

function meanError(rows: Rows, answers: Float64Array): number {
  return (
    answers.reduce((sum, answer, row) => sum + Math.abs(answer - (rows.targets[row] ?? 0)), 0) / rows.count
  );
}

test('trees find a rule of two features', () => {
  const rows = rowsOf(
    3_000,
    1,
    (first, second) => (first > 0.4 ? 10 : 0) + (first > 0.4 && second > 0.7 ? 5 : 0),
  );
  expect(meanError(rows, answersOf(rows))).toBeLessThan(0.1);
});

test('what is aimed at is the median: wild values in one place in five change nothing', () => {
  const wild = rowsOf(
    4_000,
    2,
    (first, _second, noise) => (first > 0.5 ? 1 : -1) + (noise < 0.2 ? 1_000 : 0),
  );
  const answers = answersOf(wild, { leavesMax: 4, leafRowsMin: 200 });
  const far = answers.filter(
    (answer, row) => Math.abs(answer - ((wild.features[3 * row] ?? 0) > 0.5 ? 1 : -1)) > 0.2,
  );
  // A row close to the edge between two bins may be on its wrong side.
  expect(far.length).toBeLessThan(80);
});

test.each([0.1, 0.5, 0.9])('at quantile %d, this share of the targets lies below', (quantile) => {
  const rows = rowsOf(4_000, 3, (first, _second, noise) => 10 * first + noise ** 2);
  const answers = answersOf(rows, { quantile, trees: 80 });
  const below = answers.filter((answer, row) => (rows.targets[row] ?? 0) <= answer).length / rows.count;
  expect(below).toBeGreaterThan(quantile - 0.04);
  expect(below).toBeLessThan(quantile + 0.04);
});

test('unknown values go to the side where they belong', () => {
  const rows = rowsOf(3_000, 4, (first) => (first > 0.5 ? 4 : 0));
  // Unknown where the target is large.
  for (let row = 0; row < rows.count; row += 1)
    if ((rows.targets[row] ?? 0) > 0) rows.features[3 * row] = NaN;
  expect(meanError(rows, answersOf(rows))).toBeLessThan(0.05);
});

test('rows of weight count, others hardly', () => {
  const rows = rowsOf(2_000, 5, (_first, _second, noise) => (noise < 0.5 ? 1 : 2));
  for (let row = 0; row < rows.count; row += 1) rows.weights[row] = rows.targets[row] === 2 ? 10 : 0.1;
  const answers = answersOf(rows);
  expect(Math.min(...answers)).toBeGreaterThan(1.9);
});

test('the same seed gives the same forest, another one another', () => {
  const rows = rowsOf(2_000, 6, (first, second, noise) => first * second + 0.1 * noise);
  expect(answersOf(rows, {}, 1)).toEqual(answersOf(rows, {}, 1));
  expect(answersOf(rows, {}, 1)).not.toEqual(answersOf(rows, {}, 2));
});

test('features without a difference, and no rows at all, are no harm', () => {
  const still = rowsOf(200, 7, () => 3);
  still.features.fill(NaN);
  expect(meanError(still, answersOf(still))).toBeLessThan(0.01);
  const none = rowsOf(0, 8, () => 0);
  expect(answersOf(none, { trees: 2 })).toEqual(new Float64Array(0));
});

test('the weighted quantile is the one that sorting finds', () => {
  const pair = fc.record({
    residual: fc.integer({ min: -5, max: 5 }),
    weight: fc.integer({ min: 1, max: 4 }),
  });
  fc.assert(
    fc.property(
      fc.array(pair, { minLength: 1, maxLength: 60 }),
      fc.constantFrom(0.1, 0.5, 0.9),
      (pairs, level) => {
        const residuals = Float64Array.from(pairs, ({ residual }) => residual);
        const weights = Float32Array.from(pairs, ({ weight }) => weight);
        const found = weightedQuantile(residuals, weights, Int32Array.from(pairs.keys()), level);
        const total = pairs.reduce((sum, { weight }) => sum + weight, 0);
        const upTo = (limit: number) =>
          pairs.reduce((sum, { residual, weight }) => sum + (residual <= limit ? weight : 0), 0);
        const sorted = pairs.map(({ residual }) => residual).toSorted((one, other) => one - other);
        expect(found).toBe(sorted.find((residual) => upTo(residual) >= level * total - 1e-9));
      },
    ),
  );
});
