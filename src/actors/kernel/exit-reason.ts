import { messageOf } from '../../core/errors.ts';

/**
 * Why an actor ended. `normal` and `shutdown` are orderly; `crashed` carries what was thrown; `killed` is the end that
 * no actor can refuse; `noproc` is the reason seen by whoever links to or monitors an actor that has ended already.
 */
export type ExitReason =
  | { readonly kind: 'normal' }
  /** `detail` says why, for people; empty where there is nothing to say. */
  | { readonly kind: 'shutdown'; readonly detail: string }
  | { readonly kind: 'crashed'; readonly error: unknown }
  | { readonly kind: 'killed' }
  | { readonly kind: 'noproc' };

export const normal: ExitReason = { kind: 'normal' };
export const shutdown: ExitReason = { kind: 'shutdown', detail: '' };
export const killed: ExitReason = { kind: 'killed' };
export const noproc: ExitReason = { kind: 'noproc' };

export function shutdownBecause(detail: string): ExitReason {
  return { kind: 'shutdown', detail };
}

export function crashed(error: unknown): ExitReason {
  return { kind: 'crashed', error };
}

/** Whether a transient child is done: every other reason is a failure. */
export function isOrderly(reason: ExitReason): boolean {
  return reason.kind === 'normal' || reason.kind === 'shutdown';
}

/** One line for people. */
export function describeExit(reason: ExitReason): string {
  if (reason.kind === 'crashed') return `crashed: ${messageOf(reason.error)}`;
  return reason.kind === 'shutdown' && reason.detail !== '' ? `shutdown: ${reason.detail}` : reason.kind;
}
