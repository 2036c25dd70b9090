import type { Tenure } from '../../core/execution.ts';
import { nonce } from '../../core/ids.ts';
import type { Epoch, Generation, IncarnationId, MigrationId, Nonce } from '../../core/ids.ts';
import type {
  ClaimCopy,
  OwnershipAnswer,
  OwnershipEffect,
  OwnershipEvent,
  OwnershipState,
  OwnershipStep,
  OwnerPointer,
} from './ownership.ts';
import { claimedTenure, covers, judgeClaim } from './register.ts';
import type { Claim, RegisterRow } from './register.ts';

export type Claiming = Extract<OwnershipState, { phase: 'claiming' }>;
type Common = Pick<OwnershipState, 'execution' | 'self'>;

/** What every phase of one execution on one host has in common (promise 2: whoever claims, claims until the register answers). */
export function common(state: OwnershipState): Common {
  return { execution: state.execution, self: state.self };
}

/** A change of phase is saved before anything that follows from it is done. */
export function enter(state: OwnershipState, ...effects: OwnershipEffect[]): OwnershipStep {
  return { state, effects: [{ kind: 'save' }, ...effects] };
}

export function stay(state: OwnershipState, ...effects: OwnershipEffect[]): OwnershipStep {
  return { state, effects };
}

export function answer(migration: MigrationId, given: OwnershipAnswer): OwnershipEffect {
  return { kind: 'answer', migration, answer: given };
}

export function pointerTo(row: RegisterRow | null): OwnerPointer | null {
  return row === null ? null : { owner: row.owner, epoch: row.epoch };
}

export function absent(state: OwnershipState, pointer: OwnerPointer | null): OwnershipState {
  return { ...common(state), phase: 'absent', pointer };
}

/** Rule 4. `owner` is ended, or is this host itself. */
export function recoveryClaim(
  expected: { readonly owner: IncarnationId; readonly epoch: Epoch; readonly generation: Generation },
  fresh: Nonce,
): Claim {
  const { owner, epoch, generation } = expected;
  return { kind: 'recovery', nonce: fresh, owner, epoch, generation };
}

/** Starts a claim: the register is read first, and decides. */
export function claimWith(
  state: OwnershipState,
  claim: Claim,
  copy: ClaimCopy,
  migration: MigrationId | null,
  ...before: OwnershipEffect[]
): OwnershipStep {
  const claiming: Claiming = { ...common(state), phase: 'claiming', claim, copy, migration };
  return enter(claiming, ...before, { kind: 'read' });
}

/** The own copy is gone while this host owns the execution: it rewinds to its recovery point. */
export function recoverOwn(
  state: OwnershipState,
  tenure: Tenure,
  fresh: Nonce,
  migration: MigrationId | null,
  ...before: OwnershipEffect[]
): OwnershipStep {
  const expected = { owner: state.self, epoch: tenure.epoch, generation: tenure.generation };
  return claimWith(state, recoveryClaim(expected, fresh), { kind: 'none' }, migration, ...before);
}

/** Rule 7: nobody runs before its own claim is known to stand, and nobody discards before another's does. */
export function stepClaiming(state: Claiming, event: OwnershipEvent): OwnershipStep {
  switch (event.kind) {
    case 'found':
      return decide(state, event.row, event.revision);
    case 'swapped':
      if (event.token !== state.claim.nonce) return stay(state);
      // The recovery point stands in the row that was claimed, and whether a recovery may run it: read it.
      return state.copy.kind === 'none' || state.claim.kind === 'recovery'
        ? stay(state, { kind: 'read' })
        : won(state, null);
    case 'swapRefused':
      return event.token === state.claim.nonce ? stay(state, { kind: 'read' }) : stay(state);
    case 'storeFailed':
      return stay(state, { kind: 'retryLater' });
    case 'retryDue':
    case 'restarted':
      return stay(state, { kind: 'read' });
    case 'copyLost':
      return enter({ ...state, copy: { kind: 'none' } }, { kind: 'read' });
    default:
      return stay(state);
  }
}

function decide(state: Claiming, row: RegisterRow | null, revision: number): OwnershipStep {
  const verdict = judgeClaim(row, state.claim, state.self);
  switch (verdict.kind) {
    case 'write':
      if (state.claim.kind === 'recovery' && state.copy.kind === 'own' && isCovered(state.claim, row)) {
        // The new owner's checkpoint is further than the frozen copy: recover from that.
        return enter({ ...state, copy: { kind: 'none' } }, { kind: 'discard' }, { kind: 'read' });
      }
      return stay(state, {
        kind: 'swap',
        token: state.claim.nonce,
        expectedRevision: row === null ? null : revision,
        row: verdict.row,
      });
    case 'won':
      return won(state, verdict.row);
    case 'lost':
      return lost(state, verdict.row);
    case 'stale':
      return stay(state, { kind: 'retryLater' });
  }
}

