import type { HostConfig } from '../config.ts';
import { assert } from '../core/assert.ts';
import type { ResourceSample } from '../core/host-sample.ts';
import type { ActorAddress, ExecutionId, HostName, LaneIndex, MigrationId, Term } from '../core/ids.ts';
import { actorAddress, laneIndex } from '../core/ids.ts';
import type { Lane, LaneListener } from '../lanes/contract.ts';
import { utilityParameters } from '../placement/placement-policy.ts';
import type { LeaseTiming } from '../protocols/lease/timing.ts';
import { leaseDefaults } from '../protocols/lease/timing.ts';
import type {
  ExecutionUsage,
  HostAvailability,
  HostDescription,
  HostMonitoring,
  HostUsage,
} from '../protocols/messages.ts';
import { migrationDefaults } from '../protocols/migration/timing.ts';
import type { ChildSpec } from '../supervisors/child-spec.ts';
import { actorStart, worker } from '../supervisors/child-spec.ts';
import type {
  Strategy,
  SupervisionEvent,
  SupervisorMessage,
  SupervisorOptions,
  SupervisorReply,
} from '../supervisors/contract.ts';
import type { RestartBudget } from '../supervisors/restart-budget.ts';
import { defaultBackoff } from '../supervisors/restart-budget.ts';
import { subtree } from '../supervisors/tree.ts';
import { address } from './addresses.ts';
import { affinityActor } from './affinity.ts';
import { checkpointsActor } from './checkpoints.ts';
import { absentLeases } from './receivers.ts';
import type { RetentionSettings } from './retention.ts';
import { retentionActor } from './retention.ts';
import type { ControlParts } from './control-seat.ts';
import { controlSeatOf } from './control-seat.ts';
import type { DecisionLog } from './decisions.ts';
import type { Directory } from './directory.ts';
import type { EventLog } from './event-log.ts';
import type { ExecutionLogs } from './execution-logs.ts';
import type { ExecutionsPorts } from './executions.ts';
import { engineActor } from './engine.ts';
import { executionsActor } from './executions.ts';
import { hostActor } from './host.ts';
import type { ActorRef, Kernel } from './kernel/contract.ts';
import { describeExit } from './kernel/exit-reason.ts';
import { laneActor, laneAddress } from './lane.ts';
import type { LaneBoard, LaneReport } from './lane-board.ts';
import type { LatencyPorts } from './latency.ts';
import { latencyActor } from './latency.ts';
import type { LeaseListener } from './lease.ts';
import type { LeaseCell } from './lease-cell.ts';
import type { LostEffect } from './lane-effects.ts';
import { leaseActor } from './lease.ts';
import type { Admissions } from './migration/admissions.ts';
import type { MigrationCell } from './migration/cell.ts';
import type { Permits } from './migration/permits.ts';
import { migrationsActor } from './migrations.ts';
import { monitorActor } from './monitor.ts';
import type { Obligations } from './obligations.ts';
import type { OwnershipBook } from './ownership-book.ts';
import { ownershipActor } from './ownership.ts';
import type { AnyMessage, HostPorts } from './ports.ts';
import { rackActor } from './rack.ts';
import { seatActor } from './seat.ts';

/** Everything that one host's actors share, whichever drivers stand behind it. */
export interface HouseParts extends HostPorts, ControlParts {
  readonly kernel: Kernel;
  readonly config: HostConfig;
  readonly directory: Directory;
  readonly board: LaneBoard;
  readonly obligations: Obligations;
  readonly book: OwnershipBook;
  /** How much may go into the vault along with a row; 0 where the store cannot do both at once. */
  readonly alongMaxBytes: number;
  readonly cells: Map<MigrationId, MigrationCell>;
  readonly leaseCell: LeaseCell;
  readonly leaseListener: LeaseListener;
  readonly admissions: Admissions;
  readonly permits: Permits;
  readonly decisions: DecisionLog;
  readonly log: EventLog;
  readonly logs: ExecutionLogs;
  readonly startLane: (index: LaneIndex, listener: LaneListener) => Lane;
  readonly executionCost: (execution: ExecutionId) => number;
  readonly describe: () => HostDescription;
  readonly refuges: () => readonly HostName[];
  readonly onOffer: (hosts: readonly HostAvailability[]) => void;
  readonly isOpen: () => boolean;
  readonly closeDoors: () => void;
  readonly doneDraining: () => void;
  readonly stop: () => void;
  readonly links: LatencyPorts['links'];
  readonly probes: LatencyPorts['probes'];
  readonly answerTimes: LatencyPorts['answerTimes'];
  readonly sample: () => ResourceSample;
  readonly usageOf: (execution: ExecutionId) => ExecutionUsage | null;
  readonly memoryLimitBytes: () => number;
  readonly publish: (report: HostAvailability, monitoring: HostMonitoring) => void;
  readonly publishUsage: (usage: HostUsage) => void;
}

