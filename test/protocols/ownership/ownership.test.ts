import { describe, expect, test } from 'vitest';
import { epoch, generation, nonce } from '../../../src/core/ids.ts';
import type {
  OwnershipEffect,
  OwnershipEvent,
  OwnershipState,
} from '../../../src/protocols/ownership/ownership.ts';
import { judgeChange, judgeClaim, released } from '../../../src/protocols/ownership/register.ts';
import { step } from '../../../src/protocols/ownership/step.ts';
import { described, documentedRows, rowOf } from '../transition-table.ts';
import {
  asked,
  copy,
  covered,
  d1,
  found,
  fresh,
  m1,
  other,
  point,
  row,
  self,
  states,
  taken,
  tenure,
  third,
} from './fixtures.ts';
import { sections } from './transitions.ts';

describe.each(sections)('%s', (heading, rows) => {
  test.each(rows)('$from: $on', ({ state, event, to, effects }) => {
    const stepped = step(state, event);
    expect([stepped.state.phase, described(stepped.effects)]).toEqual([to, effects]);
  });

  test('is what the document says', () => {
    expect(documentedRows('ownership', heading)).toEqual(rows.map(rowOf));
  });
});

function run(
  state: OwnershipState,
  ...events: OwnershipEvent[]
): { state: OwnershipState; effects: OwnershipEffect[] } {
  const effects: OwnershipEffect[] = [];
  for (const event of events) {
    const stepped = step(state, event);
    state = stepped.state;
    effects.push(...stepped.effects);
  }
  return { state, effects };
}

function swaps(effects: readonly OwnershipEffect[]): Extract<OwnershipEffect, { kind: 'swap' }>[] {
  return effects.filter((effect) => effect.kind === 'swap');
}

test('a migration claim raises the epoch and keeps generation and recovery point', () => {
  const { effects } = run(states.claimingMigration, found({ ...row, owner: other, recovery: point }));
  expect(swaps(effects)).toEqual([
    {
      kind: 'swap',
      token: fresh,
      expectedRevision: 7,
      row: { ...row, owner: self, epoch: 2, generation: 1, nonce: fresh, recovery: point },
    },
  ]);
});

test('a recovery claim raises epoch and generation', () => {
  const { effects } = run(states.claimingRecovery, found({ ...row, owner: other }));
  expect(swaps(effects)[0]?.row).toMatchObject({ owner: self, epoch: 2, generation: 2 });
});

test('an ambiguous claim is issued again with its own nonce until the register shows who won', () => {
  const unclaimed = { ...row, owner: other };
  const { state, effects } = run(
    states.claimingMigration,
    found(unclaimed),
    { kind: 'storeFailed' },
    { kind: 'retryDue', nonce: nonce('another') },
    found(unclaimed),
    { kind: 'swapRefused', token: fresh },
    found({ ...unclaimed, owner: self, epoch: epoch(2), nonce: fresh }),
  );
  expect(swaps(effects).map((swap) => swap.token)).toEqual([fresh, fresh]);
  expect(state).toMatchObject({ phase: 'running', tenure: { epoch: 2, generation: 1 } });
});

test('the answer to a checkpoint that was under way never counts for a claim', () => {
  const { state } = run(states.claimingBack, { kind: 'swapped', token: point.vaultKey });
  expect(state.phase).toBe('claiming');
});

test('an answer from before the claimed epoch decides nothing', () => {
  const { state, effects } = run(states.claimingRecoveryFromCopy, found(row));
  expect([state.phase, described(effects)]).toEqual(['claiming', 'retry later']);
});

test('the kept copy recovers at the next generation, from itself', () => {
  const { state, effects } = run(
    states.retained,
    { kind: 'ownerEnded', owner: other, epoch: epoch(2), generation: generation(1), nonce: fresh },
    found(taken),
    { kind: 'swapped', token: fresh },
    found({ ...taken, owner: self, epoch: epoch(3), generation: generation(2), nonce: fresh }),
  );
  expect(state).toMatchObject({ phase: 'running', tenure: { epoch: 3, generation: 2 } });
  expect(effects).toContainEqual({
    kind: 'recovered',
    tenure: { ...tenure, epoch: 3, generation: 2 },
    point: null,
  });
});

test('the kept copy gives way to a checkpoint of the owner that ended', () => {
  const { state, effects } = run(
    states.retained,
    { kind: 'ownerEnded', owner: other, epoch: epoch(2), generation: generation(1), nonce: fresh },
    found(covered),
    found(covered),
    { kind: 'swapped', token: fresh },
    found({ ...covered, owner: self, epoch: epoch(3), generation: generation(2), nonce: fresh }),
  );
  expect(state).toMatchObject({ phase: 'restoring', point: covered.recovery });
  expect(effects.filter((effect) => effect.kind === 'run')).toEqual([]);
});

test('a target that answered claimed answers so again, and to a late drop too', () => {
  const arrived = run(states.claimingMigration, { kind: 'swapped', token: fresh }).state;
  for (const ask of [
    { kind: 'claim', migration: m1, digest: d1 },
    { kind: 'drop', migration: m1 },
  ] as const) {
    expect(described(run(arrived, asked(ask)).effects)).toBe('answer claimed');
  }
});

