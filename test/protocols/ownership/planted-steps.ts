import type { IncarnationId } from '../../../src/core/ids.ts';
import { epoch } from '../../../src/core/ids.ts';
import type {
  OwnershipEvent,
  OwnershipState,
  OwnershipStep,
} from '../../../src/protocols/ownership/ownership.ts';

export type Own = (state: OwnershipState, event: OwnershipEvent) => OwnershipStep;

/*
 * Ownership's step with one rule broken from outside, for whoever has to find what comes of it: the enumeration and the
 * simulator.
 */

/** Rules 1 and 7: a claim takes the register as unclaimed, whatever owner and epoch it finds there. */
export function skipFence(sound: Own): Own {
  return (state, event) => {
    if (state.phase !== 'claiming' || event.kind !== 'found' || event.row === null)
      return sound(state, event);
    const { claim } = state;
    if (claim.kind === 'start' || event.row.nonce === claim.nonce) return sound(state, event);
    const { owner, epoch: claimed, generation } = claim;
    return sound(state, { ...event, row: { ...event.row, owner, epoch: claimed, generation } });
  };
}

/**
 * Rule 7: a source that hears nothing after `resume` takes the target for the owner, without asking the register.
 *
 * @param target whom it takes for the owner
 */
export function discardBeforeRead(sound: Own, target: IncarnationId): Own {
  return (state, event) => {
    const isDoubt = state.phase === 'released' && event.kind === 'asked' && event.ask.kind === 'unfreeze';
    if (!isDoubt) return sound(state, event);
    const { execution, self, migration, tenure } = state;
    const pointer = { owner: target, epoch: epoch(tenure.epoch + 1) };
    return {
      state: { execution, self, phase: 'absent', pointer },
      effects: [
        { kind: 'save' },
        { kind: 'discard' },
        { kind: 'answer', migration, answer: { kind: 'handedOver', pointer } },
      ],
    };
  };
}
