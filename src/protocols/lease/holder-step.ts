import { assertNever } from '../../core/assert.ts';
import type { HostIdentity } from '../../core/execution.ts';
import type { HolderEffect, HolderEvent, HolderState, HolderStep, LeaseEnd } from './holder.ts';
import type { LeaseRow } from './row.ts';
import type { LeaseTiming } from './timing.ts';

type Active = Exclude<HolderState, { phase: 'ended' }>;

/** A lease that is yet to be acquired: the first tick sends for it. */
export function beginHolder(
  host: HostIdentity,
  timing: LeaseTiming,
  nowMs: number,
  bootMs: number,
): HolderState {
  return {
    phase: 'acquiring',
    beganAtMs: nowMs,
    host,
    timing,
    bootOffsetMs: bootMs - nowMs,
    attempts: [],
    renewals: 0,
    revision: null,
    awaitingSinceMs: null,
  };
}

/** Whether the holder may act at this instant (rule 3, for promises 1 and 9). The lanes ask shared memory the same question. */
export function mayAct(state: HolderState, nowMs: number): boolean {
  return state.phase === 'holding' && nowMs < state.validUntilMs;
}

/** Advances the holder by one event. Calls are only ever sent at a tick, because a renewal counts from when it is sent. */
export function stepHolder(state: HolderState, event: HolderEvent): HolderStep {
  if (state.phase === 'ended') return { state, effects: [] };
  switch (event.kind) {
    case 'ticked':
      return tick(state, event.nowMs, event.bootMs);
    case 'swapped':
      return seen({ ...state, awaitingSinceMs: null }, event.row, event.revision);
    case 'found':
      return found({ ...state, awaitingSinceMs: null }, event.row, event.revision);
    case 'refused':
      if (state.phase === 'ending') return { state, effects: [{ kind: 'read' }] };
      return { state: { ...state, awaitingSinceMs: null, revision: 'unknown' }, effects: [] };
    case 'storeFailed':
    case 'restarted':
      // It may have happened: a read settles it.
      return { state: { ...state, awaitingSinceMs: null, revision: 'unknown' }, effects: [] };
    case 'storeLost':
      return ended(state, 'storeLost');
    case 'endAsked':
      return state.phase === 'ending' ? { state, effects: [] } : giveUp(state, 'asked');
    default:
      return assertNever(event);
  }
}

function tick(before: Active, nowMs: number, bootMs: number): HolderStep {
  const { timing } = before;
  const attempts = before.attempts.filter((attempt) => attempt.sentAtMs + timing.termMs > nowMs);
  const isUnanswered = before.awaitingSinceMs !== null && nowMs - before.awaitingSinceMs > timing.termMs;
  const state: Active = isUnanswered
    ? { ...before, attempts, awaitingSinceMs: null, revision: 'unknown' }
    : { ...before, attempts };
  // Its row may have been written, ended and swept meanwhile: it must not be written anew.
  if (state.phase === 'acquiring' && nowMs - state.beganAtMs >= timing.acquireMaxMs)
    return ended(state, 'notAcquired');
  const suspendedMs = bootMs - nowMs - state.bootOffsetMs;
  // Rule 2: the monotonic clock stood still meanwhile, so the term may have passed unseen.
  if (state.phase !== 'ending' && suspendedMs > timing.suspensionToleranceMs)
    return giveUp(state, 'suspended');
  const gated = gate(state, nowMs);
  const called = call(gated.state, nowMs);
  return { state: called.state, effects: [...gated.effects, ...called.effects] };
}

/** Freezes in time, and thaws when a renewal came through. */
function gate(
  state: Active,
  nowMs: number,
): { readonly state: Active; readonly effects: readonly HolderEffect[] } {
  if (state.phase !== 'holding') return { state, effects: [] };
  const isLate = nowMs >= state.validUntilMs - state.timing.freezeLeadMs;
  if (isLate === state.frozen) return { state, effects: [] };
  return { state: { ...state, frozen: isLate }, effects: [{ kind: isLate ? 'freeze' : 'thaw' }] };
}

