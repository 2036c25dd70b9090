import { epoch, incarnationId } from '../../../src/core/ids.ts';
import type { OwnershipEvent, OwnershipState } from '../../../src/protocols/ownership/ownership.ts';
import { realSteps } from './machines.ts';
import type { Steps } from './machines.ts';

/*
 * The product's step functions, each with one rule broken from outside. The enumeration must find what comes of it.
 */

/** Rules 1 and 7: a claim takes the register as unclaimed, whatever owner and epoch it finds there. */
export const skippedFence: Steps = {
  ...realSteps,
  ownership: (state, event) => realSteps.ownership(state, unfenced(state, event)),
};

function unfenced(state: OwnershipState, event: OwnershipEvent): OwnershipEvent {
  if (state.phase !== 'claiming' || event.kind !== 'found' || event.row === null) return event;
  const { claim } = state;
  if (claim.kind === 'start' || event.row.nonce === claim.nonce) return event;
  const { owner, epoch: claimed, generation } = claim;
  return { ...event, row: { ...event.row, owner, epoch: claimed, generation } };
}

/** Rule 5: the target takes any `resume` of its migration as one for the copy that it holds. */
export const claimWithoutDigest: Steps = {
  ...realSteps,
  target: (state, event) => {
    if (event.kind !== 'received' || event.message.kind !== 'resume') return realSteps.target(state, event);
    const digest = state.phase === 'transferred' ? state.digest : event.message.digest;
    return realSteps.target(state, { kind: 'received', message: { ...event.message, digest } });
  },
};

/** Rule 7: a source that hears nothing after `resume` takes the target for the owner, without asking the register. */
export const discardBeforeRead: Steps = {
  ...realSteps,
  ownership: (state, event) => {
    const isDoubt = state.phase === 'released' && event.kind === 'asked' && event.ask.kind === 'unfreeze';
    if (!isDoubt) return realSteps.ownership(state, event);
    const { execution, self, migration, tenure } = state;
    const pointer = { owner: incarnationId('t.1'), epoch: epoch(tenure.epoch + 1) };
    return {
      state: { execution, self, phase: 'absent', pointer },
      effects: [
        { kind: 'save' },
        { kind: 'discard' },
        { kind: 'answer', migration, answer: { kind: 'handedOver', pointer } },
      ],
    };
  },
};

/** Persist before send: the step from which on only the register decides is not saved. */
export const unsavedPhase: Steps = {
  ...realSteps,
  ownership: (state, event) => {
    const { state: next, effects } = realSteps.ownership(state, event);
    const isUnsaved = next.phase === 'released' && state.phase !== 'released';
    return { state: next, effects: isUnsaved ? effects.filter((effect) => effect.kind !== 'save') : effects };
  },
};

/** A capture that was asked for by an earlier, cancelled move counts as this one's. */
export const lateCapture: Steps = {
  ...realSteps,
  ownership: (state, event) =>
    realSteps.ownership(
      state,
      event.kind === 'captured' && state.phase === 'freezing' ? { ...event, request: state.request } : event,
    ),
};
