import type { ExecutionId, HostName, RackName, Term } from '../../core/ids.ts';
import type { ResourceName, ResourceVector } from '../../core/resources.ts';
import type { LearnedScore, LMSMeasurements, RackLatenciesMessage } from './latency.ts';
import type { RackUsageMessage } from './monitoring.ts';

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
  /**
   * Predicted breach − predicted duration − margin, from when the order is taken on; 0 for at once. Times are relative,
   * since hosts' wall clocks differ.
   */
  readonly startInMs: number;
  /** So long from when the order is taken on, affinity actors choose for these executions only inside the target rack. */
  readonly horizonMs: number;
  /** Key of the stored decision: `godwit explain` reads it. */
  readonly decision: string;
  /** For people: one sentence. */
  readonly text: string;
}

/** What became of a directive, for the orchestrator's feedback. */
export interface DirectiveOutcome {
  readonly directive: string;
  readonly componentId: ExecutionId;
  readonly moved: readonly {
    readonly execution: ExecutionId;
    readonly to: HostName;
    readonly pauseMs: number;
    readonly bytes: number;
    /** From the request to its answer. */
    readonly durationMs: number;
  }[];
  readonly failed: readonly { readonly execution: ExecutionId; readonly reason: string }[];
}

/** `host/<name>/engine`: the workload migration engine */
export type EngineMessage =
  /** Answered at once; the outcome goes to `cluster/orchestrator`. A directive that it knows changes nothing. */
  { readonly kind: 'carryOut'; readonly directive: MigrationDirective };

export type EngineReply =
  { readonly kind: 'accepted' } | { readonly kind: 'refused'; readonly reason: string };

/** An execution that a directive has moved, or is to move: until its time is over it stays inside the rack. */
export interface BoundExecution {
  readonly execution: ExecutionId;
  readonly rack: RackName;
  /** From when this is read. */
  readonly forMs: number;
}

/** `cluster/analyzer` */
export type AnalyzerMessage =
  | RackUsageMessage
  /** Answered with the newest `WorkloadForecast`. */
  | { readonly kind: 'forecast' };

export type AnalyzerReply = { readonly kind: 'forecast'; readonly forecast: WorkloadForecast };

/** `cluster/orchestrator` */
export type OrchestratorMessage =
  | RackUsageMessage
  | RackLatenciesMessage
  | { readonly kind: 'forecast'; readonly forecast: WorkloadForecast }
  | { readonly kind: 'outcome'; readonly outcome: DirectiveOutcome }
  | { readonly kind: 'standing' }
  /** Answered with what the planner is asked now, for whoever weighs it otherwise; refused by other policies. */
  | { readonly kind: 'problem' }
  /** Weighs otherwise from now on, for the next holders of the seat too. */
  | { readonly kind: 'weigh'; readonly weights: Readonly<Record<string, number>> };

export type OrchestratorReply =
  | { readonly kind: 'standing'; readonly standing: OrchestratorStanding }
  /** JSON. */
  | { readonly kind: 'problem'; readonly problem: string }
  | { readonly kind: 'noted' }
  | { readonly kind: 'refused'; readonly reason: string };

/** What the orchestrator knows and has ordered. */
export interface OrchestratorStanding {
  readonly holder: HostName;
  readonly term: Term;
  readonly policy: string;
  readonly latencies: LMSMeasurements;
  /** How the estimates for pairs that nobody measured do. */
  readonly learned: LearnedScore;
  readonly utilization: CurrentUtilization;
  readonly directives: readonly {
    readonly directive: MigrationDirective;
    readonly phase: 'ordered' | 'done' | 'failed';
    readonly outcome: DirectiveOutcome | null;
  }[];
}
