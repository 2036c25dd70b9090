import type { HostIdentity, MethodRef, Tenure } from '../core/execution.ts';
import type {
  ActorAddress,
  Epoch,
  ExecutionId,
  Generation,
  HostName,
  IncarnationId,
  MethodId,
  MigrationId,
  RackName,
  Term,
} from '../core/ids.ts';
import type { ExecutionActivity, Inspection, Pin } from '../core/inspection.ts';
import type { DeliveryPacket, EffectOutcome, LostOutcome } from '../core/packet.ts';
import type { RackLatencyMessage, RackLatencyReply } from './messages/latency.ts';
import type { ExecutionUsage, HostMonitoring, HostStrain, HostUsage } from './messages/monitoring.ts';
import type { BoundExecution, DirectiveOutcome, MigrationDirective } from './messages/orchestration.ts';

/*
 * The actor message API: every message that an actor takes from beyond its own host, typed. Messages between the
 * actors of one host stand beside the actor that takes them. `docs/message-api.md` shows how tools and tests send
 * these. What monitors, latency agents and the orchestrator say stands in files of its own.
 */

export type * from './messages/latency.ts';
export type * from './messages/monitoring.ts';
export type * from './messages/orchestration.ts';

// The mission's data structures.

/** One running call of a method, as the deciders see it. */
export interface MethodExecution {
  readonly executionId: ExecutionId;
  readonly methodId: MethodId;
  /** Where it was deployed. */
  readonly host: HostName;
  /** Of the method to the host where it now is, in [0, 1]. */
  readonly originalAffinity: number;
  /** In [0, 1]; 1 is the heaviest to move. */
  readonly executionCost: number;
  /** Where it now is. */
  readonly currentHost: HostName;
}

/** What a host has and how much of it is taken. */
export interface HostResource {
  readonly hostId: HostName;
  /** Share of the host's CPU share in use, in [0, 1]. */
  readonly cpuLoad: number;
  /** Share of the host's memory limit in use, in [0, 1]. */
  readonly memoryUsage: number;
  /** Bytes per second, in and out, over the last sample. */
  readonly networkBandwidth: number;
  /** Median round trip to the other hosts, in ms; 0 while none was measured. */
  readonly latency: number;
}

/** Asks for one execution to be moved to one host. */
export interface MigrationRequest {
  readonly methodExecution: MethodExecution;
  readonly targetHost: HostName;
}

/** Where a method may run, as its author or starter declares it. An empty list asks for nothing. */
export interface AffinityDeclaration {
  readonly hosts: readonly HostName[];
  readonly racks: readonly RackName[];
  readonly labels: readonly string[];
  /** Methods that it talks to: their executions are to be near. */
  readonly near: readonly MethodId[];
  /** Methods whose executions must not share its host. */
  readonly apart: readonly MethodId[];
  /** Data that it reads: a host that has `orders` carries the label `data:orders`. */
  readonly data: readonly string[];
  /** Affinity of the places that match, in [0, 1]. */
  readonly matching: number;
  /** Affinity of all others, in [0, 1]. */
  readonly otherwise: number;
}

// What hosts tell each other and their users.

/** A host's availability, with what the deciders need to compare it. */
export interface HostAvailability {
  readonly identity: HostIdentity;
  readonly labels: readonly string[];
  readonly resource: HostResource;
  readonly strain: HostStrain;
  /** Executions that it carries, or has reserved room for. */
  readonly executions: number;
  /** Mean number of executions running or ready over the last sample. */
  readonly demand: number;
  /** Executions announced by a prepare and not yet arrived. */
  readonly reserved: number;
  /** Cores that this host may use. */
  readonly cpuShare: number;
  /** In [0, 1]; 1 is idle. */
  readonly availability: number;
  readonly accepting: boolean;
  /** Counts this incarnation's samples; a report that is not newer than the last one is dropped. */
  readonly sample: number;
}

export interface HostDescription {
  readonly identity: HostIdentity;
  readonly pid: number;
  readonly phase: 'serving' | 'frozen' | 'draining' | 'drained';
  readonly lanes: number;
  readonly availability: HostAvailability;
  /** Null before the first sample. */
  readonly monitoring: HostMonitoring | null;
  readonly uptimeMs: number;
}

export interface ExecutionSummary {
  readonly execution: ExecutionId;
  readonly method: MethodRef;
  readonly phase: 'running' | 'frozen' | 'claiming' | 'migrating' | 'settled' | 'quarantined';
  readonly activity: ExecutionActivity;
  readonly host: HostName;
  readonly deployedOn: HostName;
  readonly epoch: Epoch;
  readonly generation: Generation;
  readonly fuel: number;
  readonly cpuMs: number;
  readonly executionCost: number;
  readonly snapshotBytes: number;
  readonly pin: Pin | null;
  /** Of the newest usage report; null before the first, and when it is not among those listed there. */
  readonly usage: ExecutionUsage | null;
  /** Newest line that its log holds, or empty. */
  readonly lastLog: string;
}

