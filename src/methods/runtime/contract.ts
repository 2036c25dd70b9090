import type { MethodRef, Tenure } from '../../core/execution.ts';
import type { ExecutionTrace, Inspection, Pin } from '../../core/inspection.ts';
import type { EffectOutcome, LostOutcome } from '../../core/packet.ts';
import type { Cancel, Digest } from '../../core/ports.ts';
import type { ExecutionId, IncarnationId, PackageHash, SnapshotDigest } from '../../core/ids.ts';
import type { DeliveryPacket } from '../../protocols/delivery/packet.ts';
import type { BufferClass, EncodeOptions } from '../snapshot/index.ts';
import type { EffectContext } from './running.ts';

/** What a runtime needs from its lane. None of these may run a method, or call back into the runtime. */
export interface RuntimePorts {
  /** The incarnation that this lane belongs to: pending effects name it. */
  readonly incarnation: IncarnationId;
  readonly digest: Digest;
  readonly buffer: BufferClass;
  /** Milliseconds with a fraction; never steps back. Read once per tick, about each 2 ms of running. */
  monotonicMs(): number;
  /**
   * Whether the lane wants its thread back at the next safe point (a command waits, the lease is about to end). Polled
   * once per tick; a plain read of shared memory.
   */
  attention(): boolean;
  /** Whether the lease surely allows acts now. While false, acts wait inside their executions; nothing is emitted. */
  mayAct(): boolean;
  /** Calls `fire` once. The runtime only notes there what is due, and then calls `wake`. */
  after(delayMs: number, fire: () => void): Cancel;
  /** There may be something to `step` again: called from outside `step` only (an effect ended, a timer fired). */
  wake(): void;
  emit(event: RuntimeEvent): void;
  /** Uniform in [0, 1): for the pauses between attempts of effects. */
  chance(): number;
}

/** What the runtime tells its lane; the same shapes as the lane's own events. */
export type RuntimeEvent =
  | { readonly kind: 'packet'; readonly packet: DeliveryPacket }
  | {
      readonly kind: 'spawn';
      readonly parent: Tenure;
      /** Derived from parent, generation and sequence: repeating a spawn makes no second child. */
      readonly child: ExecutionId;
      readonly method: MethodRef;
      /** Encoded array of values. */
      readonly args: Uint8Array;
      /** Encoded plain object. */
      readonly options: Uint8Array;
    }
  | {
      readonly kind: 'effectStarted';
      readonly tenure: Tenure;
      readonly sequence: number;
      readonly name: string;
    }
  /** An effect of an execution that has left this runtime has ended here. */
  | { readonly kind: 'effectOutcome'; readonly execution: ExecutionId; readonly outcome: EffectOutcome }
  | { readonly kind: 'settled'; readonly tenure: Tenure; readonly settlement: RuntimeSettlement }
  /** A durable execution waits for a checkpoint that covers what it is to do. */
  | { readonly kind: 'checkpointWanted'; readonly tenure: Tenure };

export type RuntimeSettlement =
  | { readonly kind: 'returned'; readonly value: Uint8Array }
  /** Encoded error; `stack` is stitched from the frames, in terms of the original files. */
  | { readonly kind: 'threw'; readonly value: Uint8Array; readonly message: string; readonly stack: string };

/** A captured execution, complete; the same shape as the lane's `Capture`. */
export interface RuntimeCapture {
  readonly tenure: Tenure;
  readonly bytes: Uint8Array;
  readonly digest: SnapshotDigest;
  /** The highest effect sequence that had been started when it was taken; 0 when none. */
  readonly effectSequence: number;
  /** How many effects that run in this incarnation were pending. */
  readonly effectsPending: number;
  /** Monotonic, of this lane. */
  readonly atMs: number;
}

export type CaptureOutcome =
  | { readonly kind: 'captured'; readonly capture: RuntimeCapture }
  /** Not now: the execution stands as before. A foreign promise, a started native call or a value is in the way. */
  | { readonly kind: 'pinned'; readonly pin: Pin }
  | { readonly kind: 'absent' };

export type Admission =
  | {
      readonly kind: 'admitted';
      readonly digest: SnapshotDigest | null;
      /** Incarnations where effects run that it waits for, as far as it knows. */
      readonly effectsOn: readonly IncarnationId[];
    }
  /** Unknown package or method, other code than the snapshot's, damaged bytes. */
  | { readonly kind: 'refused'; readonly reason: string };

export interface StepReport {
  /** Executions that could go on at once: step again without waiting. */
  readonly ready: number;
  /** Milliseconds that this step ran methods. */
  readonly busyMs: number;
}

/**
 * The executions of one thread. Every call is synchronous. Commands are given between steps, when every execution is
 * at rest: so a capture is taken at once, and never runs or skips user code.
 *
 * A lane loop: carry out commands; `step()`; while `ready > 0`, turn the event loop every few steps (foreign promises
 * live there) and go on; otherwise wait for a command or `wake`.
 */
