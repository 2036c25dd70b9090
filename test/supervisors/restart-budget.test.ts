import { describe, expect, test } from 'vitest';
import { backoffMs, defaultBackoff, noBackoff, spendRestart } from '../../src/supervisors/restart-budget.ts';

describe('spendRestart', () => {
  const rows: [string, number[], number, number, 'left' | 'spent', number[]][] = [
    ['the first of one', [], 0, 1, 'left', [0]],
    ['none allowed', [], 0, 0, 'spent', [0]],
    ['the second of one', [10], 20, 1, 'spent', [20, 10]],
    ['exactly a period ago still counts', [0], 1_000, 1, 'spent', [1_000, 0]],
    ['more than a period ago does not', [0], 1_001, 1, 'left', [1_001]],
    ['only the old ones are dropped', [900, 500, 100], 1_200, 3, 'left', [1_200, 900, 500]],
    ['at the very same time', [5, 5], 5, 2, 'spent', [5, 5, 5]],
  ];
  test.each(rows)('%s', (_what, before, nowMs, restartsMax, kind, after) => {
    expect(spendRestart(before, nowMs, { restartsMax, periodMs: 1_000 })).toEqual({
      kind,
      restartsAtMs: after,
    });
  });
});

describe('backoffMs', () => {
  const rows: [number, number, number][] = [
    [1, 0.9, 0],
    [2, 0, 50],
    [2, 1, 25],
    [3, 0, 100],
    [7, 0, 1_600],
    [8, 0, 2_000],
    [50, 0.5, 1_500],
  ];
  test.each(rows)('restart %i in the period, random %f: %f ms', (restarts, uniform, ms) => {
    expect(backoffMs(restarts, defaultBackoff, uniform)).toBe(ms);
  });
  test('can be switched off', () => {
    expect(backoffMs(9, noBackoff, 0.5)).toBe(0);
  });
});
