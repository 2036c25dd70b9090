import { messageOf } from '../core/errors.ts';
import type { ExecutionId } from '../core/ids.ts';
import type { OwnershipEffect, OwnershipEvent } from '../protocols/ownership/ownership.ts';
import type { Directory } from './directory.ts';
import { heldWrite, writeOf } from './held-write.ts';
import type { OwnershipCell } from './ownership-book.ts';
import type { HostPorts } from './ports.ts';

export type SwapEffect = Extract<OwnershipEffect, { kind: 'swap' }>;

export interface RegisterCallsPorts extends Pick<HostPorts, 'barrier' | 'tables'> {
  readonly directory: Directory;
  readonly observer: { onSwapFailed(execution: ExecutionId, reason: string): void };
}

/** What ownership asks of the registers, each answered by the event that it waits for. */
export class RegisterCalls {
  readonly #ports: RegisterCallsPorts;

  constructor(ports: RegisterCallsPorts) {
    this.#ports = ports;
  }

  /** @throws what the store throws */
  async read(execution: ExecutionId): Promise<OwnershipEvent> {
    const found = await this.#ports.tables.registers.get(execution);
    if (found !== null) this.#ports.directory.learn(found);
    return { kind: 'found', row: found?.row ?? null, revision: found?.revision ?? 0 };
  }

  /** With what goes along with it. */
  async swap(
    { execution, state, carried }: OwnershipCell,
    { token, row, expectedRevision }: SwapEffect,
  ): Promise<OwnershipEvent> {
    const along = carried.get(token);
    const { tables, directory, observer, barrier } = this.#ports;
    const write = () => tables.registers.cas(execution, expectedRevision, row, along);
    try {
      const answer = await heldWrite(barrier, writeOf(state), execution, write);
      if (answer.kind === 'conflict') return { kind: 'swapRefused', token };
      directory.learn({ row, revision: answer.revision });
      return { kind: 'swapped', token };
    } catch (error) {
      if (along !== undefined) observer.onSwapFailed(execution, messageOf(error));
      return { kind: 'storeFailed' };
    }
  }
}
