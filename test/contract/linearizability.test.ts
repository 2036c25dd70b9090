import { expect, test } from 'vitest';
import { findViolation } from './linearizability.ts';
import type { Observation } from './linearizability.ts';

const read = (beganMs: number, endedMs: number, found: number | null): Observation => ({
  beganMs,
  endedMs,
  call: { kind: 'read', found },
});
const cas = (
  beganMs: number,
  endedMs: number,
  expected: number | null,
  written: number,
  outcome: 'done' | 'conflict' | 'unknown' = 'done',
): Observation => ({ beganMs, endedMs, call: { kind: 'cas', expected, written, outcome } });

const rows: readonly (readonly [string, boolean, readonly Observation[]])[] = [
  ['a read after a write', true, [cas(0, 1, null, 1), read(2, 3, 1)]],
  ['a stale read', false, [cas(0, 1, null, 1), read(2, 3, null)]],
  ['reads that overlap a write', true, [cas(0, 9, null, 1), read(1, 2, null), read(3, 4, 1)]],
  ['reads that go back', false, [cas(0, 9, null, 1), read(1, 2, 1), read(3, 4, null)]],
  ['two winners of one claim', false, [cas(0, 9, null, 1), cas(0, 9, null, 2)]],
  ['a winner and a loser', true, [cas(0, 9, null, 1), cas(0, 9, null, 2, 'conflict')]],
  ['a loser without a winner', false, [cas(0, 1, null, 1, 'conflict'), cas(2, 3, null, 2)]],
  ['a lost update', false, [cas(0, 1, null, 1), cas(2, 3, 1, 2), read(4, 5, 1)]],
  [
    'an unknown claim that happened late',
    true,
    [cas(0, Infinity, null, 1, 'unknown'), read(1, 2, null), read(3, 4, 1)],
  ],
  ['an unknown claim that never happened', true, [cas(0, Infinity, null, 1, 'unknown'), cas(5, 6, null, 2)]],
  ['an unknown claim undone', false, [cas(0, Infinity, null, 1, 'unknown'), read(1, 2, 1), read(3, 4, null)]],
];

test.each(rows)('%s: linearizable is %s', (_, linearizable, history) => {
  expect(findViolation(history) === null).toBe(linearizable);
});
