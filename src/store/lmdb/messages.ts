import type { MessagePort } from 'node:worker_threads';

/** A row as it crosses between the threads. */
export interface RawEntry {
  readonly key: string;
  readonly value: Uint8Array;
  readonly revision: number;
}

/** A compare-and-set, as the store's thread takes it. */
export interface CasRequest {
  readonly kind: 'cas';
  readonly request: number;
  /** Which word of the shared claims says whether this call was begun or given up. */
  readonly slot: number;
  readonly key: string;
  /** 0: absent. */
  readonly expected: number;
  /** null deletes. */
  readonly value: Uint8Array | null;
  /** Values of the vault that come with it, and that go. */
  readonly puts: readonly { readonly key: string; readonly bytes: Uint8Array }[];
  readonly drops: readonly string[];
}

/** Removes a value of the vault that came along with a compare-and-set. */
export interface DropRequest {
  readonly kind: 'drop';
  readonly request: number;
  readonly slot: number;
  readonly key: string;
}

export type WriteRequest = CasRequest | DropRequest;

/** What a host's thread asks of the store's thread. */
export type StoreRequest =
  | WriteRequest
  | { readonly kind: 'get'; readonly request: number; readonly key: string }
  /** A value of the vault that came along with a compare-and-set; and the keys of such. */
  | { readonly kind: 'value'; readonly request: number; readonly key: string }
  | { readonly kind: 'valueKeys'; readonly request: number; readonly prefix: string }
  | { readonly kind: 'list'; readonly request: number; readonly prefix: string }
  | { readonly kind: 'watch'; readonly watch: number; readonly prefix: string }
  | { readonly kind: 'unwatch'; readonly watch: number }
  | { readonly kind: 'close' };

/** Why an operation of the database failed, in a form that crosses threads. */
export interface Failure {
  readonly kind:
    | 'full'
    | 'corrupt'
    | 'format'
    | 'unusable'
    | 'unavailable'
    /** A commit that failed half-way. */
    | 'ambiguous'
    /** Nothing was done, and nothing can be done before the file is opened again. */
    | 'broken';
  /** What is damaged, for `corrupt`. */
  readonly what: string;
  readonly reason: string;
  /** Format version, for `format`. */
  readonly found: number;
}

export type StoreAnswer =
  | { readonly kind: 'entry'; readonly request: number; readonly entry: RawEntry | null }
  | { readonly kind: 'entries'; readonly request: number; readonly entries: readonly RawEntry[] }
  | { readonly kind: 'keys'; readonly request: number; readonly keys: readonly string[] }
  | { readonly kind: 'dropped'; readonly request: number }
  | {
      readonly kind: 'done';
      readonly request: number;
      readonly revision: number;
      readonly storeTimeMs: number;
    }
  | {
      readonly kind: 'conflict';
      readonly request: number;
      readonly current: RawEntry | null;
      readonly storeTimeMs: number;
    }
  /** The call had been given up before it was begun; it never happened. */
  | { readonly kind: 'skipped'; readonly request: number }
  | { readonly kind: 'failed'; readonly request: number; readonly failure: Failure };

export type RawWatchEvent =
  | { readonly kind: 'listed'; readonly entries: readonly RawEntry[]; readonly revision: number }
  | {
      readonly kind: 'changed';
      readonly entries: readonly RawEntry[];
      readonly removed: readonly string[];
      readonly revision: number;
    }
  | { readonly kind: 'interrupted'; readonly failure: Failure };

/** What the store's thread tells its host's thread. */
export type StoreReport =
  | { readonly kind: 'opened' }
  | { readonly kind: 'openFailed'; readonly failure: Failure }
  | { readonly kind: 'answered'; readonly answers: readonly StoreAnswer[] }
  | { readonly kind: 'watched'; readonly watch: number; readonly event: RawWatchEvent }
  /** The database cannot go on in this thread; what was not answered before is in doubt. */
  | { readonly kind: 'broken'; readonly failure: Failure }
  | { readonly kind: 'closed' };

/** What the store's thread starts with. */
export interface StoreThreadData {
  /** Absolute path of the database file. */
  readonly file: string;
  readonly registryBytesMax: number;
  /** See `watchExit`. */
  readonly exitWords: SharedArrayBuffer;
}

/** What the store's thread is told as a whole; requests come over the attached ports. */
export type ThreadRequest =
  /** One more session. `claims`: one Int32 per slot; see `claimFree`. */
  | { readonly kind: 'attach'; readonly port: MessagePort; readonly claims: SharedArrayBuffer }
  /** No session is left. */
  | { readonly kind: 'end' };

/** Newest layout of the database that this code reads and writes. */
export const formatKnown = 1;

/** How many compare-and-sets one session may have in flight. */
export const claimSlots = 4096;
/** A claim word: neither side has decided. */
export const claimFree = 0;
/** The store's thread has begun the call: it may happen. */
export const claimBegun = 1;
/** The host gave the call up before it was begun: it will not happen. */
export const claimGivenUp = 2;

/** How often another process's changes are looked for while something is watched, in milliseconds. */
export const watchPollMs = 20;
