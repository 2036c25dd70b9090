import type { PeerTally } from '../../core/inspection.ts';
import type { Tenure } from '../../core/execution.ts';
import type { ExecutionId } from '../../core/ids.ts';
import { methodId, packageHash } from '../../core/ids.ts';
import type { DealerRecord } from './dealer-record.ts';
import type { Offspring } from './offspring.ts';

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
  /** Null for one that has nothing to do with others: it counts, and acts. */
  readonly deals: Deals | null;
}

/** What a script does at some of its counts, besides acting. Each number is of counts between two; 0 for never. */
export interface Deals {
  /** Who started it, and is told of its end; null for one that was started from outside. */
  readonly parent: ExecutionId | null;
  /** Null for one that starts none. */
  readonly children: Offspring | null;
  /** To whom it sends messages. */
  readonly sendTo: readonly ExecutionId[];
  readonly sendEvery: number;
  /** It starts an effect, and waits for its outcome. */
  readonly effectEvery: number;
  readonly sleepEvery: number;
  readonly sleepMs: number;
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
  /** Null while it has not begun, and for one without deals. */
  readonly dealer: DealerRecord | null;
}

export function encodeState(state: ScriptState): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(state).padEnd(state.bytes));
}

export function decodeState(bytes: Uint8Array): ScriptState {
  const state = JSON.parse(new TextDecoder().decode(bytes)) as Script & Partial<ScriptState>;
  return { ...state, count: state.count ?? 0, dealer: state.dealer ?? null };
}