/** Restarts within the period before a supervisor gives up and fails to its own. */
const budget: RestartBudget = { restartsMax: 5, periodMs: 10_000 };
const lanesBudget: RestartBudget = { restartsMax: 3, periodMs: 10_000 };
/**
 * Of the top supervisor; the host then ends, and its executions go elsewhere. Its period is longer than a subtree takes to
 * spend its own budget this often, backoff and starts of threads included: otherwise a lane that always dies would keep a
 * host busy with restarts for ever.
 */
export const hostBudget: RestartBudget = { restartsMax: 5, periodMs: 60_000 };
/** Of an execution that was never captured. */
const unknownSnapshotBytes = 4_096;

export function leaseTiming(config: HostConfig): LeaseTiming {
  const { termMs, marginMs, renewMs } = config.lease;
  return { ...leaseDefaults, termMs, marginMs, renewEveryMs: renewMs };
}

function retentionSettings(config: HostConfig): RetentionSettings {
  return { ...config.results, endedLeaseMs: leaseTiming(config).endedKeptMs };
}

/** Options of a supervisor of this house. */
export function supervision(
  parts: Pick<HouseParts, 'random' | 'log'>,
  strategy: Strategy,
  restarts: RestartBudget = budget,
): SupervisorOptions {
  return {
    strategy,
    budget: restarts,
    backoff: defaultBackoff,
    random: parts.random,
    onEvent: (event) => report(parts.log, event),
  };
}

function report(log: EventLog, event: SupervisionEvent): void {
  if (event.kind !== 'childExited' && event.kind !== 'startFailed') return;
  if (event.reason.kind !== 'crashed') return;
  const { supervisor, id, reason } = event;
  log.emit({ kind: 'childRestarted', supervisor, child: id, reason: describeExit(reason) });
}

/** Tells the actors what the lanes report; given to the lane board. */
export function routeReport(
  tell: (to: ActorAddress, message: AnyMessage) => void,
  host: HostName,
  obligations: Obligations,
) {
  return {
    onReport: (laneReport: LaneReport): void => {
      // Before anybody is told: whoever is to hear of it may just be crashing.
      obligations.note(laneReport);
      if (laneReport.kind === 'checkpointWanted') {
        const { tenure, capture } = laneReport;
        tell(address.role(host, 'checkpoints'), { kind: 'wanted', execution: tenure.execution, capture });
        return;
      }
      const role =
        laneReport.kind === 'restored' || laneReport.kind === 'restoreFailed' ? 'ownership' : 'executions';
      tell(address.role(host, role), { kind: 'report', report: laneReport });
    },
    onLost: (_lane: LaneIndex, executions: readonly ExecutionId[]): void => {
      for (const execution of executions) tell(address.role(host, 'ownership'), { kind: 'lost', execution });
    },
    onEffectsLost: (effects: readonly LostEffect[]): void => {
      for (const key of effects.map((effect) => obligations.noteLost(effect)))
        tell(address.role(host, 'executions'), { kind: 'meet', key });
    },
  };
}

/**
 * The children of a host's top supervisor, in start order. Subtrees never restart each other: live state (lanes,
 * executions, migrations) outlives a store session, a monitor or a decider.
 */
