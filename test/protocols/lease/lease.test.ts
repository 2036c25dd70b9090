import { expect, test } from 'vitest';
import { beginHolder, mayAct, stepHolder } from '../../../src/protocols/lease/holder-step.ts';
import type { HolderEffect, HolderEvent, HolderState } from '../../../src/protocols/lease/holder.ts';
import { stepObserver } from '../../../src/protocols/lease/observer-step.ts';
import { leaseDefaults } from '../../../src/protocols/lease/timing.ts';
import { described, documentedRows, rowOf } from '../transition-table.ts';
import { holders, host, leaseRow, leaseRows, observers, ticked, timing } from './transitions.ts';

test.each(leaseRows.holder)('holder, $from: $on', ({ state, event, to, effects }) => {
  const stepped = stepHolder(state, event);
  expect([stepped.state.phase, describedLease(stepped.effects)]).toEqual([to, effects]);
});

test.each(leaseRows.observer)('observer, $from: $on', ({ state, event, to, effects }) => {
  const stepped = stepObserver(state, event);
  expect([stepped.state.phase, described(stepped.effects)]).toEqual([to, effects]);
});

test('the tables are what the document says', () => {
  expect(documentedRows('lease', 'The holder')).toEqual(leaseRows.holder.map(rowOf));
  expect(documentedRows('lease', 'The observer')).toEqual(leaseRows.observer.map(rowOf));
});

function describedLease(effects: readonly HolderEffect[]): string {
  return described(
    effects.map((effect) => (effect.kind === 'ended' ? { ...effect, outcome: effect.reason } : effect)),
  );
}

function run(state: HolderState, ...events: HolderEvent[]): { state: HolderState; effects: HolderEffect[] } {
  const effects: HolderEffect[] = [];
  for (const event of events) {
    const stepped = stepHolder(state, event);
    state = stepped.state;
    effects.push(...stepped.effects);
  }
  return { state, effects };
}

test('nobody may act before the row was seen, nor from the very end of the term on', () => {
  const asked = run(beginHolder(host, timing, 0, 50), ticked(0)).state;
  expect(mayAct(asked, 1)).toBe(false);
  const { state } = run(asked, { kind: 'swapped', row: leaseRow(1), revision: 1 });
  expect(mayAct(state, 4_999)).toBe(true);
  expect(mayAct(state, 5_000)).toBe(false);
});

test('the term counts from when the renewal was sent, however late its answer comes', () => {
  const { state, effects } = run(holders.holding, ticked(1_200), {
    kind: 'swapped',
    row: leaseRow(2),
    revision: 2,
  });
  expect(effects).toContainEqual(expect.objectContaining({ kind: 'extend', validUntilMs: 6_200 }));
  expect(mayAct(state, 6_200)).toBe(false);
});

test('an ambiguous renewal that did happen counts from its own sending, not from a later one', () => {
  const { effects } = run(holders.holding, ticked(1_000), { kind: 'storeFailed' }, ticked(3_000), {
    kind: 'found',
    row: leaseRow(2),
    revision: 2,
  });
  expect(effects.map((effect) => effect.kind)).toEqual(['swap', 'read', 'extend']);
  expect(effects.at(-1)).toEqual({ kind: 'extend', validUntilMs: 6_000, validUntilBootMs: 6_050 });
});

test('an ambiguous renewal that did not happen gives nothing, and the next one goes out', () => {
  const { effects } = run(
    holders.holding,
    ticked(1_000),
    { kind: 'storeFailed' },
    ticked(3_000),
    { kind: 'found', row: leaseRow(1), revision: 1 },
    ticked(3_100),
  );
  expect(effects.at(-1)).toEqual({ kind: 'swap', expectedRevision: 1, row: leaseRow(3) });
  expect(effects).not.toContainEqual(expect.objectContaining({ kind: 'extend', validUntilMs: 6_000 }));
});

test('a call that is never answered is given up after a term', () => {
  const { effects } = run(holders.waiting, ticked(4_000), ticked(6_001));
  expect(effects.map((effect) => effect.kind)).toEqual(['freeze', 'read']);
});

test('a holder that could not renew in time freezes, and thaws when the store answers', () => {
  const { effects } = run(
    holders.waiting,
    ticked(4_800),
    { kind: 'swapped', row: leaseRow(2), revision: 2 },
    ticked(4_900),
  );
  expect(effects.map((effect) => effect.kind)).toEqual(['freeze', 'extend', 'thaw', 'swap']);
});

test('a lease that others ended is over for ever, whatever the answers say', () => {
  const { state, effects } = run(
    holders.waiting,
    { kind: 'refused' },
    ticked(1_100),
    { kind: 'found', row: leaseRow(2, 'ended'), revision: 5 },
    { kind: 'swapped', row: leaseRow(2), revision: 2 },
    ticked(1_200),
  );
  expect(state).toEqual({ phase: 'ended', reason: 'written' });
  expect(effects.filter((effect) => effect.kind === 'swap')).toEqual([]);
});

test('an observer ends exactly the row that it saw', () => {
  const { effects } = stepObserver(observers.watching, {
    kind: 'found',
    row: leaseRow(3),
    revision: 7,
    sentAtMs: 7_000,
    nowMs: 7_005,
  });
  expect(effects).toEqual([{ kind: 'endLease', expectedRevision: 7, row: leaseRow(4, 'ended') }]);
});

test('the defaults agree with each other', () => {
  const {
    termMs,
    marginMs,
    renewEveryMs,
    freezeLeadMs,
    suspensionToleranceMs,
    observeEveryMs,
    observeGapMs,
  } = leaseDefaults;
  expect(suspensionToleranceMs).toBeLessThan(marginMs);
  expect(renewEveryMs * 3 + freezeLeadMs).toBeLessThan(termMs);
  expect(observeEveryMs * 2).toBeLessThan(observeGapMs);
  expect(observeGapMs).toBeLessThan(termMs + marginMs);
});
