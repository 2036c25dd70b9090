import type { MethodRef, Tenure } from '../core/execution.ts';
import type { ExecutionTrace, Inspection, Pin } from '../core/inspection.ts';
import type { DeliveryPacket, EffectOutcome } from '../core/packet.ts';
import type { ExecutionId, IncarnationId, PackageHash, SnapshotDigest } from '../core/ids.ts';

export type {
  ExecutionActivity,
  ExecutionTrace,
  InspectedFrame,
  Inspection,
  Pin,
} from '../core/inspection.ts';
export type { DeliveryPacket, EffectOutcome } from '../core/packet.ts';

/** A package, unpacked on this host's disk, ready to be imported by a lane. */
export interface InstalledPackage {
  readonly hash: PackageHash;
  /** Absolute folder of the compiled modules. */
  readonly folder: string;
}

/** What the host asks of a lane. Commands are carried out in order. */
export type LaneCommand =
  | { readonly kind: 'install'; readonly package: InstalledPackage }
  /** A new execution, frozen until `run`. `args` is an encoded array of values. */
  | { readonly kind: 'start'; readonly tenure: Tenure; readonly method: MethodRef; readonly args: Uint8Array }
  /** A copy of an execution from its snapshot, frozen until `run`. */
  | { readonly kind: 'restore'; readonly tenure: Tenure; readonly snapshot: Uint8Array }
  /** Lets a frozen copy run, as owner, under this tenure. */
  | { readonly kind: 'run'; readonly tenure: Tenure }
  /** Stops the execution at its next safe point and captures it; it stays frozen. */
  | { readonly kind: 'freeze'; readonly execution: ExecutionId; readonly request: number }
  /** Captures the execution at its next safe point; it runs on. */
  | { readonly kind: 'checkpoint'; readonly execution: ExecutionId; readonly request: number }
  /** Ends the local copy without a trace. */
  | { readonly kind: 'discard'; readonly execution: ExecutionId }
  /** A message from a peer, exactly as it came: the delivery protocol inside the lane orders and deduplicates. */
  | { readonly kind: 'deliver'; readonly execution: ExecutionId; readonly packet: DeliveryPacket }
  /** The outcome of an effect that ran in another lane or on another host. */
  | { readonly kind: 'settleEffect'; readonly execution: ExecutionId; readonly outcome: EffectOutcome }
  /** Effects that ran in this incarnation will never report: retry them under the same key. */
  | { readonly kind: 'effectsLost'; readonly execution: ExecutionId; readonly incarnation: IncarnationId }
  | { readonly kind: 'inspect'; readonly execution: ExecutionId; readonly request: number }
  /** What the store's clock shows, less this process's monotonic clock: for timers. */
  | { readonly kind: 'clock'; readonly storeOffsetMs: number };

/** A captured execution, complete. */
export interface Capture {
  readonly tenure: Tenure;
  readonly bytes: Uint8Array;
  readonly digest: SnapshotDigest;
  /** The highest effect sequence that had been started when it was taken; 0 when none. */
  readonly effectSequence: number;
  /** How many effects of this incarnation were pending. */
  readonly effectsPending: number;
  readonly atMs: number;
}

export type Settlement =
  | { readonly kind: 'returned'; readonly value: Uint8Array }
  /** Encoded error; `stack` is stitched from the frames. */
  | { readonly kind: 'threw'; readonly value: Uint8Array; readonly message: string; readonly stack: string };

/** What a lane tells its host. Acts (sends, spawns, settlements) were allowed by the lease when they were emitted. */
export type LaneEvent =
  | { readonly kind: 'installed'; readonly package: PackageHash }
  | { readonly kind: 'installFailed'; readonly package: PackageHash; readonly reason: string }
  /** The copy of `start` or `restore` stands, frozen. */
  | { readonly kind: 'restored'; readonly tenure: Tenure; readonly digest: SnapshotDigest | null }
  | { readonly kind: 'restoreFailed'; readonly tenure: Tenure; readonly reason: string }
  | { readonly kind: 'frozen'; readonly request: number; readonly capture: Capture }
  | { readonly kind: 'checkpointed'; readonly request: number; readonly capture: Capture }
  /** Answer to `freeze` or `checkpoint` that could not be met; the execution runs on as before. */
  | { readonly kind: 'pinned'; readonly request: number; readonly execution: ExecutionId; readonly pin: Pin }
  /** Answer to a request about an execution that is not on this lane. */
  | { readonly kind: 'absent'; readonly request: number; readonly execution: ExecutionId }
  | { readonly kind: 'inspected'; readonly request: number; readonly inspection: Inspection }
  | { readonly kind: 'packet'; readonly packet: DeliveryPacket }
  | {
      readonly kind: 'spawn';
      readonly parent: Tenure;
      /** Derived from parent, generation and sequence: repeating a spawn makes no second child. */
      readonly child: ExecutionId;
      readonly method: MethodRef;
      readonly args: Uint8Array;
      readonly options: Uint8Array;
    }
  | {
      readonly kind: 'effectStarted';
      readonly tenure: Tenure;
      readonly sequence: number;
      readonly name: string;
    }
  /** An effect of an execution that has left this lane has ended here. */
  | { readonly kind: 'effectOutcome'; readonly execution: ExecutionId; readonly outcome: EffectOutcome }
  | { readonly kind: 'settled'; readonly tenure: Tenure; readonly settlement: Settlement }
  | {
      readonly kind: 'log';
      readonly execution: ExecutionId;
      readonly stream: 'stdout' | 'stderr';
      readonly text: string;
    }
  | {
      readonly kind: 'trace';
      readonly traces: readonly ExecutionTrace[];
      readonly busyMs: number;
      readonly periodMs: number;
    };

/** Words that host and lane share, each a BigInt64 or Int32 in one SharedArrayBuffer. See `shared.ts`. */
export interface LaneShared {
  readonly buffer: SharedArrayBuffer;
}

/** Where methods run. One contract, inline (tests) and threaded. */
export interface Lane {
  readonly shared: LaneShared;
  post(command: LaneCommand): void;
  /** Ends the lane at once; executions on it are gone. */
  stop(): Promise<void>;
}

export interface LaneListener {
  onEvent(event: LaneEvent): void;
  /** The thread died by itself: executions on it are gone. */
  onExit(error: Error | null): void;
}
