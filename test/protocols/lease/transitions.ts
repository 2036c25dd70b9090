import { hostName, rackName } from '../../../src/core/ids.ts';
import type { HolderEvent, HolderState } from '../../../src/protocols/lease/holder.ts';
import type { ObserverEvent, ObserverState } from '../../../src/protocols/lease/observer.ts';
import type { LeaseRow } from '../../../src/protocols/lease/row.ts';
import type { LeaseTiming } from '../../../src/protocols/lease/timing.ts';
import { leaseDefaults } from '../../../src/protocols/lease/timing.ts';
import { self } from '../ownership/fixtures.ts';
import { transition } from '../transition-table.ts';
import type { Transition } from '../transition-table.ts';

export const host = {
  name: hostName('r1-h1'),
  incarnation: self,
  rack: rackName('r1'),
  address: '127.0.0.1:1',
};
/** Longer than those that are shipped, in whole seconds. */
export const timing: LeaseTiming = {
  ...leaseDefaults,
  termMs: 5_000,
  marginMs: 1_000,
  renewEveryMs: 1_000,
  observeGapMs: 2_000,
};

export function leaseRow(renewals: number, phase: 'live' | 'ended' = 'live'): LeaseRow {
  return { host, phase, renewals };
}

const base = { host, timing, bootOffsetMs: 50, renewals: 1, awaitingSinceMs: null } as const;
const first = [{ renewals: 1, sentAtMs: 0 }];

export const holders = {
  new: { ...base, phase: 'acquiring', beganAtMs: 0, renewals: 0, attempts: [], revision: null },
  acquiring: {
    ...base,
    phase: 'acquiring',
    beganAtMs: 0,
    attempts: first,
    revision: null,
    awaitingSinceMs: 0,
  },
  holding: { ...base, phase: 'holding', attempts: first, revision: 1, validUntilMs: 5_000, frozen: false },
  unsure: {
    ...base,
    phase: 'holding',
    attempts: first,
    revision: 'unknown',
    validUntilMs: 5_000,
    frozen: false,
  },
  waiting: {
    ...base,
    phase: 'holding',
    attempts: [...first, { renewals: 2, sentAtMs: 1_000 }],
    renewals: 2,
    revision: 1,
    validUntilMs: 5_000,
    frozen: false,
    awaitingSinceMs: 1_000,
  },
  frozen: { ...base, phase: 'holding', attempts: first, revision: 1, validUntilMs: 9_000, frozen: true },
  ending: { ...base, phase: 'ending', reason: 'asked', attempts: [], renewals: 2, revision: 1 },
  ended: { phase: 'ended', reason: 'written' },
} as const satisfies Record<string, HolderState>;

const h = transition<HolderState, HolderEvent>;

/** A tick at this monotonic time; the boot clock has run ahead by `suspendedMs` since the lease began. */
export function ticked(nowMs: number, suspendedMs = 0): HolderEvent {
  return { kind: 'ticked', nowMs, bootMs: nowMs + 50 + suspendedMs };
}

