import type { ExitReason } from '../actors/kernel/exit-reason.ts';
import type { Restart } from './child-spec.ts';
import { wantsRestart } from './child-spec.ts';
import type { Strategy } from './contract.ts';
import type { RestartBudget } from './restart-budget.ts';
import { spendRestart } from './restart-budget.ts';

/** What a decision needs to know of a child. */
export interface SupervisedChild {
  readonly id: string;
  readonly restart: Restart;
}

/** What a decision needs to know of a supervisor. */
export interface Supervised {
  readonly strategy: Strategy;
  readonly budget: RestartBudget;
  /** Earlier restarts, newest first, in monotonic milliseconds. */
  readonly restartsAtMs: readonly number[];
  /** In start order, the failed one included. */
  readonly children: readonly SupervisedChild[];
}

export type Decision =
  /** The child stays stopped; its spec is kept, and it can be started again by hand or with its siblings. */
  | { readonly kind: 'keep' }
  /** The child and its spec are gone. */
  | { readonly kind: 'forget' }
  | {
      readonly kind: 'restart';
      /** Siblings to stop, last to first; those that do not run are skipped. */
      readonly stop: readonly string[];
      /** Children to start, first to last. Temporary siblings that were stopped are forgotten instead. */
      readonly start: readonly string[];
      readonly restartsAtMs: readonly number[];
    }
  /** The budget is spent: stop all children, last to first, and fail to the own supervisor. */
  | { readonly kind: 'giveUp'; readonly restarts: number };

/** A child ended by itself. */
export function decideExit(
  supervised: Supervised,
  child: SupervisedChild,
  reason: ExitReason,
  nowMs: number,
): Decision {
  if (wantsRestart(child.restart, reason)) return decideRestart(supervised, child, nowMs);
  const kept = child.restart !== 'temporary' && supervised.strategy !== 'dynamic';
  return { kind: kept ? 'keep' : 'forget' };
}

/** A child is to be restarted, because it ended or because an attempt to restart it failed: both cost the same. */
export function decideRestart(supervised: Supervised, child: SupervisedChild, nowMs: number): Decision {
  const spent = spendRestart(supervised.restartsAtMs, nowMs, supervised.budget);
  if (spent.kind === 'spent') return { kind: 'giveUp', restarts: spent.restartsAtMs.length };
  const affected = affectedBy(supervised, child);
  return {
    kind: 'restart',
    stop: affected
      .filter((one) => one.id !== child.id)
      .map((one) => one.id)
      .toReversed(),
    start: affected.filter((one) => one.restart !== 'temporary').map((one) => one.id),
    restartsAtMs: spent.restartsAtMs,
  };
}

function affectedBy(supervised: Supervised, child: SupervisedChild): readonly SupervisedChild[] {
  const index = supervised.children.findIndex((one) => one.id === child.id);
  if (supervised.strategy === 'one_for_all') return supervised.children;
  if (supervised.strategy === 'rest_for_one') return supervised.children.slice(index);
  return [child];
}
