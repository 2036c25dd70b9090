import { assertNever } from '../core/assert.ts';
import { messageOf } from '../core/errors.ts';
import type { ExecutionId, HostName, RackName, Term } from '../core/ids.ts';
import { scoresOf } from '../placement/affinity-decision.ts';
import type { EstimatedExecution, OutstandingMove, RackBound } from '../placement/affinity-inputs.ts';
import { decideRound } from '../placement/affinity-round.ts';
import type { ChurnState } from '../placement/churn-budget.ts';
import type { MigrationDecision } from '../placement/migration-decision.ts';
import type { MoveCostModel } from '../placement/move-cost.ts';
import { learnFailure, learnMove, moveCostPrior } from '../placement/move-cost.ts';
import { anywhere, asksNothing } from '../placement/original-affinity.ts';
import type { PlacementPolicy } from '../placement/placement-policy.ts';
import type { WorkEstimate } from '../placement/remaining-work.ts';
import type {
  AffinityMessage,
  ExecutionReply,
  ExecutionUsage,
  HostAvailability,
  MigrationRequest,
  MoveReason,
} from '../protocols/messages.ts';
import { address } from './addresses.ts';
import { Anomalies } from './anomalies.ts';
import type { DecisionLog } from './decisions.ts';
import type { Directory } from './directory.ts';
import type { ActorContext, Behaviour } from './kernel/contract.ts';
import type { LaneBoard } from './lane-board.ts';
import type { Permits } from './migration/permits.ts';
import { Neighbours } from './neighbours.ts';
import type { OwnershipBook, OwnershipCell } from './ownership-book.ts';
import type { HostPorts } from './ports.ts';

export interface AffinityPorts extends Pick<HostPorts, 'identity' | 'clock' | 'exchange' | 'events'> {
  readonly board: LaneBoard;
  readonly book: OwnershipBook;
  readonly directory: Directory;
  readonly permits: Permits;
  readonly decisions: DecisionLog;
  readonly policy: PlacementPolicy;
  readonly executionCost: (execution: ExecutionId) => number;
  readonly remainingWork: (execution: ExecutionId) => WorkEstimate;
  readonly memoryLimitBytes: () => number;
  /** CPU time between two checkpoints, at most. */
  readonly checkpointEveryMs: number;
  /** Of the newest usage report; null before the first. */
  readonly usageOf: (execution: ExecutionId) => ExecutionUsage | null;
  /** What the rack's actor offered last: a drain looks at it, too. */
  readonly onOffer: (hosts: readonly HostAvailability[]) => void;
  /** False: executions move only when somebody asks. */
  readonly decides: boolean;
}

export type AffinityActorMessage =
  | AffinityMessage
  | { readonly kind: 'answered'; readonly execution: ExecutionId; readonly reply: ExecutionReply };

interface Offer {
  /** When it came, in monotonic milliseconds. */
  readonly atMs: number;
  readonly rack: RackName;
  readonly term: Term;
  readonly hosts: readonly HostAvailability[];
  readonly moves: { readonly rack: number; readonly cluster: number };
}

interface Asked extends OutstandingMove {
  readonly snapshotBytes: number;
  /** Null while the answer is awaited; then when it came: the reports show the move a sample later. */
  answeredAtMs: number | null;
}

interface AffinityState {
  offer: Offer | null;
  readonly asked: Map<ExecutionId, Asked>;
  /** Smoothed share of time in which each was ready or running. */
  readonly demands: Map<ExecutionId, number>;
  readonly refusedAtMs: Map<ExecutionId, number>;
  /** What the orchestrator's directives bind to this host's rack. */
  bindings: { readonly term: Term; readonly bounds: readonly RackBound[] } | null;
  /** What moves away from here took. */
  moveCosts: MoveCostModel;
  readonly anomalies: Anomalies;
}

type Context = ActorContext<AffinityActorMessage>;

const operatorReason: MoveReason = {
  by: 'operator',
  term: null,
  text: 'asked for by message',
  scores: {},
  decision: '',
};

const moveMaxMs = 30_000;
/** The newest sample counts as much as all before it. */
const smoothing = 0.5;
/** An older offer says nothing about now: its rack's actor is gone, or does not reach this host. */
const offerMaxMs = 5_000;
/** How long the reports take to show a move that was made, and how long one that was refused is not asked for again. */
const settleMs = 1_500;

