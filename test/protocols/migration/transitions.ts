import { epoch, generation } from '../../../src/core/ids.ts';
import type { SourceEvent, SourceState } from '../../../src/protocols/migration/source.ts';
import type { TargetEvent, TargetState } from '../../../src/protocols/migration/target.ts';
import type { Passage } from '../../../src/protocols/migration/messages.ts';
import { cargo, d1, d2, execution, m1, other, self, third } from '../ownership/fixtures.ts';
import { transition } from '../transition-table.ts';
import type { Transition } from '../transition-table.ts';

export const passage: Passage = {
  migration: m1,
  execution,
  source: self,
  target: other,
  epoch: epoch(1),
  generation: generation(1),
};
const pointer = { owner: other, epoch: epoch(2) };
const base = { passage, cargo, attemptsLeft: 1 };

export const source = {
  preparing: { ...base, phase: 'preparing' },
  lastPreparing: { ...base, attemptsLeft: 0, phase: 'preparing' },
  freezing: { ...base, phase: 'freezing' },
  transferring: { ...base, phase: 'transferring', digest: d1, sizeBytes: 100 },
  retrying: { ...base, phase: 'unfreezing', afterwards: 'retry', reason: 'slow' },
  rollingBack: { ...base, phase: 'unfreezing', afterwards: 'rollBack', reason: 'asked' },
  releasing: { ...base, phase: 'releasing', digest: d1 },
  resuming: { ...base, phase: 'resuming', digest: d1 },
  doubting: { ...base, phase: 'doubting', reason: 'silence' },
  confirming: { ...base, phase: 'confirming' },
  committing: { ...base, phase: 'committing', pointer },
  done: { ...base, phase: 'done', outcome: { kind: 'moved', pointer } },
} as const satisfies Record<string, SourceState>;

const held = { passage, cargo };

export const target = {
  admitting: { ...held, phase: 'admitting' },
  prepared: { ...held, phase: 'prepared' },
  fetching: { ...held, phase: 'fetching', digest: d1, sizeBytes: 100 },
  rebuilding: { ...held, phase: 'rebuilding', digest: d1 },
  transferred: { ...held, phase: 'transferred', digest: d1 },
  claiming: { ...held, phase: 'claiming', digest: d1 },
  resumed: { ...held, phase: 'resumed', epoch: epoch(2) },
  dropping: { ...held, phase: 'dropping', reason: 'asked' },
  owner: { ...held, phase: 'done', outcome: { kind: 'owner', epoch: epoch(2) } },
  refused: { ...held, phase: 'done', outcome: { kind: 'refused', reason: 'full' } },
} as const satisfies Record<string, TargetState>;

const s = transition<SourceState, SourceEvent>;
const t = transition<TargetState, TargetEvent>;
const reason = 'full';

function toSource(message: Extract<SourceEvent, { kind: 'received' }>['message']): SourceEvent {
  return { kind: 'received', message };
}
function toTarget(message: Extract<TargetEvent, { kind: 'received' }>['message']): TargetEvent {
  return { kind: 'received', message };
}
function answered(answer: Extract<SourceEvent, { kind: 'answered' }>['answer']) {
  return { kind: 'answered', answer } as const;
}
const cancelled = { kind: 'cancelled', reason: 'asked' } as const;
const targetEnded = { kind: 'targetEnded' } as const;
const sourceEnded = { kind: 'sourceEnded' } as const;
const restarted = { kind: 'restarted' } as const;

