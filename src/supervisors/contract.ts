import type { AnyRef } from '../actors/kernel/contract.ts';
import type { ExitReason } from '../actors/kernel/exit-reason.ts';
import type { Random } from '../core/ports.ts';
import type { ChildCounts, ChildSpec, ChildStatus } from './child-spec.ts';
import type { Backoff, RestartBudget } from './restart-budget.ts';

/**
 * `one_for_one`: only the failed child is restarted. `one_for_all`: all children are stopped, last to first, and
 * started again. `rest_for_one`: the failed child and those started after it. `dynamic` (Erlang's
 * `simple_one_for_one`): as `one_for_one`, for many children that come and go: they have no order, are stopped all at
 * once, and are forgotten when they are done.
 */
export type Strategy = 'one_for_one' | 'one_for_all' | 'rest_for_one' | 'dynamic';

export interface SupervisorOptions {
  readonly strategy: Strategy;
  readonly budget: RestartBudget;
  readonly backoff: Backoff;
  readonly random: Random;
  /** Gets what happened, for telemetry; must not throw. */
  readonly onEvent: (event: SupervisionEvent) => void;
}

/** What a supervisor takes. `ask` to get the reply. */
export type SupervisorMessage =
  /** Adds a child behind the others and starts it; replies when it has started or failed to. */
  | { readonly kind: 'startChild'; readonly spec: ChildSpec }
  /** Stops a child; its spec stays, unless it is temporary or the supervisor dynamic. */
  | { readonly kind: 'terminateChild'; readonly id: string }
  /** Starts a child that stands stopped. */
  | { readonly kind: 'restartChild'; readonly id: string }
  /** Forgets a child that stands stopped. */
  | { readonly kind: 'deleteChild'; readonly id: string }
  | { readonly kind: 'whichChildren' }
  | { readonly kind: 'countChildren' };

export type SupervisorReply =
  /** The child runs; null where its start said `ignore`. */
  | { readonly kind: 'childStarted'; readonly child: AnyRef | null }
  | { readonly kind: 'done' }
  | { readonly kind: 'refused'; readonly reason: RefusalReason; readonly detail: string }
  /** In start order. */
  | { readonly kind: 'children'; readonly children: readonly ChildStatus[] }
  | ({ readonly kind: 'counts' } & ChildCounts);

export type RefusalReason =
  | 'alreadyStarted'
  /** There is a stopped child of this id: restart or delete it. */
  | 'alreadyPresent'
  | 'notFound'
  | 'running'
  | 'restarting'
  /** The start threw, the actor ended in it, or it was not ready in time. */
  | 'startFailed'
  /** Dynamic supervisors keep no stopped children. */
  | 'dynamic'
  /** The supervisor is stopping. */
  | 'stopping'
  /** 1,000 requests wait for the start or end of a child already. */
  | 'busy';

/** What happened under one supervisor. `supervisor` is its path. */
export type SupervisionEvent =
  | { readonly kind: 'childStarted'; readonly supervisor: string; readonly id: string }
  | {
      readonly kind: 'startFailed';
      readonly supervisor: string;
      readonly id: string;
      readonly reason: ExitReason;
    }
  /** By itself: not because the supervisor stopped it. */
  | {
      readonly kind: 'childExited';
      readonly supervisor: string;
      readonly id: string;
      readonly reason: ExitReason;
    }
  | {
      readonly kind: 'childStopped';
      readonly supervisor: string;
      readonly id: string;
      readonly reason: ExitReason;
    }
  /** A child did not end within its grace and was killed. */
  | {
      readonly kind: 'childKilled';
      readonly supervisor: string;
      readonly id: string;
      readonly graceMs: number;
    }
  | {
      readonly kind: 'restarting';
      readonly supervisor: string;
      readonly id: string;
      readonly delayMs: number;
    }
  /** The supervisor gives up: stops its children and fails to its own supervisor. */
  | {
      readonly kind: 'budgetSpent';
      readonly supervisor: string;
      readonly id: string;
      readonly restarts: number;
    };