/**
 * This host's affinity actor: with every sample of its own monitor it decides a round of `placement/affinity-round`,
 * from the candidates that the rack's actor offered, stores each decision with all it was made from, asks the
 * executions to move, and learns from what the moves took.
 */
export function affinityActor(ports: AffinityPorts): Behaviour<AffinityState, AffinityActorMessage> {
  return {
    init: () => ({
      offer: null,
      asked: new Map(),
      demands: new Map(),
      refusedAtMs: new Map(),
      bindings: null,
      moveCosts: moveCostPrior,
      anomalies: new Anomalies(),
    }),
    receive(state, message, context) {
      switch (message.kind) {
        case 'availability':
          decide(state, message.report, context, ports);
          return state;
        case 'offer':
          if (state.offer === null || state.offer.rack !== message.rack || state.offer.term <= message.term) {
            state.offer = { ...message, atMs: ports.clock.monotonicMs() };
            ports.onOffer(message.hosts);
          }
          return state;
        case 'bindings':
          bind(state, message, ports);
          return state;
        case 'requestMigration':
          ask(message.request, operatorReason, context, ports);
          return state;
        case 'answered':
          answered(state, message, ports);
          return state;
        default:
          return assertNever(message);
      }
    },
  };
}

function bind(
  state: AffinityState,
  { term, bindings }: Extract<AffinityMessage, { kind: 'bindings' }>,
  { clock, permits }: AffinityPorts,
): void {
  // So that a former orchestrator is refused here before its successor has ordered anything.
  if (permits.fenced(term) !== null) return;
  const nowMs = clock.monotonicMs();
  const bounds = bindings.map(({ execution: executionId, rack, forMs }) => ({
    executionId,
    rack,
    endsAtMs: nowMs + forMs,
  }));
  state.bindings = { term, bounds };
}

function answered(
  state: AffinityState,
  { execution, reply }: Extract<AffinityActorMessage, { kind: 'answered' }>,
  { clock }: AffinityPorts,
): void {
  const asked = state.asked.get(execution);
  if (reply.kind === 'moved') {
    if (asked !== undefined) asked.answeredAtMs = clock.monotonicMs();
    state.moveCosts = learnMove(state.moveCosts, asked?.snapshotBytes ?? 0, reply);
    return;
  }
  if (reply.kind === 'refused' && reply.began) state.moveCosts = learnFailure(state.moveCosts);
  state.asked.delete(execution);
  state.refusedAtMs.set(execution, clock.monotonicMs());
}

function decide(state: AffinityState, here: HostAvailability, context: Context, ports: AffinityPorts): void {
  const { clock, decisions, identity, policy } = ports;
  const nowMs = clock.monotonicMs();
  for (const [execution, { answeredAtMs }] of state.asked) {
    if (answeredAtMs !== null && nowMs - answeredAtMs > settleMs) state.asked.delete(execution);
  }
  const cells = watch(state, nowMs, ports);
  const { offer } = state;
  if (!ports.decides || offer === null || nowMs - offer.atMs > offerMaxMs || !here.accepting) return;
  const executions = placed(cells, state, here, nowMs, ports);
  if (executions.length === 0) return;
  const round = decideRound(
    {
      nowMs,
      here,
      executions,
      candidates: offer.hosts.filter((host) => host.identity.incarnation !== here.identity.incarnation),
      outstanding: [...state.asked.values()],
      bounds: (state.bindings?.bounds ?? []).filter(({ endsAtMs }) => endsAtMs > nowMs),
      alarmed: state.anomalies.alarmed(nowMs),
      churn: churnWith(ports.permits.churn, offer, nowMs),
      moveCosts: state.moveCosts,
      power: [],
    },
    policy,
    { address: address.role(identity.name, 'affinity'), wallMs: clock.wallMs() },
  );
  for (const [index, decision] of round.decisions.entries()) {
    const { executionId } = decision.methodExecution;
    const moving = executions.find((execution) => execution.executionId === executionId);
    state.asked.set(executionId, {
      executionId,
      targetHost: decision.targetHost,
      demand: moving?.demand ?? 1,
      memoryShare: moving?.memoryShare ?? 0,
      snapshotBytes: moving?.snapshotBytes ?? 0,
      answeredAtMs: null,
    });
    const record = round.records[index];
    ask(decision, reasonOf(decision, record === undefined ? '' : decisions.note(record)), context, ports);
  }
}

