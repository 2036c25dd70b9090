import type { Observation, Sabotage, Written } from '../contract.ts';
import type { OfferedPoints } from '../points/point-comparison.ts';
import type { ScheduleState } from '../schedule.ts';

/** What a process of the verifier is to be, before it hears of any program. */
export interface Job {
  readonly role: 'native' | 'movable';
  /** JSON file: the modules that are loaded in place of those on disk; see `LoaderMap`. */
  readonly map: string;
  /** Whether there are any; without, Node.js loads everything as it is. */
  readonly hasModules: boolean;
  readonly entry: ProgramEntry;
  /** Id of the method that a movable program begins with; empty for a native one. */
  readonly method: string;
  /** Whether what the program changes of the global object, and of what it leads to, moves with it. */
  readonly movesRealm: boolean;
  /** JSON file with the points of its source, for a native program that counts those that it passes; null for others. */
  readonly points: string | null;
  /** Whether each snapshot comes with where it stands. */
  readonly trace: boolean;
  /** The program's `process.argv`. */
  readonly argv: readonly string[];
  readonly fixClock: boolean;
  readonly fixRandom: boolean;
  readonly sabotage: Sabotage | null;
}

/** How a program begins. Compiled ones begin with a method; these are then the modules to be loaded. */
export type ProgramEntry =
  /** Natively one module, whose evaluation is the program, or its export `main`; compiled all that are to be loaded. */
  | { readonly kind: 'module'; readonly urls: readonly string[] }
  /** Scripts in one realm, in this order; the last one is the program. */
  | { readonly kind: 'scripts'; readonly urls: readonly string[] };

/** By URL: format (`module`, `commonjs`, or `script` for what is evaluated in sloppy code), and the file that holds what is loaded. */
export type LoaderMap = Readonly<Record<string, { readonly format: string; readonly file: string }>>;

/** What belongs to the program and lies outside of it. It travels beside the snapshot. */
export interface HostState {
  /** Looks at the clock so far. */
  readonly clockReads: number;
  readonly randomState: number;
  readonly exitCode: number | null;
}

export type Command =
  | { readonly kind: 'job'; readonly job: Job }
  /** Runs the program from its beginning. */
  | {
      readonly kind: 'start';
      readonly host: HostState;
      readonly schedule: ScheduleState;
      readonly survey: boolean;
    }
  /** Goes on with the program; the payload is its snapshot. */
  | {
      readonly kind: 'restore';
      readonly epoch: number;
      /** Raised where the processes that it came through are gone, and the effects that ran there with them. */
      readonly generation: number;
      readonly host: HostState;
      readonly schedule: ScheduleState;
      /** Effects that it began in other processes, and that still run there or are on their way. */
      readonly effectsElsewhere: number;
    }
  /** An effect that began elsewhere has ended; the payload is its value. */
  | {
      readonly kind: 'outcome';
      readonly sequence: number;
      readonly generation: number;
      readonly ok: boolean;
    };

export type Report =
  | { readonly kind: 'ready'; readonly pid: number; readonly node: string }
  /** The program has left; the payload is its snapshot. Nothing of it is left in the process but effects that run. */
  | {
      readonly kind: 'left';
      readonly host: HostState;
      readonly schedule: ScheduleState;
      readonly written: readonly Written[];
      readonly pins: Readonly<Record<string, number>>;
      readonly effectsPending: number;
      /** Outcomes of effects that ran elsewhere, of which the program was told here. */
      readonly outcomesTaken: number;
      /** Where it stands: `main.ts:12`. */
      readonly at: string;
      readonly frames: number;
    }
  | {
      readonly kind: 'outcome';
      readonly sequence: number;
      readonly generation: number;
      readonly ok: boolean;
      /** Whether it was told here too late, and ran elsewhere. */
      readonly isForwarded: boolean;
    }
  /** The program has returned or thrown; it may still have something to do. */
  | { readonly kind: 'returned'; readonly outcome: NonNullable<Observation['outcome']> }
  | {
      readonly kind: 'ended';
      readonly schedule: ScheduleState | null;
      readonly written: readonly Written[];
      readonly pins: Readonly<Record<string, number>>;
      readonly exitCode: number;
      readonly unhandled: string | null;
      /** From the program's start to its last act, loading left out. */
      readonly tookMs: number;
      /** Of the source's points, those that a native program has passed. */
      readonly passed: readonly number[];
      readonly survey: Survey | null;
    }
  /** The process cannot do what it was told. */
  | { readonly kind: 'refused'; readonly reason: string };

/** What an unmoved run has shown about where it would be worth moving. */
export interface Survey {
  readonly points: number;
  readonly deepestAt: number;
  readonly depth: number;
  readonly largestAt: number;
  readonly heapBytes: number;
  /** What has offered a capture. */
  readonly offered: readonly OfferedPoints[];
}
