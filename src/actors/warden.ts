import type { AnyRef, Behaviour } from './kernel/contract.ts';
import { describeExit } from './kernel/exit-reason.ts';

/** Sees the top supervisor give up: then this host has nothing left that could put it right. */
export function warden(root: AnyRef, onFailed: (reason: string) => void): Behaviour<null, never> {
  return {
    init(context) {
      context.monitor(root);
      return null;
    },
    receive: (state) => state,
    signal(state, signal) {
      if (signal.kind === 'down') onFailed(describeExit(signal.reason));
      return state;
    },
  };
}
