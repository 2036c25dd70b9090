import type { Base } from './job-base.ts';
import type { AnyFunction, Frame } from './method-code.ts';
import type { Promises } from './promises.ts';
import type { Tasks } from './tasks.ts';
import type { Timers } from './timers.ts';
import type { Turns } from './turns.ts';

// An execution as the code that runs inside it knows it.

/** What generated code and the API need of the execution that runs now. */
export interface Running {
  /** The strings of tagged templates, by the places where they stand. */
  readonly templates: Map<string, object>;
  /** The fuel counter fell below zero. @returns whether the execution gives way here, if the stack allows */
  wantsToYield(): boolean;
  /** Fuel until the next tick. */
  refill(): number;
  /** A capture was wanted, but something that is not ours stands on the stack. */
  heldUp(where: string): void;
  /** The capture is about to begin; so many activations will be kept. */
  givesWay(frames: number): void;
  pushFrame(frame: Frame): void;
  readonly tasks: Tasks;
  readonly promises: Promises;
  readonly timers: Timers;
  readonly turns: Turns;
  /** A callback that was called as a job, and captured, has ended. */
  endJob(base: Base, outcome: Injection): void;
  /** Whether the frame that goes on is to start its effect once more. */
  startsAgain(): boolean;
  readonly api: ExecutionApi;
  /** What its method holds of the host. */
  readonly resources: { add(handle: object): void };
}

/** What `godwit`'s functions do inside an execution. */
export interface ExecutionApi {
  /** @throws {EffectOptionsError} */
  effect(name: string, options: object, run: (context: EffectContext) => unknown): Promise<unknown>;
  start(
    method: AnyFunction,
    args: readonly unknown[],
    options: object,
  ): { readonly execution: string; readonly result: Promise<unknown> };
  self(): SelfReference;
  send(to: { readonly execution: string }, message: unknown): Promise<void>;
  receive(): Promise<unknown>;
  sleep(ms: number): Promise<void>;
}

/** What an effect is told, so that the outside world can tell repetitions and stale owners apart. */
export interface EffectContext {
  /** Idempotency key: the same whenever the same effect is started again. */
  readonly key: string;
  /** Fencing token: raised by each recovery. */
  readonly fence: number;
  readonly sequence: number;
  readonly execution: string;
  readonly generation: number;
  readonly epoch: number;
  /** Counts from 1, where it runs. */
  readonly attempt: number;
  /** Aborted at the attempt's time-out. */
  readonly signal: AbortSignal;
}

export interface SelfReference {
  readonly execution: string;
  readonly epoch: number;
  readonly generation: number;
  /** The host's name. */
  readonly host: string;
}

/** How a suspended frame goes on. */
export interface Injection {
  readonly ok: boolean;
  readonly value: unknown;
}

export const nothing: Injection = Object.freeze({ ok: true, value: undefined });
