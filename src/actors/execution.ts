import { assertNever } from '../core/assert.ts';
import type { ExecutionId } from '../core/ids.ts';
import { epoch, executionId, generation } from '../core/ids.ts';
import type { LaneCommand } from '../lanes/contract.ts';
import type {
  ExecutionMessage,
  ExecutionReply,
  ExecutionSummary,
  ExecutionUsage,
} from '../protocols/messages.ts';
import { address } from './addresses.ts';
import type { Directory } from './directory.ts';
import type { ActorContext, Behaviour, ReplyTo } from './kernel/contract.ts';
import type { LaneBoard } from './lane-board.ts';
import type { ExecutionLogs } from './execution-logs.ts';
import { normal } from './kernel/exit-reason.ts';
import type { OwnershipPhase } from '../protocols/ownership/ownership.ts';
import type { OwnershipBook, OwnershipCell } from './ownership-book.ts';
import type { HostPorts } from './ports.ts';

export interface ExecutionPorts extends HostPorts {
  readonly board: LaneBoard;
  readonly book: OwnershipBook;
  readonly directory: Directory;
  readonly logs: ExecutionLogs;
  /** In [0, 1]; 1 is the heaviest to move. */
  readonly executionCost: (execution: ExecutionId) => number;
  /** Of the newest usage report. */
  readonly usageOf: (execution: ExecutionId) => ExecutionUsage | null;
}

interface ExecutionState {
  /** Under which tools put messages into the mailbox from here: they have no delivery protocol of their own. */
  readonly tools: ExecutionId;
  readonly posted: number;
}

type Context = ActorContext<ExecutionMessage, ExecutionReply>;

/**
 * One execution, by address, while its copy here is the one that may run. What it is asked while it is between two hosts
 * is answered `elsewhere`, and the asker looks again.
 */
export function executionActor(
  execution: ExecutionId,
  ports: ExecutionPorts,
): Behaviour<ExecutionState, ExecutionMessage, ExecutionReply> {
  return {
    init(context) {
      for (const stray of ports.exchange.strays.take(execution)) context.self.tell(stray);
      return { tools: executionId(`tools-${ports.random.hex(8)}`), posted: 0 };
    },
    receive(state, message, context) {
      const cell = ports.book.get(execution);
      if (cell === null || !(isPresent(cell.state.phase) || cell.state.phase === 'claiming')) {
        // It left while the end of this actor was on its way: whoever asks again is sent to where it is.
        answer(context.replyTo, elsewhere(execution, ports));
        context.exit(normal);
        return state;
      }
      return receive(cell, state, message, context, ports);
    },
  };
}

function receive(
  cell: OwnershipCell,
  state: ExecutionState,
  message: ExecutionMessage,
  context: Context,
  ports: ExecutionPorts,
): ExecutionState {
  const { execution } = cell;
  switch (message.kind) {
    case 'describe':
      answer(context.replyTo, { kind: 'summary', summary: summarise(cell, ports) });
      return state;
    case 'inspect':
      inspect(execution, context.replyTo, ports);
      return state;
    case 'migrate':
      migrate(execution, message, context, ports);
      return state;
    case 'post':
      return post(cell, state, message.body, context.replyTo, ports);
    case 'packet':
      if (!command(cell, { kind: 'deliver', execution, packet: message.packet }, context.replyTo, ports))
        ports.exchange.strays.hold(message);
      return state;
    case 'effectOutcome':
      command(cell, { kind: 'settleEffect', execution, outcome: message.outcome }, context.replyTo, ports);
      return state;
    case 'effectLost':
      command(cell, { kind: 'effectLost', execution, effect: message.effect }, context.replyTo, ports);
      return state;
    default:
      return assertNever(message);
  }
}

/** Whether the copy here runs, or may run again without another host having a say. */
export function isPresent(phase: OwnershipPhase): boolean {
  return ['restoring', 'running', 'freezing', 'frozen', 'released', 'settling'].includes(phase);
}

