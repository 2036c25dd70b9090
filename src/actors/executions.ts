import { assertNever } from '../core/assert.ts';
import { messageOf } from '../core/errors.ts';
import type { ExecutionId, Generation } from '../core/ids.ts';
import { epoch, generation, nonce } from '../core/ids.ts';
import { decodeValue, encodeValue } from '../methods/snapshot/index.ts';
import { startingAffinity } from '../placement/original-affinity.ts';
import type { AffinityDeclaration, ExecutionMessage } from '../protocols/messages.ts';
import type { OwnershipEvent } from '../protocols/ownership/ownership.ts';
import type { RegisterRow, ResultPointer } from '../protocols/ownership/register.ts';
import { worker } from '../supervisors/child-spec.ts';
import type { SupervisorMessage, SupervisorReply } from '../supervisors/contract.ts';
import { address } from './addresses.ts';
import { affinityOf, Children, isDurable } from './children.ts';
import { executionActor, isPresent } from './execution.ts';
import type { ExecutionPorts } from './execution.ts';
import type { ActorContext, ActorRef, Behaviour } from './kernel/contract.ts';
import type { LaneReport, SettledReport } from './lane-board.ts';
import type { ExecutionsMessage, StartOrder } from './executions-messages.ts';
import type { Obligations } from './obligations.ts';
import { carriedBy, receiverOf } from './obligations.ts';
import type { StartReply } from './ownership-messages.ts';
import { Receivers } from './receivers.ts';
import { argumentsKey, deleteRemains } from './remains.ts';

export interface ExecutionsPorts extends ExecutionPorts {
  readonly obligations: Obligations;
  /** Of executions that start here: see `recovery.deathsMax`. */
  readonly deathsMax: number;
  /** See `ReceiversPorts`. */
  readonly absentMs: number;
  readonly supervisor: () => ActorRef<SupervisorMessage, SupervisorReply> | null;
}

const againMs = 250;
const askMaxMs = 10_000;
const lookOverEveryMs = 500;

type Context = ActorContext<ExecutionsMessage>;

/**
 * The group actor of this host's executions: keeps one actor for each that is here, and takes what the lanes report of
 * them: children to start, results to store, messages and outcomes to carry. What it owes outlives its crashes.
 */
