import { expect, test } from 'vitest';
import { beginHolder, mayAct, stepHolder } from '../../../src/protocols/lease/holder-step.ts';
import type { HolderEffect, HolderEvent, HolderState } from '../../../src/protocols/lease/holder.ts';
import { stepObserver } from '../../../src/protocols/lease/observer-step.ts';
import type { ObserverState } from '../../../src/protocols/lease/observer.ts';
import type { LeaseRow } from '../../../src/protocols/lease/row.ts';
import type { LeaseTiming } from '../../../src/protocols/lease/timing.ts';
import { self } from '../ownership/fixtures.ts';
import { explore } from '../exploration/explorer.ts';
import type { Model } from '../exploration/explorer.ts';
import { host } from './transitions.ts';

// Promises 1 and 9 of docs/semantics.md.

/** The same protocol in units of time instead of milliseconds, so that every moment can be tried. */
const timing: LeaseTiming = {
  termMs: 2,
  marginMs: 1,
  renewEveryMs: 1,
  freezeLeadMs: 1,
  suspensionToleranceMs: 0,
  tickEveryMs: 1,
  observeEveryMs: 1,
  observeGapMs: 3,
  acquireMaxMs: 3,
  endedKeptMs: 3,
};

type Call =
  { readonly kind: 'swap'; readonly expected: number; readonly row: LeaseRow } | { readonly kind: 'read' };

interface World {
  readonly nowMs: number;
  /** The holder ticks once in a unit of time, at any point of it. */
  readonly ticked: boolean;
  readonly row: LeaseRow | null;
  readonly revision: number;
  /** Whether it was ever ended: its row may be gone since. */
  readonly wasEnded: boolean;
  readonly holder: HolderState;
  /** Calls of the holder that the store may still perform; the last one may still be answered. */
  readonly calls: readonly Call[];
  readonly awaits: boolean;
  readonly observer: ObserverState;
  /** When the observer's read was sent, and what it saw; null when none is under way. */
  readonly reading: {
    readonly sentAtMs: number;
    readonly seen: { readonly row: LeaseRow | null; readonly revision: number } | null;
  } | null;
}

interface Faults {
  readonly renewsAfterEnd: boolean;
  readonly countsFromAnswer: boolean;
  readonly acquiresForEver: boolean;
}
const noFaults: Faults = { renewsAfterEnd: false, countsFromAnswer: false, acquiresForEver: false };

/**
 * One holder, one observer, one row: every order of ticks, calls, late and lost answers, and reads. This is what lets
 * the larger exploration take a lease as two facts: while its holder believes in it, nobody has ended it.
 */
class LeaseModel implements Model {
  readonly initial: string;
  readonly #endMs: number;
  readonly #faults: Faults;

  constructor(endMs: number, faults: Faults) {
    this.#endMs = endMs;
    this.#faults = faults;
    this.initial = JSON.stringify({
      nowMs: 0,
      ticked: false,
      row: null,
      revision: 0,
      wasEnded: false,
      holder: beginHolder(host, faults.acquiresForEver ? { ...timing, acquireMaxMs: 1e9 } : timing, 0, 0),
      calls: [],
      awaits: false,
      observer: { incarnation: self, timing, phase: 'unseen' },
      reading: null,
    } satisfies World);
  }

  violation(state: string): string | null {
    const { holder, nowMs, row, wasEnded } = JSON.parse(state) as World;
    const isEnded = row?.phase === 'ended' || wasEnded;
    if (wasEnded && row?.phase === 'live') return 'a lease that was ended, and swept, is live again';
    return isEnded && mayAct(holder, nowMs) ? 'the holder may act although its lease was ended' : null;
  }

  isGood(state: string): boolean {
    return (JSON.parse(state) as World).nowMs === this.#endMs;
  }

