import { expect, test } from 'vitest';
import { StoreClock } from '../../src/actors/store-clock.ts';

// Promise 6 of docs/semantics.md.

test('an answer that was taken up late does not set the clock back', () => {
  const clock = new StoreClock();
  expect(clock.answered(5_000.5, 1_000, 1_001)).toBe(3_999.5);
  // The thread was stuck for 900 ms: by this answer the store would be 900 ms behind what it shows.
  expect(clock.answered(5_300.5, 1_300, 2_200)).toBe(null);
  expect(clock.answered(6_500.5, 2_500, 2_501)).toBe(3_999.5);
});

test('the first answer is better than none, and what is known becomes less sure by drift', () => {
  const clock = new StoreClock();
  expect(clock.answered(5_000, 1_000, 1_400)).toBe(3_600);
  expect(clock.answered(5_400, 1_401, 1_402)).toBe(3_998);
  // A round trip of 100 ms is as sure as a clock that drifted for half a second; one of 150 ms is not.
  expect(clock.answered(5_800, 1_800, 1_950)).toBe(null);
  expect(clock.answered(5_900, 1_900, 1_999)).not.toBe(null);
});
