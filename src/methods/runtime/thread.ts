import type { ambient } from './ambient.ts';
import type { Gate } from './gate.ts';

/**
 * The gate of this thread, for those whose functions it offers to generated code. Set by `gate.ts` as soon as there is
 * one; nothing here is called before.
 */
export const thread: { gate: Gate; ambient: typeof ambient } = {
  gate: undefined as unknown as Gate,
  ambient: undefined as unknown as typeof ambient,
};
