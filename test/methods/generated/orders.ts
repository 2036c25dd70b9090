/** `dense`: can be captured at each safe point of the source. `production`: as it is deployed, interrupted by chance. */
export type Build = 'dense' | 'production';

export const builds: readonly Build[] = ['dense', 'production'];

/** What a program did, as far as it can be seen from outside. */
export type Outcome =
  /** The description of what it made, as JSON. */
  | { readonly kind: 'returned'; readonly text: string }
  | { readonly kind: 'threw'; readonly text: string }
  /** Its promise, or that of something it started, was rejected with nobody to hear. */
  | { readonly kind: 'unhandled'; readonly text: string }
  | { readonly kind: 'endless' }
  | { readonly kind: 'refused'; readonly text: string };

/** One program to run in each build. */
export interface Task {
  /** Unique among all tasks of a process. */
  readonly number: number;
  /** A module that ends with its description. */
  readonly source: string;
  readonly seed: number;
  /** A planted fault of the compiler; null for the compiler as it is. */
  readonly fault: string | null;
}

/** How far a run has come: it travels with the execution. */
export interface Progress {
  readonly points: number;
  /** The next point to move at. */
  readonly next: number;
  readonly moves: number;
  /** Points at which a move was wanted, and something was in the way. */
  readonly pinned: number;
  readonly pins: readonly string[];
  readonly bytes: number;
  readonly seed: number;
  readonly nowMs: number;
}

export interface Compiled {
  readonly number: number;
  readonly build: Build;
  readonly code: string;
}

/** An execution on its way from one process to another. */
export interface Parcel {
  readonly number: number;
  readonly build: Build;
  readonly fault: string | null;
  readonly snapshot: Uint8Array;
  readonly progress: Progress;
}

/** One run that has ended. */
export interface End {
  readonly number: number;
  readonly build: Build;
  readonly outcome: Outcome;
  readonly progress: Progress;
}

export type Order =
  | { readonly kind: 'begin'; readonly tasks: readonly Task[] }
  | { readonly kind: 'carryOn'; readonly compiled: readonly Compiled[]; readonly parcels: readonly Parcel[] }
  | { readonly kind: 'forget'; readonly numbers: readonly number[] };

export interface Report {
  readonly natives: readonly { readonly number: number; readonly outcome: Outcome }[];
  readonly compiled: readonly Compiled[];
  readonly parcels: readonly Parcel[];
  readonly ends: readonly End[];
  /** That the process has used since it was asked before. */
  readonly cpuMs: number;
}

export interface Numbered<T> {
  readonly id: number;
  readonly body: T;
}
