import { assertNever } from '../core/assert.ts';
import type { HostIdentity } from '../core/execution.ts';
import type { ExecutionId, HostName, IncarnationId, MigrationId } from '../core/ids.ts';
import { epoch, hostOf, migrationId } from '../core/ids.ts';
import type { MoveReason } from '../protocols/messages.ts';
import type { MigrationMessage, Passage } from '../protocols/migration/messages.ts';
import { answerAsUnknownSource, beginSource } from '../protocols/migration/source-step.ts';
import { answerAsUnknownTarget, beginTarget } from '../protocols/migration/target-step.ts';
import type { ChildSpec } from '../supervisors/child-spec.ts';
import { worker } from '../supervisors/child-spec.ts';
import type { SupervisorMessage, SupervisorReply } from '../supervisors/contract.ts';
import { address } from './addresses.ts';
import type { DecisionLog, MigrationRecord } from './decisions.ts';
import type { Directory } from './directory.ts';
import type { ActorContext, ActorRef, Behaviour, ReplyTo } from './kernel/contract.ts';
import type { ConductorEvent, MigrationCell, MoveReply, PassageMessage } from './migration/cell.ts';
import { isTargetMessage, migrationSteps, stepAddress } from './migration/cell.ts';
import { conductor } from './migration/conductor.ts';
import type { Permits } from './migration/permits.ts';
import type { MigrationEnded, MigrationPorts } from './migration/step-worker.ts';
import { stepWorker } from './migration/step-worker.ts';

export type MigrationsMessage =
  /** From the execution actor: move this execution. The answer is a `MoveReply`. */
  | {
      readonly kind: 'move';
      readonly execution: ExecutionId;
      readonly target: HostName;
      readonly reason: MoveReason;
      readonly replyTo: ReplyTo<unknown> | null;
    }
  | PassageMessage
  | MigrationEnded
  | { readonly kind: 'leaseEnded'; readonly incarnation: IncarnationId }
  | { readonly kind: 'cancelAll'; readonly reason: string }
  /** Looks for migrations whose supervisor gave up. */
  | { readonly kind: 'inspectCells' }
  | { readonly kind: 'supervised'; readonly migration: MigrationId; readonly failure: string | null };

export interface MigrationsPorts extends MigrationPorts {
  readonly directory: Directory;
  readonly permits: Permits;
  readonly decisions: DecisionLog;
  /** Moves away from here at the same time. */
  readonly concurrentMax: number;
  /** Estimate of an execution's snapshot, in bytes, before it was captured. */
  readonly estimateBytes: (execution: ExecutionId) => number;
  /** The supervisor under which each migration has a supervisor of its own. */
  readonly supervisor: () => ActorRef<SupervisorMessage, SupervisorReply> | null;
  /** A supervisor over the given children, for one migration. */
  readonly supervise: (id: string, children: readonly ChildSpec[]) => ChildSpec;
  /** The migrations that this actor knows; they outlive its crashes. */
  readonly cells: Map<MigrationId, MigrationCell>;
}

type Context = ActorContext<MigrationsMessage>;

const inspectEveryMs = 500;
/** A conductor that is away this often in a row is not being restarted: its supervisor gave up. */
const missesMax = 3;

/** Admits migrations, starts a supervisor for each, and brings it the peer's messages. */
export function migrationsActor(ports: MigrationsPorts): Behaviour<MigrationsSession, MigrationsMessage> {
  return {
    init(context) {
      context.after(inspectEveryMs, { kind: 'inspectCells' });
      return new MigrationsSession(ports);
    },
    receive(session, message, context) {
      session.receive(message, context);
      return session;
    },
  };
}

class MigrationsSession {
  readonly #ports: MigrationsPorts;
  readonly #misses = new Map<MigrationId, number>();

  constructor(ports: MigrationsPorts) {
    this.#ports = ports;
  }