function isCovered(claim: Exclude<Claim, { kind: 'start' }>, row: RegisterRow | null): boolean {
  return row !== null && covers(row.recovery, claim.epoch);
}

/** @param row the register with this claim in it; null when the swap was answered and no read was needed */
function won(state: Claiming, row: RegisterRow | null): OwnershipStep {
  const tenure = claimedTenure(state.execution, state.claim);
  if (state.copy.kind === 'none') return wonWithoutCopy(state, tenure, row);
  const running: OwnershipState = {
    ...common(state),
    phase: 'running',
    tenure,
    arrival: state.copy.kind === 'received' ? state.migration : null,
    change: null,
  };
  const effects: OwnershipEffect[] = [
    { kind: 'run', tenure },
    { kind: 'checkpointSoon', tenure },
  ];
  if (state.claim.kind === 'recovery') effects.push({ kind: 'recovered', tenure, point: null });
  if (state.migration !== null) {
    const kind = state.copy.kind === 'received' ? 'claimed' : 'unfrozen';
    effects.push(answer(state.migration, { kind, epoch: tenure.epoch }));
  }
  return enter(running, ...effects);
}

function wonWithoutCopy(state: Claiming, tenure: Tenure, row: RegisterRow | null): OwnershipStep {
  const { claim, migration } = state;
  if (claim.kind === 'migration' || claim.kind === 'takeBack') {
    // Owner without a copy: the lane died meanwhile. Only a recovery may go back to the recovery point.
    return recoverOwn(state, tenure, nonce(`${claim.nonce}+`), migration);
  }
  if (row === null) return stay(state, { kind: 'read' });
  const point = row.recovery;
  const effects: OwnershipEffect[] = [{ kind: 'load', tenure, point }];
  if (claim.kind === 'start') effects.push({ kind: 'started', outcome: 'created' });
  else effects.push({ kind: 'recovered', tenure, point });
  if (migration !== null) {
    effects.push(
      answer(migration, { kind: 'gone', reason: 'the copy was lost; recovered from its checkpoint' }),
    );
  }
  return enter({ ...common(state), phase: 'restoring', tenure, point }, ...effects);
}

function lost(state: Claiming, row: RegisterRow | null): OwnershipStep {
  const { claim, copy, migration } = state;
  if (claim.kind === 'start')
    return enter(absent(state, pointerTo(row)), { kind: 'started', outcome: 'existed' });
  if (copy.kind === 'own' && claim.kind === 'takeBack') return handOver(state, copy.tenure, row, migration);
  const effects: OwnershipEffect[] = copy.kind === 'none' ? [] : [{ kind: 'discard' }];
  if (row?.standing.phase === 'quarantined' && row.nonce === claim.nonce) {
    effects.push({ kind: 'quarantined', reason: row.standing.reason });
  }
  if (migration !== null) {
    const given: OwnershipAnswer =
      claim.kind === 'migration' ? { kind: 'lost' } : { kind: 'gone', reason: 'another host owns it' };
    effects.push(answer(migration, given));
  }
  return enter(absent(state, pointerTo(row)), ...effects);
}

/**
 * Rule 9: the register shows another owner. The frozen copy is kept while it is the only thing that is as new as what
 * the new owner got; anything later in the register (a checkpoint, a further move, a recovery, a result) outdates it.
 */
export function handOver(
  state: OwnershipState,
  tenure: Tenure,
  row: RegisterRow | null,
  migration: MigrationId | null,
): OwnershipStep {
  const pointer = pointerTo(row);
  const effects: OwnershipEffect[] = [];
  if (migration !== null) {
    effects.push(
      answer(
        migration,
        pointer === null ? { kind: 'gone', reason: 'its register is gone' } : { kind: 'handedOver', pointer },
      ),
    );
  }
  if (pointer === null || !isRetained(tenure, row)) {
    return enter(absent(state, pointer), { kind: 'discard' }, ...effects);
  }
  return enter({ ...common(state), phase: 'retained', tenure, pointer }, ...effects, { kind: 'retryLater' });
}

/** Whether the frozen copy of `tenure` is still worth keeping. */
export function isRetained(tenure: Tenure, row: RegisterRow | null): boolean {
  return (
    row !== null &&
    row.standing.phase === 'live' &&
    row.generation === tenure.generation &&
    row.epoch === tenure.epoch + 1 &&
    !covers(row.recovery, row.epoch)
  );
}