const holderRows: readonly Transition<HolderState, HolderEvent>[] = [
  h(holders.new, 'tick', ticked(0), 'acquiring', 'swap'),
  h(holders.acquiring, 'tick, unanswered', ticked(100), 'acquiring', ''),
  h(
    holders.acquiring,
    'the swap is done',
    { kind: 'swapped', row: leaseRow(1), revision: 1 },
    'holding',
    'extend',
  ),
  h(holders.acquiring, 'the call fails', { kind: 'storeFailed' }, 'acquiring', ''),
  h(holders.acquiring, 'no row is found', { kind: 'found', row: null, revision: 0 }, 'acquiring', ''),
  h(holders.acquiring, 'tick, for too long', ticked(600_000), 'ended', 'freeze, ended not acquired'),
  h(holders.holding, 'tick, nothing is due', ticked(900), 'holding', ''),
  h(holders.holding, 'tick, a renewal is due', ticked(1_000), 'holding', 'swap'),
  h(
    holders.waiting,
    'the swap is done',
    { kind: 'swapped', row: leaseRow(2), revision: 2 },
    'holding',
    'extend',
  ),
  h(holders.waiting, 'the swap is refused', { kind: 'refused' }, 'holding', ''),
  h(holders.waiting, 'the call fails', { kind: 'storeFailed' }, 'holding', ''),
  h(holders.unsure, 'tick after a failed call', ticked(1_100), 'holding', 'read'),
  h(
    holders.unsure,
    'the attempt is found in place',
    { kind: 'found', row: leaseRow(1), revision: 2 },
    'holding',
    'extend',
  ),
  h(
    holders.unsure,
    'ended is found',
    { kind: 'found', row: leaseRow(2, 'ended'), revision: 2 },
    'ended',
    'freeze, ended written',
  ),
  h(
    holders.unsure,
    'no row is found',
    { kind: 'found', row: null, revision: 0 },
    'ended',
    'freeze, ended written',
  ),
  h(holders.waiting, 'tick, the term is nearly over', ticked(4_750), 'holding', 'freeze'),
  h(holders.frozen, 'tick, renewed meanwhile', ticked(900), 'holding', 'thaw'),
  h(holders.holding, 'tick, suspended within the tolerance', ticked(500, 250), 'holding', ''),
  h(
    holders.holding,
    'tick, suspended for longer',
    ticked(500, 251),
    'ending',
    'freeze, ended suspended, swap',
  ),
  h(
    holders.waiting,
    'tick, suspended during a call',
    ticked(1_100, 9_000),
    'ending',
    'freeze, ended suspended, read',
  ),
  h(holders.holding, 'an end is asked for', { kind: 'endAsked' }, 'ending', 'freeze, ended asked, swap'),
  h(holders.acquiring, 'the store is lost', { kind: 'storeLost' }, 'ended', 'freeze, ended store lost'),
  h(holders.waiting, 'the store is lost', { kind: 'storeLost' }, 'ended', 'freeze, ended store lost'),
  h(holders.ending, 'the store is lost', { kind: 'storeLost' }, 'ended', ''),
  h(holders.holding, 'the actor is restarted', { kind: 'restarted' }, 'holding', ''),
  h(holders.ending, 'the swap is refused', { kind: 'refused' }, 'ending', 'read'),
  h(holders.ending, 'live is found', { kind: 'found', row: leaseRow(1), revision: 3 }, 'ending', 'swap'),
  h(holders.ending, 'ended is found', { kind: 'found', row: leaseRow(2, 'ended'), revision: 3 }, 'ended', ''),
  h(holders.ended, 'tick', ticked(9_000), 'ended', ''),
  h(holders.ended, 'a late answer', { kind: 'swapped', row: leaseRow(2), revision: 2 }, 'ended', ''),
];

const o = transition<ObserverState, ObserverEvent>;
const watched = { incarnation: self, timing };
export const observers = {
  unseen: { ...watched, phase: 'unseen' },
  watching: { ...watched, phase: 'watching', renewals: 3, sinceMs: 1_000, lastReadMs: 5_900 },
  ended: { ...watched, phase: 'ended' },
} as const satisfies Record<string, ObserverState>;

function read(row: LeaseRow | null, sentAtMs: number): ObserverEvent {
  return { kind: 'found', row, revision: 7, sentAtMs, nowMs: sentAtMs + 5 };
}

const observerRows: readonly Transition<ObserverState, ObserverEvent>[] = [
  o(observers.unseen, 'a live row', read(leaseRow(3), 1_000), 'watching', ''),
  o(observers.unseen, 'an ended row', read(leaseRow(3, 'ended'), 1_000), 'ended', 'lease ended'),
  o(observers.unseen, 'no row', read(null, 1_000), 'unseen', ''),
  o(observers.watching, 'another counter', read(leaseRow(4), 7_500), 'watching', ''),
  o(observers.watching, 'the same counter, within term + margin', read(leaseRow(3), 6_999), 'watching', ''),
  o(
    observers.watching,
    'the same counter, after term + margin',
    read(leaseRow(3), 7_000),
    'watching',
    'end lease',
  ),
  o(
    observers.watching,
    'the same counter, after a gap in its own reads',
    read(leaseRow(3), 7_901),
    'watching',
    '',
  ),
  o(observers.watching, 'an ended row', read(leaseRow(4, 'ended'), 7_000), 'ended', 'lease ended'),
  o(observers.ended, 'any row', read(leaseRow(9), 9_000), 'ended', ''),
];

/** Every sentence of `docs/protocols/lease.md`, in its order. */
export const leaseRows = { holder: holderRows, observer: observerRows };
