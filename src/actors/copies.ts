import { GodwitError, messageOf } from '../core/errors.ts';
import type { MethodRef, Tenure } from '../core/execution.ts';
import type { ExecutionId, IncarnationId, MigrationId, Nonce } from '../core/ids.ts';
import type { LaneCommand } from '../lanes/contract.ts';
import type { OwnershipEffect } from '../protocols/ownership/ownership.ts';
import type { LaneBoard } from './lane-board.ts';
import type { OwnershipBook, OwnershipCell } from './ownership-book.ts';
import type { OwnershipMessage } from './ownership-messages.ts';
import type { HostPorts } from './ports.ts';

type Of<Kind extends OwnershipEffect['kind']> = Extract<OwnershipEffect, { kind: Kind }>;
type Tell = (message: OwnershipMessage) => void;

export interface CopiesPorts extends Pick<HostPorts, 'tables' | 'vault' | 'packages' | 'events'> {
  readonly board: LaneBoard;
  readonly book: OwnershipBook;
}

/** Puts copies of executions onto lanes and has them captured, as ownership orders. What comes of it is told to it. */
export class Copies {
  readonly #ports: CopiesPorts;
  /** Rebuilds that the lane has not answered: to order one again changes nothing. */
  readonly #rebuilding = new Map<ExecutionId, MigrationId>();

  constructor(ports: CopiesPorts) {
    this.#ports = ports;
  }

  /** Lets go of the bytes that stand behind a phase that was left. */
  phaseChanged(cell: OwnershipCell): void {
    const { phase } = cell.state;
    this.#rebuilding.delete(cell.execution);
    // Whatever was to be written under the phase before is not any more.
    cell.carried.clear();
    if (phase !== 'freezing' && phase !== 'frozen') cell.frozen = null;
    if (phase !== 'receiving' && phase !== 'absent') cell.received = null;
  }

  freeze(cell: OwnershipCell, request: Nonce, tell: Tell): void {
    const { execution } = cell;
    const { board, events } = this.#ports;
    board.request(execution, 'freeze', (answer) => {
      if (answer.kind === 'frozen') {
        const { digest, bytes, tenure, effectSequence } = answer.capture;
        if (cell.state.phase === 'freezing' && cell.state.request === request) {
          cell.frozen = answer.capture;
          cell.frozenAt = { epoch: tenure.epoch, effectSequence };
        }
        tell({
          kind: 'event',
          execution,
          event: { kind: 'captured', request, digest, sizeBytes: bytes.byteLength },
        });
      } else if (answer.kind === 'pinned') {
        events.emit({ kind: 'pinned', execution, pin: answer.pin });
        tell({
          kind: 'event',
          execution,
          event: { kind: 'capturePinned', request, reason: answer.pin.reason },
        });
      } else if (board.settlement(execution) === null) {
        // One that has ended waits for its result to be stored; any other is gone.
        board.release(execution);
        tell({ kind: 'lost', execution });
      }
    });
  }