/** Sends what is due: a read after a failed call, else the next renewal (or, when ending, the last write). */
function call(state: Active, nowMs: number): HolderStep {
  if (state.awaitingSinceMs !== null) return { state, effects: [] };
  if (state.revision === 'unknown') {
    return { state: { ...state, awaitingSinceMs: nowMs }, effects: [{ kind: 'read' }] };
  }
  const latest = state.attempts.at(-1);
  const isDue = latest === undefined || nowMs - latest.sentAtMs >= state.timing.renewEveryMs;
  if (state.phase !== 'ending' && !isDue) return { state, effects: [] };
  const renewals = state.renewals + 1;
  const row: LeaseRow = { host: state.host, phase: state.phase === 'ending' ? 'ended' : 'live', renewals };
  return {
    state: {
      ...state,
      renewals,
      attempts: state.phase === 'ending' ? [] : [...state.attempts, { renewals, sentAtMs: nowMs }],
      awaitingSinceMs: nowMs,
    },
    effects: [{ kind: 'swap', expectedRevision: state.revision, row }],
  };
}

function found(state: Active, row: LeaseRow | null, revision: number): HolderStep {
  if (row !== null) return seen(state, row, revision);
  if (state.phase === 'acquiring') return { state: { ...state, revision: null }, effects: [] };
  return ended(state, state.phase === 'ending' ? state.reason : 'written');
}

/** The row stands in the registry like this, or did so later than it was sent. */
function seen(state: Active, row: LeaseRow, revision: number): HolderStep {
  if (row.phase === 'ended') return ended(state, state.phase === 'ending' ? state.reason : 'written');
  if (state.phase === 'ending') {
    const { host, renewals } = state;
    const last: LeaseRow = { host, phase: 'ended', renewals };
    return {
      state: { ...state, revision },
      effects: [{ kind: 'swap', expectedRevision: revision, row: last }],
    };
  }
  const attempt = state.attempts.find((each) => each.renewals === row.renewals);
  const attempts = state.attempts.filter((each) => each.renewals >= row.renewals);
  if (attempt === undefined) return { state: { ...state, revision, attempts }, effects: [] };
  const validUntilMs = attempt.sentAtMs + state.timing.termMs;
  const earlierMs = state.phase === 'holding' ? state.validUntilMs : validUntilMs;
  return {
    state: {
      ...state,
      phase: 'holding',
      revision,
      attempts,
      validUntilMs: Math.max(earlierMs, validUntilMs),
      frozen: state.phase === 'holding' && state.frozen,
    },
    effects: [{ kind: 'extend', validUntilMs, validUntilBootMs: validUntilMs + state.bootOffsetMs }],
  };
}

/** From here on this incarnation does not act, whatever the store says. */
function giveUp(state: Exclude<Active, { phase: 'ending' }>, reason: LeaseEnd): HolderStep {
  const { host, timing, bootOffsetMs, renewals, revision } = state;
  const known = state.awaitingSinceMs === null ? revision : 'unknown';
  if (known === null) return ended(state, reason);
  const ending: HolderState = {
    phase: 'ending',
    reason,
    host,
    timing,
    bootOffsetMs,
    attempts: [],
    renewals: renewals + 1,
    revision: known,
    awaitingSinceMs: null,
  };
  const row: LeaseRow = { host, phase: 'ended', renewals: renewals + 1 };
  const write: HolderEffect =
    known === 'unknown' ? { kind: 'read' } : { kind: 'swap', expectedRevision: known, row };
  return { state: ending, effects: [{ kind: 'freeze' }, { kind: 'ended', reason }, write] };
}

function ended(state: Active, reason: LeaseEnd): HolderStep {
  const effects: HolderEffect[] =
    state.phase === 'ending' ? [] : [{ kind: 'freeze' }, { kind: 'ended', reason }];
  return { state: { phase: 'ended', reason }, effects };
}