  receive(message: MigrationsMessage, context: Context): void {
    switch (message.kind) {
      case 'move':
        return this.#move(message, context);
      case 'passage':
        return this.#passage(message, context);
      case 'ended':
        return this.#ended(message.cell);
      case 'leaseEnded':
        for (const cell of this.#ports.cells.values()) {
          if (cell.peer.incarnation === message.incarnation) this.#tell(cell, { kind: 'peerEnded' });
        }
        return;
      case 'cancelAll':
        for (const cell of this.#ports.cells.values())
          this.#tell(cell, { kind: 'cancelled', reason: message.reason });
        return;
      case 'inspectCells':
        this.#inspectCells(context);
        context.after(inspectEveryMs, { kind: 'inspectCells' });
        return;
      case 'supervised':
        if (message.failure !== null) this.#failed(message.migration, message.failure);
        return;
      default:
        return assertNever(message);
    }
  }

  #move(message: Extract<MigrationsMessage, { kind: 'move' }>, context: Context): void {
    const { execution, target, reason, replyTo } = message;
    const { book, directory, identity, random } = this.#ports;
    const refuse = (why: string): void =>
      void replyTo?.answer({ kind: 'refused', reason: why, began: false } satisfies MoveReply);
    const state = book.get(execution)?.state;
    const cell = book.get(execution);
    const peer = directory.host(target);
    if (peer === null) {
      const up = directory.hosts().map((host) => host.name);
      return refuse(`host '${target}' is not up; up are ${up.join(', ')}`);
    }
    if (peer.incarnation === identity.incarnation) return refuse(`it is on ${target} already`);
    if (state?.phase !== 'running' || cell === null || cell.method === null) {
      return refuse(`it cannot be moved now: here it is ${state?.phase ?? 'absent'}`);
    }
    const outgoing = [...this.#ports.cells.values()].filter(({ side }) => side === 'source');
    if (outgoing.some(({ passage }) => passage.execution === execution))
      return refuse('it is being moved already');
    if (outgoing.length >= this.#ports.concurrentMax) {
      return refuse(
        `${outgoing.length} moves away from here are under way, as many as are made at once (migrations.concurrentMax)`,
      );
    }
    const forbidden = this.#ports.permits.refusal(execution, reason, identity, peer);
    if (forbidden !== null) return refuse(forbidden);
    this.#began(peer);
    const passage: Passage = {
      migration: migrationId(`m-${random.hex(8)}`),
      execution,
      source: identity.incarnation,
      target: peer.incarnation,
      epoch: state.tenure.epoch,
      generation: state.tenure.generation,
    };
    const cargo = {
      method: cell.method,
      codeIds: [],
      estimatedBytes: this.#ports.estimateBytes(execution),
      strategy: 'stopAndCopy',
    } as const;
    const first = beginSource(passage, cargo, this.#ports.timing.attemptsMax);
    this.#begin(
      { side: 'source', state: first.state, ...base(passage, peer, reason, replyTo), pending: first.effects },
      context,
    );
  }

  /** The racks' actors count it, for the budgets of rack and cluster. */
  #began(peer: HostIdentity): void {
    const { exchange, identity } = this.#ports;
    for (const rack of new Set([identity.rack, peer.rack])) {
      const message = { kind: 'moveBegan', from: identity.rack, to: peer.rack };
      exchange.tell(address.rack(rack), message, 'batched');
    }
  }

