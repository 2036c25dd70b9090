import { assertNever } from '../core/assert.ts';
import { GodwitError, messageOf } from '../core/errors.ts';
import type { MethodRef, Tenure } from '../core/execution.ts';
import type { ExecutionId, IncarnationId, MigrationId, Nonce } from '../core/ids.ts';
import { nonce } from '../core/ids.ts';
import type { Cancel } from '../core/ports.ts';
import type { OwnershipAsk, OwnershipEffect, OwnershipEvent } from '../protocols/ownership/ownership.ts';
import type { RegisterRow } from '../protocols/ownership/register.ts';
import { step, unknown } from '../protocols/ownership/step.ts';
import { address } from './addresses.ts';
import type { LaneCommand } from '../lanes/contract.ts';
import type { Directory } from './directory.ts';
import type { ActorContext, Behaviour, ReplyTo } from './kernel/contract.ts';
import type { LaneAnswer, LaneBoard, LaneReport } from './lane-board.ts';
import type { OwnershipBook, OwnershipCell } from './ownership-book.ts';
import type { HostPorts } from './ports.ts';

export type OwnershipMessage =
  /** Creates an execution that starts here; its arguments stand in the vault already. */
  | { readonly kind: 'start'; readonly row: RegisterRow }
  /** From a migration actor; answered with `answered` at the migration's address. */
  | { readonly kind: 'asked'; readonly execution: ExecutionId; readonly ask: OwnershipAsk }
  /** The bytes of a copy that this host fetched, before `receive` is asked. */
  | {
      readonly kind: 'fetched';
      readonly execution: ExecutionId;
      readonly migration: MigrationId;
      readonly bytes: Uint8Array;
      readonly method: MethodRef;
    }
  | { readonly kind: 'event'; readonly execution: ExecutionId; readonly event: OwnershipEvent }
  | { readonly kind: 'migrationFailed'; readonly execution: ExecutionId; readonly migration: MigrationId }
  | { readonly kind: 'report'; readonly report: LaneReport }
  | { readonly kind: 'lost'; readonly execution: ExecutionId }
  | { readonly kind: 'retryDue'; readonly execution: ExecutionId }
  /** Looks for rows whose owner's lease has ended (rule 4). */
  | { readonly kind: 'sweep' }
  | { readonly kind: 'ownLeaseEnded' };

export type StartReply =
  | { readonly kind: 'created' }
  | { readonly kind: 'existed' }
  | { readonly kind: 'refused'; readonly reason: string };

export interface OwnershipPorts extends HostPorts {
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
  onChanged(execution: ExecutionId, effect: Extract<OwnershipEffect, { kind: 'changed' }>): void;
}

