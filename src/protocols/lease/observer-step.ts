import type { ObserverEvent, ObserverState, ObserverStep } from './observer.ts';
import type { LeaseRow } from './row.ts';

/**
 * Advances one host's view of another's lease by one linearizable read. The count starts when the answer that first
 * showed this counter came, and is compared at the moment when a later read was sent: never sooner than term + margin
 * after the holder sent that renewal (rule 2, for promise 9).
 */
export function stepObserver(state: ObserverState, event: ObserverEvent): ObserverStep {
  if (state.phase === 'ended' || event.row === null) return { state, effects: [] };
  const { incarnation, timing } = state;
  const { row, revision, sentAtMs, nowMs } = event;
  if (row.phase === 'ended') {
    return {
      state: { incarnation, timing, phase: 'ended' },
      effects: [{ kind: 'leaseEnded', incarnation }],
    };
  }
  const continues =
    state.phase === 'watching' &&
    state.renewals === row.renewals &&
    sentAtMs - state.lastReadMs <= timing.observeGapMs;
  if (!continues) {
    const { renewals } = row;
    return {
      state: { incarnation, timing, phase: 'watching', renewals, sinceMs: nowMs, lastReadMs: nowMs },
      effects: [],
    };
  }
  const watched: ObserverState = { ...state, lastReadMs: nowMs };
  if (sentAtMs - state.sinceMs < timing.termMs + timing.marginMs) return { state: watched, effects: [] };
  const ending: LeaseRow = { ...row, phase: 'ended', renewals: row.renewals + 1 };
  return { state: watched, effects: [{ kind: 'endLease', expectedRevision: revision, row: ending }] };
}

/** @returns in how many ms a read is to be sent that may find the lease run out; null when none is counted, or it has */
export function runsOutInMs(state: ObserverState, nowMs: number): number | null {
  if (state.phase !== 'watching') return null;
  const leftMs = state.sinceMs + state.timing.termMs + state.timing.marginMs - nowMs;
  return leftMs > 0 ? leftMs : null;
}