  rebuild(cell: OwnershipCell, { copy }: Of<'rebuild'>, tell: Tell): void {
    const { received, method, execution } = cell;
    if (this.#rebuilding.get(execution) === copy.migration) return;
    const tenure = { execution, epoch: copy.epoch, generation: copy.generation };
    if (received === null || received.migration !== copy.migration || method === null) {
      return tell(restoreFailed(tenure, 'its bytes are not here'));
    }
    this.#rebuilding.set(execution, copy.migration);
    const wanted = (): boolean =>
      cell.state.phase === 'receiving' &&
      cell.state.copy.migration === copy.migration &&
      cell.state.copy.digest === copy.digest;
    this.#place(cell, tenure, tell, wanted, async (prepare) => {
      await prepare(method);
      // The lane may take the bytes away: once posted they are its own.
      cell.received = null;
      return { kind: 'restore', tenure, snapshot: received.bytes };
    });
  }

  load(cell: OwnershipCell, { point, tenure }: Of<'load'>, tell: Tell): void {
    const { execution } = cell;
    const { vault, tables } = this.#ports;
    const wanted = (): boolean => {
      const { state } = cell;
      return (
        state.phase === 'restoring' &&
        state.tenure.epoch === tenure.epoch &&
        state.tenure.generation === tenure.generation
      );
    };
    this.#place(cell, tenure, tell, wanted, async (prepare) => {
      const bytes = await vault.get(point.vaultKey);
      if (bytes === null) throw new RecoveryPointMissingError(execution, point.vaultKey);
      if (cell.method === null || cell.durable === null) {
        const row = (await tables.registers.get(execution))?.row;
        cell.method ??= row?.method ?? null;
        cell.durable = row?.deployment.durable ?? null;
      }
      const { method, durable } = cell;
      if (method === null || durable === null) {
        throw new RecoveryPointMissingError(execution, `the register of ${execution}`);
      }
      await prepare(method);
      return point.kind === 'arguments'
        ? { kind: 'start', tenure, method, args: bytes, durable }
        : { kind: 'restore', tenure, snapshot: bytes };
    });
  }

  ownerEnded(incarnation: IncarnationId): void {
    for (const cell of this.#ports.book.cells()) {
      const { phase } = cell.state;
      // One that is about to be captured goes on without another order to run, if it turns out to be pinned.
      if (phase === 'running' || phase === 'freezing') this.tellEffectsLost(cell, [incarnation]);
    }
  }

  /** Rule 12: outcomes that a dead incarnation owes will never come. A copy is told once of each. */
  tellEffectsLost({ execution, effectsLost }: OwnershipCell, ended: readonly IncarnationId[]): void {
    for (const incarnation of ended) {
      if (effectsLost.has(incarnation)) continue;
      effectsLost.add(incarnation);
      this.#ports.board.post(execution, { kind: 'effectsLost', execution, incarnation });
    }
  }

  /**
   * The lane's answer is the event that follows; where it cannot be asked, the failure is. A copy that came too late (its
   * phase was left, or it was ordered again) is not posted: it would replace the one that runs.
   */
  #place(
    cell: OwnershipCell,
    tenure: Tenure,
    tell: Tell,
    wanted: () => boolean,
    command: (prepare: (method: MethodRef) => Promise<void>) => Promise<LaneCommand>,
  ): void {
    const { execution } = cell;
    const { board, book, packages } = this.#ports;
    cell.placement += 1;
    const { placement } = cell;
    const isCurrent = (): boolean => book.get(execution) === cell && cell.placement === placement && wanted();
    const prepare = async (method: MethodRef): Promise<void> => {
      const installed = await packages.ensure(method.package);
      if (!isCurrent()) throw new CopyNotWantedError(execution);
      await board.install(board.assign(execution), installed);
      if (!isCurrent()) throw new CopyNotWantedError(execution);
    };
    command(prepare).then(
      (ready) => {
        cell.effectsLost.clear();
        if (!board.post(execution, ready)) tell({ kind: 'lost', execution });
      },
      (error: unknown) => {
        if (error instanceof CopyNotWantedError) {
          if (book.get(execution) === null) board.release(execution);
        } else if (isCurrent()) tell(restoreFailed(tenure, messageOf(error)));
      },
    );
  }
}

/** The order that a copy was being prepared for does not stand any more. */
class CopyNotWantedError extends GodwitError {
  override readonly name = 'CopyNotWantedError';
  readonly code = 'COPY_NOT_WANTED';
  readonly retryable = false;

  constructor(execution: ExecutionId) {
    super(`The copy of ${execution} that was being prepared is not wanted any more.`);
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

function restoreFailed(tenure: Tenure, reason: string): OwnershipMessage {
  const { execution } = tenure;
  return { kind: 'event', execution, event: { kind: 'restoreFailed', tenure, reason } };
}
