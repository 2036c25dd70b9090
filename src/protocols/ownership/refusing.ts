import { assertNever } from '../../core/assert.ts';
import type { OwnershipAnswer, OwnershipAsk, OwnershipState, OwnerPointer } from './ownership.ts';

/** The answer to an ask that the phase does not expect: true of this host, and changes nothing. */
export function refusal(state: OwnershipState, ask: OwnershipAsk): OwnershipAnswer {
  switch (ask.kind) {
    case 'freeze':
      return isBusy(state)
        ? { kind: 'busy', reason: `it is ${state.phase} here` }
        : { kind: 'gone', reason: `it is ${state.phase} here` };
    case 'unfreeze':
    case 'release':
    case 'confirmHandOver': {
      const pointer = pointerOf(state);
      return pointer === null || ask.kind === 'release'
        ? { kind: 'gone', reason: `it is ${state.phase} here` }
        : { kind: 'handedOver', pointer };
    }
    case 'receive':
      return { kind: 'notReceived', reason: `it is ${state.phase} here` };
    case 'claim':
      return { kind: 'lost' };
    case 'drop':
      return { kind: 'dropped' };
    default:
      return assertNever(ask);
  }
}

function isBusy(state: OwnershipState): boolean {
  return ['claiming', 'restoring', 'freezing', 'frozen', 'released'].includes(state.phase);
}

function pointerOf(state: OwnershipState): OwnerPointer | null {
  return state.phase === 'absent' || state.phase === 'retained' ? state.pointer : null;
}