/** The answer comes when the execution is at its target, and this actor at its end: the question outlives it. */
function migrate(
  execution: ExecutionId,
  { target, reason }: Extract<ExecutionMessage, { kind: 'migrate' }>,
  context: Context,
  ports: ExecutionPorts,
): void {
  const { replyTo } = context;
  const migrations = context.lookup(address.role(ports.identity.name, 'migrations'));
  if (migrations === null) {
    answer(replyTo, {
      kind: 'refused',
      reason: 'the actor that makes moves is being started again',
      began: false,
    });
    return;
  }
  replyTo?.entrust(migrations);
  migrations.tell({ kind: 'move', execution, target, reason, replyTo });
}

/**
 * A copy that may be handed over takes nothing: whoever sent it hears `elsewhere`, and sends it again.
 *
 * @returns whether the copy here took it
 */
function command(
  { execution, state }: OwnershipCell,
  laneCommand: LaneCommand,
  replyTo: ReplyTo<unknown> | null,
  ports: ExecutionPorts,
): boolean {
  const isRunning = state.phase === 'running';
  if (isRunning) ports.board.post(execution, laneCommand);
  answer(replyTo, isRunning ? { kind: 'posted' } : elsewhere(execution, ports));
  return isRunning;
}

function answer(replyTo: ReplyTo<unknown> | null, reply: ExecutionReply): void {
  replyTo?.answer(reply);
}

function elsewhere(execution: ExecutionId, ports: ExecutionPorts): ExecutionReply {
  const row = ports.directory.register(execution)?.row;
  return { kind: 'elsewhere', epoch: row?.epoch ?? epoch(0), owner: row?.owner ?? null };
}

function inspect(execution: ExecutionId, replyTo: ReplyTo<unknown> | null, ports: ExecutionPorts): void {
  ports.board.request(execution, 'inspect', (found) => {
    answer(
      replyTo,
      found.kind === 'inspected'
        ? { kind: 'inspected', inspection: found.inspection }
        : elsewhere(execution, ports),
    );
  });
}

/** At most once: nothing is repeated. */
function post(
  cell: OwnershipCell,
  state: ExecutionState,
  body: Uint8Array,
  replyTo: ReplyTo<unknown> | null,
  ports: ExecutionPorts,
): ExecutionState {
  const { execution } = cell;
  const from = { execution: state.tools, epoch: epoch(1), generation: generation(1) };
  const number = state.posted + 1;
  const packet = { kind: 'message', from, to: execution, number, body, subject: 'user' } as const;
  const isTaken = command(cell, { kind: 'deliver', execution, packet }, replyTo, ports);
  return isTaken ? { ...state, posted: number } : state;
}

/** What `ps` shows. */
export function summarise(cell: OwnershipCell, ports: ExecutionPorts): ExecutionSummary {
  const { execution, state } = cell;
  const row = ports.directory.register(execution)?.row;
  const trace = ports.board.trace(execution);
  const tenure = 'tenure' in state ? state.tenure : null;
  const method = cell.method ?? row?.method;
  return {
    execution,
    method: method ?? { package: '' as never, method: '' as never },
    phase: phaseOf(cell),
    activity: trace?.activity ?? 'ready',
    host: ports.identity.name,
    deployedOn: row?.deployment.host ?? ports.identity.name,
    epoch: tenure?.epoch ?? row?.epoch ?? epoch(0),
    generation: tenure?.generation ?? row?.generation ?? generation(0),
    fuel: trace?.fuel ?? 0,
    cpuMs: trace?.cpuMs ?? 0,
    executionCost: ports.executionCost(execution),
    snapshotBytes: trace?.snapshotBytes ?? 0,
    pin: null,
    usage: ports.usageOf(execution),
    lastLog: ports.logs.last(execution),
  };
}

function phaseOf(cell: OwnershipCell): ExecutionSummary['phase'] {
  switch (cell.state.phase) {
    case 'running':
      return 'running';
    case 'claiming':
    case 'restoring':
      return 'claiming';
    case 'settling':
    case 'settled':
      return 'settled';
    case 'freezing':
    case 'released':
    case 'receiving':
    case 'received':
      return 'migrating';
    default:
      return 'frozen';
  }
}