export function houseChildren(parts: HouseParts): readonly ChildSpec[] {
  return [
    lease(parts),
    ownership(parts),
    lanes(parts),
    executions(parts),
    migrations(parts),
    checkpoints(parts),
    worker('retention', () => retentionActor({ ...parts, settings: retentionSettings(parts.config) })),
    host(parts),
    monitors(parts),
    affinity(parts),
    engine(parts),
    rackSeat(parts),
    controlSeatOf(parts, supervision(parts, 'one_for_one')),
  ];
}

function tellRole(parts: HouseParts, role: Parameters<typeof address.role>[1], message: AnyMessage): void {
  parts.kernel.lookup(address.role(parts.identity.name, role))?.tell(message);
}

function lease(parts: HouseParts): ChildSpec {
  const { identity, clock, config, tables, leaseCell, board, leaseListener } = parts;
  const endLane = (index: LaneIndex, why: string): void => {
    parts.kernel.lookup(laneAddress(identity.name, index))?.tell({ kind: 'end', why });
  };
  const ports = {
    identity,
    clock,
    timing: leaseTiming(config),
    leases: tables.leases,
    cell: leaseCell,
    board,
    listener: leaseListener,
    endLane,
  };
  return worker('lease', () => leaseActor(ports), { address: address.role(identity.name, 'lease') });
}

function ownership(parts: HouseParts): ChildSpec {
  const ports = {
    ...parts,
    recovers: parts.isOpen,
    observer: {
      onPhase: ({ execution }: { readonly execution: ExecutionId }) =>
        tellRole(parts, 'executions', { kind: 'phase', execution }),
      onCheckpointSoon: (execution: ExecutionId) =>
        tellRole(parts, 'checkpoints', { kind: 'soon', execution }),
      onSwapFailed: (execution: ExecutionId, reason: string) =>
        tellRole(parts, 'checkpoints', { kind: 'swapFailed', execution, reason }),
      onChanged: (
        execution: ExecutionId,
        { change, outcome }: { readonly change: object; readonly outcome: string },
      ) => {
        const message = { kind: 'changed', execution, change, outcome };
        tellRole(parts, 'checkpoints', message);
        tellRole(parts, 'executions', message);
      },
    },
  };
  return worker('ownership', () => ownershipActor(ports), {
    address: address.role(parts.identity.name, 'ownership'),
  });
}

function lanes(parts: HouseParts): ChildSpec {
  const { board, startLane, identity } = parts;
  const children = Array.from({ length: board.count }, (_, count) => {
    const index = laneIndex(count);
    return worker(`lane-${index}`, () => laneActor({ index, board, startLane }), {
      address: laneAddress(identity.name, index),
    });
  });
  return subtree('lanes', supervision(parts, 'one_for_one', lanesBudget), children);
}

function dynamicRef(
  parts: HouseParts,
  where: ActorAddress,
): () => ActorRef<SupervisorMessage, SupervisorReply> | null {
  return () => parts.kernel.lookup<SupervisorMessage, SupervisorReply>(where);
}

function executions(parts: HouseParts): ChildSpec {
  const each = actorAddress(`host/${parts.identity.name}/executions/each`);
  const ports: ExecutionsPorts = {
    ...parts,
    supervisor: dynamicRef(parts, each),
    deathsMax: parts.config.recovery.deathsMax,
    absentMs: absentLeases * (leaseTiming(parts.config).termMs + leaseTiming(parts.config).marginMs),
  };
  // The group starts the others' actors again when they were all lost with their supervisor.
  return subtree('executions', supervision(parts, 'rest_for_one'), [
    subtree('each', supervision(parts, 'dynamic'), [], { address: each }),
    worker('group', () => executionsActor(ports), {
      address: address.role(parts.identity.name, 'executions'),
    }),
  ]);
}

