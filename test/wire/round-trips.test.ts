import { expect, test } from 'vitest';
import { backoffMs } from '../../src/wire/backoff.ts';
import { RoundTrips } from '../../src/wire/round-trips.ts';

const at = (ms: number): { readonly monotonicMs: number; readonly bootMs: number } => ({
  monotonicMs: ms,
  bootMs: ms,
});

test('round trips are estimated as TCP does', () => {
  const trips = new RoundTrips();
  expect(trips.read()).toBeNull();
  for (const [sentMs, tookMs] of [
    [0, 8],
    [100, 16],
    [200, 8],
  ] as const) {
    const ping = trips.sent(at(sentMs));
    expect(trips.answered(ping, sentMs + tookMs)).toEqual({ sentAt: at(sentMs), roundTripMs: tookMs });
  }
  expect(trips.read()).toEqual({
    lastMs: 8,
    leastMs: 8,
    smoothedMs: 9 - 1 / 8,
    jitterMs: 2 + (1 - 2) / 4,
    samples: 3,
    unanswered: 0,
  });
});

test('an answer counts once, and an answer to nothing not at all', () => {
  const trips = new RoundTrips();
  const ping = trips.sent(at(0));
  expect(trips.answered(ping + 1, 5)).toBeNull();
  expect(trips.answered(ping, 5)).not.toBeNull();
  expect(trips.answered(ping, 5)).toBeNull();
});

test('pings without an answer are forgotten, oldest first', () => {
  const trips = new RoundTrips();
  const pings = Array.from({ length: 65 }, (_, index) => trips.sent(at(index)));
  expect(trips.answered(pings[0] ?? 0, 100)).toBeNull();
  expect(trips.answered(pings[1] ?? 0, 100)?.roundTripMs).toBe(99);
  expect(trips.read()?.unanswered).toBe(63);
});

test.each([
  [1, 0, 10],
  [1, 0.5, 15],
  [2, 0, 20],
  [5, 0, 160],
  [8, 0, 1000],
  [4000, 0.999, 1999],
])('after %i failures and with spread %f the next attempt waits %i ms', (failures, spread, expectedMs) => {
  expect(Math.floor(backoffMs(failures, 20, 2000, spread))).toBe(expectedMs);
});
