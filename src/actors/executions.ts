import { assertNever } from '../core/assert.ts';
import { messageOf } from '../core/errors.ts';
import type { MethodRef, Tenure } from '../core/execution.ts';
import type { ExecutionId } from '../core/ids.ts';
import { epoch, generation, nonce } from '../core/ids.ts';
import type { EffectOutcome } from '../core/packet.ts';
import type { Settlement } from '../lanes/contract.ts';
import { encodeValue } from '../methods/snapshot/index.ts';
import type { AffinityDeclaration, ExecutionMessage } from '../protocols/messages.ts';
import type { OwnershipEvent } from '../protocols/ownership/ownership.ts';
import type { OwnerChange, RegisterRow } from '../protocols/ownership/register.ts';
import { worker } from '../supervisors/child-spec.ts';
import type { SupervisorMessage, SupervisorReply } from '../supervisors/contract.ts';
import { address } from './addresses.ts';
import { executionActor } from './execution.ts';
import type { ExecutionPorts } from './execution.ts';
import type { ActorContext, ActorRef, Behaviour, ReplyTo } from './kernel/contract.ts';
import type { LaneReport } from './lane-board.ts';
import type { StartReply } from './ownership.ts';

export type ExecutionsMessage =
  /** The ownership actor's view of an execution has another phase now. */
  | { readonly kind: 'phase'; readonly execution: ExecutionId }
  | { readonly kind: 'report'; readonly report: LaneReport }
  | {
      readonly kind: 'start';
      readonly execution: ExecutionId;
      readonly method: MethodRef;
      readonly args: Uint8Array;
      readonly affinity: AffinityDeclaration;
      readonly parent: Tenure | null;
      readonly replyTo: ReplyTo<unknown> | null;
    }
  | { readonly kind: 'argumentsStored'; readonly start: Extract<ExecutionsMessage, { kind: 'start' }> }
  | {
      readonly kind: 'startFailed';
      readonly start: Extract<ExecutionsMessage, { kind: 'start' }>;
      readonly reason: string;
    }
  | {
      readonly kind: 'started';
      readonly start: Extract<ExecutionsMessage, { kind: 'start' }>;
      readonly reply: StartReply;
    }
  | { readonly kind: 'resultStored'; readonly tenure: Tenure; readonly event: OwnershipEvent }
  | { readonly kind: 'settleAgain'; readonly tenure: Tenure; readonly settlement: Settlement }
  | { readonly kind: 'carry'; readonly execution: ExecutionId; readonly outcome: EffectOutcome }
  | { readonly kind: 'carryFailed'; readonly execution: ExecutionId; readonly outcome: EffectOutcome }
  | {
      readonly kind: 'changed';
      readonly execution: ExecutionId;
      readonly change: OwnerChange;
      readonly outcome: 'done' | 'fenced' | 'superseded';
    }
  | { readonly kind: 'noted' };

export interface ExecutionsPorts extends ExecutionPorts {
  readonly supervisor: () => ActorRef<SupervisorMessage, SupervisorReply> | null;
}

const againMs = 250;
const askMaxMs = 10_000;
/** A child whose parent says nothing may run anywhere. */
const anywhere: AffinityDeclaration = { hosts: [], racks: [], labels: [], matching: 1, otherwise: 1 };

type Context = ActorContext<ExecutionsMessage>;

/**
 * The group actor of this host's executions: keeps one actor for each that is here, and takes what the lanes report of
 * them: children to start, results to store, messages and outcomes to carry.
 */
export function executionsActor(ports: ExecutionsPorts): Behaviour<ExecutionsSession, ExecutionsMessage> {
  return {
    init(context) {
      const session = new ExecutionsSession(ports);
      for (const { execution } of ports.book.cells()) session.receive({ kind: 'phase', execution }, context);
      return session;
    },
    receive(session, message, context) {
      session.receive(message, context);
      return session;
    },
  };
}

