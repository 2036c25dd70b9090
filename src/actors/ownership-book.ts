import type { MethodRef } from '../core/execution.ts';
import type { ExecutionId, MigrationId } from '../core/ids.ts';
import type { Capture } from '../lanes/contract.ts';
import type { OwnershipState } from '../protocols/ownership/ownership.ts';

/** One execution as this host knows it, with the bytes that stand behind its phase. */
export interface OwnershipCell {
  readonly execution: ExecutionId;
  state: OwnershipState;
  /** Null until this host had to do with its code. */
  method: MethodRef | null;
  /** The capture of the freeze under way. */
  frozen: Capture | null;
  /** What was fetched for a migration to here. */
  received: { readonly migration: MigrationId; readonly bytes: Uint8Array } | null;
}

/** The saved state of the ownership actor, which outlives its crashes. */
export class OwnershipBook {
  readonly #cells = new Map<ExecutionId, OwnershipCell>();

  open(execution: ExecutionId, initial: () => OwnershipState): OwnershipCell {
    const known = this.#cells.get(execution);
    if (known !== undefined) return known;
    const cell = { execution, state: initial(), method: null, frozen: null, received: null };
    this.#cells.set(execution, cell);
    return cell;
  }

  get(execution: ExecutionId): OwnershipCell | null {
    return this.#cells.get(execution) ?? null;
  }

  close(execution: ExecutionId): void {
    this.#cells.delete(execution);
  }

  cells(): readonly OwnershipCell[] {
    return [...this.#cells.values()];
  }
}
