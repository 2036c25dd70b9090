import type { PolicyPlan } from '../policy.ts';

/** Everything stays where it started. */
export const staticPlacement: PolicyPlan = {
  name: 'static',
  source: 'no moves at all',
  make: () => ({ name: 'static', decide: () => [] }),
};
