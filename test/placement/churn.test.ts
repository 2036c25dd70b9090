import fc from 'fast-check';
import { expect, test } from 'vitest';
import { executionId, hostName, rackName } from '../../src/core/ids.ts';
import { admit } from '../../src/placement/admission.ts';
import type { ChurnLimits, ChurnMove, ChurnState } from '../../src/placement/churn-budget.ts';
import { churnLimits, spendChurn, spentBudget, spentKeys } from '../../src/placement/churn-budget.ts';
import { coolDownLeftMs } from '../../src/placement/cool-down.ts';

function move(execution: string, from: string, to: string): ChurnMove {
  const place = (name: string) => ({ name: hostName(name), rack: rackName(`r${name.slice(1)}`) });
  return { executionId: executionId(execution), from: place(from), to: place(to) };
}

const limits: ChurnLimits = {
  execution: { movesMax: 2, windowMs: 1_000 },
  host: { movesMax: 3, windowMs: 500 },
  rack: { movesMax: 4, windowMs: 500 },
  cluster: { movesMax: 5, windowMs: 300 },
};

test('whatever asks when, no window ever holds more than its limit, and the state stays bounded', () => {
  const asks = fc.array(
    fc.record({
      afterMs: fc.nat(120),
      execution: fc.constantFrom('x', 'y', 'z'),
      from: fc.constantFrom('h1', 'h2'),
      to: fc.constantFrom('h3', 'h4'),
    }),
    { maxLength: 80 },
  );
  fc.assert(
    fc.property(asks, (asked) => {
      const admitted: { readonly atMs: number; readonly move: ChurnMove }[] = [];
      let state: ChurnState = {};
      let nowMs = 0;
      for (const { afterMs, execution, from, to } of asked) {
        nowMs += afterMs;
        const wanted = move(execution, from, to);
        if (spentBudget(spentKeys(state, nowMs, limits), wanted, limits) !== null) continue;
        state = spendChurn(state, wanted, nowMs, limits);
        admitted.push({ atMs: nowMs, move: wanted });
        const within = (windowMs: number, same: (one: ChurnMove) => boolean) =>
          admitted.filter((one) => nowMs - one.atMs < windowMs && same(one.move)).length;
        const takesPart = (host: string) => (one: ChurnMove) =>
          one.from.name === host || one.to.name === host;
        expect(within(1_000, (one) => one.executionId === wanted.executionId)).toBeLessThanOrEqual(2);
        expect(within(500, takesPart(from))).toBeLessThanOrEqual(3);
        expect(within(500, takesPart(to))).toBeLessThanOrEqual(3);
        expect(within(300, () => true)).toBeLessThanOrEqual(5);
        for (const times of Object.values(state)) expect(times.length).toBeLessThanOrEqual(5);
        expect(Object.keys(state).length).toBeLessThanOrEqual(3 + 4 + 4 + 1);
      }
    }),
    { numRuns: 200, seed: 417 },
  );
});

test('a budget that is spent says whose', () => {
  const state = spendChurn(
    spendChurn({}, move('x', 'h1', 'h2'), 0, limits),
    move('x', 'h1', 'h3'),
    0,
    limits,
  );
  expect(spentBudget(spentKeys(state, 999, limits), move('x', 'h4', 'h5'), limits)).toEqual({
    scope: 'execution',
    key: 'execution/x',
    limit: limits.execution,
  });
  expect(spentBudget(spentKeys(state, 1_000, limits), move('x', 'h4', 'h5'), limits)).toBeNull();
  expect(spentBudget(spentKeys(state, 10, limits), move('y', 'h1', 'h5'), limits)).toBeNull();
});

test('times of a clock that was set back count as now, and those that are none are dropped', () => {
  const state: ChurnState = { 'execution/x': [1e12, NaN, 1e12] };
  expect(spentKeys(state, 0, limits)).toEqual(new Set(['execution/x']));
  const later = spendChurn(state, move('y', 'h1', 'h2'), 0, limits);
  expect(spentKeys(later, 1_000, limits)).toEqual(new Set());
});

test.each([
  [[null], 0],
  [[], 0],
  [[0], 10_000],
  [[4_000], 6_000],
  [[10_000], 0],
  [[4_000, null, 9_000], 6_000],
  [[-3_000], 10_000],
  [[-10_001], 0],
  [[-1e12, 9_000], 1_000],
  [[NaN, 9_500], 500],
])('of last moves %o ms ago, by several clocks, %d ms of ten seconds are left', (agesMs, left) => {
  expect(coolDownLeftMs(agesMs, 10_000)).toBe(left);
});

test('deciders wait for cool-down and budget, operators and drains do not, and all of them are counted', () => {
  const rules = { coolDownMs: 10_000, churn: limits };
  const wanted = move('x', 'h1', 'h2');
  for (const asker of ['affinity', 'orchestrator', 'rack'] as const)
    expect(admit(asker, wanted, [9_000], {}, 0, rules)).toEqual({
      kind: 'refused',
      reason: 'it moved a short while ago; its cool-down has 1000 of 10000 ms left',
    });
  let churn: ChurnState = {};
  for (const asker of ['operator', 'drain', 'operator'] as const) {
    const admission = admit(asker, wanted, [0], churn, 0, rules);
    expect(admission.kind).toBe('admitted');
    if (admission.kind === 'admitted') churn = admission.churn;
  }
  expect(admit('affinity', wanted, [null], churn, 0, rules)).toEqual({
    kind: 'refused',
    reason: 'the budget of execution/x, 2 moves in 1000 ms, is spent',
  });
});

test('the shipped budgets let a host be emptied of a hundred executions within a minute', () => {
  let churn: ChurnState = {};
  for (let index = 0; index < 100; index += 1) {
    const admission = admit('affinity', move(`x-${index}`, 'h1', 'h2'), [null], churn, index * 500, {
      coolDownMs: 10_000,
      churn: churnLimits,
    });
    expect(admission.kind).toBe('admitted');
    if (admission.kind === 'admitted') churn = admission.churn;
  }
});
