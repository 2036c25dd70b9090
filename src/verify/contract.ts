import type { Description } from './description.ts';

/** What one `verify` is asked to do with each file. */
export interface VerifyOptions {
  /** Every function of the file and of what it imports by relative path is compiled, top-level code included. */
  readonly all: boolean;
  /** The file is a script, not a module. */
  readonly script: boolean;
  /** Scripts that are evaluated first, in this order. */
  readonly include: readonly string[];
  /** Moves at each so many-th point; null for the default schedule. */
  readonly every: number | null;
  /** Moves of one run, at most. */
  readonly movesMax: number;
  /** Also measures the compiled program, unmoved, against the native one. */
  readonly time: boolean;
  /** Versions of Node.js that the program moves between besides this one: `22`, `24.1.0`. */
  readonly nodeVersions: readonly string[];
  /** Time is the same in each run: each look at the clock is one millisecond after the one before. */
  readonly fixClock: boolean;
  readonly fixRandom: boolean;
  /** File under which each snapshot is kept; null to keep none. */
  readonly trace: string | null;
  readonly timeoutMs: number;
  readonly sabotage: Sabotage | null;
}

/** A fault that is planted on purpose: each must be found. */
export const sabotages = ['drop-local', 'swap-frame', 'skip-point', 'early-return'] as const;
export type Sabotage = (typeof sabotages)[number];

export const defaultOptions: VerifyOptions = {
  all: false,
  script: false,
  include: [],
  every: null,
  movesMax: 5_000,
  time: false,
  nodeVersions: [],
  fixClock: false,
  fixRandom: false,
  trace: null,
  timeoutMs: 120_000,
  sabotage: null,
};

export type VerdictKind = 'equal' | 'different' | 'refused' | 'unmoved' | 'unstable' | 'failed';

/** What was found about one file; one JSON line of the command. */
export interface Verdict {
  readonly file: string;
  readonly verdict: VerdictKind;
  /** Safe points that the dense build passed. */
  readonly points: number;
  /** Of both builds together. */
  readonly moves: number;
  /** Points at which a move was wanted and not possible. */
  readonly pinned: number;
  /** Of all snapshots together. */
  readonly bytes: number;
  /** Processes that held the program. */
  readonly pids: readonly number[];
  /** Why it was refused, pinned, or could not be judged, each once. */
  readonly reasons: readonly Reason[];
  /** The first difference: which build, where, and what natively against what after moves; null when none. */
  readonly difference: string | null;
  /** Median of 7; null unless asked for. */
  readonly nativeMs: number | null;
  readonly compiledMs: number | null;
}

export interface Reason {
  readonly kind: 'refused' | 'pinned' | 'unstable' | 'uncounted' | 'failed';
  /** With file and line, where there are any. */
  readonly text: string;
  readonly count: number;
}

/** Bytes that a program wrote: to which stream, base64. Neighbours of one stream are joined. */
export type Written = readonly [stream: 'stdout' | 'stderr', base64: string];

/** What can be seen of one run from outside. */
export interface Observation {
  /** Null when the run ended before the program had returned or thrown. */
  readonly outcome: { readonly kind: 'returned' | 'threw'; readonly value: Description } | null;
  readonly written: readonly Written[];
  readonly exitCode: number;
  /** Constructor and message of the rejection that nobody handled, or of the error that nobody caught. */
  readonly unhandled: string | null;
}
