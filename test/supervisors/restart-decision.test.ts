import { expect, test } from 'vitest';
import { crashed, normal } from '../../src/actors/kernel/exit-reason.ts';
import type { Restart } from '../../src/supervisors/child-spec.ts';
import type { Strategy } from '../../src/supervisors/contract.ts';
import { decideExit } from '../../src/supervisors/restart-decision.ts';

const bad = crashed(new Error('bad'));
// Children a (temporary), b, c (transient), d; b or another one ends.
const restarts: Record<string, Restart> = { a: 'temporary', b: 'permanent', c: 'transient', d: 'permanent' };
const rows: [Strategy, string, boolean, string][] = [
  ['one_for_one', 'b', true, 'restart, stop: , start: b'],
  ['one_for_all', 'b', true, 'restart, stop: dca, start: bcd'],
  ['one_for_all', 'd', true, 'restart, stop: cba, start: bcd'],
  ['rest_for_one', 'b', true, 'restart, stop: dc, start: bcd'],
  ['rest_for_one', 'd', true, 'restart, stop: , start: d'],
  ['dynamic', 'b', true, 'restart, stop: , start: b'],
  ['one_for_all', 'a', true, 'forget'],
  ['one_for_all', 'c', false, 'keep'],
  ['dynamic', 'c', false, 'forget'],
  ['one_for_all', 'b', false, 'restart, stop: dca, start: bcd'],
];

test.each(rows)('%s, %s ends, by a crash: %s: %s', (strategy, id, crash, expected) => {
  const children = Object.entries(restarts).map(([childId, restart]) => ({ id: childId, restart }));
  const child = children.find((one) => one.id === id) ?? { id, restart: 'permanent' };
  const supervised = { strategy, children, restartsAtMs: [], budget: { restartsMax: 1, periodMs: 1 } };
  const decision = decideExit(supervised, child, crash ? bad : normal, 0);
  const said =
    decision.kind === 'restart'
      ? `restart, stop: ${decision.stop.join('')}, start: ${decision.start.join('')}`
      : decision.kind;
  expect(said).toBe(expected);
});
