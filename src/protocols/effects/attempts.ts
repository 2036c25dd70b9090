import { assert, assertNever } from '../../core/assert.ts';
import type { EffectPolicy } from './policy.ts';

/**
 * One effect where it runs: it stays there, whatever becomes of its execution meanwhile, until it has an outcome or the
 * process ends (promise 5 and rule 12 of `docs/semantics.md`). Attempts never overlap, but for one that was given up at its time-out and
 * does not heed its signal.
 */
export type AttemptsState =
  | { readonly phase: 'running'; readonly attempt: number }
  /** The last attempt failed; the next one begins after a pause. */
  | { readonly phase: 'pausing'; readonly attempt: number }
  | { readonly phase: 'ended'; readonly attempt: number };

export type AttemptsEvent =
  | { readonly kind: 'returned'; readonly attempt: number }
  /**
   * `marks`: name and code of what was thrown. `isFinal`: it says of itself that to try again is of no use. `chance`: in
   * [0, 1), for the length of the pause.
   */
  | {
      readonly kind: 'threw';
      readonly attempt: number;
      readonly marks: readonly string[];
      readonly isFinal: boolean;
      readonly chance: number;
    }
  | { readonly kind: 'timedOut'; readonly attempt: number; readonly chance: number }
  /** The pause is over. An attempt is an act: it begins only while the lease allows acts (rule 3). */
  | { readonly kind: 'paused'; readonly mayAct: boolean };

/** What the driver does, in order. */
export type AttemptsEffect =
  /** Call the effect's function. -> returned | threw */
  | { readonly kind: 'call'; readonly attempt: number }
  /** -> timedOut, unless the attempt has ended before */
  | { readonly kind: 'watch'; readonly attempt: number; readonly timeoutMs: number }
  /** Abort the signal of the attempt: nobody waits for it any more. */
  | { readonly kind: 'abort'; readonly attempt: number }
  /** -> paused */
  | { readonly kind: 'pause'; readonly delayMs: number }
  /** It has an outcome: what the last attempt returned or threw, or that its time was over. */
  | { readonly kind: 'end'; readonly attempt: number; readonly how: 'returned' | 'threw' | 'timedOut' };

export interface AttemptsStep {
  readonly state: AttemptsState;
  readonly effects: readonly AttemptsEffect[];
}

/** How long an attempt waits for a lease that is not surely valid, before it asks again. */
export const leasePauseMs = 100;

/** The first attempt. */
export function begin(policy: EffectPolicy): AttemptsStep {
  return attemptNumber(1, policy);
}

/** Advances by one event. What an attempt that was given up does later changes nothing. */
export function step(state: AttemptsState, event: AttemptsEvent, policy: EffectPolicy): AttemptsStep {
  switch (event.kind) {
    case 'returned':
      return isCurrent(state, event.attempt) ? end(state, 'returned') : stay(state);
    case 'threw': {
      if (!isCurrent(state, event.attempt)) return stay(state);
      const isFinal = event.isFinal || event.marks.some((mark) => policy.unless.includes(mark));
      return isFinal ? end(state, 'threw') : failed(state, 'threw', event.chance, policy);
    }
    case 'timedOut': {
      if (!isCurrent(state, event.attempt)) return stay(state);
      const { state: next, effects } = failed(state, 'timedOut', event.chance, policy);
      return { state: next, effects: [{ kind: 'abort', attempt: event.attempt }, ...effects] };
    }
    case 'paused':
      if (state.phase !== 'pausing') return stay(state);
      if (!event.mayAct) return { state, effects: [{ kind: 'pause', delayMs: leasePauseMs }] };
      return attemptNumber(state.attempt + 1, policy);
    default:
      return assertNever(event);
  }
}

/** @returns milliseconds after the failed attempt with this number; `chance` in [0, 1) */
export function pauseAfter(attempt: number, chance: number, policy: EffectPolicy): number {
  const { initialMs, factor, pauseMaxMs, jitter } = policy;
  const fullMs = Math.min(pauseMaxMs, initialMs * factor ** (attempt - 1));
  return fullMs * (1 - jitter * chance);
}

function isCurrent(state: AttemptsState, attempt: number): boolean {
  return state.phase === 'running' && state.attempt === attempt;
}

function stay(state: AttemptsState): AttemptsStep {
  return { state, effects: [] };
}

function attemptNumber(attempt: number, policy: EffectPolicy): AttemptsStep {
  assert(attempt <= policy.attemptsMax, `attempt ${attempt} of at most ${policy.attemptsMax}`);
  const effects: AttemptsEffect[] = [];
  // Watched first: what the call does at once, it does within its time.
  if (policy.timeoutMs !== null) effects.push({ kind: 'watch', attempt, timeoutMs: policy.timeoutMs });
  effects.push({ kind: 'call', attempt });
  return { state: { phase: 'running', attempt }, effects };
}

function failed(
  { attempt }: AttemptsState,
  how: 'threw' | 'timedOut',
  chance: number,
  policy: EffectPolicy,
): AttemptsStep {
  if (attempt >= policy.attemptsMax) return end({ phase: 'running', attempt }, how);
  const delayMs = pauseAfter(attempt, chance, policy);
  return { state: { phase: 'pausing', attempt }, effects: [{ kind: 'pause', delayMs }] };
}

function end({ attempt }: AttemptsState, how: 'returned' | 'threw' | 'timedOut'): AttemptsStep {
  return { state: { phase: 'ended', attempt }, effects: [{ kind: 'end', attempt, how }] };
}
