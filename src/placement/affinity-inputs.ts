import type { ExecutionId, HostName, MethodId, RackName } from '../core/ids.ts';
import type { HostStrain } from './availability.ts';
import type { ChurnState } from './churn-budget.ts';
import type { MoveCostModel } from './move-cost.ts';
import type { DeclaredAffinity, SituatedAffinity } from './original-affinity.ts';
import type { WorkEstimate } from './remaining-work.ts';

/** A host as its report shows it. */
export type HostReport = PlainHostReport | MeasuredHostReport;

/** One that also says what slows it down. */
export interface MeasuredHostReport extends PlainHostReport {
  readonly strain: HostStrain;
}

export interface PlainHostReport {
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
  readonly affinity: DeclaredAffinity | SituatedAffinity;
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

/** An execution with what is known about the rest of its work, and about moving it. */
export interface EstimatedExecution extends PlacedExecution {
  /** Of its last capture; 0 before the first. */
  readonly snapshotBytes: number;
  readonly remaining: WorkEstimate;
  /** CPU time since its last checkpoint: what it would do again if it were lost on the way. */
  readonly uncheckpointedMs: number;
}

/** A request of an earlier round whose outcome the hosts' reports do not show yet. */
export interface OutstandingMove {
  readonly executionId: ExecutionId;
  readonly targetHost: HostName;
  readonly demand: number;
  readonly memoryShare: number;
}

/** A directive that is in force: until its horizon ends, its execution moves only inside its rack. */
export interface RackBound {
  readonly executionId: ExecutionId;
  readonly rack: RackName;
  /** On the clock of `AffinityInputs.nowMs`. */
  readonly endsAtMs: number;
}

/** Electric power that one busy core of a host adds, where it is known. */
export interface HostPower {
  readonly host: HostName;
  readonly wattsPerCore: number;
}

/** Everything that a round of an affinity actor looks at, in JSON. */
export interface AffinityInputs {
  /** Monotonic ms of the deciding host. */
  readonly nowMs: number;
  /** The deciding host. */
  readonly here: HostReport;
  /** Those now on it. */
  readonly executions: readonly EstimatedExecution[];
  /** Other hosts; the deciding one among them is passed over. */
  readonly candidates: readonly HostReport[];
  /** Moves from here, asked for and not yet visible in the reports. */
  readonly outstanding: readonly OutstandingMove[];
  readonly bounds: readonly RackBound[];
  /** Executions whose anomaly calls for a move: they look around whatever they score here. */
  readonly alarmed: readonly ExecutionId[];
  readonly churn: ChurnState;
  readonly moveCosts: MoveCostModel;
  readonly power: readonly HostPower[];
}