/** Why and by whom a move was asked for. */
export interface MoveReason {
  readonly by: 'operator' | 'affinity' | 'drain' | 'orchestrator';
  /** The orchestrator's, which fences a former one; null for all others. */
  readonly term: Term | null;
  readonly text: string;
  /** What a decider compared; empty for operators. */
  readonly scores: Readonly<Record<string, number>>;
  /** Vault key of the stored decision, for `explain`; empty where nobody decided. */
  readonly decision: string;
}

/** A value, or a change of level, of one of an execution's signals. */
export interface AnomalySeen {
  readonly signal: string;
  readonly shape: 'spike' | 'dip' | 'shiftUp' | 'shiftDown';
  readonly value: number;
  readonly expected: number;
  /** In robust standard deviations. */
  readonly severity: number;
  /** Whether it makes the execution look for another host. */
  readonly callsForMove: boolean;
  /** For people: one sentence. */
  readonly text: string;
}

/** What happened, for whoever follows. `sequence` counts one incarnation's events from 1. */
export interface ClusterEvent {
  readonly host: HostName;
  readonly incarnation: IncarnationId;
  readonly sequence: number;
  readonly wallMs: number;
  readonly detail: EventDetail;
}

export type EventDetail =
  | { readonly kind: 'hostStarted'; readonly rack: RackName; readonly address: string }
  | { readonly kind: 'hostDraining' }
  | { readonly kind: 'hostDrained'; readonly moved: number; readonly abandonedEffects: readonly string[] }
  | { readonly kind: 'hostFrozen' }
  | { readonly kind: 'hostThawed' }
  | { readonly kind: 'leaseEnded'; readonly of: IncarnationId }
  | { readonly kind: 'executionStarted'; readonly tenure: Tenure; readonly method: MethodId }
  | { readonly kind: 'executionSettled'; readonly tenure: Tenure; readonly outcome: 'returned' | 'threw' }
  /** It dies wherever it runs: nobody runs it until it is released. */
  | { readonly kind: 'quarantined'; readonly execution: ExecutionId; readonly reason: string }
  | {
      readonly kind: 'recovered';
      readonly tenure: Tenure;
      readonly from: IncarnationId;
      /** The effect sequence of the checkpoint that it goes on from. */
      readonly effectSequence: number;
      /** Epoch and generation under which that checkpoint was taken. */
      readonly checkpointEpoch: Epoch;
    }
  | {
      readonly kind: 'moved';
      readonly tenure: Tenure;
      readonly migration: MigrationId;
      readonly from: HostName;
      readonly to: HostName;
      readonly reason: MoveReason;
      /** From the freeze at the source to the claim's answer at the target. */
      readonly pauseMs: number;
      readonly bytes: number;
    }
  | {
      readonly kind: 'moveFailed';
      readonly execution: ExecutionId;
      readonly migration: MigrationId;
      readonly to: HostName;
      readonly reason: string;
    }
  /** A copy could not be rebuilt here; it is tried again, or given up by whoever asked for it. */
  | { readonly kind: 'restoreFailed'; readonly execution: ExecutionId; readonly reason: string }
  /** It runs on, and would go on from an earlier checkpoint if this host were lost. */
  | { readonly kind: 'checkpointFailed'; readonly execution: ExecutionId; readonly reason: string }
  /** A test's barrier holds a migration, or a write of an execution's register or of a seat's row, until the test lets it go. */
  | { readonly kind: 'held'; readonly point: string; readonly subject: string }
  | { readonly kind: 'pinned'; readonly execution: ExecutionId; readonly pin: Pin }
  /** Something about an execution that what it did before does not explain. */
  | { readonly kind: 'anomaly'; readonly execution: ExecutionId; readonly anomaly: AnomalySeen }
  /** The orchestrator has ordered a component, or a part of it, to a rack. */
  | { readonly kind: 'ordered'; readonly directive: MigrationDirective }
  | { readonly kind: 'orderEnded'; readonly outcome: DirectiveOutcome }
  | { readonly kind: 'orchestratorFailed'; readonly reason: string }
  /** The learned forecaster learned on from the cluster's own history. Errors on what was held back; lower is better. */
  | {
      readonly kind: 'forecasterLearned';
      readonly series: number;
      readonly errorBefore: number;
      readonly errorAfter: number;
    }
  /** What the learned forecaster had learned could not be read or kept, or it could not learn. */
  | { readonly kind: 'forecasterFailed'; readonly reason: string }
  | {
      readonly kind: 'childRestarted';
      readonly supervisor: string;
      readonly child: string;
      readonly reason: string;
    }
  | {
      readonly kind: 'log';
      readonly execution: ExecutionId;
      readonly stream: 'stdout' | 'stderr';
      readonly text: string;
    };

// Messages by actor.

