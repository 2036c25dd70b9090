import { expect, test } from 'vitest';
import type { Observation, Written } from '../../src/verify/contract.ts';
import { describe } from '../../src/verify/describe.ts';
import { observationDifference } from '../../src/verify/observation.ts';

const out = (text: string): Written => ['stdout', Buffer.from(text).toString('base64')];
const err = (text: string): Written => ['stderr', Buffer.from(text).toString('base64')];
const returned = (value: unknown): Observation['outcome'] => ({ kind: 'returned', value: describe(value) });
const threw = (value: unknown): Observation['outcome'] => ({ kind: 'threw', value: describe(value) });
const plain: Observation = { outcome: returned(1), written: [], exitCode: 0, unhandled: null };

test('where one write ends and the next begins is not seen', () => {
  const left = { ...plain, written: [out('ab'), out('c'), err('d')] };
  const right = { ...plain, written: [out('a'), out(''), out('bc'), err(''), err('d')] };
  expect(observationDifference(left, right)).toBe(null);
});

test.each<[Partial<Observation>, Partial<Observation>, string]>([
  [{ outcome: returned(1) }, { outcome: returned(2) }, 'value: number 1 against number 2'],
  [
    { outcome: returned(1) },
    { outcome: threw(new Error('no')) },
    'outcome: returned number 1 against threw string "no"',
  ],
  [
    {},
    { outcome: null, unhandled: 'Error: no' },
    'outcome: returned number 1 against did not return (Error: no)',
  ],
  [{ written: [out('abc')] }, { written: [out('abd')] }, 'stdout: "abc" against "abd" (byte 2 of piece 0)'],
  [
    { written: [out('abc')] },
    { written: [out('ab')] },
    'stdout: "abc" against "ab" and its end (byte 2 of piece 0)',
  ],
  [
    { written: [out('a'), err('b')] },
    { written: [err('b'), out('a')] },
    'output: stdout "a" against stderr "b" (piece 0)',
  ],
  [{ written: [out('a')] }, {}, 'output: stdout "a" against nothing (piece 0)'],
  [{ exitCode: 3 }, {}, 'exit code: 3 against 0'],
  [{ unhandled: 'Error: a' }, {}, 'unhandled: "Error: a" against null'],
])('difference %#', (left, right, found) => {
  expect(observationDifference({ ...plain, ...left }, { ...plain, ...right })).toBe(found);
});