test('an owner that lost its copy while it claimed it recovers from its checkpoint, at a new generation', () => {
  const { state } = run(
    states.claimingMigration,
    { kind: 'copyLost', nonce: nonce('n-5') },
    found({ ...row, owner: self, epoch: epoch(2), nonce: fresh }),
  );
  expect(state).toMatchObject({
    phase: 'claiming',
    copy: { kind: 'none' },
    claim: { kind: 'recovery', owner: self, epoch: 2, generation: 1 },
  });
});

test('a copy of an epoch that is known to be over is not received', () => {
  const state: OwnershipState = { ...states.absent, pointer: { owner: other, epoch: epoch(4) } };
  expect(described(run(state, asked({ kind: 'receive', migration: m1, copy })).effects)).toBe(
    'answer not received',
  );
});

test('every change of phase is saved before anything else is done', () => {
  for (const [, rows] of sections) {
    for (const { state, event, on } of rows) {
      const stepped = step(state, event);
      if (stepped.state === state) continue;
      expect(stepped.effects[0], `${state.phase}: ${on}`).toEqual({ kind: 'save' });
    }
  }
});

test('an incarnation whose lease has ended answers, and does nothing else', () => {
  for (const [, rows] of sections) {
    for (const { event } of rows) {
      const { state, effects } = run(states.ended, event);
      expect(state).toEqual(states.ended);
      expect(effects.every((effect) => effect.kind === 'answer')).toBe(true);
    }
  }
});

const expectedClaim = { nonce: fresh, owner: other, epoch: epoch(2), generation: generation(1) };

test('whoever dies as often as it may, one death after the other, is quarantined until it is released', () => {
  const claim = { ...expectedClaim, kind: 'recovery' } as const;
  const mortal = { ...taken, deployment: { ...taken.deployment, deathsMax: 3 } };
  const claimed = judgeClaim(mortal, claim, self);
  expect(claimed).toMatchObject({ kind: 'write', row: { owner: self, epoch: 3, deaths: 1 } });
  const last = judgeClaim({ ...mortal, deaths: 2 }, claim, self);
  // Owner and tenure stay: whoever it is released to recovers it from there.
  expect(last).toMatchObject({
    kind: 'write',
    row: { owner: other, epoch: 2, generation: 1, deaths: 3, standing: { phase: 'quarantined' } },
  });
  if (last.kind !== 'write') return;
  expect(judgeClaim(last.row, { ...claim, nonce: nonce('n-2') }, third).kind).toBe('lost');
  expect(judgeClaim(released(last.row), { ...claim, nonce: nonce('n-2') }, third)).toMatchObject({
    kind: 'write',
    row: { owner: third, epoch: 3, generation: 2, deaths: 1, standing: { phase: 'live' } },
  });
});

test('a quarantine that was lifted before its writer heard of it is no claim that was won', () => {
  const claim = { ...expectedClaim, kind: 'recovery' } as const;
  const last = judgeClaim({ ...taken, deaths: taken.deployment.deathsMax - 1 }, claim, self);
  if (last.kind !== 'write') throw new Error(last.kind);
  expect(last.row.standing.phase).toBe('quarantined');
  expect(judgeClaim(released(last.row), claim, self)).toMatchObject({
    kind: 'write',
    row: { owner: self, epoch: 3, generation: 2, deaths: 1, standing: { phase: 'live' } },
  });
});

test('only a checkpoint that was taken after it ran for long clears the deaths', () => {
  const deaths = [true, false].map((proven) => {
    const verdict = judgeChange({ ...row, deaths: 2 }, self, tenure, { kind: 'checkpoint', point, proven });
    return verdict.kind === 'write' ? verdict.row.deaths : null;
  });
  expect(deaths).toEqual([0, 2]);
});

test('who can take no checkpoint proves itself by time: the deaths are cleared, and nothing else changes', () => {
  const dangerous = { ...row, deaths: 2 };
  const prove = { kind: 'prove' } as const;
  expect(judgeChange(dangerous, self, tenure, prove)).toEqual({ kind: 'write', row: { ...row, deaths: 0 } });
  expect(judgeChange(row, self, tenure, prove)).toEqual({ kind: 'done' });
  expect(judgeChange(dangerous, other, tenure, prove).kind).toBe('fenced');
  expect(judgeChange(dangerous, self, { ...tenure, generation: generation(2) }, prove).kind).toBe('fenced');
});

test('an owner that finds its execution quarantined, or released since, is fenced', () => {
  for (const change of [{ kind: 'checkpoint', point, proven: true }, { kind: 'prove' }] as const) {
    for (const standing of [{ phase: 'quarantined', reason: 'it kills' }, { phase: 'released' }] as const) {
      expect(judgeChange({ ...row, standing }, self, tenure, change).kind).toBe('fenced');
    }
  }
});

test('what was released from quarantine is recovered, and never moved', () => {
  const mortal = { ...taken, standing: { phase: 'released' } } as const;
  expect(judgeClaim(mortal, { ...expectedClaim, kind: 'recovery' }, self)).toMatchObject({
    kind: 'write',
    row: { owner: self, standing: { phase: 'live' } },
  });
  expect(judgeClaim(mortal, { ...expectedClaim, kind: 'migration' }, self).kind).toBe('lost');
});
