import type { PeerTally } from '../../core/inspection.ts';
import type { Tenure } from '../../core/execution.ts';
import { methodId, packageHash } from '../../core/ids.ts';

/** What an execution of a scripted lane does: counts, and acts at each count. */
export interface Script {
  /** Ends when the count is reached; null never does. */
  readonly until: number | null;
  /** Counts at every step; one that is not busy sleeps. */
  readonly busy: boolean;
  /** Size of its snapshot. */
  readonly bytes: number;
  /** What each of its traces says of its peers. */
  readonly peers: readonly PeerTally[];
}

/** Something that left the process: the count, under the tenure that it was done with. */
export interface Act {
  readonly tenure: Tenure;
  readonly count: number;
  /** Of the world. */
  readonly atMs: number;
}

export const scriptMethod = { package: packageHash('p'.repeat(64)), method: methodId('count.ts#count') };

export function argsOf(script: Script): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(script));
}

/** The state of a script as its snapshot holds it. */
export interface ScriptState extends Script {
  readonly count: number;
}

export function encodeState(state: ScriptState): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(state).padEnd(state.bytes));
}

export function decodeState(bytes: Uint8Array): ScriptState {
  const state = JSON.parse(new TextDecoder().decode(bytes)) as Script & { readonly count?: number };
  return { ...state, count: state.count ?? 0 };
}
