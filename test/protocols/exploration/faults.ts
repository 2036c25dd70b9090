import { incarnationId } from '../../../src/core/ids.ts';
import { step as stepOwnership } from '../../../src/protocols/ownership/step.ts';
import { discardBeforeRead, skipFence } from '../ownership/planted-steps.ts';
import { realSteps } from './machines.ts';
import type { Steps } from './machines.ts';

/*
 * The product's step functions, each with one rule broken from outside. The enumeration must find what comes of it.
 */

export const skippedFence: Steps = { ...realSteps, ownership: skipFence(stepOwnership) };

/** Rule 5: the target takes any `resume` of its migration as one for the copy that it holds. */
export const claimWithoutDigest: Steps = {
  ...realSteps,
  target: (state, event) => {
    if (event.kind !== 'received' || event.message.kind !== 'resume') return realSteps.target(state, event);
    const digest = state.phase === 'transferred' ? state.digest : event.message.digest;
    return realSteps.target(state, { kind: 'received', message: { ...event.message, digest } });
  },
};

export const unreadDiscard: Steps = {
  ...realSteps,
  ownership: discardBeforeRead(stepOwnership, incarnationId('t.1')),
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