const sourceRows: readonly Transition<SourceState, SourceEvent>[] = [
  s(source.preparing, 'prepared', toSource({ kind: 'prepared', passage }), 'freezing', 'save, ask freeze'),
  s(
    source.preparing,
    'refused',
    toSource({ kind: 'refused', passage, reason }),
    'done',
    'save, finish refused',
  ),
  s(
    source.preparing,
    'no answer',
    { kind: 'timedOut', timer: 'prepare' },
    'preparing',
    'save, send prepare, start prepare timer',
  ),
  s(
    source.lastPreparing,
    'no answer to the last attempt',
    { kind: 'timedOut', timer: 'prepare' },
    'done',
    'save, send cancel, finish refused',
  ),
  s(source.preparing, 'cancelled', cancelled, 'done', 'save, send cancel, finish refused'),
  s(source.preparing, "the target's lease has ended", targetEnded, 'done', 'save, finish refused'),
  s(
    source.freezing,
    'frozen',
    answered({ kind: 'frozen', digest: d1, sizeBytes: 100 }),
    'transferring',
    'save, send transfer, start transfer timer',
  ),
  s(
    source.freezing,
    'pinned',
    answered({ kind: 'pinned', reason }),
    'done',
    'save, send cancel, finish refused',
  ),
  s(source.freezing, 'busy', answered({ kind: 'busy', reason }), 'done', 'save, send cancel, finish refused'),
  s(source.freezing, 'gone', answered({ kind: 'gone', reason }), 'done', 'save, send cancel, finish gone'),
  s(source.freezing, 'cancelled', cancelled, 'unfreezing', 'save, ask unfreeze'),
  s(
    source.transferring,
    'transferred, this state',
    toSource({ kind: 'transferred', passage, digest: d1 }),
    'releasing',
    'save, ask release',
  ),
  s(
    source.transferring,
    'transferred, an earlier state',
    toSource({ kind: 'transferred', passage, digest: d2 }),
    'transferring',
    '',
  ),
  s(
    source.transferring,
    'transfer failed',
    toSource({ kind: 'transferFailed', passage, digest: d1, reason }),
    'unfreezing',
    'save, ask unfreeze',
  ),
  s(
    source.transferring,
    'no answer',
    { kind: 'timedOut', timer: 'transfer' },
    'unfreezing',
    'save, ask unfreeze',
  ),
  s(
    source.transferring,
    'refused',
    toSource({ kind: 'refused', passage, reason }),
    'unfreezing',
    'save, ask unfreeze',
  ),
  s(source.transferring, 'cancelled', cancelled, 'unfreezing', 'save, ask unfreeze'),
  s(source.transferring, "the target's lease has ended", targetEnded, 'unfreezing', 'save, ask unfreeze'),
  s(
    source.transferring,
    'gone',
    answered({ kind: 'gone', reason }),
    'done',
    'save, send cancel, finish gone',
  ),
  s(
    source.retrying,
    'unfrozen, an attempt left',
    answered({ kind: 'unfrozen', epoch: epoch(1) }),
    'preparing',
    'save, send prepare, start prepare timer',
  ),
  s(
    source.retrying,
    'unfrozen by a claim',
    answered({ kind: 'unfrozen', epoch: epoch(2) }),
    'done',
    'save, send cancel, finish rolled back',
  ),
  s(
    source.rollingBack,
    'unfrozen, no attempt wanted',
    answered({ kind: 'unfrozen', epoch: epoch(1) }),
    'done',
    'save, send cancel, finish rolled back',
  ),
  s(
    source.releasing,
    'released',
    answered({ kind: 'released' }),
    'resuming',
    'save, send resume, start resume timer',
  ),
  s(source.releasing, 'gone', answered({ kind: 'gone', reason }), 'done', 'save, send cancel, finish gone'),
  s(source.releasing, 'cancelled', cancelled, 'unfreezing', 'save, ask unfreeze'),
  s(
    source.resuming,
    'resumed',
    toSource({ kind: 'resumed', passage, epoch: epoch(2) }),
    'confirming',
    'save, ask confirm hand over',
  ),
  s(
    source.resuming,
    'declined',
    toSource({ kind: 'declined', passage, reason }),
    'doubting',
    'save, ask unfreeze',
  ),
  s(source.resuming, 'no answer', { kind: 'timedOut', timer: 'resume' }, 'doubting', 'save, ask unfreeze'),
  s(source.resuming, "the target's lease has ended", targetEnded, 'doubting', 'save, ask unfreeze'),
  s(source.resuming, 'cancelled (too late)', cancelled, 'resuming', ''),
  s(
    source.doubting,
    'unfrozen by a claim',
    answered({ kind: 'unfrozen', epoch: epoch(2) }),
    'done',
    'save, send cancel, finish rolled back',
  ),
  s(
    source.doubting,
    'handed over to the target',
    answered({ kind: 'handedOver', pointer }),
    'committing',
    'save, send commit, start commit timer',
  ),
  s(
    source.doubting,
    'handed over to another host',
    answered({ kind: 'handedOver', pointer: { owner: third, epoch: epoch(3) } }),
    'done',
    'save, finish gone',
  ),
  s(
    source.confirming,
    'handed over to the target',
    answered({ kind: 'handedOver', pointer }),
    'committing',
    'save, send commit, start commit timer',
  ),
  s(
    source.confirming,
    'not seen in the register',
    answered({ kind: 'released' }),
    'doubting',
    'save, ask unfreeze',
  ),
  s(source.committing, 'committed', toSource({ kind: 'committed', passage }), 'done', 'save, finish moved'),
  s(
    source.committing,
    'no answer',
    { kind: 'timedOut', timer: 'commit' },
    'committing',
    'send commit, start commit timer',
  ),
  s(source.committing, "the target's lease has ended", targetEnded, 'done', 'save, finish moved'),
  s(source.preparing, 'restarted', restarted, 'preparing', 'send prepare, start prepare timer'),
  s(source.freezing, 'restarted', restarted, 'freezing', 'ask freeze'),
  s(source.transferring, 'restarted', restarted, 'transferring', 'send transfer, start transfer timer'),
  s(source.rollingBack, 'restarted', restarted, 'unfreezing', 'ask unfreeze'),
  s(source.releasing, 'restarted', restarted, 'releasing', 'ask release'),
  s(source.resuming, 'restarted', restarted, 'resuming', 'send resume, start resume timer'),
  s(source.doubting, 'restarted', restarted, 'doubting', 'ask unfreeze'),
  s(source.confirming, 'restarted', restarted, 'confirming', 'ask confirm hand over'),
  s(source.committing, 'restarted', restarted, 'committing', 'send commit, start commit timer'),
  s(source.done, 'restarted', restarted, 'done', 'finish moved'),
];

