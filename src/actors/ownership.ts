import { assertNever } from '../core/assert.ts';
import type { ExecutionId, IncarnationId, Nonce } from '../core/ids.ts';
import { nonce } from '../core/ids.ts';
import type { Cancel } from '../core/ports.ts';
import type {
  OwnershipAsk,
  OwnershipEffect,
  OwnershipEvent,
  OwnershipState,
} from '../protocols/ownership/ownership.ts';
import { changeToken, type RegisterRow } from '../protocols/ownership/register.ts';
import { step, unknown } from '../protocols/ownership/step.ts';
import { address } from './addresses.ts';
import { Copies } from './copies.ts';
import type { Directory } from './directory.ts';
import { ForgottenLeases } from './forgotten-leases.ts';
import type { ActorContext, Behaviour, ReplyTo } from './kernel/contract.ts';
import type { LaneBoard, LaneReport } from './lane-board.ts';
import type { OrphansPorts } from './orphans.ts';
import { Recoveries } from './recoveries.ts';
import { RegisterCalls, type SwapEffect } from './register-calls.ts';
import type { OwnershipBook, OwnershipCell } from './ownership-book.ts';
import { hasCopy } from './ownership-book.ts';
import type { OwnershipMessage, StartReply } from './ownership-messages.ts';
import type { HostPorts } from './ports.ts';

export interface OwnershipPorts extends HostPorts, Pick<OrphansPorts, 'config'> {
  readonly board: LaneBoard;
  readonly directory: Directory;
  readonly book: OwnershipBook;
  /** Whether this host may take executions of dead hosts. */
  readonly recovers: () => boolean;
  /** How the others learn what became of an execution; called in order, must not throw. */
  readonly observer: OwnershipObserver;
}

/** Who wants to know what the ownership actor decided. */
export interface OwnershipObserver {
  onPhase(cell: OwnershipCell): void;
  onCheckpointSoon(execution: ExecutionId): void;
  /** A checkpoint that was to come along with its row could not be written yet. */
  onSwapFailed(execution: ExecutionId, reason: string): void;
  onChanged(execution: ExecutionId, effect: Extract<OwnershipEffect, { kind: 'changed' }>): void;
}

const sweepEveryMs = 500;
const retryFirstMs = 20;
const retryMaxMs = 1_000;

type Context = ActorContext<OwnershipMessage, StartReply>;

/**
 * The only actor of a host that lets an execution run or discards one; it settles every doubt from the register. It
 * performs what `protocols/ownership` decides, and nothing else. Its cells are the saved state: they outlive a crash of
 * this actor, which then issues again what each phase waits for.
 */
export function ownershipActor(
  ports: OwnershipPorts,
): Behaviour<OwnershipSession, OwnershipMessage, StartReply> {
  return {
    init(context) {
      const session = new OwnershipSession(ports);
      session.resumeAll(context);
      session.receive({ kind: 'sweep' }, context);
      return session;
    },
    receive(session, message, context) {
      session.receive(message, context);
      return session;
    },
  };
}

class OwnershipSession {
  readonly #ports: OwnershipPorts;
  readonly #copies: Copies;
  readonly #recoveries: Recoveries;
  readonly #forgotten: ForgottenLeases;
  readonly #register: RegisterCalls;
  readonly #starts = new Map<ExecutionId, ReplyTo<unknown>[]>();
  readonly #retries = new Map<ExecutionId, { readonly cancel: Cancel; readonly delayMs: number }>();
  #nextSweep: Cancel = () => undefined;

  constructor(ports: OwnershipPorts) {
    this.#ports = ports;
    this.#copies = new Copies(ports);
    this.#register = new RegisterCalls(ports);
    this.#forgotten = new ForgottenLeases(ports);
    this.#recoveries = new Recoveries(ports, () => ports.clock.monotonicMs());
  }

  /** After a crash: what the lanes said meanwhile was not heard. */
  resumeAll(context: Context): void {
    for (const cell of this.#ports.book.cells()) {
      const isLost = hasCopy(cell.state) && this.#isGone(cell.execution);
      this.#advance(
        cell,
        isLost ? { kind: 'copyLost', nonce: this.#nonce() } : { kind: 'restarted' },
        context,
      );
    }
  }

