import type { ExecutionId, HostName, MethodId } from '../core/ids.ts';
import type { HostLoad, HostStrain } from './availability.ts';

/** What a decision was made from. */
export interface ScoredHost {
  readonly host: HostName;
  readonly originalAffinity: number;
  /** With the execution there. */
  readonly resourceAvailability: number;
  readonly dynamicAffinity: number;
  readonly load: HostLoad;
  readonly strain: HostStrain;
}

/** One request, and why. */
export interface MigrationDecision {
  readonly methodExecution: {
    readonly executionId: ExecutionId;
    readonly methodId: MethodId;
    readonly host: HostName;
    readonly originalAffinity: number;
    readonly executionCost: number;
    readonly currentHost: HostName;
  };
  readonly targetHost: HostName;
  readonly here: ScoredHost;
  /** The best of the hosts that could take it, best first; at most `recordedMax`. */
  readonly candidates: readonly ScoredHost[];
  /** Dynamic affinity at the target less that here. */
  readonly gain: number;
  readonly decidedAtMs: number;
  /** For people: one sentence. */
  readonly text: string;
}
