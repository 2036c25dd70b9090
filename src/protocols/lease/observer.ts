import type { IncarnationId } from '../../core/ids.ts';
import type { LeaseRow } from './row.ts';
import type { LeaseTiming } from './timing.ts';

/** One host's view of another host's lease. */
export type ObserverState = { readonly incarnation: IncarnationId; readonly timing: LeaseTiming } & (
  | { readonly phase: 'unseen' }
  | {
      readonly phase: 'watching';
      readonly renewals: number;
      /** Since when this counter was seen, without a gap between the reads; own monotonic milliseconds. */
      readonly sinceMs: number;
      readonly lastReadMs: number;
    }
  /** Final, as the row is. */
  | { readonly phase: 'ended' }
);

export type ObserverEvent =
  /** A linearizable read, sent and answered at these own monotonic milliseconds. */
  {
    readonly kind: 'found';
    readonly row: LeaseRow | null;
    readonly revision: number;
    readonly sentAtMs: number;
    readonly nowMs: number;
  };

export type ObserverEffect =
  /** Compare-and-set that ends the lease; the answer does not matter, the next read shows it. */
  | { readonly kind: 'endLease'; readonly expectedRevision: number; readonly row: LeaseRow }
  /** The lease is ended, for ever: sweep what its holder owned. Emitted once. */
  | { readonly kind: 'leaseEnded'; readonly incarnation: IncarnationId };

export interface ObserverStep {
  readonly state: ObserverState;
  readonly effects: readonly ObserverEffect[];
}