  /** What ended is not lost with its lane: its result is on its way into the store. */
  #isGone(execution: ExecutionId): boolean {
    const { board } = this.#ports;
    return !board.carries(execution) && board.settlement(execution) === null;
  }

  receive(message: OwnershipMessage, context: Context): void {
    switch (message.kind) {
      case 'start':
        return this.#start(message.row, context);
      case 'asked':
        return this.#asked(message.execution, message.ask, context);
      case 'askedAgain':
        this.#event(message.execution, message.read, context);
        return this.#advanceAsked(this.#cell(message.execution), message.ask, context);
      case 'fetched': {
        const cell = this.#cell(message.execution);
        cell.method = message.method;
        cell.received = { migration: message.migration, bytes: message.bytes };
        return;
      }
      case 'event':
        return this.#event(message.execution, message.event, context);
      case 'checkpoint': {
        const { along, event: stored } = message;
        const cell = this.#ports.book.get(message.execution);
        if (along !== null) cell?.carried.set(stored.point.vaultKey, along);
        return this.#event(message.execution, stored, context);
      }
      case 'migrationFailed':
        return this.#event(
          message.execution,
          { kind: 'migrationFailed', migration: message.migration, nonce: this.#nonce() },
          context,
        );
      case 'report':
        return this.#report(message.report, context);
      case 'lost':
        // Otherwise another copy has taken its place by now.
        if (!this.#isGone(message.execution)) return;
        if (this.#recoveries.mustWait(message.execution)) return void context.after(sweepEveryMs, message);
        return this.#event(message.execution, { kind: 'copyLost', nonce: this.#nonce() }, context);
      case 'retryDue':
        return this.#event(message.execution, { kind: 'retryDue', nonce: this.#nonce() }, context);
      case 'sweep':
        return this.#sweep(context);
      case 'peerEnded':
        return this.#peersEnded([message.incarnation], context);
      case 'forgotten':
        return this.#peersEnded(message.incarnations, context);
      case 'ownLeaseEnded':
        for (const cell of this.#ports.book.cells()) this.#advance(cell, { kind: 'leaseEnded' }, context);
        return;
      default:
        return assertNever(message);
    }
  }

  #nonce(): Nonce {
    return nonce(this.#ports.random.hex(12));
  }

  #cell(execution: ExecutionId): OwnershipCell {
    return this.#ports.book.open(execution, () => unknown(execution, this.#ports.identity.incarnation));
  }

  #start(row: RegisterRow, context: Context): void {
    const cell = this.#cell(row.execution);
    const { state } = cell;
    const isNew = state.phase === 'absent' || (state.phase === 'claiming' && state.claim.kind === 'start');
    if (!isNew) {
      context.replyTo?.answer({ kind: 'existed' });
      return;
    }
    if (context.replyTo !== null) {
      this.#starts.set(row.execution, [...(this.#starts.get(row.execution) ?? []), context.replyTo]);
    }
    Object.assign(cell, { method: row.method, durable: row.deployment.durable });
    this.#advance(cell, { kind: 'startAsked', row }, context);
  }

  #started(execution: ExecutionId, reply: StartReply): void {
    const [first, ...others] = this.#starts.get(execution) ?? [];
    first?.answer(reply);
    for (const waiter of others) waiter.answer(reply.kind === 'created' ? { kind: 'existed' } : reply);
    this.#starts.delete(execution);
  }

  #asked(execution: ExecutionId, ask: OwnershipAsk, context: Context): void {
    const cell = this.#cell(execution);
    if (cell.state.phase !== 'retained' || ask.kind !== 'receive')
      return this.#advanceAsked(cell, ask, context);
    // It comes back to where it has just been: the copy that was kept is outdated if its owner has checkpointed.
    const again = (read: OwnershipEvent) => ({ kind: 'askedAgain', execution, ask, read }) as const;
    context.pipe(
      this.#register.read(execution),
      (found) => again(found),
      () => again({ kind: 'storeFailed' }),
    );
  }

  #advanceAsked(cell: OwnershipCell, ask: OwnershipAsk, context: Context): void {
    this.#advance(cell, { kind: 'asked', ask, nonce: this.#nonce() }, context);
    // What was fetched for a copy that is not to be rebuilt is of no use to anybody.
    if (cell.state.phase !== 'receiving') cell.received = null;
  }

  /** Late answers and timers of an execution that this host has nothing to do with any more change nothing. */
  #event(execution: ExecutionId, event: OwnershipEvent, context: Context): void {
    const cell = this.#ports.book.get(execution);
    if (cell === null) return;
    if (event.kind === 'restoreFailed')
      this.#ports.events.emit({ kind: 'restoreFailed', execution, reason: event.reason });
    this.#advance(cell, event, context);
  }

  #report(report: LaneReport, context: Context): void {
    if (report.kind !== 'restored' && report.kind !== 'restoreFailed') return;
    const { kind, tenure } = report;
    const cell = this.#ports.book.get(tenure.execution);
    if (kind === 'restored' && cell !== null) cell.effectsOn = report.effectsOn;
    const told: OwnershipEvent =
      kind === 'restored' ? { kind, tenure, digest: report.digest } : { kind, tenure, reason: report.reason };
    this.#event(tenure.execution, told, context);
  }

  #advance(cell: OwnershipCell, event: OwnershipEvent, context: Context): void {
    const before = cell.state;
    const { state, effects } = step(before, event);
    this.#ports.book.advance(cell, state, this.#ports.clock.monotonicMs());
    if (state.phase !== before.phase) {
      this.#calm(cell.execution);
      this.#copies.phaseChanged(cell);
      // Told before the effects are performed: from now on messages go by the new phase.
      this.#ports.observer.onPhase(cell);
    }
    for (const effect of effects) this.#perform(cell, effect, before, context);
    // Bytes that were fetched wait for the ask that follows them, whatever else comes first.
    const isExpected = cell.received !== null && event.kind !== 'asked' && event.kind !== 'migrationFailed';
    if ((state.phase === 'absent' && !isExpected) || state.phase === 'settled') this.#forget(cell);
    if (state.phase !== before.phase && this.#recoveries.advanced(state)) this.#recover(context);
  }

  #perform(cell: OwnershipCell, effect: OwnershipEffect, before: OwnershipState, context: Context): void {
    const { execution } = cell;
    const tell = (message: OwnershipMessage): void => void context.self.tell(message);
    switch (effect.kind) {
      case 'save': // The cell is what a restart finds.
        return;
      case 'read':
        return this.#read(execution, context);
      case 'swap':
        return this.#swap(cell, effect, context);
      case 'retryLater':
        return this.#retryLater(execution, context);
      case 'freeze':
        return this.#copies.freeze(cell, effect.request, tell);
      case 'run':
        return this.#run(cell, effect, tell);
      case 'rebuild':
        return this.#copies.rebuild(cell, effect, tell);
      case 'load':
        return this.#copies.load(cell, effect, tell);
      case 'discard':
        this.#ports.board.post(execution, { kind: 'discard', execution });
        this.#ports.board.release(execution);
        return;
      case 'checkpointSoon':
        return this.#ports.observer.onCheckpointSoon(execution);
      case 'answer':
        this.#answer(effect);
        return;
      case 'quarantined':
        return this.#ports.events.emit({ ...effect, execution });
      case 'recovered':
        return this.#recovered(cell, effect, before);
      case 'started':
        return this.#started(execution, { kind: effect.outcome });
      case 'changed':
        cell.carried.delete(changeToken(effect.change));
        this.#calm(execution);
        return this.#ports.observer.onChanged(execution, effect);
      default:
        return assertNever(effect);
    }
  }

  #answer(effect: Extract<OwnershipEffect, { kind: 'answer' }>): void {
    const message = { kind: 'answered', answer: effect.answer } as const;
    this.#ports.exchange.tell(
      address.migration(this.#ports.identity.name, effect.migration),
      message,
      'urgent',
    );
  }

  #read(execution: ExecutionId, context: Context): void {
    context.pipe(
      this.#register.read(execution),
      (found) => event(execution, found),
      () => event(execution, { kind: 'storeFailed' }),
    );
  }

  #swap(cell: OwnershipCell, effect: SwapEffect, context: Context): void {
    const { execution } = cell;
    if (!this.#ports.gate.isValid()) return this.#event(execution, { kind: 'storeFailed' }, context);
    context.pipe(
      this.#register.swap(cell, effect),
      (answered) => event(execution, answered),
      () => event(execution, { kind: 'storeFailed' }),
    );
  }

  #retryLater(execution: ExecutionId, context: Context): void {
    const earlier = this.#retries.get(execution);
    earlier?.cancel();
    const delayMs = earlier === undefined ? retryFirstMs : Math.min(retryMaxMs, earlier.delayMs * 2);
    this.#retries.set(execution, {
      cancel: context.after(delayMs, { kind: 'retryDue', execution }),
      delayMs,
    });
  }

  /** What was waited for has come: the next failure waits as briefly as the first. */
  #calm(execution: ExecutionId): void {
    this.#retries.get(execution)?.cancel();
    this.#retries.delete(execution);
  }

  #run(
    cell: OwnershipCell,
    { tenure }: Extract<OwnershipEffect, { kind: 'run' }>,
    tell: (message: OwnershipMessage) => void,
  ): void {
    const { board, directory } = this.#ports;
    const { execution } = cell;
    // Those that a rewind took back are lost to the runtime by themselves, those of this incarnation too.
    const ended = [...directory.endedIncarnations()];
    if (board.post(execution, { kind: 'run', tenure })) this.#copies.tellEffectsLost(cell, ended);
    else if (this.#isGone(execution)) tell({ kind: 'lost', execution });
  }

  #recovered(
    { frozenAt }: OwnershipCell,
    { point, tenure }: Extract<OwnershipEffect, { kind: 'recovered' }>,
    before: OwnershipState,
  ): void {
    const claim = before.phase === 'claiming' ? before.claim : null;
    // Without a point it goes on from the copy that was kept here when it left (rule 9).
    const from = point === null ? frozenAt : point.kind === 'snapshot' ? point : null;
    this.#ports.events.emit({
      kind: 'recovered',
      tenure,
      from: claim?.kind === 'recovery' ? claim.owner : this.#ports.identity.incarnation,
      effectSequence: from?.effectSequence ?? 0,
      checkpointEpoch: from?.epoch ?? tenure.epoch,
    });
  }

  #forget(cell: OwnershipCell): void {
    this.#calm(cell.execution);
    this.#started(cell.execution, { kind: 'refused', reason: 'it was claimed elsewhere' });
    this.#ports.board.release(cell.execution);
    this.#ports.book.close(cell.execution);
  }

  /** Rule 4: rows whose owner's lease has ended are swept continuously, not once. */
  #sweep(context: Context): void {
    this.#nextSweep();
    this.#nextSweep = context.after(sweepEveryMs, { kind: 'sweep' });
    this.#recoveries.sweep();
    this.#recover(context);
    this.#forgotten.look((incarnations) => void context.self.tell({ kind: 'forgotten', incarnations }));
  }

  #peersEnded(incarnations: readonly IncarnationId[], context: Context): void {
    for (const incarnation of incarnations) {
      this.#ports.directory.learnEnded(incarnation);
      this.#copies.ownerEnded(incarnation);
    }
    this.#sweep(context);
  }

  #recover(context: Context): void {
    if (!this.#ports.recovers() || !this.#ports.gate.isValid()) return;
    for (let row = this.#recoveries.next(); row !== null; row = this.#recoveries.next()) {
      const { owner, epoch, generation, execution } = row;
      const ended = { kind: 'ownerEnded', owner, epoch, generation, nonce: this.#nonce() } as const;
      this.#advance(this.#cell(execution), ended, context);
    }
  }
}

function event(execution: ExecutionId, inner: OwnershipEvent): OwnershipMessage {
  return { kind: 'event', execution, event: inner };
}
