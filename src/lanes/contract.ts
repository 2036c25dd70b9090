import type { MethodRef, Tenure } from '../core/execution.ts';
import type { LaneSample } from '../core/host-sample.ts';
import type { ExecutionTrace, Inspection, Pin } from '../core/inspection.ts';
import type { EffectOutcome, LostOutcome } from '../core/packet.ts';
import type { DeliveryPacket } from '../protocols/delivery/packet.ts';
import type { ExecutionId, IncarnationId, LaneIndex, PackageHash, SnapshotDigest } from '../core/ids.ts';

export type {
  ExecutionActivity,
  ExecutionTrace,
  InspectedFrame,
  Inspection,
  Pin,
} from '../core/inspection.ts';
export type { EffectOutcome } from '../core/packet.ts';
export type { DeliveryPacket } from '../protocols/delivery/packet.ts';

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
  | {
      readonly kind: 'start';
      readonly tenure: Tenure;
      readonly method: MethodRef;
      readonly args: Uint8Array;
      readonly durable: boolean;
    }
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
  /** One effect will never report: the lane where it ran is gone. Retry it under the same key. */
  | { readonly kind: 'effectLost'; readonly execution: ExecutionId; readonly effect: LostOutcome }
  /** The register shows that a child of the execution has ended; harmless when the execution knows it. */
  | {
      readonly kind: 'settleChild';
      readonly execution: ExecutionId;
      readonly child: ExecutionId;
      readonly settlement: Settlement;
    }
  /** The register shows that a peer of the execution has ended, or that there is no such execution. */
  | {
      readonly kind: 'peerGone';
      readonly execution: ExecutionId;
      readonly peer: ExecutionId;
      readonly gone: 'ended' | 'absent';
    }
  /** The register names the checkpoint with this digest: what it covers of a durable execution may leave. */
  | {
      readonly kind: 'covered';
      readonly execution: ExecutionId;
      readonly tenure: Tenure;
      readonly digest: SnapshotDigest;
    }
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
  /** The copy of `start` or `restore` stands, frozen. `effectsOn`: where effects run that it waits for, as far as it knows. */
  | {
      readonly kind: 'restored';
      readonly tenure: Tenure;
      readonly digest: SnapshotDigest | null;
      readonly effectsOn: readonly IncarnationId[];
    }
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
  /**
   * A durable execution waits for a checkpoint that covers what it is to do: this capture does, unless it is null. Whoever cannot
   * store it asks for another one later.
   */
  | { readonly kind: 'checkpointWanted'; readonly tenure: Tenure; readonly capture: Capture | null }
  | {
      readonly kind: 'log';
      readonly execution: ExecutionId;
      readonly stream: 'stdout' | 'stderr';
      readonly text: string;
    }
  | {
      readonly kind: 'trace';
      /** Of the executions of which anything has changed since the trace before. */
      readonly traces: readonly ExecutionTrace[];
      readonly busyMs: number;
      readonly periodMs: number;
      readonly sample: LaneSample;
    }
  /** Of an execution that has just settled: it may be gone before the next trace. */
  | { readonly kind: 'lastTrace'; readonly trace: ExecutionTrace };

/** Words that host and lane share, each a BigInt64 in one SharedArrayBuffer. See `shared.ts`. */
export interface LaneShared {
  readonly buffer: SharedArrayBuffer;
}

/** What the monitor reads without a message. All but `ready`, `executions` and `heapBytes` only grow. */
export interface LaneCounters {
  /** Time inside slices and commands. */
  readonly busyMs: number;
  /** Integral over time of the executions that are ready or running: two readings give the average demand between. */
  readonly demandMs: number;
  readonly ready: number;
  readonly executions: number;
  /** Turns of the lane's loop: at least one for each time slice. */
  readonly turns: number;
  /** Of the lane's own heap, at the last trace. */
  readonly heapBytes: number;
}

/** How a lane is started. Nothing runs before the first `extendLease`. */
export interface LaneOptions {
  readonly incarnation: IncarnationId;
  readonly index: LaneIndex;
  /** Between two `trace` events; 0 for none. */
  readonly tracePeriodMs: number;
  /** How long a method runs before another ready one of its lane does, and before the event loop turns. */
  readonly sliceMs: number;
  /** Heap of the lane's thread, in MiB, at which the thread dies; 0 for V8's own limit. Inline lanes have none. */
  readonly heapMaxMiB: number;
}

/** What a lane is started with when nothing else is said. */
export const laneDefaults = { tracePeriodMs: 1000, sliceMs: 2, heapMaxMiB: 0 } as const;

/** Where methods run. One contract, inline (tests, simulator) and threaded. */
export interface Lane {
  readonly index: LaneIndex;
  readonly shared: LaneShared;
  /**
   * Hands a command over. A snapshot of 64 KiB and more is moved, not copied, if it has its ArrayBuffer to itself: the
   * caller's bytes are empty afterwards. All other bytes are copied. Ignored once the lane has ended.
   */
  post(command: LaneCommand): void;
  /**
   * Sets until when the lane may act. Past it nothing on the lane runs, nor is any act emitted, until it is extended;
   * captures asked for by `freeze` and inspections are still answered, since they are no acts.
   *
   * @param deadlineMs of the process's monotonic clock, safety margin already taken off
   * @param deadlineBootMs the same instant of the boot clock, which goes on while the machine is suspended
   */
  extendLease(deadlineMs: number, deadlineBootMs: number): void;
  /**
   * Since when the lane has neither reached a tick nor taken a waiting command: it is in one long native call, and can
   * be stopped, but not frozen. A host looks at it regularly, and stops a lane that has been silent for long before
   * its lease ends. Each look at a lane that has nothing to do asks it for a sign of life, which the next look judges.
   *
   * @returns monotonic milliseconds, normally at most a few old; `null` while the lane starts, or has nothing to do
   */
  silentSinceMs(): number | null;
  counters(): LaneCounters;
  /**
   * Ends the lane at once: once called, no method, effect or other code of the lane goes on and no event is reported,
   * `onExit` neither; its executions are gone. Resolves when the thread is gone, which V8 puts off to the end of some native calls
   * (a sort without a comparator) but not of others (a regular expression).
   */
  stop(): Promise<void>;
}

export interface LaneListener {
  onEvent(event: LaneEvent): void;
  /** The lane ended by itself (an exit or an uncaught error in foreign code, or no memory left): its executions are gone. */
  onExit(error: Error): void;
}
