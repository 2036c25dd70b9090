import type { MethodRef } from '../core/execution.ts';
import type { Epoch, ExecutionId, IncarnationId, MigrationId } from '../core/ids.ts';
import type { Capture } from '../lanes/contract.ts';
import type { Along } from './ports.ts';
import type { OwnershipState } from '../protocols/ownership/ownership.ts';

/** One execution as this host knows it, with the bytes that stand behind its phase. */
export interface OwnershipCell {
  readonly execution: ExecutionId;
  state: OwnershipState;
  /** Null until this host had to do with its code. */
  method: MethodRef | null;
  /** What its starter asked for; null until this host had to start it. */
  durable: boolean | null;
  /** The capture of the freeze under way. */
  frozen: Capture | null;
  /** Where the newest freeze caught it: a copy that is kept and goes on here, goes on from there. */
  frozenAt: { readonly epoch: Epoch; readonly effectSequence: number } | null;
  /** The last change of host or owner that brought it here, in monotonic ms; null while it never changed. */
  arrival: { readonly epoch: Epoch; readonly atMs: number } | null;
  /** What was fetched for a migration to here; null once the lane has it. */
  received: { readonly migration: MigrationId; readonly bytes: Uint8Array } | null;
  /** What goes into the vault together with the row that names it, by vault key, until the register has answered for good. */
  readonly carried: Map<string, Along>;
  /** Counts the copies that were ordered onto a lane: an earlier order never overtakes a later one. */
  placement: number;
  /** Incarnations whose end the copy on the lane was told, for its effects. Told once each. */
  readonly effectsLost: Set<IncarnationId>;
  /** Incarnations where effects ran that it waited for when it was restored here. */
  effectsOn: readonly IncarnationId[];
}

/** The saved state of the ownership actor, which outlives its crashes. */
export class OwnershipBook {
  readonly #cells = new Map<ExecutionId, OwnershipCell>();

  open(execution: ExecutionId, initial: () => OwnershipState): OwnershipCell {
    const known = this.#cells.get(execution);
    if (known !== undefined) return known;
    const cell: OwnershipCell = {
      execution,
      state: initial(),
      method: null,
      durable: null,
      frozen: null,
      frozenAt: null,
      arrival: null,
      received: null,
      carried: new Map(),
      placement: 0,
      effectsLost: new Set(),
      effectsOn: [],
    };
    this.#cells.set(execution, cell);
    return cell;
  }

  /** Keeps the new state, and when it began to run here under another epoch than its first: its cool-down begins. */
  advance(cell: OwnershipCell, state: OwnershipState, atMs: number): void {
    cell.state = state;
    if (state.phase !== 'running') return;
    const { epoch } = state.tenure;
    if (epoch > 1 && cell.arrival?.epoch !== epoch) cell.arrival = { epoch, atMs };
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

/** The phases in which a copy stands on a lane, and nothing is on its way that would put another there. */
export function hasCopy(state: OwnershipState): boolean {
  if (state.phase === 'claiming') return state.copy.kind !== 'none';
  return ['running', 'freezing', 'frozen', 'released', 'received', 'retained'].includes(state.phase);
}