const targetRows: readonly Transition<TargetState, TargetEvent>[] = [
  t(
    target.admitting,
    'admitted',
    { kind: 'admitted' },
    'prepared',
    'save, send prepared, start reservation timer',
  ),
  t(
    target.admitting,
    'not admitted',
    { kind: 'notAdmitted', reason },
    'done',
    'save, send refused, release reservation, finish refused',
  ),
  t(
    target.admitting,
    'cancel',
    toTarget({ kind: 'cancel', passage, reason }),
    'done',
    'save, release reservation, finish dropped',
  ),
  t(
    target.prepared,
    'prepare again',
    toTarget({ kind: 'prepare', passage, cargo }),
    'prepared',
    'send prepared',
  ),
  t(
    target.prepared,
    'transfer',
    toTarget({ kind: 'transfer', passage, digest: d1, sizeBytes: 100 }),
    'fetching',
    'save, fetch',
  ),
  t(
    target.prepared,
    'resume',
    toTarget({ kind: 'resume', passage, digest: d1 }),
    'prepared',
    'send declined',
  ),
  t(target.prepared, 'cancel', toTarget({ kind: 'cancel', passage, reason }), 'dropping', 'save, ask drop'),
  t(
    target.prepared,
    'the reservation is over',
    { kind: 'timedOut', timer: 'reservation' },
    'dropping',
    'save, ask drop',
  ),
  t(target.fetching, 'fetched', { kind: 'fetched', digest: d1 }, 'rebuilding', 'save, ask receive'),
  t(target.fetching, 'fetched, an earlier state', { kind: 'fetched', digest: d2 }, 'fetching', ''),
  t(
    target.fetching,
    'not fetched',
    { kind: 'fetchFailed', digest: d1, reason },
    'prepared',
    'save, send transfer failed',
  ),
  t(
    target.rebuilding,
    'received',
    answered({ kind: 'received', digest: d1 }),
    'transferred',
    'save, send transferred, start reservation timer',
  ),
  t(
    target.rebuilding,
    'not received',
    answered({ kind: 'notReceived', reason }),
    'prepared',
    'save, send transfer failed',
  ),
  t(
    target.rebuilding,
    'transfer of another state',
    toTarget({ kind: 'transfer', passage, digest: d2, sizeBytes: 100 }),
    'fetching',
    'save, fetch',
  ),
  t(
    target.transferred,
    'transfer again',
    toTarget({ kind: 'transfer', passage, digest: d1, sizeBytes: 100 }),
    'transferred',
    'send transferred, start reservation timer',
  ),
  t(
    target.transferred,
    'resume, this state',
    toTarget({ kind: 'resume', passage, digest: d1 }),
    'claiming',
    'save, ask claim',
  ),
  t(
    target.transferred,
    'resume, another state',
    toTarget({ kind: 'resume', passage, digest: d2 }),
    'transferred',
    'send declined',
  ),
  t(
    target.transferred,
    'cancel',
    toTarget({ kind: 'cancel', passage, reason }),
    'dropping',
    'save, ask drop',
  ),
  t(
    target.transferred,
    'the reservation is over',
    { kind: 'timedOut', timer: 'reservation' },
    'dropping',
    'save, ask drop',
  ),
  t(target.transferred, "the source's lease has ended", sourceEnded, 'dropping', 'save, ask drop'),
  t(
    target.transferred,
    'the copy was lost',
    answered({ kind: 'notReceived', reason }),
    'prepared',
    'save, send transfer failed',
  ),
  t(
    target.claiming,
    'claimed',
    answered({ kind: 'claimed', epoch: epoch(2) }),
    'resumed',
    'save, release reservation, send resumed, start commit timer',
  ),
  t(
    target.claiming,
    'lost',
    answered({ kind: 'lost' }),
    'done',
    'save, send declined, release reservation, finish dropped',
  ),
  t(
    target.claiming,
    'mismatched',
    answered({ kind: 'mismatched' }),
    'dropping',
    'save, send declined, ask drop',
  ),
  t(target.claiming, 'cancel (too late)', toTarget({ kind: 'cancel', passage, reason }), 'claiming', ''),
  t(target.claiming, "the source's lease has ended", sourceEnded, 'claiming', ''),
  t(
    target.resumed,
    'commit',
    toTarget({ kind: 'commit', passage }),
    'done',
    'save, send committed, release reservation, finish owner',
  ),
  t(
    target.resumed,
    'no commit',
    { kind: 'timedOut', timer: 'commit' },
    'resumed',
    'send resumed, start commit timer',
  ),
  t(
    target.resumed,
    'resume again',
    toTarget({ kind: 'resume', passage, digest: d1 }),
    'resumed',
    'send resumed, start commit timer',
  ),
  t(
    target.resumed,
    "the source's lease has ended",
    sourceEnded,
    'done',
    'save, release reservation, finish owner',
  ),
  t(
    target.dropping,
    'dropped',
    answered({ kind: 'dropped' }),
    'done',
    'save, release reservation, finish dropped',
  ),
  t(
    target.dropping,
    'claimed (too late to drop)',
    answered({ kind: 'claimed', epoch: epoch(2) }),
    'resumed',
    'save, send resumed, start commit timer',
  ),
  t(target.owner, 'commit again', toTarget({ kind: 'commit', passage }), 'done', 'send committed'),
  t(target.owner, 'resume again', toTarget({ kind: 'resume', passage, digest: d1 }), 'done', 'send resumed'),
  t(target.refused, 'prepare again', toTarget({ kind: 'prepare', passage, cargo }), 'done', 'send refused'),
  t(target.refused, 'resume', toTarget({ kind: 'resume', passage, digest: d1 }), 'done', 'send declined'),
  t(target.admitting, 'restarted', restarted, 'admitting', 'admit'),
  t(target.prepared, 'restarted', restarted, 'prepared', 'send prepared, start reservation timer'),
  t(target.fetching, 'restarted', restarted, 'fetching', 'fetch'),
  t(target.rebuilding, 'restarted', restarted, 'rebuilding', 'ask receive'),
  t(target.transferred, 'restarted', restarted, 'transferred', 'send transferred, start reservation timer'),
  t(target.claiming, 'restarted', restarted, 'claiming', 'ask claim'),
  t(target.resumed, 'restarted', restarted, 'resumed', 'send resumed, start commit timer'),
  t(target.dropping, 'restarted', restarted, 'dropping', 'ask drop'),
  t(target.owner, 'restarted', restarted, 'done', 'release reservation, finish owner'),
];

/** Every sentence of `docs/protocols/migration.md`, in its order. */
export const migrationRows = { source: sourceRows, target: targetRows };
