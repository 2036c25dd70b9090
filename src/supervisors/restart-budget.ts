/** How often a supervisor may restart children before it gives up and fails to its own supervisor. */
export interface RestartBudget {
  /** Restarts allowed within any `periodMs`; 0 allows none. */
  readonly restartsMax: number;
  readonly periodMs: number;
}

/** Erlang's default: one restart within five seconds. */
export const defaultBudget: RestartBudget = { restartsMax: 1, periodMs: 5_000 };

/** What is left after one more restart was asked for. */
export type BudgetState =
  /** Restarts within the period, newest first, this one included. */
  | { readonly kind: 'left'; readonly restartsAtMs: readonly number[] }
  | { readonly kind: 'spent'; readonly restartsAtMs: readonly number[] };

/**
 * Spends one restart from the budget. A restart exactly `periodMs` ago still counts.
 *
 * @param restartsAtMs earlier restarts, newest first, in monotonic milliseconds
 * @param nowMs monotonic milliseconds, never before the newest restart
 */
export function spendRestart(
  restartsAtMs: readonly number[],
  nowMs: number,
  budget: RestartBudget,
): BudgetState {
  const inPeriod = [nowMs, ...restartsAtMs.filter((atMs) => atMs >= nowMs - budget.periodMs)];
  return { kind: inPeriod.length > budget.restartsMax ? 'spent' : 'left', restartsAtMs: inPeriod };
}

/** How long to wait before a restart; ours, Erlang has none. */
export interface Backoff {
  /** Before the second restart within the budget's period; the first one is immediate. 0 switches backoff off. */
  readonly initialMs: number;
  /** By which each further restart within the period multiplies the wait. */
  readonly factor: number;
  readonly maxMs: number;
  /** Share of the wait that is random, in [0, 1]: 0.5 waits between half and all of it. */
  readonly jitter: number;
}

/** 50 ms, doubled up to 2 s, half of it random. */
export const defaultBackoff: Backoff = { initialMs: 50, factor: 2, maxMs: 2_000, jitter: 0.5 };
export const noBackoff: Backoff = { initialMs: 0, factor: 1, maxMs: 0, jitter: 0 };

/**
 * @param restartsInPeriod restarts within the budget's period, the coming one included: at least 1
 * @param uniform in [0, 1)
 * @returns milliseconds to wait before the coming restart
 */
export function backoffMs(restartsInPeriod: number, backoff: Backoff, uniform: number): number {
  if (restartsInPeriod <= 1) return 0;
  const fullMs = Math.min(backoff.maxMs, backoff.initialMs * backoff.factor ** (restartsInPeriod - 2));
  return fullMs * (1 - backoff.jitter * uniform);
}