/** `host/<name>` */
export type HostMessage =
  | { readonly kind: 'describe' }
  | { readonly kind: 'listExecutions' }
  | {
      readonly kind: 'startExecution';
      readonly execution: ExecutionId;
      readonly method: MethodRef;
      /** Encoded array of values. */
      readonly args: Uint8Array;
      readonly affinity: AffinityDeclaration;
      /** Whether all that it does waits for a durable checkpoint. */
      readonly durable: boolean;
    }
  | { readonly kind: 'drain'; readonly deadlineMs: number }
  | { readonly kind: 'stop' }
  /** Events go to `subscriber` as `event` messages until `unfollow`, or until its link ends. */
  | { readonly kind: 'follow'; readonly subscriber: ActorAddress; readonly logs: boolean }
  | { readonly kind: 'unfollow'; readonly subscriber: ActorAddress };

export type HostReply =
  | { readonly kind: 'described'; readonly description: HostDescription }
  | { readonly kind: 'executions'; readonly executions: readonly ExecutionSummary[] }
  | { readonly kind: 'started'; readonly execution: ExecutionId }
  | {
      readonly kind: 'drained';
      readonly moved: number;
      readonly left: readonly ExecutionId[];
      readonly abandonedEffects: readonly string[];
    }
  | { readonly kind: 'stopping' }
  | { readonly kind: 'following' }
  | { readonly kind: 'unfollowed' }
  | { readonly kind: 'refused'; readonly reason: string };

/** `execution/<id>`, wherever it is */
export type ExecutionMessage =
  | { readonly kind: 'describe' }
  | { readonly kind: 'inspect' }
  | { readonly kind: 'migrate'; readonly target: HostName; readonly reason: MoveReason }
  /** Puts an encoded value into the execution's mailbox, at most once. */
  | { readonly kind: 'post'; readonly body: Uint8Array }
  | { readonly kind: 'packet'; readonly packet: DeliveryPacket; readonly atEpoch: Epoch }
  | { readonly kind: 'effectOutcome'; readonly outcome: EffectOutcome; readonly atEpoch: Epoch }
  /** The lane where the effect ran is gone, and its outcome will never come. */
  | { readonly kind: 'effectLost'; readonly effect: LostOutcome; readonly atEpoch: Epoch };

export type ExecutionReply =
  | { readonly kind: 'summary'; readonly summary: ExecutionSummary }
  | { readonly kind: 'inspected'; readonly inspection: Inspection }
  | {
      readonly kind: 'moved';
      readonly migration: MigrationId;
      readonly epoch: Epoch;
      readonly pauseMs: number;
      readonly bytes: number;
    }
  | { readonly kind: 'posted' }
  /** `began`: something was done, and undone. */
  | { readonly kind: 'refused'; readonly reason: string; readonly began: boolean }
  /** It is not here. Read the register again; never an owner with a lower epoch. */
  | { readonly kind: 'elsewhere'; readonly epoch: Epoch; readonly owner: IncarnationId | null };

/** `rack/<name>`: the holder of the rack's seat */
export type RackMessage =
  | RackLatencyMessage
  | { readonly kind: 'availability'; readonly report: HostAvailability }
  | { readonly kind: 'usage'; readonly usage: HostUsage }
  /** Answered with at most `limit` hosts of all racks, most available first. */
  | { readonly kind: 'candidates'; readonly limit: number }
  /** A move away from a host of `from` begins, whoever asked for it: told to the actors of both racks. */
  | { readonly kind: 'moveBegan'; readonly from: RackName; readonly to: RackName }
  /** From the orchestrator, again and again: what its directives bind to this rack. Passed on to the rack's hosts. */
  | { readonly kind: 'bindings'; readonly term: Term; readonly bindings: readonly BoundExecution[] }
  /** What another rack's actor offers. */
  | {
      readonly kind: 'offer';
      readonly rack: RackName;
      readonly term: Term;
      readonly hosts: readonly HostAvailability[];
      /** Moves that its hosts began within the window of the cluster's budget. */
      readonly movesBegan: number;
    };

export type RackReply =
  | RackLatencyReply
  | {
      readonly kind: 'offered';
      readonly rack: RackName;
      readonly term: Term;
      readonly hosts: readonly HostAvailability[];
    }
  | { readonly kind: 'notHolder'; readonly holder: IncarnationId | null };

/** `host/<name>/affinity` */
export type AffinityMessage =
  /** From this host's own monitor. */
  | { readonly kind: 'availability'; readonly report: HostAvailability }
  | {
      readonly kind: 'offer';
      readonly rack: RackName;
      readonly term: Term;
      readonly hosts: readonly HostAvailability[];
      /** Moves that began within the windows of the budgets of this rack and of the cluster. */
      readonly moves: { readonly rack: number; readonly cluster: number };
    }
  /** Replaces all that were bound to the host's rack before. */
  | { readonly kind: 'bindings'; readonly term: Term; readonly bindings: readonly BoundExecution[] }
  | { readonly kind: 'requestMigration'; readonly request: MigrationRequest };

/** `client/<id>`: a follower of events */
export type ClientMessage = { readonly kind: 'event'; readonly event: ClusterEvent };
