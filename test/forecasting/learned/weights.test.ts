import { expect, test } from 'vitest';
import type { LearnedWeights } from '../../../src/forecasting/learned/contract.ts';
import { emptyForest } from '../../../src/forecasting/learned/forest.ts';
import { layout } from '../../../src/forecasting/learned/layout.ts';
import { decodeWeights, encodeWeights, WeightsError } from '../../../src/forecasting/learned/weights.ts';
import { SeededRandom } from '../../../src/simulator/random.ts';
import { draw, plant } from './plantation.ts';

function someWeights(seed: number): LearnedWeights {
  const random = new SeededRandom(seed);
  const forest = () => plant([draw(random, 8, 4), draw(random, 8, 4), draw(random, 8, 2)]);
  return { layout, trained: forest(), added: forest() };
}

test('weights come back from their bytes', () => {
  for (let seed = 1; seed <= 20; seed += 1) {
    const weights = someWeights(seed);
    expect(decodeWeights(encodeWeights(weights))).toEqual(weights);
  }
  const none: LearnedWeights = { layout, trained: emptyForest, added: emptyForest };
  expect(decodeWeights(encodeWeights(none))).toEqual(none);
});

test('bytes that were cut off anywhere, or go on, are refused', () => {
  const bytes = encodeWeights(someWeights(3));
  for (let length = 0; length < bytes.length; length += 1) {
    expect(() => decodeWeights(bytes.subarray(0, length))).toThrow(WeightsError);
  }
  expect(() => decodeWeights(Uint8Array.of(...bytes, 0))).toThrow('end 1 bytes before');
});

test('weights for other features are refused by name', () => {
  const other = encodeWeights({ ...someWeights(4), layout: '0:other' });
  expect(() => decodeWeights(other)).toThrow('for features 0:other');
});

test('damaged bytes are refused, or are weights on which every walk ends', () => {
  const bytes = encodeWeights(someWeights(5));
  const random = new SeededRandom(5);
  let refused = 0;
  for (let round = 0; round < 2_000; round += 1) {
    const damaged = bytes.slice();
    damaged[random.below(bytes.length)] = random.below(256);
    try {
      for (const { lefts } of forestsOf(decodeWeights(damaged))) {
        expect(lefts.every((left, node) => left === 0 || left > node)).toBe(true);
      }
    } catch (error) {
      expect(error).toBeInstanceOf(WeightsError);
      refused += 1;
    }
  }
  expect(refused).toBeGreaterThan(500);
});

const forestsOf = ({ trained, added }: LearnedWeights) => [trained, added];
