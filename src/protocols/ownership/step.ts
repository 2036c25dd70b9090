import { assertNever } from '../../core/assert.ts';
import type { ExecutionId, IncarnationId } from '../../core/ids.ts';
import { answer, common, enter, stay, stepClaiming } from './claiming.ts';
import { stepAbsent, stepReceiving, stepRetained } from './holding.ts';
import type { OwnershipEvent, OwnershipState, OwnershipStep } from './ownership.ts';
import {
  stepFreezing,
  stepFrozen,
  stepReleased,
  stepRestoring,
  stepRunning,
  stepSettling,
} from './owning.ts';
import { refusal } from './refusing.ts';

/** What a host knows of an execution that it has never met. */
export function unknown(execution: ExecutionId, self: IncarnationId): OwnershipState {
  return { execution, self, phase: 'absent', pointer: null };
}

/**
 * Advances one host's view of one execution by one event. Events that a phase does not expect change nothing; an
 * unexpected ask is answered.
 */
export function step(state: OwnershipState, event: OwnershipEvent): OwnershipStep {
  if (event.kind === 'leaseEnded' && state.phase !== 'ended') {
    return enter({ ...common(state), phase: 'ended' }, { kind: 'discard' });
  }
  switch (state.phase) {
    case 'absent':
      return stepAbsent(state, event);
    case 'claiming':
      return event.kind === 'asked' ? askedInDoubt(state, event) : stepClaiming(state, event);
    case 'restoring':
      return stepRestoring(state, event);
    case 'running':
      return stepRunning(state, event);
    case 'freezing':
      return stepFreezing(state, event);
    case 'frozen':
      return stepFrozen(state, event);
    case 'released':
      return stepReleased(state, event);
    case 'receiving':
    case 'received':
      return stepReceiving(state, event);
    case 'retained':
      return stepRetained(state, event);
    case 'settling':
      return stepSettling(state, event);
    case 'settled':
    case 'ended':
      return event.kind === 'asked' ? refused(state, event) : stay(state);
    default:
      return assertNever(state);
  }
}

/** While the register decides, the migration that waits for it is answered later, all others at once. */
function askedInDoubt(
  state: Extract<OwnershipState, { phase: 'claiming' }>,
  event: Extract<OwnershipEvent, { kind: 'asked' }>,
): OwnershipStep {
  const waits = event.ask.migration === state.migration && event.ask.kind !== 'freeze';
  return waits ? stay(state) : refused(state, event);
}

function refused(state: OwnershipState, event: Extract<OwnershipEvent, { kind: 'asked' }>): OwnershipStep {
  return stay(state, answer(event.ask.migration, refusal(state, event.ask)));
}
