import type { HostIdentity } from '../../core/execution.ts';
import type { ActorAddress, MigrationId, SnapshotDigest } from '../../core/ids.ts';
import { actorAddress } from '../../core/ids.ts';
import type { MigrationMessage, Passage, TargetMessage } from '../../protocols/migration/messages.ts';
import type {
  SourceEffect,
  SourceEvent,
  SourceState,
  SourceTimer,
} from '../../protocols/migration/source.ts';
import { sourceStepOf, stepSource } from '../../protocols/migration/source-step.ts';
import type { MigrationStep } from '../../protocols/migration/steps.ts';
import type {
  TargetEffect,
  TargetEvent,
  TargetState,
  TargetTimer,
} from '../../protocols/migration/target.ts';
import { stepTarget, targetStepOf } from '../../protocols/migration/target-step.ts';
import type { OwnershipAnswer } from '../../protocols/ownership/ownership.ts';
import type { MoveReason } from '../../protocols/messages.ts';
import type { ReplyTo } from '../kernel/contract.ts';
import type { Freight } from '../ports.ts';
import { address } from '../addresses.ts';

/** The steps of a migration, in order: each is a supervised child of the migration's supervisor. */
export const migrationSteps: readonly MigrationStep[] = ['prepare', 'transfer', 'resume', 'commit'];

/** A protocol message with what it carries, to the migrations actor of one incarnation. */
export type PassageMessage = {
  readonly kind: 'passage';
  readonly from: HostIdentity;
  readonly message: MigrationMessage;
  /** With `transfer` only. */
  readonly freight: Freight | null;
};

export type MigrationEffect = SourceEffect | TargetEffect;

/** What may happen to either end; each end knows its own kinds. */
export type ConductorEvent =
  | { readonly kind: 'received'; readonly message: MigrationMessage; readonly freight: Freight | null }
  | { readonly kind: 'answered'; readonly answer: OwnershipAnswer }
  | { readonly kind: 'timedOut'; readonly timer: SourceTimer | TargetTimer }
  | { readonly kind: 'cancelled'; readonly reason: string }
  | { readonly kind: 'peerEnded' }
  | { readonly kind: 'admitted' }
  | { readonly kind: 'notAdmitted'; readonly reason: string }
  | { readonly kind: 'fetched'; readonly digest: SnapshotDigest }
  | { readonly kind: 'fetchFailed'; readonly digest: SnapshotDigest; readonly reason: string }
  /** A step's child stands again, after a crash. */
  | { readonly kind: 'restarted'; readonly step: MigrationStep };

export type MoveReply =
  | {
      readonly kind: 'moved';
      readonly migration: MigrationId;
      readonly epoch: number;
      readonly pauseMs: number;
      readonly bytes: number;
    }
  | { readonly kind: 'refused'; readonly reason: string; readonly began: boolean };

interface CellBase {
  readonly passage: Passage;
  readonly peer: HostIdentity;
  readonly reason: MoveReason;
  readonly waiter: ReplyTo<unknown> | null;
  /** Effects that the current phase wants performed and no step was handed yet. */
  pending: readonly MigrationEffect[];
  freight: Freight | null;
  frozenAtMs: number | null;
  resumedAtMs: number | null;
  bytes: number;
}

/** The saved state of one end of one migration: it outlives crashes of its actors, not of the process. */
export type MigrationCell = CellBase & (SourceEnd | TargetEnd);

interface SourceEnd {
  readonly side: 'source';
  state: SourceState;
}

interface TargetEnd {
  readonly side: 'target';
  state: TargetState;
}

export function stepOf(cell: MigrationCell): MigrationStep {
  return cell.side === 'source' ? sourceStepOf(cell.state) : targetStepOf(cell.state);
}

/** Why a snapshot is neither moved nor stored. */
export function overLimit(sizeBytes: number, maxBytes: number): string {
  return `its state of ${sizeBytes} bytes is over the limit of ${maxBytes} (snapshots.sizeMaxBytes)`;
}

/** Advances a cell by one event, and keeps the new state in it before any effect is performed. */
export function advance(cell: MigrationCell, event: ConductorEvent): readonly MigrationEffect[] {
  if (cell.side === 'source') {
    const known = sourceEvent(event);
    if (known === null) return [];
    const { state, effects } = stepSource(cell.state, known);
    cell.state = state;
    return effects;
  }
  const known = targetEvent(event);
  if (known === null) return [];
  const { state, effects } = stepTarget(cell.state, known);
  cell.state = state;
  return effects;
}

function sourceEvent(event: ConductorEvent): SourceEvent | null {
  switch (event.kind) {
    case 'received':
      return isTargetMessage(event.message) ? { kind: 'received', message: event.message } : null;
    case 'timedOut':
      return event.timer === 'reservation' ? null : { kind: 'timedOut', timer: event.timer };
    case 'peerEnded':
      return { kind: 'targetEnded' };
    case 'restarted':
      return { kind: 'restarted' };
    case 'answered':
    case 'cancelled':
      return event;
    default:
      return null;
  }
}

function targetEvent(event: ConductorEvent): TargetEvent | null {
  switch (event.kind) {
    case 'received':
      return isTargetMessage(event.message) ? null : { kind: 'received', message: event.message };
    case 'timedOut':
      return event.timer === 'reservation' || event.timer === 'commit'
        ? { kind: 'timedOut', timer: event.timer }
        : null;
    case 'peerEnded':
      return { kind: 'sourceEnded' };
    case 'restarted':
      return { kind: 'restarted' };
    case 'cancelled':
      return null;
    default:
      return event;
  }
}

const fromTarget: ReadonlySet<string> = new Set<TargetMessage['kind']>([
  'prepared',
  'refused',
  'transferred',
  'transferFailed',
  'resumed',
  'declined',
  'committed',
]);

export function isTargetMessage(message: MigrationMessage): message is TargetMessage {
  return fromTarget.has(message.kind);
}

export function stepAddress(cell: MigrationCell, self: HostIdentity, step: MigrationStep): ActorAddress {
  return actorAddress(`${address.migration(self.name, cell.passage.migration)}/${step}`);
}
