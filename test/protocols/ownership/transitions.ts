import { epoch, generation, nonce } from '../../../src/core/ids.ts';
import type { OwnershipEvent, OwnershipState } from '../../../src/protocols/ownership/ownership.ts';
import { transition } from '../transition-table.ts';
import type { Transition } from '../transition-table.ts';
import {
  asked,
  copy,
  covered,
  d1,
  d2,
  found,
  fresh,
  m1,
  m2,
  other,
  row,
  self,
  states,
  taken,
  tenure,
} from './fixtures.ts';

import { leaving, starting, writing } from './owner-transitions.ts';

type Row = Transition<OwnershipState, OwnershipEvent>;
const on = transition<OwnershipState, OwnershipEvent>;
const ended = { owner: other, epoch: epoch(1), generation: generation(1), nonce: fresh } as const;
const others = { ...row, owner: other };

const arriving: readonly Row[] = [
  on(
    states.absent,
    'a copy is to be received',
    asked({ kind: 'receive', migration: m1, copy }),
    'receiving',
    'save, rebuild',
  ),
  on(
    states.receiving,
    'the copy stands',
    { kind: 'restored', tenure, digest: d1 },
    'received',
    'save, answer received',
  ),
  on(states.receiving, 'another copy stands', { kind: 'restored', tenure, digest: d2 }, 'receiving', ''),
  on(
    states.receiving,
    'it cannot be rebuilt',
    { kind: 'restoreFailed', tenure, reason: 'x' },
    'absent',
    'save, discard, answer not received',
  ),
  on(
    states.receiving,
    'claim is asked too early',
    asked({ kind: 'claim', migration: m1, digest: d1 }),
    'receiving',
    'answer mismatched',
  ),
  on(
    states.received,
    'a newer copy is to be received',
    asked({ kind: 'receive', migration: m1, copy: { ...copy, digest: d2 } }),
    'receiving',
    'save, discard, rebuild',
  ),
  on(
    states.received,
    'claim is asked',
    asked({ kind: 'claim', migration: m1, digest: d1 }),
    'claiming',
    'save, read',
  ),
  on(
    states.received,
    'claim is asked for another state',
    asked({ kind: 'claim', migration: m1, digest: d2 }),
    'received',
    'answer mismatched',
  ),
  on(
    states.received,
    'claim is asked by another migration',
    asked({ kind: 'claim', migration: m2, digest: d1 }),
    'received',
    'answer mismatched',
  ),
  on(
    states.received,
    'drop is asked',
    asked({ kind: 'drop', migration: m1 }),
    'absent',
    'save, discard, answer dropped',
  ),
  on(
    states.received,
    "the source's lease has ended",
    { kind: 'ownerEnded', ...ended },
    'claiming',
    'save, discard, read',
  ),
  on(states.claimingMigration, "migration: the source's epoch is found", found(others), 'claiming', 'swap'),
  on(
    states.claimingMigration,
    'migration: the swap is done',
    { kind: 'swapped', token: fresh },
    'running',
    'save, run, checkpoint soon, answer claimed',
  ),
  on(
    states.claimingMigration,
    'migration: the swap is refused',
    { kind: 'swapRefused', token: fresh },
    'claiming',
    'read',
  ),
  on(
    states.claimingMigration,
    'migration: the call fails',
    { kind: 'storeFailed' },
    'claiming',
    'retry later',
  ),
  on(
    states.claimingMigration,
    'migration: retry',
    { kind: 'retryDue', nonce: nonce('n-2') },
    'claiming',
    'read',
  ),
  on(
    states.claimingMigration,
    'migration: its own nonce is found',
    found({ ...row, owner: self, epoch: epoch(2), nonce: fresh }),
    'running',
    'save, run, checkpoint soon, answer claimed',
  ),
  on(
    states.claimingMigration,
    'migration: a higher epoch is found',
    found(taken),
    'absent',
    'save, discard, answer lost',
  ),
  on(
    states.claimingMigration,
    'migration: drop is asked',
    asked({ kind: 'drop', migration: m1 }),
    'claiming',
    '',
  ),
];