export interface Runtime {
  /**
   * Makes the modules under `baseUrl` (already imported, so registered with this thread) known as a package.
   *
   * @param baseUrl `file:` URL of the package's folder, ending in `/`
   * @throws {MethodsMissingError} when no movable module was registered under it
   */
  install(hash: PackageHash, baseUrl: string): void;
  /** Admits a new execution, frozen until `run`. `args` is an encoded array. `durable`: false when left out. */
  start(tenure: Tenure, method: MethodRef, args: Uint8Array, durable?: boolean): Admission;
  /** Admits a copy from its snapshot, frozen until `run`. An execution of the same id that stands here is replaced. */
  restore(tenure: Tenure, snapshot: Uint8Array): Admission;
  /** Lets a frozen copy run, as owner, under this tenure. False when it is not here. */
  run(tenure: Tenure): boolean;
  /** Captures the execution; it stays frozen (stops stepping, emits nothing) until `run` or `discard`. */
  freeze(execution: ExecutionId): CaptureOutcome;
  /** Captures the execution; it runs on. */
  checkpoint(execution: ExecutionId): CaptureOutcome;
  /** Captures an execution that wants a checkpoint, unless an earlier capture of it may still become durable. It runs on. */
  offer(execution: ExecutionId): RuntimeCapture | null;
  /** Ends the local copy; effects that run here go on and report `effectOutcome`. */
  discard(execution: ExecutionId): boolean;
  /** False when the execution is not here. A frozen one keeps packets and outcomes for later. */
  deliver(execution: ExecutionId, packet: DeliveryPacket): boolean;
  settleEffect(execution: ExecutionId, outcome: EffectOutcome): boolean;
  effectsLost(execution: ExecutionId, incarnation: IncarnationId): boolean;
  effectLost(execution: ExecutionId, effect: LostOutcome): boolean;
  /** The register shows that a child has ended. Dropped when the parent knows it, or has no such child. */
  settleChild(execution: ExecutionId, child: ExecutionId, settlement: RuntimeSettlement): boolean;
  /** The register says that a peer has ended, or that there is none of that name: nothing is owed to it any more. */
  peerGone(execution: ExecutionId, peer: ExecutionId, gone: 'ended' | 'absent'): boolean;
  /** The register names the checkpoint with this digest: a durable execution does what it covers (rules 11, 12). */
  covered(tenure: Tenure, digest: SnapshotDigest): boolean;
  /** Never disturbs the execution. */
  inspect(execution: ExecutionId): Inspection | null;
  /** The store's clock less this process's monotonic clock: for timers. */
  setClock(storeOffsetMs: number): void;
  /** Repeats unacknowledged messages of every running execution; the lane calls it about once a second. */
  retransmit(): void;
  /** Lets one ready execution run for a slice of about 2 ms, the one that waited longest. Runs nothing while `mayAct` is false. */
  step(): StepReport;
  /** Whether anything else wants this thread: another execution, a timer, an effect, a promise from outside. */
  isContended(): boolean;
  /** Executions that are ready: the demand on this lane's thread. From here on each one's own demand is booked, too. */
  readyCount(): number;
  /** Of the executions of which anything has changed since the last call. */
  traces(): readonly ExecutionTrace[];
  /** Of one execution; null when nothing of it has changed since it was traced last, or it is not here. */
  trace(execution: ExecutionId): ExecutionTrace | null;
  /** The execution whose method runs right now, for attributing console output; null between slices. */
  running(): ExecutionId | null;
}

/** What only the platform can tell of values: see `EncodeOptions`. */
export type Platform = Required<Pick<EncodeOptions, 'host' | 'isProxy' | 'hasNamedProperties' | 'iterators'>>;

/** One attempt of an effect, as its function is told of it. */
export interface CalledEffect extends EffectContext {
  readonly name: string;
}

/** What belongs to an execution and lies outside of its heap; it is kept in the same snapshot, as part of the same graph. */
export interface Beside {
  capture(): unknown;
  /** Called before the execution goes on. */
  restore(captured: unknown): void;
}

/** Options of a runtime; the defaults are what godwit ships. */
export interface RuntimeOptions {
  /** Null: functions of the platform's modules are refused, and a Proxy cannot be told from its target. Default: null. */
  readonly platform: Platform | null;
  /** Slice of one execution while others are ready. */
  readonly sliceMs: number;
  /** Largest snapshot. */
  readonly snapshotBytesMax: number;
  /** Messages that wait for `receive`; beyond it senders wait. */
  readonly mailboxMax: number;
  /**
   * Asked at each safe point that is reached; true unwinds there, as the end of a time slice does. Null: only the clock
   * and `attention` decide. For tests that capture everywhere.
   */
  readonly interrupt: (() => boolean) | null;
  /** Fuel between two ticks, whatever the clock says: then the same run ticks at the same places. Null: about 1 ms of it. */
  readonly fuelPerTick: number | null;
  /** Stands between effects and what they call, attempt by attempt: returns what `call` does. Null: nothing does. */
  readonly callEffect: ((called: CalledEffect, call: () => unknown) => unknown) | null;
  /** Used bytes of this thread's heap, to estimate allocations; asked at each tick. Null: allocations are not traced. */
  readonly heapBytes: (() => number) | null;
  /** Null: nothing lies outside. Default: null. */
  readonly beside: Beside | null;
  /**
   * When an execution is over: at the `outcome` of its call, or when it is `idle`: nothing of it is left that would keep a
   * program alive (jobs, timers, immediates). An error that nobody caught ends it at once. Default: `outcome`.
   */
  readonly ends: 'outcome' | 'idle';
  /** Told of the error that nobody caught, as it ends an execution. Must not throw. */
  readonly uncaught: ((kind: 'uncaughtException' | 'unhandledRejection', error: unknown) => void) | null;
}

/** What godwit ships. */
export const runtimeDefaults: RuntimeOptions = {
  sliceMs: 2,
  platform: null,
  beside: null,
  snapshotBytesMax: 1024 * 1024 * 1024,
  mailboxMax: 1000,
  interrupt: null,
  fuelPerTick: null,
  callEffect: null,
  heapBytes: null,
  ends: 'outcome',
  uncaught: null,
};
