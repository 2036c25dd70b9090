import type { ActorContext, Behaviour } from '../kernel/contract.ts';
import type { ConductorEvent, MigrationCell, MigrationEffect } from './cell.ts';
import { advance, stepAddress, stepOf } from './cell.ts';
import type { MigrationPorts } from './step-worker.ts';

type Context = ActorContext<ConductorEvent>;

/**
 * Holds one end of one migration: takes events, advances the protocol, keeps its state, and hands the effects to the
 * step whose turn it is.
 */
export function conductor(
  cell: MigrationCell,
  ports: MigrationPorts,
): Behaviour<{ readonly cell: MigrationCell }, ConductorEvent> {
  return {
    init(context) {
      const first = cell.pending;
      cell.pending = [];
      if (first.length > 0) handOver(first, cell, ports, context);
      else apply({ kind: 'restarted', step: stepOf(cell) }, cell, ports, context);
      return { cell };
    },
    receive(state, event, context) {
      apply(event, cell, ports, context);
      return state;
    },
  };
}

function apply(event: ConductorEvent, cell: MigrationCell, ports: MigrationPorts, context: Context): void {
  if (event.kind === 'restarted' && event.step !== stepOf(cell)) return;
  note(event, cell, ports);
  const before = stepOf(cell);
  const effects = advance(cell, event);
  if (stepOf(cell) !== before && ports.barrier.holds(`${cell.side}:${stepOf(cell)}`, cell.passage.migration))
    return;
  handOver(effects, cell, ports, context);
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