const sweepEveryMs = 500;
/** How long the host of the next rank waits before it recovers an execution that a better one has not. */
const rankDelayMs = 400;
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
      context.after(sweepEveryMs, { kind: 'sweep' });
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
  readonly #starts = new Map<ExecutionId, ReplyTo<unknown>>();
  readonly #retries = new Map<ExecutionId, { readonly cancel: Cancel; readonly delayMs: number }>();
  /** Since when the sweep has seen an execution without an owner. */
  readonly #orphanedSinceMs = new Map<ExecutionId, number>();

  constructor(ports: OwnershipPorts) {
    this.#ports = ports;
  }

  resumeAll(context: Context): void {
    for (const cell of this.#ports.book.cells()) this.#advance(cell, { kind: 'restarted' }, context);
  }

  receive(message: OwnershipMessage, context: Context): void {
    switch (message.kind) {
      case 'start':
        return this.#start(message.row, context);
      case 'asked':
        return this.#event(
          message.execution,
          { kind: 'asked', ask: message.ask, nonce: this.#nonce() },
          context,
        );
      case 'fetched': {
        const cell = this.#cell(message.execution);
        cell.method = message.method;
        cell.received = { migration: message.migration, bytes: message.bytes };
        return;
      }
      case 'event':
        return this.#event(message.execution, message.event, context);
      case 'migrationFailed':
        return this.#event(
          message.execution,
          { kind: 'migrationFailed', migration: message.migration, nonce: this.#nonce() },
          context,
        );
      case 'report':
        return this.#report(message.report, context);
      case 'lost':
        return this.#event(message.execution, { kind: 'copyLost', nonce: this.#nonce() }, context);
      case 'retryDue':
        return this.#event(message.execution, { kind: 'retryDue', nonce: this.#nonce() }, context);
      case 'sweep':
        this.#sweep(context);
        context.after(sweepEveryMs, { kind: 'sweep' });
        return;
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
    if (context.replyTo !== null) this.#starts.set(row.execution, context.replyTo);
    const cell = this.#cell(row.execution);
    cell.method = row.method;
    this.#advance(cell, { kind: 'startAsked', row }, context);
  }

  #event(execution: ExecutionId, event: OwnershipEvent, context: Context): void {
    if (event.kind === 'restoreFailed')
      this.#ports.events.emit({ kind: 'restoreFailed', execution, reason: event.reason });
    this.#advance(this.#cell(execution), event, context);
  }

  #report(report: LaneReport, context: Context): void {
    if (report.kind === 'restored') {
      this.#event(
        report.tenure.execution,
        { kind: 'restored', tenure: report.tenure, digest: report.digest },
        context,
      );
    } else if (report.kind === 'restoreFailed') {
      this.#event(
        report.tenure.execution,
        { kind: 'restoreFailed', tenure: report.tenure, reason: report.reason },
        context,
      );
    }
  }

  #advance(cell: OwnershipCell, event: OwnershipEvent, context: Context): void {
    const before = cell.state.phase;
    const { state, effects } = step(cell.state, event);
    cell.state = state;
    // Told before the effects are performed: from now on messages go by the new phase.
    if (state.phase !== before) this.#ports.observer.onPhase(cell);
    for (const effect of effects) this.#perform(cell, effect, context);
    if (state.phase === 'absent' || state.phase === 'settled') this.#forget(cell);
    if (state.phase === 'running') this.#calm(cell.execution);
  }

  #perform(cell: OwnershipCell, effect: OwnershipEffect, context: Context): void {
    const { execution } = cell;
    switch (effect.kind) {
      case 'save': // The cell is what a restart finds.
        return;
      case 'read':
        return this.#read(execution, context);
      case 'swap':
        return this.#swap(execution, effect, context);
      case 'retryLater':
        return this.#retryLater(execution, context);
      case 'freeze':
        return this.#freeze(cell, effect.request, context);
      case 'run':
        this.#ports.board.post(execution, { kind: 'run', tenure: effect.tenure });
        return;
      case 'rebuild':
        return this.#rebuild(cell, effect, context);
      case 'load':
        return this.#load(cell, effect, context);
      case 'discard':
        this.#ports.board.post(execution, { kind: 'discard', execution });
        this.#ports.board.release(execution);
        return;
      case 'checkpointSoon':
        return this.#ports.observer.onCheckpointSoon(execution);
      case 'answer':
        this.#answer(effect);
        return;
      case 'recovered':
        return this.#recovered(effect);
      case 'started':
        this.#starts.get(execution)?.answer({ kind: effect.outcome } satisfies StartReply);
        this.#starts.delete(execution);
        return;
      case 'changed':
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
      this.#ports.tables.registers.get(execution),
      (found) => {
        if (found !== null) this.#ports.directory.learn(found);
        return event(execution, { kind: 'found', row: found?.row ?? null, revision: found?.revision ?? 0 });
      },
      () => event(execution, { kind: 'storeFailed' }),
    );
  }

  #swap(execution: ExecutionId, effect: Extract<OwnershipEffect, { kind: 'swap' }>, context: Context): void {
    if (!this.#surelyLeased()) {
      this.#event(execution, { kind: 'storeFailed' }, context);
      return;
    }
    context.pipe(
      this.#ports.tables.registers.cas(execution, effect.expectedRevision, effect.row),
      (answer) => {
        if (answer.kind === 'conflict') return event(execution, { kind: 'swapRefused', token: effect.token });
        this.#ports.directory.learn({ row: effect.row, revision: answer.revision });
        return event(execution, { kind: 'swapped', token: effect.token });
      },
      () => event(execution, { kind: 'storeFailed' }),
    );
  }

  #surelyLeased(): boolean {
    const { gate, clock } = this.#ports;
    return !gate.ended && clock.monotonicMs() < gate.validUntilMs;
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

  #calm(execution: ExecutionId): void {
    if (this.#ports.book.get(execution)?.state.phase === 'running') this.#orphanedSinceMs.delete(execution);
  }

  #freeze(cell: OwnershipCell, request: Nonce, context: Context): void {
    const { self } = context;
    this.#ports.board.request(cell.execution, 'freeze', (answer) => {
      if (answer.kind === 'frozen') cell.frozen = answer.capture;
      self.tell(this.#frozenEvent(cell.execution, request, answer));
    });
  }

  #frozenEvent(execution: ExecutionId, request: Nonce, answer: LaneAnswer): OwnershipMessage {
    if (answer.kind === 'frozen') {
      const { digest, bytes } = answer.capture;
      return event(execution, { kind: 'captured', request, digest, sizeBytes: bytes.byteLength });
    }
    if (answer.kind === 'pinned') {
      this.#ports.events.emit({ kind: 'pinned', execution, pin: answer.pin });
      return event(execution, { kind: 'capturePinned', request, reason: answer.pin.reason });
    }
    return { kind: 'lost', execution };
  }

  #rebuild(
    cell: OwnershipCell,
    effect: Extract<OwnershipEffect, { kind: 'rebuild' }>,
    context: Context,
  ): void {
    const { copy } = effect;
    const { received, method, execution } = cell;
    const tenure = { execution, epoch: copy.epoch, generation: copy.generation };
    if (received === null || received.migration !== copy.migration || method === null) {
      return this.#event(
        execution,
        { kind: 'restoreFailed', tenure, reason: 'its bytes are not here' },
        context,
      );
    }
    this.#place(cell, tenure, context, async () => {
      await this.#prepareLane(cell, method);
      return { kind: 'restore', tenure, snapshot: received.bytes };
    });
  }

  #load(cell: OwnershipCell, effect: Extract<OwnershipEffect, { kind: 'load' }>, context: Context): void {
    const { execution } = cell;
    const { point, tenure } = effect;
    this.#place(cell, tenure, context, async () => {
      const bytes = await this.#ports.vault.get(point.vaultKey);
      if (bytes === null) throw new RecoveryPointMissingError(execution, point.vaultKey);
      const method = cell.method ?? (await this.#ports.tables.registers.get(execution))?.row.method ?? null;
      if (method === null) throw new RecoveryPointMissingError(execution, `the register of ${execution}`);
      cell.method = method;
      await this.#prepareLane(cell, method);
      return point.kind === 'arguments'
        ? { kind: 'start', tenure, method, args: bytes }
        : { kind: 'restore', tenure, snapshot: bytes };
    });
  }

  /** The lane's answer is the event that follows; where it cannot be asked, the failure is. */
  #place(cell: OwnershipCell, tenure: Tenure, context: Context, command: () => Promise<LaneCommand>): void {
    const { execution } = cell;
    const { self } = context;
    command().then(
      (ready) => {
        if (!this.#ports.board.post(execution, ready)) self.tell({ kind: 'lost', execution });
      },
      (error: unknown) =>
        self.tell(event(execution, { kind: 'restoreFailed', tenure, reason: messageOf(error) })),
    );
  }

  async #prepareLane(cell: OwnershipCell, method: MethodRef): Promise<void> {
    const installed = await this.#ports.packages.ensure(method.package);
    await this.#ports.board.install(this.#ports.board.assign(cell.execution), installed);
  }

  #recovered(effect: Extract<OwnershipEffect, { kind: 'recovered' }>): void {
    const { point, tenure } = effect;
    const earlier = this.#ports.directory.register(tenure.execution)?.row;
    this.#ports.events.emit({
      kind: 'recovered',
      tenure,
      from: earlier?.owner ?? this.#ports.identity.incarnation,
      effectSequence: point?.kind === 'snapshot' ? point.effectSequence : 0,
      checkpointEpoch: point?.kind === 'snapshot' ? point.epoch : tenure.epoch,
    });
  }

  #forget(cell: OwnershipCell): void {
    this.#retries.get(cell.execution)?.cancel();
    this.#retries.delete(cell.execution);
    this.#orphanedSinceMs.delete(cell.execution);
    this.#starts.get(cell.execution)?.answer({ kind: 'refused', reason: 'it was claimed elsewhere' });
    this.#starts.delete(cell.execution);
    this.#ports.board.release(cell.execution);
    this.#ports.book.close(cell.execution);
  }

  /** Rule 4: rows whose owner's lease has ended are swept continuously, not once. */
  #sweep(context: Context): void {
    const { directory, recovers, clock } = this.#ports;
    if (!recovers() || !this.#surelyLeased()) return;
    const nowMs = clock.monotonicMs();
    for (const row of directory.registers()) {
      if (row.standing.phase === 'settled' || !directory.leaseEnded(row.owner)) {
        this.#orphanedSinceMs.delete(row.execution);
        continue;
      }
      const sinceMs = this.#orphanedSinceMs.get(row.execution) ?? nowMs;
      this.#orphanedSinceMs.set(row.execution, sinceMs);
      if (nowMs - sinceMs < this.#rank(row.execution) * rankDelayMs) continue;
      const { owner, epoch, generation, execution } = row;
      this.#event(execution, { kind: 'ownerEnded', owner, epoch, generation, nonce: this.#nonce() }, context);
    }
  }

  /** Spreads a dead host's executions over the survivors: the host with the least digest goes first. */
  #rank(execution: ExecutionId): number {
    const { directory, identity, digest } = this.#ports;
    const weight = (id: IncarnationId): string =>
      digest.sha256(new TextEncoder().encode(`${execution} ${id}`));
    const own = weight(identity.incarnation);
    return directory.hosts().filter((host) => weight(host.incarnation) < own).length;
  }
}

/** A register points at bytes that the vault does not hold. */
export class RecoveryPointMissingError extends GodwitError {
  override readonly name = 'RecoveryPointMissingError';
  readonly code = 'RECOVERY_POINT_MISSING';
  readonly retryable = true;

  constructor(execution: ExecutionId, what: string) {
    super(`Execution ${execution} cannot be recovered now: ${what} is not in the store.`);
  }
}

function event(execution: ExecutionId, inner: OwnershipEvent): OwnershipMessage {
  return { kind: 'event', execution, event: inner };
}