function migrations(parts: HouseParts): ChildSpec {
  const each = actorAddress(`host/${parts.identity.name}/migrations/each`);
  const ports = {
    ...parts,
    timing: { ...migrationDefaults, reservationMs: parts.config.migrations.reservationMs },
    concurrentMax: parts.config.migrations.concurrentMax,
    snapshotMaxBytes: parts.config.snapshots.sizeMaxBytes,
    estimateBytes: (execution: ExecutionId) =>
      parts.board.trace(execution)?.snapshotBytes || unknownSnapshotBytes,
    supervisor: dynamicRef(parts, each),
    supervise: (id: string, children: readonly ChildSpec[]) =>
      subtree(id, supervision(parts, 'one_for_one'), children, { restart: 'temporary' }),
  };
  return subtree('migrations', supervision(parts, 'one_for_one'), [
    subtree('each', supervision(parts, 'dynamic'), [], { address: each }),
    worker('door', () => migrationsActor(ports), {
      address: address.role(parts.identity.name, 'migrations'),
    }),
  ]);
}

function checkpoints(parts: HouseParts): ChildSpec {
  const { everyMs, bytesPerSecondMax } = parts.config.checkpoints;
  const snapshotMaxBytes = parts.config.snapshots.sizeMaxBytes;
  const { provenMs } = parts.config.recovery;
  return worker(
    'checkpoints',
    () => checkpointsActor({ ...parts, everyMs, bytesPerSecondMax, snapshotMaxBytes, provenMs }),
    {
      address: address.role(parts.identity.name, 'checkpoints'),
    },
  );
}

function host(parts: HouseParts): ChildSpec {
  return worker('host', () => hostActor(parts), { address: address.host(parts.identity.name) });
}

function monitors(parts: HouseParts): ChildSpec {
  const { identity, config } = parts;
  const { ioBytesPerSecond, networkBytesPerSecond } = config.capacity;
  const measured = { latencyMs: 0 };
  const counts = { samples: 0, reports: 0 };
  const monitor = {
    ...parts,
    labels: config.labels,
    settings: {
      ...config.monitor,
      ioBytesPerSecond,
      networkBytesPerSecond,
      cpuShare: config.cpuShare,
      expense: config.expense,
    },
    counts,
    reserved: () => parts.admissions.reserved,
    accepting: parts.isOpen,
    latencyMs: () => measured.latencyMs,
    register: (execution: ExecutionId) => parts.directory.register(execution)?.row ?? null,
  };
  const latency = {
    ...parts,
    lookEveryMs: config.monitor.sampleMs,
    publish: (medianMs: number) => {
      measured.latencyMs = medianMs;
    },
  };
  return subtree('monitors', supervision(parts, 'one_for_one'), [
    worker('resources', () => monitorActor(monitor), { address: address.role(identity.name, 'monitor') }),
    worker('latency', () => latencyActor(latency), { address: address.role(identity.name, 'latency') }),
  ]);
}

function affinity(parts: HouseParts): ChildSpec {
  const { board, config, identity } = parts;
  const { enabled: decides, policy: kind, ...common } = config.affinity;
  const ports = {
    ...parts,
    policy: kind === 'weighted' ? { kind, ...common } : { kind, ...common, utility: utilityParameters },
    decides,
    remainingWork: (execution: ExecutionId) => board.remainingWork(execution),
    checkpointEveryMs: config.checkpoints.everyMs,
  };
  return worker('affinity', () => affinityActor(ports), { address: address.role(identity.name, 'affinity') });
}

function engine(parts: HouseParts): ChildSpec {
  const where = address.role(parts.identity.name, 'engine');
  return worker('engine', () => engineActor(parts), { address: where });
}

/** This host's candidature for its rack's actor. */
function rackSeat(parts: HouseParts): ChildSpec {
  const { identity, config } = parts;
  const ports = {
    ...parts,
    seat: `rack/${identity.rack}`,
    occupant: (term: Term) => {
      const behaviour = rackActor(term, {
        ...parts,
        offerEveryMs: config.monitor.sampleMs,
        usageMs: config.monitor.usageMs,
        churn: config.affinity.churn,
      });
      const start = actorStart(behaviour, { address: address.rack(identity.rack) });
      assert(start.kind === 'actor', 'a rack actor is an actor');
      return start;
    },
  };
  return worker('rack-seat', () => seatActor(ports));
}
