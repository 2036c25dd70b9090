import type { ExecutionId, RackName } from '../core/ids.ts';
import type { ChurnState } from './churn-budget.ts';
import type { HostReport, OutstandingMove, PlacedExecution } from './decision.ts';
import type { MoveCostModel } from './move-cost.ts';
import type { WorkEstimate } from './remaining-work.ts';

/** An execution with what is known about the rest of its work, and about moving it. */
export interface EstimatedExecution extends PlacedExecution {
  /** Of its last capture; 0 before the first. */
  readonly snapshotBytes: number;
  /** CPU time that it still needs. */
  readonly remaining: WorkEstimate;
  /** How its last capture compares with all that it would lose if a move failed: CPU time since its last checkpoint. */
  readonly uncheckpointedMs: number;
}

/** A directive that is in force: until its horizon ends, its executions move only inside its rack. */
export interface RackBound {
  readonly executionId: ExecutionId;
  readonly rack: RackName;
  /** On the clock of `AffinityInputs.nowMs`. */
  readonly endsAtMs: number;
}

/** Electric power that one busy core of a host adds, where it is known. */
export interface HostPower {
  readonly host: string;
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