const recovering: readonly Row[] = [
  on(
    states.absent,
    "the owner's lease has ended",
    { kind: 'ownerEnded', ...ended },
    'claiming',
    'save, read',
  ),
  on(states.claimingRecovery, "recovery: the owner's epoch is found", found(others), 'claiming', 'swap'),
  on(
    states.claimingRecovery,
    'recovery: the swap is done',
    { kind: 'swapped', token: fresh },
    'claiming',
    'read',
  ),
  on(
    states.claimingRecovery,
    'recovery: its own nonce is found',
    found({ ...row, epoch: epoch(2), generation: generation(2), nonce: fresh }),
    'restoring',
    'save, load, recovered',
  ),
  on(states.claimingRecovery, 'recovery: a higher epoch is found', found(taken), 'absent', 'save'),
  on(
    states.claimingRecoveryFromCopy,
    'recovery from the kept copy: no checkpoint is found',
    found(taken),
    'claiming',
    'swap',
  ),
  on(
    states.claimingRecoveryFromCopy,
    'recovery from the kept copy: a checkpoint is found',
    found(covered),
    'claiming',
    'save, discard, read',
  ),
  on(
    states.claimingRecoveryFromCopy,
    'recovery from the kept copy: the swap is done',
    { kind: 'swapped', token: fresh },
    'claiming',
    'read',
  ),
  on(
    states.claimingRecoveryFromCopy,
    'recovery from the kept copy: its own nonce is found',
    found({ ...taken, owner: self, epoch: epoch(3), generation: generation(2), nonce: fresh }),
    'running',
    'save, run, checkpoint soon, recovered',
  ),
  on(
    states.claimingRecovery,
    'recovery: its own quarantine is found',
    found({ ...row, nonce: fresh, standing: { phase: 'quarantined', reason: 'it kills' } }),
    'absent',
    'save, quarantined',
  ),
  on(
    states.claimingRecovery,
    'recovery: a quarantine is found',
    found({ ...row, standing: { phase: 'quarantined', reason: 'it kills' } }),
    'absent',
    'save',
  ),
  on(states.running, 'the lane dies', { kind: 'copyLost', nonce: fresh }, 'claiming', 'save, read'),
  on(states.restoring, 'the lane dies', { kind: 'copyLost', nonce: fresh }, 'claiming', 'save, read'),
  on(
    states.frozen,
    'the lane dies',
    { kind: 'copyLost', nonce: fresh },
    'claiming',
    'save, answer gone, read',
  ),
  on(states.released, 'the lane dies', { kind: 'copyLost', nonce: fresh }, 'claiming', 'save, read'),
  on(
    states.received,
    'the lane dies',
    { kind: 'copyLost', nonce: fresh },
    'absent',
    'save, discard, answer not received',
  ),
  on(states.retained, 'the lane dies', { kind: 'copyLost', nonce: fresh }, 'absent', 'save'),
  on(states.running, 'its own lease has ended', { kind: 'leaseEnded' }, 'ended', 'save, discard'),
  on(states.retained, 'its own lease has ended', { kind: 'leaseEnded' }, 'ended', 'save, discard'),
];

const restarting: readonly Row[] = [
  on(states.running, 'the actor is restarted', { kind: 'restarted' }, 'running', 'run'),
  on(states.freezing, 'the actor is restarted', { kind: 'restarted' }, 'freezing', 'freeze'),
  on(states.claimingMigration, 'the actor is restarted', { kind: 'restarted' }, 'claiming', 'read'),
  on(states.receiving, 'the actor is restarted', { kind: 'restarted' }, 'receiving', 'rebuild'),
  on(states.restoring, 'the actor is restarted', { kind: 'restarted' }, 'restoring', 'load'),
  on(states.retained, 'the actor is restarted', { kind: 'restarted' }, 'retained', 'read'),
  on(states.settling, 'the actor is restarted', { kind: 'restarted' }, 'settling', 'read'),
];

/** Every sentence of `docs/protocols/ownership.md`, in its order. */
export const sections: readonly (readonly [string, readonly Row[]])[] = [
  ['Start', starting],
  ['Checkpoint and result', writing],
  ['Leave', leaving],
  ['Arrive', arriving],
  ['Recover, and end', recovering],
  ['Restart of the actor', restarting],
];
