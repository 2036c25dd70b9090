import { describe, expect, test } from 'vitest';
import type { Learned, LearnedFit, Lesson } from '../../../src/forecasting/learned/contract.ts';
import { defaultLearning, learn } from '../../../src/forecasting/learned/learning.ts';
import { learnedModel } from '../../../src/forecasting/learned/model.ts';
import { decodeWeights, encodeWeights } from '../../../src/forecasting/learned/weights.ts';
import { shippedWeights } from '../../../src/models/learned.ts';
import { SeededRandom } from '../../../src/simulator/random.ts';
import { noise, served } from './traces.ts';

const shipped = shippedWeights();
const options = { ...defaultLearning, treesMax: 20, addedTreesMax: 40, examplesMax: 6_000 };

/** Clusters whose load follows their arrivals by three steps. */
const lessons: readonly Lesson[] = [1, 2, 3].map((seed) => {
  const { load, arrivals } = served(seed, 1_500);
  return { history: load, arrivals };
});

const teach = (): Learned => learn(shipped, lessons, options, new SeededRandom(1));
const taught = teach();

function weightsOf(learned: Learned) {
  if (learned.kind === 'kept') throw new Error(`Nothing was learned: ${learned.reason}.`);
  return learned.weights;
}

describe('a rule that the shipped model does not know', () => {
  test('is learned, and helps with a series that was not in the lessons', () => {
    const weights = weightsOf(taught);
    const { load, arrivals } = served(9, 1_200);
    const history = { ...load, values: load.values.slice(0, 900) };
    const errorOf = (fit: LearnedFit | null, rates: Float64Array): number => {
      if (fit === null) throw new Error('The series was too short.');
      let sum = 0;
      for (let at = 900; at < 1_190; at += 1) {
        const [, , third = 0] = fit.forecast(3);
        sum += Math.abs(third - (load.values[at + 2] ?? 0));
        fit.observeWithArrivals(load.values[at] ?? 0, rates[at] ?? 0);
      }
      return sum / 290;
    };
    const before = errorOf(learnedModel(shipped).fitWithArrivals(history, arrivals), arrivals);
    // Already the regression of the series itself uses them.
    const unknown = arrivals.map(() => NaN);
    const without = errorOf(learnedModel(shipped).fitWithArrivals(history, unknown), unknown);
    expect(before).toBeLessThan(0.8 * without);
    const after = errorOf(learnedModel(weights).fitWithArrivals(history, arrivals), arrivals);
    expect(after).toBeLessThan(0.85 * before);
    // Without arrivals, there is nothing to see it by, and nothing is lost.
    expect(weights.trained).toBe(shipped.trained);
  });

  test('is judged on what was held back', () => {
    if (taught.kind === 'kept') throw new Error(taught.reason);
    expect(taught.errorAfter).toBeLessThan((1 - options.gainMin) * taught.errorBefore);
  });

  test('is learned alike from the same chance', () => {
    const [once, again] = [taught, teach()].map((learned) => encodeWeights(weightsOf(learned)));
    expect(Buffer.compare(once ?? Buffer.of(1), again ?? Buffer.of(2))).toBe(0);
  });
});

test('the added trees stay within their bound, however often lessons are given', () => {
  let weights = shipped;
  for (let round = 1; round <= 5; round += 1) {
    const learned = learn(weights, lessons, { ...options, gainMin: -1 }, new SeededRandom(round));
    weights = weightsOf(learned);
    expect(weights.added.roots.length).toBeLessThanOrEqual(options.addedTreesMax);
    expect(weights.added.roots.length).toBeGreaterThan(0);
  }
});

test('what has nothing more to teach is not learned again and again', () => {
  const same: readonly Lesson[] = [1, 2, 3].map((seed) => ({ history: noise(seed, 1_500), arrivals: null }));
  let weights = shipped;
  const rounds = 6;
  let round = 1;
  for (; round <= rounds; round += 1) {
    const learned = learn(weights, same, options, new SeededRandom(round));
    if (learned.kind === 'kept') break;
    weights = learned.weights;
  }
  expect(round).toBeLessThanOrEqual(rounds);
});

test('a past that contradicts the present is not learned: the newest part decides', () => {
  // What was held back no longer follows the arrivals.
  const changed: readonly Lesson[] = lessons.map(({ history, arrivals }, index) => {
    const values = history.values.slice();
    values.set(noise(20 + index, 375).values, 1_125);
    return { history: { ...history, values }, arrivals };
  });
  expect(learn(shipped, changed, options, new SeededRandom(1)).kind).toBe('kept');
});

test.each([
  ['no series', []],
  ['short ones', [{ history: noise(1, 40), arrivals: null }]],
  [
    'constant ones',
    [{ history: { ...noise(1, 900), values: new Float64Array(900).fill(4) }, arrivals: null }],
  ],
])('%s are too little to learn from', (_what, few: readonly Lesson[]) => {
  expect(learn(shipped, few, options, new SeededRandom(1))).toEqual({
    kind: 'kept',
    reason: 'tooLittleHistory',
  });
});

test('values that are none, and arrivals that are none, teach nothing wrong', () => {
  const holed: readonly Lesson[] = lessons.map(({ history, arrivals }) => ({
    history: { ...history, values: history.values.map((value, at) => (at % 50 < 5 ? NaN : value)) },
    arrivals: arrivals?.map((rate, at) => (at % 70 < 9 ? Infinity : rate)) ?? null,
  }));
  const learned = learn(shipped, holed, { ...options, gainMin: -1 }, new SeededRandom(1));
  // Decoding refuses weights that are not finite.
  expect(decodeWeights(encodeWeights(weightsOf(learned))).added.roots.length).toBe(options.treesMax);
});
