import { expect, test } from 'vitest';
import type { Instant } from '../../src/actors/store-clock.ts';
import { StoreClock } from '../../src/actors/store-clock.ts';

// Promise 6 of docs/semantics.md.

/** A machine that has slept for `asleepMs` since it was started. */
function awake(monotonicMs: number, asleepMs = 0): Instant {
  return { monotonicMs, bootMs: 70_000 + monotonicMs + asleepMs };
}

test('an answer that was taken up late does not set the clock back', () => {
  const clock = new StoreClock();
  expect(clock.answered(5_000.5, awake(1_000), awake(1_001))).toBe(3_999.5);
  // The thread was stuck for 900 ms: by this answer the store would be 900 ms behind what it shows.
  expect(clock.answered(5_300.5, awake(1_300), awake(2_200))).toBe(null);
  expect(clock.answered(6_500.5, awake(2_500), awake(2_501))).toBe(3_999.5);
});

test('the first answer is better than none, and what is known becomes less sure by drift', () => {
  const clock = new StoreClock();
  expect(clock.answered(5_000, awake(1_000), awake(1_400))).toBe(3_600);
  expect(clock.answered(5_400, awake(1_401), awake(1_402))).toBe(3_998);
  // A round trip of 100 ms is as sure as a clock that drifted for half a second; one of 150 ms is not.
  expect(clock.answered(5_800, awake(1_800), awake(1_950))).toBe(null);
  expect(clock.answered(5_900, awake(1_900), awake(1_999))).not.toBe(null);
});

test('the clock counts the time that the machine slept through, though no answer came since', () => {
  const clock = new StoreClock();
  expect(clock.looked(awake(900))).toBe(null);
  expect(clock.answered(5_000, awake(1_000), awake(1_001))).toBe(3_999);
  expect(clock.looked(awake(1_100))).toBe(null);
  expect(clock.looked(awake(1_200, 80))).toBe(4_079);
  expect(clock.looked(awake(1_300, 80))).toBe(null);
  // What the boot clock is read at may be off by its resolution.
  expect(clock.looked(awake(1_400, 90))).toBe(null);
  expect(clock.looked(awake(1_500, 180))).toBe(4_179);
});

test('an answer that the machine slept over says less than what is known, however old that is', () => {
  const clock = new StoreClock();
  expect(clock.answered(5_000, awake(1_000), awake(1_001))).toBe(3_999);
  expect(clock.answered(6_300, awake(2_300), awake(2_301, 80))).toBe(null);
  expect(clock.looked(awake(2_302, 80))).toBe(4_079);
});
