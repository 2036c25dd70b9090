import type { HostIdentity } from '../../core/execution.ts';

/** The registry row of one host incarnation. `ended` is final: no later write brings it back to `live`. */
export interface LeaseRow {
  readonly host: HostIdentity;
  readonly phase: 'live' | 'ended';
  /** Counts attempts to renew, from 1; it rises with every renewal, so observers see that the holder lives. */
  readonly renewals: number;
}

/** Where leases stand in the registry; list this prefix to find the hosts of a cluster. */
export const leasePrefix = 'lease/';
