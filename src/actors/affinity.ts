import { assertNever } from '../core/assert.ts';
import { messageOf } from '../core/errors.ts';
import type { ExecutionId, HostName, RackName, Term } from '../core/ids.ts';
import type { AffinityPolicy } from '../placement/affinity.ts';
import type { MigrationDecision, OutstandingMove, PlacedExecution } from '../placement/decision.ts';
import { choose, scoresOf } from '../placement/decision.ts';
import { anywhere } from '../placement/original-affinity.ts';
import type {
  AffinityMessage,
  ExecutionReply,
  HostAvailability,
  MigrationRequest,
  MoveReason,
} from '../protocols/messages.ts';
import { address } from './addresses.ts';
import type { Directory } from './directory.ts';
import type { ActorContext, Behaviour } from './kernel/contract.ts';
import type { LaneBoard } from './lane-board.ts';
import type { OwnershipBook } from './ownership-book.ts';
import type { HostPorts } from './ports.ts';

export interface AffinityPorts extends Pick<HostPorts, 'identity' | 'clock' | 'exchange'> {
  readonly board: LaneBoard;
  readonly book: OwnershipBook;
  readonly directory: Directory;
  readonly policy: AffinityPolicy;
  readonly executionCost: (execution: ExecutionId) => number;
  readonly memoryLimitBytes: () => number;
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
}

interface Asked extends OutstandingMove {
  /** Null while the answer is awaited; then when it came: the reports show the move a sample later. */
  answeredAtMs: number | null;
}

interface AffinityState {
  offer: Offer | null;
  readonly asked: Map<ExecutionId, Asked>;
  /** Smoothed share of time in which each was ready or running. */
  readonly demands: Map<ExecutionId, number>;
  readonly refusedAtMs: Map<ExecutionId, number>;
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
 * This host's affinity actor: with every sample of its own monitor it decides by `placement/decision`, from the
 * candidates that the rack's actor offered, and asks the executions to move.
 */
export function affinityActor(ports: AffinityPorts): Behaviour<AffinityState, AffinityActorMessage> {
  return {
    init: () => ({
      offer: null,
      asked: new Map(),
      demands: new Map(),
      refusedAtMs: new Map(),
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
        case 'requestMigration':
          ask(message.request, operatorReason, context, ports);
          return state;
        case 'answered': {
          const asked = state.asked.get(message.execution);
          if (message.reply.kind !== 'moved') {
            state.asked.delete(message.execution);
            state.refusedAtMs.set(message.execution, ports.clock.monotonicMs());
          } else if (asked !== undefined) asked.answeredAtMs = ports.clock.monotonicMs();
          return state;
        }
        default:
          return assertNever(message);
      }
    },
  };
}

function decide(state: AffinityState, here: HostAvailability, context: Context, ports: AffinityPorts): void {
  const nowMs = ports.clock.monotonicMs();
  for (const [execution, { answeredAtMs }] of state.asked) {
    if (answeredAtMs !== null && nowMs - answeredAtMs > settleMs) state.asked.delete(execution);
  }
  const executions = placed(state, nowMs, ports);
  if (!ports.decides || state.offer === null || nowMs - state.offer.atMs > offerMaxMs || !here.accepting)
    return;
  const candidates = state.offer.hosts.filter(
    (host) => host.identity.incarnation !== here.identity.incarnation,
  );
  const decisions = choose(here, executions, candidates, [...state.asked.values()], nowMs, ports.policy);
  for (const decision of decisions) {
    const { executionId } = decision.methodExecution;
    const moving = executions.find((execution) => execution.executionId === executionId);
    state.asked.set(executionId, {
      executionId,
      targetHost: decision.targetHost,
      demand: moving?.demand ?? 1,
      memoryShare: moving?.memoryShare ?? 0,
      answeredAtMs: null,
    });
    ask(decision, reasonOf(decision), context, ports);
  }
}

function reasonOf(decision: MigrationDecision): MoveReason {
  return { by: 'affinity', term: null, text: decision.text, scores: scoresOf(decision), decision: '' };
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
    (error) => ({ kind: 'answered', execution, reply: { kind: 'refused', reason: messageOf(error) } }),
  );
}

/** What is on this host now, as the decider sees it. */
function placed(state: AffinityState, nowMs: number, ports: AffinityPorts): readonly PlacedExecution[] {
  const { board, book, directory, identity } = ports;
  const cells = book.cells().filter(({ state: { phase } }) => phase === 'running');
  const here = new Set(cells.map(({ execution }) => execution));
  for (const known of [state.demands, state.refusedAtMs]) {
    for (const execution of known.keys()) if (!here.has(execution)) known.delete(execution);
  }
  return cells.flatMap(({ execution, method, arrival, state: cellState }): readonly PlacedExecution[] => {
    const trace = board.trace(execution);
    if (method === null || trace === null || cellState.phase !== 'running') return [];
    const busy = trace.activity === 'ready' || trace.activity === 'running' ? 1 : 0;
    const demand = smoothing * busy + (1 - smoothing) * (state.demands.get(execution) ?? busy);
    state.demands.set(execution, demand);
    const deployment = directory.register(execution)?.row.deployment;
    return [
      {
        executionId: execution,
        methodId: method.method,
        host: deployment?.host ?? identity.name,
        currentHost: identity.name,
        affinity: deployment?.affinity ?? anywhere,
        executionCost: ports.executionCost(execution),
        demand,
        memoryShare: trace.snapshotBytes / ports.memoryLimitBytes(),
        movedAtMs: arrival?.atMs ?? null,
        movable: nowMs - (state.refusedAtMs.get(execution) ?? -Infinity) > settleMs,
      },
    ];
  });
}