  #passage(message: PassageMessage, context: Context): void {
    const inner = message.message;
    const { migration } = inner.passage;
    const known = this.#ports.cells.get(migration);
    if (known !== undefined) {
      this.#tell(known, { kind: 'received', message: inner, freight: message.freight });
      return;
    }
    if (inner.kind === 'prepare') {
      const first = beginTarget(inner);
      const reason: MoveReason = { by: 'operator', term: null, text: '', scores: {}, decision: '' };
      this.#begin(
        {
          side: 'target',
          state: first.state,
          ...base(inner.passage, message.from, reason, null),
          pending: first.effects,
        },
        context,
      );
      return;
    }
    const reply = isTargetMessage(inner) ? answerAsUnknownSource(inner) : answerAsUnknownTarget(inner);
    if (reply !== null) this.#send(message.from, reply);
  }

  #begin(cell: MigrationCell, context: Context): void {
    const { migration } = cell.passage;
    this.#ports.cells.set(migration, cell);
    const children = [
      ...migrationSteps.map((step) =>
        worker(step, () => stepWorker(step, cell, this.#ports), {
          address: stepAddress(cell, this.#ports.identity, step),
        }),
      ),
      worker('conductor', () => conductor(cell, this.#ports), {
        address: address.migration(this.#ports.identity.name, migration),
      }),
    ];
    const supervisor = this.#ports.supervisor();
    if (supervisor === null)
      return this.#failed(migration, 'the supervisor of migrations is being started again');
    const spec = this.#ports.supervise(migration, children);
    context.ask(supervisor, { kind: 'startChild', spec }, 5_000, (outcome) => {
      if (outcome.kind === 'failed') return { kind: 'supervised', migration, failure: outcome.error.message };
      const { reply } = outcome;
      if (reply.kind !== 'childStarted')
        return { kind: 'supervised', migration, failure: `its start was refused: ${reply.kind}` };
      return { kind: 'supervised', migration, failure: null };
    });
  }

  #inspectCells(context: Context): void {
    for (const migration of this.#misses.keys())
      if (!this.#ports.cells.has(migration)) this.#misses.delete(migration);
    for (const migration of this.#ports.cells.keys()) {
      const alive = context.lookup(address.migration(this.#ports.identity.name, migration)) !== null;
      const misses = alive ? 0 : (this.#misses.get(migration) ?? 0) + 1;
      this.#misses.set(migration, misses);
      if (misses > missesMax)
        this.#failed(migration, 'its steps failed more often than their restart budget allows');
    }
  }

  #tell(cell: MigrationCell, event: ConductorEvent): void {
    this.#ports.exchange.tell(
      address.migration(this.#ports.identity.name, cell.passage.migration),
      event,
      'urgent',
    );
  }

  #send(to: HostIdentity, message: MigrationMessage): void {
    const envelope: PassageMessage = { kind: 'passage', from: this.#ports.identity, message, freight: null };
    this.#ports.exchange.tellIncarnation(
      to.incarnation,
      address.role(hostOf(to.incarnation), 'migrations'),
      envelope,
    );
  }

  #ended(cell: MigrationCell): void {
    const { migration, execution } = cell.passage;
    if (!this.#ports.cells.delete(migration)) return;
    this.#ports.supervisor()?.tell({ kind: 'terminateChild', id: migration });
    if (cell.side === 'target' || cell.state.phase !== 'done') return;
    const { outcome } = cell.state;
    if (outcome.kind === 'moved') {
      const pauseMs = Math.max(
        0,
        (cell.resumedAtMs ?? this.#ports.clock.monotonicMs()) - (cell.frozenAtMs ?? 0),
      );
      this.#ports.events.emit({
        kind: 'moved',
        tenure: { execution, epoch: outcome.pointer.epoch, generation: cell.passage.generation },
        migration,
        from: this.#ports.identity.name,
        to: cell.peer.name,
        reason: cell.reason,
        pauseMs,
        bytes: cell.bytes,
      });
      this.#note(cell, { kind: 'moved', pauseMs, bytes: cell.bytes });
      cell.waiter?.answer({
        kind: 'moved',
        migration,
        epoch: epoch(outcome.pointer.epoch),
        pauseMs,
        bytes: cell.bytes,
      } satisfies MoveReply);
      return;
    }
    this.#moveFailed(cell, outcome.reason);
  }

  #moveFailed(cell: MigrationCell, reason: string): void {
    const { migration, execution } = cell.passage;
    this.#ports.events.emit({ kind: 'moveFailed', execution, migration, to: cell.peer.name, reason });
    this.#note(cell, { kind: 'failed', reason });
    cell.waiter?.answer({ kind: 'refused', reason, began: true } satisfies MoveReply);
  }

  #note({ passage, peer, reason }: MigrationCell, outcome: MigrationRecord['outcome']): void {
    const { migration, execution } = passage;
    const from = this.#ports.identity.name;
    this.#ports.decisions.ended({ migration, execution, from, to: peer.name, reason, outcome });
  }

  /** The migration's own supervisor gave up: ownership settles what it left behind. */
  #failed(migration: MigrationId, reason: string): void {
    const cell = this.#ports.cells.get(migration);
    if (cell === undefined) return;
    this.#ports.cells.delete(migration);
    this.#ports.admissions.release(migration);
    const { execution } = cell.passage;
    const message = { kind: 'migrationFailed', execution, migration } as const;
    this.#ports.exchange.tell(address.role(this.#ports.identity.name, 'ownership'), message, 'urgent');
    if (cell.side === 'source') this.#moveFailed(cell, reason);
  }
}

function base(
  passage: Passage,
  peer: HostIdentity,
  reason: MoveReason,
  waiter: ReplyTo<unknown> | null,
): Omit<MigrationCell, 'side' | 'state' | 'pending'> {
  return { passage, peer, reason, waiter, freight: null, frozenAtMs: null, resumedAtMs: null, bytes: 0 };
}