  successors(state: string, visit: (label: string, next: string, fair: boolean) => void): void {
    const world = JSON.parse(state) as World;
    const go = (label: string, next: World) =>
      visit(label, JSON.stringify(this.#faults.renewsAfterEnd ? next : alive(next)), true);
    if (world.nowMs < this.#endMs) go('time passes', { ...world, nowMs: world.nowMs + 1, ticked: false });
    const { nowMs } = world;
    if (!world.ticked) {
      const told = { ...world, ticked: true };
      go('the holder ticks', this.#step(told, { kind: 'ticked', nowMs, bootMs: nowMs }));
    }
    world.calls.forEach((call, index) => this.#perform(world, call, index, go));
    if (world.awaits)
      go('the answer is lost', this.#step({ ...world, awaits: false }, { kind: 'storeFailed' }));
    this.#observe(world, go);
    if (world.row?.phase === 'ended' && nowMs >= timing.endedKeptMs) go('the row is swept', swept(world));
  }

  #step(world: World, event: HolderEvent): World {
    const { state, effects } = stepHolder(world.holder, event);
    const begun = effects.filter((effect) => effect.kind === 'swap' || effect.kind === 'read');
    const calls = begun.map((effect) => callOf(effect));
    const isAwaiting = calls.length > 0 || world.awaits;
    return { ...world, holder: state, calls: [...world.calls, ...calls].slice(-2), awaits: isAwaiting };
  }

  #perform(world: World, call: Call, index: number, go: (label: string, next: World) => void): void {
    const rest = world.calls.filter((_, at) => at !== index);
    const isLatest = index === world.calls.length - 1 && world.awaits;
    const quiet = { ...world, calls: rest };
    const told = { ...quiet, awaits: false };
    if (call.kind === 'read') {
      const { row, revision } = world;
      const believing = { ...told, holder: this.#believing(world) };
      if (isLatest) go('the holder reads', this.#step(believing, { kind: 'found', row, revision }));
      return;
    }
    const isForced = this.#faults.renewsAfterEnd && world.row?.phase === 'ended';
    if (call.expected !== revisionOf(world) && !isForced) {
      go('a renewal is refused', isLatest ? this.#step(told, { kind: 'refused' }) : quiet);
      return;
    }
    const row: LeaseRow = isForced ? { ...call.row, phase: 'ended' } : call.row;
    const written = { ...quiet, row, revision: world.revision + 1 };
    go('a renewal happens, unanswered', written);
    if (!isLatest) return;
    const event: HolderEvent = { kind: 'swapped', row: call.row, revision: world.revision + 1 };
    go(
      'a renewal is answered',
      this.#step({ ...written, awaits: false, holder: this.#believing(world) }, event),
    );
  }

  /** A planted fault: the term counts from the answer. */
  #believing(world: World): HolderState {
    const { holder, nowMs } = world;
    if (!this.#faults.countsFromAnswer || holder.phase === 'ended') return holder;
    return { ...holder, attempts: holder.attempts.map((attempt) => ({ ...attempt, sentAtMs: nowMs })) };
  }

  #observe(world: World, go: (label: string, next: World) => void): void {
    const { reading, nowMs, row, revision } = world;
    if (reading === null) {
      go('the observer asks', { ...world, reading: { sentAtMs: nowMs, seen: null } });
    } else if (reading.seen === null) {
      go('the store reads for the observer', { ...world, reading: { ...reading, seen: { row, revision } } });
    } else {
      const { state, effects } = stepObserver(world.observer, {
        kind: 'found',
        ...reading.seen,
        sentAtMs: reading.sentAtMs,
        nowMs,
      });
      const next = { ...world, observer: state, reading: null };
      go('the observer hears', next);
      for (const effect of effects) {
        if (effect.kind === 'endLease' && effect.expectedRevision === revisionOf(world)) {
          const ended = { row: effect.row, revision: revision + 1, wasEnded: true };
          go('the observer ends the lease', { ...next, ...ended });
        }
      }
    }
  }
}

/** As the store counts: what is absent is expected as 0, and no revision ever comes again. */
function revisionOf({ row, revision }: World): number {
  return row === null ? 0 : revision;
}

/** By then every call has landed, or never will. */
function swept(world: World): World {
  return {
    ...world,
    row: null,
    revision: world.revision + 1,
    calls: [],
  };
}

/** A late call that nobody waits for and that can change nothing is forgotten. */
function alive(world: World): World {
  const { calls, awaits } = world;
  const isAlive = (call: Call, index: number) =>
    (awaits && index === calls.length - 1) || (call.kind === 'swap' && call.expected === revisionOf(world));
  return calls.every(isAlive) ? world : { ...world, calls: calls.filter(isAlive) };
}

function callOf(effect: Extract<HolderEffect, { kind: 'swap' | 'read' }>): Call {
  return effect.kind === 'read'
    ? { kind: 'read' }
    : { kind: 'swap', expected: effect.expectedRevision ?? 0, row: effect.row };
}

test('whatever is delayed or lost, no lease is ended while its holder may act', { timeout: 120_000 }, () => {
  const found = explore(new LeaseModel(5, noFaults), 600_000);
  console.log(`lease: ${found.states.toLocaleString('en')} states, ${found.kind}`);
  expect(found.kind, found.kind === 'violated' ? [found.reason, ...found.trace].join('\n') : '').toBe('held');
});

test.each([
  ['a renewal after the lease was ended', 5, { ...noFaults, renewsAfterEnd: true }],
  ['a term that counts from the answer', 5, { ...noFaults, countsFromAnswer: true }],
  ['a holder that tries for ever to get its lease', 4, { ...noFaults, acquiresForEver: true }],
])('the enumeration of the lease catches %s', { timeout: 120_000 }, (name, endMs, faults) => {
  const found = explore(new LeaseModel(endMs, faults), 600_000);
  expect(found.kind, `${found.states} states`).toBe('violated');
  if (found.kind === 'violated') console.log([`${name}: ${found.reason}`, ...found.trace].join('\n  '));
});
