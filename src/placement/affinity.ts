import type { ExecutionId, HostName, MethodId, RackName } from '../core/ids.ts';
import type { HostLoad } from './availability.ts';
import type { DeclaredAffinity } from './original-affinity.ts';

/** How an affinity actor decides. */
export interface AffinityPolicy {
  readonly weights: {
    readonly originalAffinity: number;
    readonly resourceAvailability: number;
    readonly executionCost: number;
  };
  /** An execution whose dynamic affinity is below it looks for a better host. */
  readonly threshold: number;
  /** By how much the best host must score above the present one. */
  readonly hysteresis: number;
  /** After a move, how long an execution stays where it is. */
  readonly coolDownMs: number;
  /** Requests that may be outstanding at once, those of this round included. */
  readonly movesPerRoundMax: number;
}

/**
 * The shipped defaults. The hysteresis is small because availability is: four hosts of half a core that share twelve
 * busy executions all lie between 0.04 and 0.5, and the last useful move gains 0.025 of score. It need not prevent
 * bouncing: see `choose`.
 */
export const affinityPolicy: AffinityPolicy = {
  weights: { originalAffinity: 0.6, resourceAvailability: 0.3, executionCost: 0.1 },
  threshold: 0.7,
  hysteresis: 0.01,
  coolDownMs: 10_000,
  movesPerRoundMax: 2,
};

/** A host as its report shows it. */
export interface HostReport {
  readonly identity: { readonly name: HostName; readonly rack: RackName };
  readonly labels: readonly string[];
  readonly resource: { readonly memoryUsage: number };
  /** Cores that this host may use. */
  readonly cpuShare: number;
  /** Mean number of executions running or ready over the last sample. */
  readonly demand: number;
  /** Executions announced to it and not yet arrived; each counts as one of demand. */
  readonly reserved: number;
  readonly accepting: boolean;
}

/** An execution on the deciding host. */
export interface PlacedExecution {
  readonly executionId: ExecutionId;
  readonly methodId: MethodId;
  /** Where it was deployed. */
  readonly host: HostName;
  /** Where it now is. */
  readonly currentHost: HostName;
  readonly affinity: DeclaredAffinity;
  /** In [0, 1]; 1 is the heaviest to move. */
  readonly executionCost: number;
  /** Share of the last sample in which it was running or ready, in [0, 1]. */
  readonly demand: number;
  /** Share of a host's memory limit that it fills, in [0, 1]. */
  readonly memoryShare: number;
  /** Monotonic ms at which it came to this host by a move; null when it started here. */
  readonly movedAtMs: number | null;
  /** False while it is pinned, frozen, migrating or settled. */
  readonly movable: boolean;
}

/** A request of an earlier round whose outcome the hosts' reports do not show yet. */
export interface OutstandingMove {
  readonly executionId: ExecutionId;
  readonly targetHost: HostName;
  readonly demand: number;
  readonly memoryShare: number;
}

/** What a decision was made from. */
export interface ScoredHost {
  readonly host: HostName;
  readonly originalAffinity: number;
  /** With the execution there. */
  readonly resourceAvailability: number;
  readonly dynamicAffinity: number;
  readonly load: HostLoad;
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
  /** Every host that could take it, best first. */
  readonly candidates: readonly ScoredHost[];
  /** Dynamic affinity at the target less that here. */
  readonly gain: number;
  readonly decidedAtMs: number;
  /** For people: one sentence. */
  readonly text: string;
}
