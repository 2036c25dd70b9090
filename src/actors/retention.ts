import type { Found } from './ports.ts';
import type { ActorContext, Behaviour } from './kernel/contract.ts';
import type { RegisterRow } from '../protocols/ownership/register.ts';
import type { Directory } from './directory.ts';
import type { LaneBoard } from './lane-board.ts';
import type { HostPorts } from './ports.ts';

export type RetentionMessage = { readonly kind: 'sweep' } | { readonly kind: 'swept' };

export interface RetentionSettings {
  /** How long a result is kept that nobody reads. */
  readonly retentionMs: number;
  /** How long after the end of its execution one is kept that was read. */
  readonly readMs: number;
  readonly sweepMs: number;
}

export interface RetentionPorts extends HostPorts {
  readonly directory: Directory;
  readonly board: LaneBoard;
  readonly settings: RetentionSettings;
}

/** Of one sweep: a store that has much to forget is not kept from its other work. */
const resultsMax = 100;

/**
 * Promise 7: deletes results whose time is up from the vault, and has their registers say so. One host does it for all: the first by
 * name of those that are up. Done twice, it changes nothing.
 */
export function retentionActor(ports: RetentionPorts): Behaviour<null, RetentionMessage> {
  return {
    init(context) {
      context.after(ports.settings.sweepMs, { kind: 'sweep' });
      return null;
    },
    receive(state, message, context) {
      if (message.kind === 'swept') context.after(ports.settings.sweepMs, { kind: 'sweep' });
      else sweep(ports, context);
      return state;
    },
  };
}

function sweep(ports: RetentionPorts, context: ActorContext<RetentionMessage>): void {
  const isFirst = ports.directory.hosts()[0]?.incarnation === ports.identity.incarnation;
  context.pipe(
    isFirst ? forget(ports) : Promise.resolve(),
    () => ({ kind: 'swept' }),
    () => ({ kind: 'swept' }),
  );
}

async function forget({
  directory,
  board,
  clock,
  settings,
  vault,
  tables,
  gate,
}: RetentionPorts): Promise<void> {
  const nowMs = board.storeTimeMs(clock.monotonicMs());
  if (nowMs === null) return;
  const over = [...directory.registers()].filter((row) => isOver(row, nowMs, settings, directory));
  for (const { execution } of over.slice(0, resultsMax)) {
    if (gate.ended || clock.monotonicMs() >= gate.validUntilMs) return;
    const found: Found<RegisterRow> | null = await tables.registers.get(execution);
    if (found === null || !isOver(found.row, nowMs, settings, directory)) continue;
    const { standing } = found.row;
    if (standing.phase !== 'settled') continue;
    // In this order: what was deleted and is not said to be is deleted again.
    await vault.delete(standing.result.vaultKey);
    const row: RegisterRow = { ...found.row, standing: { ...standing, fate: 'gone' } };
    await tables.registers.cas(execution, found.revision, row);
  }
}

/** A parent that has not ended may be rewound to before it heard of its child's end. */
function isOver(
  { standing, parent }: RegisterRow,
  nowMs: number,
  { retentionMs, readMs }: RetentionSettings,
  directory: Directory,
): boolean {
  if (standing.phase !== 'settled' || standing.fate === 'gone') return false;
  const { endedAtMs } = standing.result;
  if (endedAtMs === null) return false;
  const parents = parent === null ? null : (directory.register(parent.execution)?.row ?? null);
  if (parents !== null && parents.standing.phase !== 'settled') return false;
  return nowMs - endedAtMs >= (standing.fate === 'read' ? readMs : retentionMs);
}