/** This host's own moves, and for rack and cluster as many as their actor counted, which knows more. */
function churnWith(own: ChurnState, { rack, moves }: Offer, nowMs: number): ChurnState {
  const more = (key: string, count: number): readonly number[] => {
    const known = own[key] ?? [];
    return count > known.length ? Array.from({ length: count }, () => nowMs) : known;
  };
  return {
    ...own,
    [`rack/${rack}`]: more(`rack/${rack}`, moves.rack),
    cluster: more('cluster', moves.cluster),
  };
}

function reasonOf(chosen: MigrationDecision, decision: string): MoveReason {
  return { by: 'affinity', term: null, text: chosen.text, scores: scoresOf(chosen), decision };
}

function ask(request: MigrationRequest, reason: MoveReason, context: Context, ports: AffinityPorts): void {
  const { executionId: execution } = request.methodExecution;
  const target: HostName = request.targetHost;
  context.pipe(
    ports.exchange.ask<ExecutionReply>(
      address.execution(execution),
      { kind: 'migrate', target, reason },
      moveMaxMs,
    ),
    (reply) => ({ kind: 'answered', execution, reply }),
    (error) => ({
      kind: 'answered',
      execution,
      reply: { kind: 'refused', reason: messageOf(error), began: false },
    }),
  );
}

/** Follows what is on this host now: who wants the CPU, and who behaves as never before. */
function watch(state: AffinityState, nowMs: number, ports: AffinityPorts): readonly OwnershipCell[] {
  const { board, book } = ports;
  const cells = book.cells().filter(({ state: { phase } }) => phase === 'running');
  const here = new Set(cells.map(({ execution }) => execution));
  for (const known of [state.demands, state.refusedAtMs]) {
    for (const execution of known.keys()) if (!here.has(execution)) known.delete(execution);
  }
  state.anomalies.keep(here);
  for (const { execution } of cells) {
    const trace = board.trace(execution);
    if (trace === null) continue;
    for (const anomaly of state.anomalies.observe(trace, nowMs))
      ports.events.emit({ kind: 'anomaly', execution, anomaly });
    const busy = trace.activity === 'ready' || trace.activity === 'running' ? 1 : 0;
    const demand = smoothing * busy + (1 - smoothing) * (state.demands.get(execution) ?? busy);
    state.demands.set(execution, demand);
  }
  return cells;
}

/**
 * Who may gain by a move, as the decider sees them. Where a host lacks nothing, those to whom every host is as good
 * gain nowhere: they are not looked at, so that a thousand idle executions cost nothing.
 */
function placed(
  cells: readonly OwnershipCell[],
  state: AffinityState,
  { availability }: HostAvailability,
  nowMs: number,
  ports: AffinityPorts,
): readonly EstimatedExecution[] {
  const { board, directory, identity } = ports;
  const alarmed = new Set(state.anomalies.alarmed(nowMs));
  let neighbours: Neighbours | null = null;
  return cells.flatMap(({ execution, method, arrival }): readonly EstimatedExecution[] => {
    const trace = board.trace(execution);
    if (method === null || trace === null) return [];
    const deployment = directory.register(execution)?.row.deployment;
    const declared = deployment?.affinity ?? anywhere;
    if (availability >= 1 && asksNothing(declared) && !alarmed.has(execution)) return [];
    neighbours ??= new Neighbours(directory, ports.usageOf);
    return [
      {
        executionId: execution,
        methodId: method.method,
        host: deployment?.host ?? identity.name,
        currentHost: identity.name,
        affinity: neighbours.affinityOf(execution),
        executionCost: ports.executionCost(execution),
        demand: state.demands.get(execution) ?? 0,
        memoryShare: Math.min(1, trace.snapshotBytes / ports.memoryLimitBytes()),
        movedAtMs: arrival?.atMs ?? null,
        movable: nowMs - (state.refusedAtMs.get(execution) ?? -Infinity) > settleMs,
        snapshotBytes: trace.snapshotBytes,
        remaining: ports.remainingWork(execution),
        uncheckpointedMs: Math.min(trace.cpuMs, ports.checkpointEveryMs),
      },
    ];
  });
}
