import type { MethodRef, Tenure } from './execution.ts';
import type { ExecutionId } from './ids.ts';

/** Why an execution cannot be captured now; never an error of the execution. */
export interface Pin {
  /** `pinned: crawl.ts:12 'r' (Response) is live. Write: …` */
  readonly reason: string;
  readonly method: string;
  readonly line: number;
  /** Variable and path within it: `state.conn`; empty where it is not a value that pins. */
  readonly path: string;
}

/** One line per frame of the live stack, innermost first. */
export interface InspectedFrame {
  readonly method: string;
  readonly file: string;
  readonly line: number;
  readonly locals: readonly { readonly name: string; readonly preview: string }[];
}

export interface Inspection {
  readonly tenure: Tenure;
  readonly state: ExecutionActivity;
  readonly tasks: readonly { readonly waitsFor: string; readonly frames: readonly InspectedFrame[] }[];
  readonly mailbox: number;
  readonly effectsPending: readonly { readonly sequence: number; readonly name: string }[];
  readonly timersPending: number;
  readonly pin: Pin | null;
}

/**
 * `ready` and `running` make demand on the CPU; the others do not. `ending`: its method has returned or thrown, and others
 * have yet to take what it has sent.
 */
export type ExecutionActivity = 'frozen' | 'ready' | 'running' | 'waiting' | 'ending' | 'settled';

/** What tracing compiled into the methods shows about one execution, since it came to this lane. All but the last only grow. */
export interface ExecutionTrace {
  readonly execution: ExecutionId;
  readonly method: MethodRef;
  readonly activity: ExecutionActivity;
  readonly fuel: number;
  /** Time inside its slices. Where other processes take the core meanwhile, more than the CPU time: see the lane's. */
  readonly cpuMs: number;
  /** The same over its whole life, on all hosts; a rewind takes back what was worked since the checkpoint. */
  readonly workedMs: number;
  /** Time in which it was ready or running. */
  readonly demandMs: number;
  readonly slices: number;
  readonly longestSliceMs: number;
  /** Estimated: growth of the lane's heap over its slices; 0 where the lane does not look. */
  readonly allocatedBytes: number;
  /** Calls of effects. */
  readonly effects: number;
  /** 0 before the first capture. */
  readonly snapshotBytes: number;
  readonly captureMs: number;
  /** With each peer since the trace before, the heaviest by bytes; at most `tracedPeersMax`. */
  readonly peers: readonly PeerTally[];
  /** Messages from executions and tools that it was given: calls of its method, as arrivals are counted. */
  readonly messagesIn: number;
}

/** Peers that one trace names; what the others sent or got is missed. */
export const tracedPeersMax = 16;

/** Messages that an execution gave its lane for a peer, and was given from it; repetitions are not counted. */
export interface PeerTally {
  readonly peer: ExecutionId;
  readonly messagesOut: number;
  readonly messagesIn: number;
  /** Encoded bodies. */
  readonly bytesOut: number;
  readonly bytesIn: number;
}