class ExecutionsSession {
  readonly #ports: ExecutionsPorts;

  constructor(ports: ExecutionsPorts) {
    this.#ports = ports;
  }

  receive(message: ExecutionsMessage, context: Context): void {
    switch (message.kind) {
      case 'phase':
        return this.#phase(message.execution);
      case 'report':
        return this.#report(message.report, context);
      case 'start':
        return this.#start(message, context);
      case 'argumentsStored':
        return this.#createRow(message.start, context);
      case 'startFailed':
        return this.#startFailed(message, context);
      case 'started':
        return this.#started(message);
      case 'resultStored':
        return this.#tellOwnership(message.tenure.execution, message.event);
      case 'settleAgain':
        return this.#settle(message.tenure, message.settlement, context);
      case 'carry':
        return this.#carry(message.execution, message.outcome, context);
      case 'carryFailed':
        return this.#carryFailed(message, context);
      case 'changed':
        return this.#changed(message, context);
      case 'noted':
        return;
      default:
        return assertNever(message);
    }
  }

  /** An execution whose copy here may run, or will, has an actor; others are somebody else's. */
  #phase(execution: ExecutionId): void {
    const phase = this.#ports.book.get(execution)?.state.phase ?? 'absent';
    const supervisor = this.#ports.supervisor();
    const present = ['restoring', 'running', 'freezing', 'frozen', 'released', 'settling'].includes(phase);
    if (present) {
      const spec = worker(execution, () => executionActor(execution, this.#ports), {
        address: address.execution(execution),
      });
      supervisor?.tell({ kind: 'startChild', spec });
    } else if (phase !== 'claiming') supervisor?.tell({ kind: 'terminateChild', id: execution });
  }

  #report(report: LaneReport, context: Context): void {
    switch (report.kind) {
      case 'packet': {
        const message: ExecutionMessage = { kind: 'packet', packet: report.packet, atEpoch: epoch(0) };
        this.#ports.exchange.tell(address.execution(report.packet.to), message, 'batched');
        return;
      }
      case 'spawn': {
        const { child: execution, method, args, parent } = report;
        return this.#start(
          { kind: 'start', execution, method, args, parent, affinity: anywhere, replyTo: null },
          context,
        );
      }
      case 'settled':
        return this.#settle(report.tenure, report.settlement, context);
      case 'effectOutcome':
        return this.#carry(report.execution, report.outcome, context);
      case 'log':
        this.#ports.logs.add(report.execution, report.text);
        this.#ports.events.emit(report);
        return;
      case 'effectStarted':
      case 'restored':
      case 'restoreFailed':
        return;
      default:
        return assertNever(report);
    }
  }

  #start(start: Extract<ExecutionsMessage, { kind: 'start' }>, context: Context): void {
    context.pipe(
      this.#ports.vault.put(argumentsKey(start.execution), start.args),
      () => ({ kind: 'argumentsStored', start }),
      (error) => ({ kind: 'startFailed', start, reason: messageOf(error) }),
    );
  }

  #createRow(start: Extract<ExecutionsMessage, { kind: 'start' }>, context: Context): void {
    const { execution, method, parent } = start;
    const ownership = context.lookup<unknown, StartReply>(
      address.role(this.#ports.identity.name, 'ownership'),
    );
    const row: RegisterRow = {
      execution,
      method,
      deployment: { host: this.#ports.identity.name, affinity: start.affinity },
      parent,
      owner: this.#ports.identity.incarnation,
      epoch: epoch(1),
      generation: generation(1),
      nonce: nonce(this.#ports.random.hex(12)),
      recovery: { kind: 'arguments', vaultKey: argumentsKey(execution) },
      standing: { phase: 'live' },
    };
    if (ownership === null) {
      context.after(againMs, { kind: 'argumentsStored', start });
      return;
    }
    context.ask(ownership, { kind: 'start', row }, askMaxMs, (outcome) =>
      outcome.kind === 'replied'
        ? { kind: 'started', start, reply: outcome.reply }
        : { kind: 'startFailed', start, reason: outcome.error.message },
    );
  }

  #started({ start, reply }: Extract<ExecutionsMessage, { kind: 'started' }>): void {
    if (reply.kind === 'refused') {
      start.replyTo?.answer({ kind: 'refused', reason: reply.reason });
      return;
    }
    const tenure = { execution: start.execution, epoch: epoch(1), generation: generation(1) };
    if (reply.kind === 'created') {
      this.#ports.events.emit({ kind: 'executionStarted', tenure, method: start.method.method });
    }
    start.replyTo?.answer({ kind: 'started', execution: start.execution });
  }

  /** A child that its parent started must come to be; whoever starts from outside is told, and may try again. */
  #startFailed(
    { start, reason }: Extract<ExecutionsMessage, { kind: 'startFailed' }>,
    context: Context,
  ): void {
    if (start.parent !== null) context.after(againMs, start);
    else start.replyTo?.answer({ kind: 'refused', reason });
  }

  #settle(tenure: Tenure, settlement: Settlement, context: Context): void {
    const vaultKey = `result/${tenure.execution}/${tenure.epoch}-${tenure.generation}`;
    const bytes =
      settlement.kind === 'returned'
        ? settlement.value
        : encodeValue({ message: settlement.message, stack: settlement.stack, value: settlement.value });
    const event: OwnershipEvent = {
      kind: 'resultStored',
      tenure,
      result: { vaultKey, outcome: settlement.kind },
    };
    context.pipe(
      this.#ports.vault.put(vaultKey, bytes),
      () => ({ kind: 'resultStored', tenure, event }),
      () => ({ kind: 'settleAgain', tenure, settlement }),
    );
  }

  #tellOwnership(execution: ExecutionId, event: OwnershipEvent): void {
    const message = { kind: 'event', execution, event } as const;
    this.#ports.exchange.tell(address.role(this.#ports.identity.name, 'ownership'), message, 'urgent');
  }

  /** Brings the outcome of an effect to its execution, wherever it now is, until it is there or the execution has ended. */
  #carry(execution: ExecutionId, outcome: EffectOutcome, context: Context): void {
    const message: ExecutionMessage = { kind: 'effectOutcome', outcome, atEpoch: epoch(0) };
    context.pipe(
      this.#ports.exchange.ask(address.execution(execution), message, askMaxMs),
      () => ({ kind: 'noted' }),
      () => ({ kind: 'carryFailed', execution, outcome }),
    );
  }

  #carryFailed(
    { execution, outcome }: Extract<ExecutionsMessage, { kind: 'carryFailed' }>,
    context: Context,
  ): void {
    const row = this.#ports.directory.register(execution)?.row;
    if (row === undefined || row.standing.phase === 'settled') return;
    context.after(againMs, { kind: 'carry', execution, outcome });
  }

  #changed(message: Extract<ExecutionsMessage, { kind: 'changed' }>, context: Context): void {
    const { execution, change, outcome } = message;
    if (change.kind !== 'settle' || outcome !== 'done') return;
    const row = this.#ports.directory.register(execution)?.row;
    const tenure = { execution, epoch: row?.epoch ?? epoch(1), generation: row?.generation ?? generation(1) };
    this.#ports.events.emit({ kind: 'executionSettled', tenure, outcome: change.result.outcome });
    context.pipe(
      this.#sweepVault(execution),
      () => ({ kind: 'noted' }),
      () => ({ kind: 'noted' }),
    );
  }

  /** The register names only the result now; what it took to get there goes. */
  async #sweepVault(execution: ExecutionId): Promise<void> {
    const snapshots = await this.#ports.vault.list(`snapshot/${execution}/`);
    for (const key of [...snapshots, argumentsKey(execution)]) await this.#ports.vault.delete(key);
  }
}

function argumentsKey(execution: ExecutionId): string {
  return `arguments/${execution}`;
}
