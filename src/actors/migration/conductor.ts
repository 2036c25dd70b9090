import type { ActorContext, Behaviour } from '../kernel/contract.ts';
import type { ConductorEvent, MigrationCell, MigrationEffect } from './cell.ts';
import { advance, overLimit, stepAddress, stepOf } from './cell.ts';
import type { MigrationPorts } from './step-worker.ts';

type Context = ActorContext<ConductorEvent>;

interface ConductorState {
  readonly cell: MigrationCell;
  /** A test's barrier has stopped this end for ever. */
  held: boolean;
}

/**
 * Holds one end of one migration: takes events, advances the protocol, keeps its state, and hands the effects to the
 * step whose turn it is.
 */
export function conductor(
  cell: MigrationCell,
  ports: MigrationPorts,
): Behaviour<ConductorState, ConductorEvent> {
  return {
    init(context) {
      const state = { cell, held: isHeld(cell, ports) };
      if (state.held) return state;
      const first = cell.pending;
      cell.pending = [];
      if (first.length > 0) handOver(first, cell, ports, context);
      else apply({ kind: 'restarted', step: stepOf(cell) }, state, ports, context);
      return state;
    },
    receive(state, event, context) {
      apply(event, state, ports, context);
      return state;
    },
  };
}

function apply(event: ConductorEvent, state: ConductorState, ports: MigrationPorts, context: Context): void {
  const { cell } = state;
  if (state.held || (event.kind === 'restarted' && event.step !== stepOf(cell))) return;
  note(event, cell, ports);
  const before = stepOf(cell);
  const effects = advance(cell, withinLimit(event, ports));
  state.held = stepOf(cell) !== before && isHeld(cell, ports);
  if (!state.held) handOver(effects, cell, ports, context);
}

/** Whether a test's barrier stops this end where it now is, before it has done anything in this step. */
function isHeld(cell: MigrationCell, ports: MigrationPorts): boolean {
  return ports.barrier.holds(`${cell.side}:${stepOf(cell)}`, cell.passage.migration);
}

/** A capture that is too large is not sent: the execution runs on here. */
function withinLimit(event: ConductorEvent, { snapshotMaxBytes }: MigrationPorts): ConductorEvent {
  if (event.kind !== 'answered' || event.answer.kind !== 'frozen') return event;
  const { sizeBytes } = event.answer;
  if (sizeBytes <= snapshotMaxBytes) return event;
  return { kind: 'cancelled', reason: overLimit(sizeBytes, snapshotMaxBytes) };
}

/** What the event says about the pause, for the account of the move. */
function note(event: ConductorEvent, cell: MigrationCell, ports: MigrationPorts): void {
  if (event.kind === 'answered' && event.answer.kind === 'frozen') {
    cell.frozenAtMs = ports.book.get(cell.passage.execution)?.frozen?.atMs ?? ports.clock.monotonicMs();
    cell.bytes = event.answer.sizeBytes;
  }
  if (event.kind !== 'received') return;
  if (event.freight !== null) cell.freight = event.freight;
  if (event.message.kind === 'transfer') cell.bytes = event.message.sizeBytes;
  if (event.message.kind === 'resumed') cell.resumedAtMs ??= ports.clock.monotonicMs();
}

function handOver(
  effects: readonly MigrationEffect[],
  cell: MigrationCell,
  ports: MigrationPorts,
  context: Context,
): void {
  if (effects.length === 0) return;
  const step = context.lookup(stepAddress(cell, ports.identity, stepOf(cell)));
  // Without its child the step is being started again, and then asks for its effects itself.
  step?.tell({ kind: 'perform', effects });
}
