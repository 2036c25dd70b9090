import { expect, test } from 'vitest';
import { addAnswers, emptyForest, joined } from '../../../src/forecasting/learned/forest.ts';
import { SeededRandom } from '../../../src/simulator/random.ts';
import { draw, plant, walk } from './plantation.ts';

const width = 5;

function someRows(random: SeededRandom, count: number): Float32Array {
  return Float32Array.from({ length: count * width }, () => (random.next() < 0.2 ? NaN : random.next()));
}

test('a forest says what its trees say when they are walked one by one, unknown values included', () => {
  for (let seed = 1; seed <= 40; seed += 1) {
    const random = new SeededRandom(seed);
    const trees = Array.from({ length: 1 + random.below(6) }, () => draw(random, width, 5));
    const rows = someRows(random, 30);
    const answers = new Float64Array(30).fill(0.25);
    addAnswers(plant(trees), rows, width, answers);
    for (const [row, answer] of answers.entries()) {
      const features = rows.subarray(row * width, (row + 1) * width);
      const expected = trees.reduce((sum, tree) => sum + walk(tree, features), 0.25);
      expect(answer, `SEED=${seed}, row ${row}`).toBeCloseTo(expected, 12);
    }
  }
});

test('two forests joined say what both say', () => {
  const random = new SeededRandom(7);
  const first = plant([draw(random, width, 4), draw(random, width, 3)]);
  const second = plant([draw(random, width, 4), draw(random, width, 0)]);
  const rows = someRows(random, 50);
  const apart = new Float64Array(50);
  addAnswers(first, rows, width, apart);
  addAnswers(second, rows, width, apart);
  for (const both of [joined(first, second), joined(emptyForest, joined(first, second))]) {
    const together = new Float64Array(50);
    addAnswers(both, rows, width, together);
    expect(together).toEqual(apart);
  }
});
