import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { ProbeGate, probeRates } from '../../../src/protocols/probing/gate.ts';
import { RateLimit, SourceRateLimits } from '../../../src/protocols/probing/rate-limit.ts';
import { ReplayWindow } from '../../../src/protocols/probing/replay-window.ts';

test('a number is admitted once, in whatever order they come', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 600 }), { maxLength: 400 }), (numbers) => {
      const window = new ReplayWindow();
      const seen = new Set<number>();
      let highest = 0;
      for (const number of numbers) {
        const admitted = window.admit(number);
        // A plain twin: all that was seen, and a line below which everything is old.
        expect(admitted).toBe(!seen.has(number) && number > highest - 256);
        seen.add(number);
        highest = Math.max(highest, number);
      }
    }),
    { numRuns: 200, seed: 7 },
  );
});

test('a jump far ahead forgets nothing that could come again', () => {
  const window = new ReplayWindow();
  expect([1, 2, 1_000_000, 2, 999_999, 1_000_000].map((number) => window.admit(number))).toEqual([
    true,
    true,
    true,
    false,
    true,
    false,
  ]);
});

test.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])(
  '%d is no number of a probe',
  (number) => {
    expect(new ReplayWindow().admit(number)).toBe(false);
  },
);

test('a rate lets its burst through, then so much per second, and saves up no more than its burst', () => {
  const limit = new RateLimit({ burst: 3, perSecond: 2 }, 0);
  const spent = (nowMs: number, tries: number): number =>
    Array.from({ length: tries }, () => limit.spend(nowMs)).filter(Boolean).length;
  expect(spent(0, 5)).toBe(3);
  expect(spent(499, 1)).toBe(0);
  expect(spent(1_000, 5)).toBe(2);
  expect(spent(1e9, 50)).toBe(3);
});

test('the table of sources is bounded', () => {
  const limits = new SourceRateLimits({ burst: 1, perSecond: 0 }, 2);
  expect(['a', 'b', 'a', 'c', 'b'].map((source) => limits.spend(source, 0))).toEqual([
    true,
    true,
    false,
    true,
    // Forgotten when the third came.
    true,
  ]);
});

test('strangers share one rate; whoever is known has one of its own', () => {
  const gate = new ProbeGate(
    { ...probeRates, strangersTotal: { burst: 2, perSecond: 0 }, known: { burst: 2, perSecond: 0 } },
    0,
  );
  gate.learn('friend');
  expect(['x', 'y', 'z', 'friend', 'friend', 'friend'].map((source) => gate.admits(source, 0))).toEqual([
    true,
    true,
    false,
    true,
    true,
    false,
  ]);
});
