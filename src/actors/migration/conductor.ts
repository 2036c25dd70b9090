import type { ActorContext, Behaviour } from '../kernel/contract.ts';
import type { ConductorEvent, MigrationCell, MigrationEffect } from './cell.ts';
import { advance, overLimit, stepAddress, stepOf } from './cell.ts';
import type { MigrationPorts } from './step-worker.ts';

/** A test's barrier lets this end go on. */
type ConductorMessage = ConductorEvent | { readonly kind: 'letGo' };
type Context = ActorContext<ConductorMessage>;

interface ConductorState {
  readonly cell: MigrationCell;
  /** What came while a test's barrier holds this end where it is; null when none does. */
  held: ConductorEvent[] | null;
}

/**
 * Holds one end of one migration: takes events, advances the protocol, keeps its state, and hands the effects to the
 * step whose turn it is.
 */
export function conductor(
  cell: MigrationCell,
  ports: MigrationPorts,
): Behaviour<ConductorState, ConductorMessage> {
  return {
    init(context) {
      const state: ConductorState = { cell, held: null };
      if (!hold(state, ports, context)) begin(state, ports, context);
      return state;
    },
    receive(state, message, context) {
      if (message.kind !== 'letGo') apply(message, state, ports, context);
      else goOn(state, ports, context);
      return state;
    },
  };
}

/** Hands over what waits to be performed; what this phase wants is issued anew where nothing does. */
function begin(state: ConductorState, ports: MigrationPorts, context: Context): void {
  const { cell } = state;
  const first = cell.pending;
  cell.pending = [];
  if (first.length > 0) handOver(first, cell, ports, context);
  else apply({ kind: 'restarted', step: stepOf(cell) }, state, ports, context);
}

function goOn(state: ConductorState, ports: MigrationPorts, context: Context): void {
  const missed = state.held ?? [];
  state.held = null;
  begin(state, ports, context);
  for (const event of missed) apply(event, state, ports, context);
}

function apply(event: ConductorEvent, state: ConductorState, ports: MigrationPorts, context: Context): void {
  const { cell } = state;
  if (state.held !== null) return void state.held.push(event);
  if (event.kind === 'restarted' && event.step !== stepOf(cell)) return;
  note(event, cell, ports);
  const before = stepOf(cell);
  const effects = advance(cell, withinLimit(event, ports));
  const isHeld = stepOf(cell) !== before && hold(state, ports, context);
  if (!isHeld) handOver(effects, cell, ports, context);
}

/** Whether a test's barrier stops this end where it now is, before it has done anything in this step. */
function hold(state: ConductorState, { barrier }: MigrationPorts, context: Context): boolean {
  const { cell } = state;
  const point = `${cell.side}:${stepOf(cell)}`;
  if (!barrier.stopsAt(point)) return false;
  state.held = [];
  const { self } = context;
  barrier.stop(point, cell.passage.migration, () => void self.tell({ kind: 'letGo' }));
  return true;
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
