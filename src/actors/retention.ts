import type { IncarnationId } from '../core/ids.ts';
import type { Found } from './ports.ts';
import type { ActorContext, Behaviour } from './kernel/contract.ts';
import type { RegisterRow } from '../protocols/ownership/register.ts';
import type { Directory } from './directory.ts';
import type { LaneBoard } from './lane-board.ts';
import type { HostPorts } from './ports.ts';
import { deleteRemains, deleteResults } from './remains.ts';

export type RetentionMessage = { readonly kind: 'sweep' } | { readonly kind: 'swept' };

export interface RetentionSettings {
  /** How long a result is kept that nobody reads. */
  readonly retentionMs: number;
  /** How long after the end of its execution one is kept that was read. */
  readonly readMs: number;
  /** How long after its end an execution whose result is gone still has a register. */
  readonly knownMs: number;
  readonly sweepMs: number;
  /** How long the row of an ended lease is kept from when it was found; see `LeaseTiming`. */
  readonly endedLeaseMs: number;
}

export interface RetentionPorts extends Pick<HostPorts, 'identity' | 'clock' | 'tables' | 'gate' | 'vault'> {
  readonly directory: Directory;
  readonly board: Pick<LaneBoard, 'storeTimeMs'>;
  readonly settings: RetentionSettings;
}

/** Of one sweep: a store that has much to forget is not kept from its other work. */
const sweptMax = 100;

/** Ended leases, each with when this host first found it so, on the monotonic clock. */
type EndedLeases = Map<IncarnationId, number>;

/**
 * Promise 7: deletes results whose time is up from the vault, with whatever else is left of their executions, and has
 * their registers say so; later the registers, too. Likewise the rows of leases that ended long ago. One host does it for
 * all: the first by name of those that are up. Done twice, it changes nothing.
 */
export function retentionActor(ports: RetentionPorts): Behaviour<EndedLeases, RetentionMessage> {
  return {
    init(context) {
      context.after(ports.settings.sweepMs, { kind: 'sweep' });
      return new Map();
    },
    receive(leases, message, context) {
      if (message.kind === 'swept') context.after(ports.settings.sweepMs, { kind: 'sweep' });
      else sweep(ports, leases, context);
      return leases;
    },
  };
}

function sweep(ports: RetentionPorts, leases: EndedLeases, context: ActorContext<RetentionMessage>): void {
  const isFirst = ports.directory.hosts()[0]?.incarnation === ports.identity.incarnation;
  noteEnded(ports, leases);
  context.pipe(
    isFirst ? forget(ports).then(() => forgetLeases(ports, leases)) : Promise.resolve(),
    () => ({ kind: 'swept' }),
    () => ({ kind: 'swept' }),
  );
}

function noteEnded({ directory, clock }: RetentionPorts, leases: EndedLeases): void {
  const ended = new Set(directory.endedIncarnations());
  for (const incarnation of leases.keys()) if (!ended.has(incarnation)) leases.delete(incarnation);
  const nowMs = clock.monotonicMs();
  for (const incarnation of ended) if (!leases.has(incarnation)) leases.set(incarnation, nowMs);
}

/** Whoever still names one of them finds no row, which says the same: see `ForgottenLeases`. */
async function forgetLeases(ports: RetentionPorts, leases: EndedLeases): Promise<void> {
  const { clock, gate, settings, tables } = ports;
  const dueMs = clock.monotonicMs() - settings.endedLeaseMs;
  const due = [...leases].filter(([, sinceMs]) => sinceMs <= dueMs);
  for (const [incarnation] of due.slice(0, sweptMax)) {
    if (!gate.isValid()) return;
    const found = await tables.leases.get(incarnation);
    if (found?.row.phase === 'ended') await tables.leases.delete(incarnation, found.revision);
    leases.delete(incarnation);
  }
}

async function forget(ports: RetentionPorts): Promise<void> {
  const { directory, board, clock, tables, gate } = ports;
  const nowMs = board.storeTimeMs(clock.monotonicMs());
  if (nowMs === null) return;
  const due = [...directory.registers()].filter((row) => dueOf(row, nowMs, ports) !== null);
  for (const { execution } of due.slice(0, sweptMax)) {
    if (!gate.isValid()) return;
    const found: Found<RegisterRow> | null = await tables.registers.get(execution);
    const change = found === null ? null : dueOf(found.row, nowMs, ports);
    if (found === null || change === null) continue;
    // In this order: what was deleted and is not said to be is deleted again.
    if (change.deletes !== null) await ports.vault.delete(change.deletes);
    await deleteResults(ports.vault, execution);
    // Its host was to do this at its end, and may have crashed; and a write may have come later than that.
    await deleteRemains(ports.vault, execution);
    if (change.row === null) await tables.registers.delete(execution, found.revision);
    else await tables.registers.cas(execution, found.revision, change.row);
  }
}

/** What has to become of a register by now: null for nothing, and a null row for its end. `deletes` is a key of the vault. */
function dueOf(
  row: RegisterRow,
  nowMs: number,
  { settings, directory }: RetentionPorts,
): { readonly deletes: string | null; readonly row: RegisterRow | null } | null {
  const { standing, parent } = row;
  if (standing.phase !== 'settled' || standing.result.endedAtMs === null) return null;
  const sinceMs = nowMs - standing.result.endedAtMs;
  if (standing.fate === 'gone') return sinceMs >= settings.knownMs ? { deletes: null, row: null } : null;
  // A parent that has not ended may be rewound to before it heard of its child's end.
  const parents = parent === null ? null : (directory.register(parent.execution)?.row ?? null);
  if (parents !== null && parents.standing.phase !== 'settled') return null;
  if (sinceMs < (standing.fate === 'read' ? settings.readMs : settings.retentionMs)) return null;
  return { deletes: standing.result.vaultKey, row: { ...row, standing: { ...standing, fate: 'gone' } } };
}
