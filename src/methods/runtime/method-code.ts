/** The code of one movable method, as its module registered it with this thread. */
export interface MethodCode {
  /** `census.ts#census`. */
  readonly id: string;
  /** Hash of the method's code, layout and sites: frames of other code are never resumed by this one. */
  readonly code: string;
  readonly name: string;
  readonly path: string;
  readonly isAsync: boolean;
  readonly line: number;
  /** The author's name of each variable of a frame; empty for temporaries. */
  readonly layout: readonly string[];
  /** By position, from 1: kind, original line, indexes of the variables that are live there. */
  readonly sites: readonly (readonly [kind: string, line: number, live: readonly number[]])[];
  /** Generated line and position of each site, in the function itself and in its resume body. */
  readonly fastLines: readonly (readonly [line: number, pc: number])[];
  readonly resumeLines: readonly (readonly [line: number, pc: number])[];
  readonly fastHash: string;
  readonly resumeHash: string;
}

export type AnyFunction = (...args: unknown[]) => unknown;

export interface LoadedMethod {
  readonly meta: MethodCode;
  readonly fast: AnyFunction;
  readonly resume: ((frame: Frame) => unknown) | null;
}

/** One activation of a method at rest. */
export interface Frame {
  readonly method: LoadedMethod;
  /** Which site it stands at. */
  readonly pc: number;
  readonly vars: readonly unknown[];
  /** The promise that an asynchronous method settles; null for others. */
  readonly task: PromiseRecord | null;
}

/** A promise of an execution, as data. The native promise is only its name in the heap. */
export interface PromiseRecord {
  readonly promise: Promise<unknown>;
  readonly settleNative: { resolve(value: unknown): void; reject(reason: unknown): void };
  state: 'pending' | 'fulfilled' | 'rejected';
  value: unknown;
  /** Whether something awaits it, so that its rejection is not unhandled. */
  handled: boolean;
  reactions: Reaction[];
  /** What it waits for, in words: `effect 'fetch'`. */
  waitsFor: string;
  /** Whether it stands for a native promise that is still pending: the execution cannot move then. */
  readonly foreign: boolean;
}

/** What happens when a promise settles. Each becomes one job. */
export type Reaction =
  | { readonly kind: 'resume'; readonly frame: Frame }
  | { readonly kind: 'adopt'; readonly into: PromiseRecord }
  | { readonly kind: 'element'; readonly of: Combinator; readonly index: number };

/** A running Promise.all, allSettled or any. */
export interface Combinator {
  readonly kind: 'all' | 'allSettled' | 'any';
  readonly into: PromiseRecord;
  readonly values: unknown[];
  remaining: number;
}

export type Job =
  | { readonly kind: 'start'; readonly args: readonly unknown[] }
  | { readonly kind: 'react'; readonly reaction: Reaction; readonly ok: boolean; readonly value: unknown }
  /** Resolves `into` with what `from` settles with: the job that native promises use for a returned promise. */
  | { readonly kind: 'follow'; readonly from: PromiseRecord; readonly into: PromiseRecord }
  /** Lets a frame that awaits a lost effect call `effect` again. */
  | { readonly kind: 'again'; readonly frame: Frame; readonly sequence: number };
