import type { HostIdentity } from '../../core/execution.ts';
import type { LeaseRow } from './row.ts';
import type { LeaseTiming } from './timing.ts';

/** One attempt to renew, whose fate may be unknown. */
export interface RenewalAttempt {
  readonly renewals: number;
  /** Monotonic milliseconds; the term counts from here. */
  readonly sentAtMs: number;
}

interface Attempts {
  readonly host: HostIdentity;
  readonly timing: LeaseTiming;
  /** Boot clock less monotonic clock when the lease began. */
  readonly bootOffsetMs: number;
  /** Oldest first; those whose term has passed are forgotten. */
  readonly attempts: readonly RenewalAttempt[];
  /** The number of the latest attempt. */
  readonly renewals: number;
  /** The row's revision as last seen; null: there is no row yet; `unknown`: a call failed, so a read comes first. */
  readonly revision: number | null | 'unknown';
  /** Since when an answer is awaited, in monotonic milliseconds; null when none is. At most one call is under way. */
  readonly awaitingSinceMs: number | null;
}

export type LeaseEnd = 'suspended' | 'written' | 'asked' | 'storeLost' | 'notAcquired';

/** The holder's view of its own lease. */
export type HolderState =
  /** Nobody may act yet: the row was not seen in the registry. */
  | (Attempts & {
      readonly phase: 'acquiring';
      /** Monotonic milliseconds. */
      readonly beganAtMs: number;
    })
  | (Attempts & {
      readonly phase: 'holding';
      /** Acting is allowed strictly before this, in monotonic milliseconds. */
      readonly validUntilMs: number;
      readonly frozen: boolean;
    })
  /** Gives the lease up by a write; acts no more. */
  | (Attempts & { readonly phase: 'ending'; readonly reason: LeaseEnd })
  | { readonly phase: 'ended'; readonly reason: LeaseEnd };

export type HolderEvent =
  /** Both clocks, read together. Due every `tickEveryMs`. */
  | { readonly kind: 'ticked'; readonly nowMs: number; readonly bootMs: number }
  /** The swap that carried this row was done. */
  | { readonly kind: 'swapped'; readonly row: LeaseRow; readonly revision: number }
  /** It was not: the revision differed. */
  | { readonly kind: 'refused' }
  /** A call failed or timed out: it may have happened. */
  | { readonly kind: 'storeFailed' }
  /** The session with the store is over: nothing of what was read holds, and nothing can be written. */
  | { readonly kind: 'storeLost' }
  /** A linearizable read of the own row. */
  | { readonly kind: 'found'; readonly row: LeaseRow | null; readonly revision: number }
  /** The actor was restarted: answers to earlier calls may never come. */
  | { readonly kind: 'restarted' }
  /** A clean stop: the lease is given up at once, so that nobody waits for it. */
  | { readonly kind: 'endAsked' };

export type HolderEffect =
  /** Compare-and-set of the own row. -> swapped | refused | storeFailed */
  | { readonly kind: 'swap'; readonly expectedRevision: number | null; readonly row: LeaseRow }
  /** Linearizable. -> found | storeFailed */
  | { readonly kind: 'read' }
  /** Write this deadline (monotonic milliseconds) where the lanes check it. It never moves back. */
  /** By the boot clock, too, as it stood to the monotonic one when the lease began: see rule 2. */
  | { readonly kind: 'extend'; readonly validUntilMs: number; readonly validUntilBootMs: number }
  /** Ask all lanes to freeze in time; the deadline itself stops those that do not. */
  | { readonly kind: 'freeze' }
  | { readonly kind: 'thaw' }
  /** This incarnation never acts again: end the lanes. Its last `swap` may fail; the others end the lease then. */
  | { readonly kind: 'ended'; readonly reason: LeaseEnd };

export interface HolderStep {
  readonly state: HolderState;
  readonly effects: readonly HolderEffect[];
}
