import type { Tenure } from './execution.ts';
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

/** `ready` and `running` make demand on the CPU; the others do not. */
export type ExecutionActivity = 'frozen' | 'ready' | 'running' | 'waiting' | 'settled';

/** What tracing compiled into the methods shows about one execution, since it came to this lane. */
export interface ExecutionTrace {
  readonly execution: ExecutionId;
  readonly activity: ExecutionActivity;
  readonly fuel: number;
  readonly cpuMs: number;
  readonly slices: number;
  readonly longestSliceMs: number;
  /** 0 before the first capture. */
  readonly snapshotBytes: number;
  readonly captureMs: number;
}
