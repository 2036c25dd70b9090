import type { Tenure } from '../../core/execution.ts';
import type { Epoch, Generation, IncarnationId, Nonce } from '../../core/ids.ts';
import {
  absent,
  answer,
  claimWith,
  common,
  enter,
  isRetained,
  pointerTo,
  recoveryClaim,
  stay,
} from './claiming.ts';
import type {
  OwnershipAsk,
  OwnershipEffect,
  OwnershipEvent,
  OwnershipState,
  OwnershipStep,
  ReceivedCopy,
} from './ownership.ts';
import { refusal } from './refusing.ts';

type In<Phase extends OwnershipState['phase']> = Extract<OwnershipState, { phase: Phase }>;
type Receiving = In<'receiving'> | In<'received'>;

export function stepAbsent(state: In<'absent'>, event: OwnershipEvent): OwnershipStep {
  switch (event.kind) {
    case 'startAsked': {
      const { row } = event;
      const claim = { kind: 'start', nonce: row.nonce, row } as const;
      return claimWith(state, claim, { kind: 'none' }, null);
    }
    case 'ownerEnded':
      return claimWith(state, recoveryClaim(event, event.nonce), { kind: 'none' }, null);
    case 'asked':
      if (event.ask.kind !== 'receive' || isOutdated(state, event.ask.copy)) return refuse(state, event.ask);
      return receive(state, event.ask.copy);
    default:
      return stay(state);
  }
}

/** Rule 5: a received copy is nothing without its `resume`; it may be given up at any time. */
export function stepReceiving(state: Receiving, event: OwnershipEvent): OwnershipStep {
  const { copy } = state;
  switch (event.kind) {
    case 'asked':
      return askedReceiving(state, event.ask, event.nonce);
    case 'restored':
      if (!isOf(copy, event) || event.digest !== copy.digest || state.phase === 'received')
        return stay(state);
      return enter(
        { ...common(state), phase: 'received', copy },
        answer(copy.migration, { kind: 'received', digest: copy.digest }),
      );
    case 'restoreFailed':
      return isOf(copy, event) ? giveUp(state, notReceived(copy, event.reason)) : stay(state);
    case 'copyLost':
      return giveUp(state, notReceived(copy, 'its lane died'));
    case 'migrationFailed':
      return event.migration === copy.migration ? giveUp(state) : stay(state);
    case 'ownerEnded':
      // The source is gone before its `resume`: back to the checkpoint, never from this copy.
      return recover(state, event, event.nonce);
    case 'restarted':
      return state.phase === 'receiving' ? stay(state, { kind: 'rebuild', copy }) : stay(state);
    default:
      return stay(state);
  }
}

function askedReceiving(state: Receiving, ask: OwnershipAsk, fresh: Nonce): OwnershipStep {
  const { copy } = state;
  switch (ask.kind) {
    case 'receive': {
      const isSame = ask.copy.migration === copy.migration && ask.copy.digest === copy.digest;
      if (!isSame) return receive(state, ask.copy, { kind: 'discard' });
      return state.phase === 'receiving'
        ? stay(state, { kind: 'rebuild', copy })
        : stay(state, answer(copy.migration, { kind: 'received', digest: copy.digest }));
    }
    case 'claim': {
      const isNamed = ask.migration === copy.migration && ask.digest === copy.digest;
      if (!isNamed || state.phase === 'receiving') {
        return stay(state, answer(ask.migration, { kind: 'mismatched' }));
      }
      const { from: owner, epoch, generation } = copy;
      const claim = { kind: 'migration', nonce: fresh, owner, epoch, generation } as const;
      return claimWith(state, claim, { kind: 'received', copy }, copy.migration);
    }
    case 'drop':
      return ask.migration === copy.migration
        ? giveUp(state, answer(copy.migration, { kind: 'dropped' }))
        : refuse(state, ask);
    default:
      return refuse(state, ask);
  }
}

/** Rule 9: kept until the new owner's first checkpoint is durable; a source for recovery if its lease ends first. */
export function stepRetained(state: In<'retained'>, event: OwnershipEvent): OwnershipStep {
  const { tenure, pointer } = state;
  switch (event.kind) {
    case 'retryDue':
    case 'restarted':
      return stay(state, { kind: 'read' });
    case 'storeFailed':
      return stay(state, { kind: 'retryLater' });
    case 'found':
      if (event.row !== null && event.row.epoch < pointer.epoch) return stay(state, { kind: 'retryLater' });
      return isRetained(tenure, event.row)
        ? stay(state, { kind: 'retryLater' })
        : enter(absent(state, pointerTo(event.row)), { kind: 'discard' });
    case 'ownerEnded': {
      if (event.epoch < pointer.epoch) return stay(state);
      const isKept = event.epoch === pointer.epoch && event.generation === tenure.generation;
      if (!isKept) return recover(state, event, event.nonce);
      return claimWith(state, recoveryClaim(event, event.nonce), { kind: 'own', tenure }, null);
    }
    case 'copyLost':
      return enter(absent(state, pointer));
    case 'asked':
      return refuse(state, event.ask);
    default:
      return stay(state);
  }
}

function isOf(copy: ReceivedCopy, event: { readonly tenure: Tenure }): boolean {
  return event.tenure.epoch === copy.epoch && event.tenure.generation === copy.generation;
}

function recover(
  state: OwnershipState,
  expected: { readonly owner: IncarnationId; readonly epoch: Epoch; readonly generation: Generation },
  fresh: Nonce,
): OwnershipStep {
  return claimWith(state, recoveryClaim(expected, fresh), { kind: 'none' }, null, { kind: 'discard' });
}

function receive(state: OwnershipState, copy: ReceivedCopy, ...before: OwnershipEffect[]): OwnershipStep {
  return enter({ ...common(state), phase: 'receiving', copy }, ...before, { kind: 'rebuild', copy });
}

/** A copy for an epoch that is known to be over. */
function isOutdated(state: In<'absent'>, copy: ReceivedCopy): boolean {
  return state.pointer !== null && copy.epoch < state.pointer.epoch;
}

function giveUp(state: Receiving, ...effects: OwnershipEffect[]): OwnershipStep {
  return enter(absent(state, null), { kind: 'discard' }, ...effects);
}

function notReceived(copy: ReceivedCopy, reason: string): OwnershipEffect {
  return answer(copy.migration, { kind: 'notReceived', reason });
}

function refuse(state: OwnershipState, ask: OwnershipAsk): OwnershipStep {
  return stay(state, answer(ask.migration, refusal(state, ask)));
}
