import { expect, test } from 'vitest';
import { SystemRandom } from '../src/random.ts';

test('SystemRandom: numbers in [0, 1), hexadecimal of the asked length, never the same twice', () => {
  const random = new SystemRandom();
  const numbers = Array.from({ length: 1_000 }, () => random.next());
  expect(numbers.every((one) => one >= 0 && one < 1)).toBe(true);
  expect(new Set(numbers).size).toBe(1_000);
  expect(random.hex(12)).toMatch(/^[0-9a-f]{24}$/);
  expect(random.hex(12)).not.toBe(random.hex(12));
});
