import { expect, test } from 'vitest';
import type { EffectBounds, KeyOf, LedgerStep } from './effects-model.ts';
import { EffectsModel, realKey, realLedger } from './effects-model.ts';
import { explore } from './explorer.ts';

// Promise 5 and rule 12 of docs/semantics.md: effects, their keys and their outcomes, wherever they run and whoever dies.

const quiet: EffectBounds = {
  durable: false,
  calls: 1,
  hosts: 2,
  crashes: 0,
  leaseEnds: 0,
  laneDeaths: 0,
  moves: 0,
  doubles: 0,
};

type Scenario = readonly [string, Partial<EffectBounds>];

const scenarios: readonly Scenario[] = [
  ['two calls, a move and doubled outcomes', { calls: 2, moves: 1, doubles: 1 }],
  ['two calls, and a crash', { calls: 2, crashes: 1 }],
  ['a lease that ends while its host runs', { leaseEnds: 1 }],
  ['two deaths of its lane', { laneDeaths: 2 }],
  ['a move, and a crash', { moves: 1, crashes: 1 }],
  ['two calls, a move, and a crash', { calls: 2, moves: 1, crashes: 1 }],
  ['durable: two calls, a move, and a crash', { durable: true, calls: 2, moves: 1, crashes: 1 }],
  ['durable: a move and doubled outcomes', { durable: true, moves: 1, doubles: 1 }],
  ['durable: two calls, and a crash', { durable: true, calls: 2, crashes: 1 }],
  ['durable: a lease that ends while its host runs', { durable: true, leaseEnds: 1 }],
  ['durable: two deaths of its lane', { durable: true, laneDeaths: 2 }],
  ['durable: a move, and a crash', { durable: true, moves: 1, crashes: 1 }],
];

/** Minutes instead of seconds; `GODWIT_EXPLORE=long` adds them. */
const longScenarios: readonly Scenario[] = [
  ['durable: a move, and two crashes', { durable: true, hosts: 3, moves: 1, crashes: 2 }],
  ['a move, a crash and an ended lease', { hosts: 3, moves: 1, crashes: 1, leaseEnds: 1 }],
];

const isLong = process.env['GODWIT_EXPLORE'] === 'long';

test.each(isLong ? [...scenarios, ...longScenarios] : scenarios)(
  'no key stands for two things, and every call gets its own outcome: %s',
  { timeout: isLong ? 3_600_000 : 120_000 },
  (name, bounds) => {
    const found = explore(new EffectsModel({ ...quiet, ...bounds }), isLong ? 4_000_000 : 300_000);
    console.log(`${name}: ${found.states.toLocaleString('en')} states, ${found.kind}`);
    expect(found.kind, found.kind === 'violated' ? [found.reason, ...found.trace].join('\n') : '').toBe(
      'held',
    );
    expect(found.kind === 'held' && found.good).toBeGreaterThan(0);
  },
);

/** A durable effect starts where it is called. */
const startsUnrecorded: LedgerStep = (state, event, host) => {
  const called = realLedger(state, event, host);
  if (event.kind !== 'called') return called;
  const covered = realLedger(called.state, { kind: 'covered', upTo: called.state.sequence }, host);
  return { state: covered.state, effects: covered.effects };
};

/** A copy that was kept counts as a checkpoint. */
const keptCopyIsDurable: LedgerStep = (state, event, host) =>
  realLedger(state, event.kind === 'claimed' ? { ...event, fromSnapshot: true } : event, host);

/** An outcome is taken by its number alone. */
const anyLife: LedgerStep = (state, event, host) => {
  if (event.kind !== 'ended') return realLedger(state, event, host);
  const effect = state.pending.find(({ sequence }) => sequence === event.sequence);
  return realLedger(state, { ...event, generation: effect?.generation ?? event.generation }, host);
};

/** Whatever moves is started again. */
const movesRestart: LedgerStep = (state, event, host) => {
  if (event.kind !== 'claimed') return realLedger(state, event, host);
  const pending = state.pending.map((effect) =>
    effect.stand.kind === 'running' ? { ...effect, stand: { ...effect.stand, life: 0 as never } } : effect,
  );
  return realLedger({ ...state, pending }, event, host);
};

/** Nobody tells that where it runs is gone. */
const deafToEnds: LedgerStep = (state, event, host) =>
  event.kind === 'incarnationEnded' ? { state, effects: [] } : realLedger(state, event, host);

/** A rewind leaves what an earlier life has started. */
const rewindsForget: LedgerStep = (state, event, host) => {
  if (event.kind !== 'claimed') return realLedger(state, event, host);
  const pending = state.pending.map((effect) =>
    effect.stand.kind === 'running'
      ? { ...effect, stand: { ...effect.stand, life: event.tenure.generation } }
      : effect,
  );
  return realLedger({ ...state, pending }, event, host);
};

/** The keys of durable executions, for one that is none. */
const keyWithoutGeneration: KeyOf = (state, sequence) => realKey({ ...state, durable: true }, sequence);

const faults: readonly (readonly [string, LedgerStep, KeyOf, Partial<EffectBounds>])[] = [
  ['a durable effect that starts unrecorded', startsUnrecorded, realKey, { durable: true }],
  [
    'a kept copy that counts as a checkpoint',
    keptCopyIsDurable,
    realKey,
    { durable: true, moves: 1, crashes: 1 },
  ],
  ['an outcome of a life that was taken back', anyLife, realKey, { leaseEnds: 1 }],
  ['a move that starts effects again', movesRestart, realKey, { moves: 1 }],
  ['an end of a lease that nobody hears of', deafToEnds, realKey, { moves: 1, crashes: 1 }],
  ['a rewind that waits for the outcome of a lost life', rewindsForget, realKey, { laneDeaths: 1 }],
  ['a key without the generation', realLedger, keyWithoutGeneration, { crashes: 1 }],
];

test.each(faults)('the enumeration catches %s', { timeout: 120_000 }, (name, step, keyOf, bounds) => {
  const found = explore(new EffectsModel({ ...quiet, ...bounds }, step, keyOf), 300_000);
  expect(found.kind, `nothing was found in ${found.states} states`).toBe('violated');
  if (found.kind === 'violated')
    console.log([`${name}: ${found.reason}`, ...found.trace.map((line) => `  ${line}`)].join('\n'));
});
