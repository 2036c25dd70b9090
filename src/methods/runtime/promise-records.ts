import type { AnyFunction, Frame } from './method-code.ts';

/** A promise of an execution, as data. The native promise is only its name in the heap. */
export interface PromiseRecord {
  /** Whose promises it is one of. */
  readonly owner: object;
  readonly promise: Promise<unknown>;
  /** The same, once somebody has asked for it. */
  readonly shown: Promise<unknown> | null;
  readonly settleNative: { resolve(value: unknown): void; reject(reason: unknown): void };
  state: 'pending' | 'fulfilled' | 'rejected';
  value: unknown;
  /** Whether something awaits it, so that its rejection is not unhandled. */
  handled: boolean;
  reactions: readonly Reaction[];
  /** The one that came first: most promises have no other. */
  first: Reaction | null;
  more: Reaction[] | null;
  /** What it waits for, in words: `effect 'fetch'`. */
  waitsFor: string;
  /** Whether it stands for a native promise that is still pending: the execution cannot move then. */
  readonly foreign: boolean;
}

/** How something has settled. */
export interface Outcome {
  readonly ok: boolean;
  readonly value: unknown;
}

/** What happens when a promise settles. Each becomes one job, which knows how it has settled. */
export type Reaction = {
  ok: boolean;
  value: unknown;
} & (
  | { readonly kind: 'resume'; readonly frame: Frame }
  | { readonly kind: 'adopt'; readonly into: PromiseRecord }
  | { readonly kind: 'element'; readonly of: Combinator; readonly index: number }
  /** `then`: the callback's outcome becomes that of `into`; without one for the case, `into` gets the outcome itself. */
  | {
      readonly kind: 'call';
      readonly fulfilled: AnyFunction | null;
      readonly rejected: AnyFunction | null;
      readonly into: PromiseRecord;
    }
  /** `finally`: once the callback's own outcome is there, `into` gets what it was called after. */
  | { readonly kind: 'finally'; readonly callback: AnyFunction; readonly into: PromiseRecord }
  /** The callback of a `finally` has ended well: `into` gets what it was called after. */
  | { readonly kind: 'pass'; readonly after: Outcome; readonly into: PromiseRecord }
);

const reactions: ReadonlySet<Job['kind']> = new Set([
  'resume',
  'adopt',
  'element',
  'call',
  'finally',
  'pass',
]);

/** Whether a job comes from a promise that has settled. */
export function isReaction(job: Job): job is Reaction {
  return reactions.has(job.kind);
}

/** A running Promise.all, allSettled or any. */
export interface Combinator {
  readonly kind: 'all' | 'allSettled' | 'any';
  readonly into: PromiseRecord;
  readonly values: unknown[];
  remaining: number;
}

/** What an execution does in one piece, before anything else of it may happen. */
export type Job =
  | { readonly kind: 'start'; readonly args: readonly unknown[] }
  | Reaction
  /** Resolves `into` with what `from` settles with: the job that native promises use for a returned promise. */
  | { readonly kind: 'follow'; readonly from: PromiseRecord; readonly into: PromiseRecord }
  /** Lets an object that has a `then` of its own settle `into`. */
  | {
      readonly kind: 'thenable';
      readonly thenable: object;
      /** Its `then`. */
      readonly method: AnyFunction;
      readonly into: PromiseRecord;
    }
  /** Lets a frame that awaits a lost effect call `effect` again. */
  | { readonly kind: 'again'; readonly frame: Frame; readonly sequence: number }
  /** `queueMicrotask`, `process.nextTick`, `setImmediate`: an error that leaves the callback ends the execution. */
  | {
      readonly kind: 'callback';
      readonly callback: AnyFunction;
      readonly args: readonly unknown[];
      /** What `this` is in it. */
      readonly self: unknown;
    }
  /** A timer's turn has come; it may have been cleared meanwhile. */
  | { readonly kind: 'timeout'; readonly timeout: object };