export function executionsActor(ports: ExecutionsPorts): Behaviour<ExecutionsSession, ExecutionsMessage> {
  return {
    init(context) {
      const session = new ExecutionsSession(ports);
      for (const key of ports.obligations.keys()) session.receive({ kind: 'meet', key }, context);
      session.receive({ kind: 'lookOver' }, context);
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
  /** Results that are being stored (null), or stand in the vault and wait for the register, each of one life of its execution. */
  readonly #results = new Map<
    ExecutionId,
    { readonly life: Generation; readonly stored: ResultPointer | null }
  >();
  readonly #children: Children;
  readonly #receivers: Receivers;
  /** Obligations that are being met: reported again meanwhile, they are not tried twice. */
  readonly #meeting = new Set<string>();

  constructor(ports: ExecutionsPorts) {
    this.#ports = ports;
    this.#children = new Children(ports);
    this.#receivers = new Receivers(ports);
  }

  receive(message: ExecutionsMessage, context: Context): void {
    switch (message.kind) {
      case 'phase':
        return this.#phase(message.execution, context);
      case 'report':
        return this.#report(message.report, context);
      case 'start':
        return this.#start(message, context);
      case 'argumentsStored':
        return this.#createRow(message.start, context);
      case 'startFailed':
        return this.#startFailed(message, context);
      case 'started':
        return this.#started(message, context);
      case 'resultStored': {
        const { execution, life, result } = message;
        if (this.#results.get(execution)?.life !== life) return;
        this.#results.set(execution, { life, stored: result });
        return this.#tellResult(execution, result);
      }
      case 'storingFailed':
        if (this.#results.get(message.execution)?.life === message.life)
          this.#results.delete(message.execution);
        return;
      case 'meet':
        return this.#meet(message.key, context);
      case 'met':
        return this.#met(message.key);
      case 'notMet':
        return this.#notMet(message.key, context);
      case 'changed':
        return this.#changed(message, context);
      case 'sweepFailed':
        context.after(againMs, { kind: 'sweepDue', execution: message.execution });
        return;
      case 'sweepDue':
        return this.#sweepVault(message.execution, context);
      case 'lookOver':
        return this.#lookOver(context);
      case 'childResult': {
        const { parent: execution, child, settlement } = message;
        this.#ports.board.post(execution, { kind: 'settleChild', execution, child, settlement });
        return;
      }
      case 'receiverRead':
        return this.#receivers.read(message);
      case 'noted':
        return;
      default:
        return assertNever(message);
    }
  }

  /** An execution whose copy here may run, or will, has an actor; the actors of others end by themselves. */
  #phase(execution: ExecutionId, context: Context): void {
    const phase = this.#ports.book.get(execution)?.state.phase ?? 'absent';
    const supervisor = this.#ports.supervisor();
    if (isPresent(phase)) {
      const spec = worker(execution, () => executionActor(execution, this.#ports), {
        address: address.execution(execution),
        restart: 'transient',
      });
      supervisor?.tell({ kind: 'startChild', spec });
      if (phase === 'running') this.#takeStrays(execution, context);
    } else if (phase !== 'claiming') supervisor?.tell({ kind: 'terminateChild', id: execution });
  }

  /** An actor that is only being started takes them itself. */
  #takeStrays(execution: ExecutionId, context: Context): void {
    const actor = context.lookup(address.execution(execution));
    if (actor === null) return;
    for (const stray of this.#ports.exchange.strays.take(execution)) actor.tell(stray);
  }

  #lookOver(context: Context): void {
    context.after(lookOverEveryMs, { kind: 'lookOver' });
    const { board, book } = this.#ports;
    for (const { execution, state } of book.cells()) {
      if (isPresent(state.phase) && context.lookup(address.execution(execution)) === null)
        this.#phase(execution, context);
    }
    for (const execution of this.#results.keys()) {
      if (board.settlement(execution) === null) this.#results.delete(execution);
    }
    this.#settleAll(context);
    this.#children.tellParents(context);
  }

  #settleAll(context: Context): void {
    for (const report of this.#ports.board.settlements()) this.#settle(report, context);
  }

  #report(report: LaneReport, context: Context): void {
    const { exchange, obligations, logs, events } = this.#ports;
    const key = obligations.note(report);
    const isOwed = report.kind !== 'packet' || this.#receivers.look(report.packet, context);
    if (key !== null) return isOwed ? this.#meet(key, context) : this.#met(key);
    switch (report.kind) {
      case 'packet': {
        if (!isOwed) return;
        const message: ExecutionMessage = { kind: 'packet', packet: report.packet, atEpoch: epoch(0) };
        exchange.tell(address.execution(report.packet.to), message, 'batched');
        return;
      }
      case 'settled':
        return this.#settle(report, context);
      case 'log':
        logs.add(report.execution, report.text);
        events.emit(report);
        return;
      case 'checkpointWanted':
      case 'spawn':
      case 'effectOutcome':
      case 'effectStarted':
      case 'restored':
      case 'restoreFailed':
        return;
      default:
        return assertNever(report);
    }
  }

  #meet(key: string, context: Context): void {
    const obligation = this.#ports.obligations.get(key);
    if (obligation === null || this.#meeting.has(key)) return;
    this.#meeting.add(key);
    switch (obligation.kind) {
      case 'spawn': {
        const { child: execution, method, args, parent } = obligation;
        // A parent asks again wherever it comes to.
        if (this.#ports.directory.register(execution) !== null) return this.#met(key);
        const options = decodeValue(obligation.options);
        const affinity = affinityOf(options);
        const durable = isDurable(options);
        return this.#start(
          { kind: 'start', execution, method, args, parent, affinity, durable, replyTo: null },
          context,
        );
      }
      case 'effectOutcome':
      case 'effectLost':
      case 'lastWord': {
        const { to, message } = carriedBy(obligation, this.#ports.identity.incarnation);
        return this.#carry(key, to, message, context);
      }
      default:
        return assertNever(obligation);
    }
  }

  /** Brings something to an execution, wherever it now is, until it is there or the execution has ended. */
  #carry(key: string, to: ExecutionId, message: ExecutionMessage, context: Context): void {
    context.pipe(
      this.#ports.exchange.ask(address.execution(to), message, askMaxMs),
      () => ({ kind: 'met', key }),
      () => ({ kind: 'notMet', key }),
    );
  }

  #met(key: string): void {
    this.#meeting.delete(key);
    this.#ports.obligations.done(key);
  }

  #notMet(key: string, context: Context): void {
    const { obligations, directory } = this.#ports;
    this.#meeting.delete(key);
    const obligation = obligations.get(key);
    if (obligation === null) return;
    if (obligation.kind !== 'spawn') {
      const to = receiverOf(obligation);
      const row = directory.register(to)?.row;
      if (row === undefined || row.standing.phase === 'settled') return obligations.done(key);
    }
    context.after(againMs, { kind: 'meet', key });
  }

  #start(start: StartOrder, context: Context): void {
    context.pipe(
      this.#prepare(start),
      (affinity) => ({ kind: 'argumentsStored', start: { ...start, affinity } }),
      (error) => ({ kind: 'startFailed', start, reason: messageOf(error) }),
    );
  }

  /** What cannot run here is refused before there is anything of it. @returns where it belongs */
  async #prepare({ execution, method, args, affinity }: StartOrder): Promise<AffinityDeclaration> {
    const authored = await this.#ports.packages.affinityOf(method);
    await this.#ports.vault.put(argumentsKey(execution), args);
    return startingAffinity(affinity, authored);
  }

  #createRow(start: StartOrder, context: Context): void {
    const { execution, method, parent } = start;
    const ownership = context.lookup<unknown, StartReply>(
      address.role(this.#ports.identity.name, 'ownership'),
    );
    const row: RegisterRow = {
      execution,
      method,
      deployment: {
        host: this.#ports.identity.name,
        affinity: start.affinity,
        durable: start.durable,
        deathsMax: this.#ports.deathsMax,
      },
      parent,
      owner: this.#ports.identity.incarnation,
      epoch: epoch(1),
      generation: generation(1),
      nonce: nonce(this.#ports.random.hex(12)),
      recovery: { kind: 'arguments', vaultKey: argumentsKey(execution) },
      deaths: 0,
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

  #started({ start, reply }: Extract<ExecutionsMessage, { kind: 'started' }>, context: Context): void {
    this.#met(`spawn/${start.execution}`);
    if (start.parent !== null) this.#settleAll(context);
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
    if (start.parent !== null) this.#notMet(`spawn/${start.execution}`, context);
    else start.replyTo?.answer({ kind: 'refused', reason });
  }

  /** Stores a result once, and tells ownership until the register has it. */
  #settle({ tenure, settlement }: SettledReport, context: Context): void {
    const { execution } = tenure;
    // What it has started would be lost with this host: nothing recovers an execution that has ended.
    if (this.#ports.obligations.isStarting(execution)) return;
    const life = tenure.generation;
    const known = this.#results.get(execution);
    // Another life may have come to something else.
    if (known?.life === life) {
      if (known.stored !== null) this.#tellResult(execution, known.stored);
      return;
    }
    this.#results.set(execution, { life, stored: null });
    const vaultKey = `result/${execution}/${tenure.epoch}-${tenure.generation}`;
    const endedAtMs = this.#ports.board.storeTimeMs(this.#ports.clock.monotonicMs());
    const bytes =
      settlement.kind === 'returned'
        ? settlement.value
        : encodeValue({ message: settlement.message, stack: settlement.stack, value: settlement.value });
    context.pipe(
      this.#ports.vault.put(vaultKey, bytes),
      () => ({
        kind: 'resultStored',
        execution,
        life,
        result: { vaultKey, outcome: settlement.kind, endedAtMs },
      }),
      () => ({ kind: 'storingFailed', execution, life }),
    );
  }

  /**
   * Under the tenure that the copy has now: since it ended, a move that was called off may have raised its epoch, and a
   * recovery that goes on from the copy that was kept here its generation. Any other copy takes the settlement away.
   */
  #tellResult(execution: ExecutionId, result: ResultPointer): void {
    const { board, book, exchange, identity } = this.#ports;
    const state = book.get(execution)?.state;
    if (state === undefined || board.settlement(execution) === null) return;
    if (state.phase !== 'running' && state.phase !== 'freezing') return;
    const event: OwnershipEvent = { kind: 'resultStored', tenure: state.tenure, result };
    const message = { kind: 'event', execution, event } as const;
    exchange.tell(address.role(identity.name, 'ownership'), message, 'urgent');
  }

  #changed(message: Extract<ExecutionsMessage, { kind: 'changed' }>, context: Context): void {
    const { execution, change, outcome } = message;
    if (change.kind !== 'settle' || outcome !== 'done') return;
    this.#results.delete(execution);
    this.#ports.logs.forget(execution);
    const row = this.#ports.directory.register(execution)?.row;
    const tenure = { execution, epoch: row?.epoch ?? epoch(1), generation: row?.generation ?? generation(1) };
    this.#ports.events.emit({ kind: 'executionSettled', tenure, outcome: change.result.outcome });
    this.#sweepVault(execution, context);
  }

  #sweepVault(execution: ExecutionId, context: Context): void {
    context.pipe(
      deleteRemains(this.#ports.vault, execution),
      () => ({ kind: 'noted' }),
      () => ({ kind: 'sweepFailed', execution }),
    );
  }
}
