import type { ExecutionId, HostName, IncarnationId, RackName, Term } from '../../core/ids.ts';
import type { ResourceName, ResourceVector } from '../../core/resources.ts';
import type { LMSMeasurements } from './latency.ts';

/** What the analyzer expects of one component over the next minutes. */
export interface ComponentForecast {
  readonly component: ExecutionId;
  readonly rack: RackName;
  /** Of the start of the first step. */
  readonly fromWallMs: number;
  readonly stepMs: number;
  /** One series a resource, as long as the horizon; a level is a share in (0, 1), 0.5 the point forecast. */
  readonly quantiles: readonly {
    readonly level: number;
    readonly steps: readonly ResourceVector[];
  }[];
  /** Potential latency impact in ms/s: over its peers, message rate × predicted added wait. */
  readonly latencyImpact: number;
  /** Which model or combination was chosen, by resource. */
  readonly models: Readonly<Record<ResourceName, string>>;
}

/** Sent by the analyzer to the orchestrator, most latency impact first. */
export interface WorkloadForecast {
  readonly term: Term;
  readonly atWallMs: number;
  readonly components: readonly ComponentForecast[];
}

/** Share of each resource of a rack in use, in per cent. */
export type CurrentUtilization = Readonly<Record<RackName, Readonly<Record<ResourceName, number>>>>;

export type MigrationStrategy = 'stopAndCopy' | 'preCopy' | 'postCopy';

/** The orchestrator's order to move a component, or a part of it, to a rack. */
export interface MigrationDirective {
  /** Unique: repeating a directive moves nothing twice. */
  readonly directive: string;
  /** The orchestrator's; one of a lower term than a host has seen is refused. */
  readonly term: Term;
  readonly componentId: ExecutionId;
  readonly targetRack: RackName;
  readonly migrationStrategy: MigrationStrategy;
  /** The executions to move, all of the component or the side of a minimum cut. */
  readonly parts: readonly ExecutionId[];
  /** Where each part goes, when the orchestrator knows better than the rack's actor; empty lets that one choose. */
  readonly targetHosts: Readonly<Record<ExecutionId, HostName>>;
  /** Not before: predicted breach − predicted duration − margin, or the moment of the order. */
  readonly startAtWallMs: number;
  /** Until then, affinity actors choose for these executions only inside the target rack. */
  readonly horizonEndsWallMs: number;
  /** Key of the stored decision: `godwit explain` reads it. */
  readonly decision: string;
  /** For people: one sentence. */
  readonly text: string;
}

/** What became of a directive, for the orchestrator's feedback. */
export interface DirectiveOutcome {
  readonly directive: string;
  readonly moved: readonly {
    readonly execution: ExecutionId;
    readonly to: HostName;
    readonly pauseMs: number;
    readonly bytes: number;
    readonly durationMs: number;
  }[];
  readonly failed: readonly { readonly execution: ExecutionId; readonly reason: string }[];
}

/** `cluster/analyzer`, `cluster/orchestrator`: what anybody may ask their holders. */
export interface ControlStanding {
  readonly holder: IncarnationId;
  readonly term: Term;
  readonly latencies: LMSMeasurements;
  readonly utilization: CurrentUtilization;
}
