import type { Brand } from '../core/ids.ts';
import type { GodwitError } from '../core/errors.ts';

/** Counts the changes of a whole registry: grows with each change of a key, and is never reused after a delete. */
export type Revision = Brand<number, 'Revision'>;
/** A cluster's name for itself, for its whole life: `c-5d0f…`. */
export type ClusterId = Brand<string, 'ClusterId'>;

/** Makes a `Revision` out of a stored number. */
export const revision = (count: number): Revision => count as Revision;
/** Makes a `ClusterId` out of a stored text. */
export const clusterId = (text: string): ClusterId => text as ClusterId;

/** Longest key, in characters (each one byte). */
export const keyCharactersMax = 240;
/** Largest registry value; larger ones belong into the vault. */
export const registryValueBytesMax = 1024 * 1024;
/** Largest vault value. */
export const vaultValueBytesMax = 4 * 1024 * 1024 * 1024;
/** How long a call takes at most before it fails, unless the store was opened with another bound. */
export const callTimeoutMsDefault = 2000;
/** How long opening takes at most: a store that is made first takes many flushes, and on NATS an election or two. */
export const openTimeoutMsDefault = 10_000;

/** One row of the registry. */
export interface Entry {
  readonly key: string;
  readonly value: Uint8Array;
  /** Of the change that wrote this value. */
  readonly revision: Revision;
}

/** What a key is to hold. */
export type Change = Uint8Array | 'delete';

/** How a compare-and-set ended. Both carry the store's clock, in milliseconds, which never steps back between two answers. */
export type CasAnswer =
  | { readonly kind: 'done'; readonly revision: Revision; readonly storeTimeMs: number }
  /** The key was not at the expected revision: `current` is what it holds, null when it is absent. */
  | { readonly kind: 'conflict'; readonly current: Entry | null; readonly storeTimeMs: number };

/** What a watcher is told. Applied in order they give a prefix's state, as of some moment that is never older than the last. */
export type WatchEvent =
  /** The complete state: replaces all that was known. The first event of a watch, and again after a gap. */
  | { readonly kind: 'listed'; readonly entries: readonly Entry[]; readonly revision: Revision }
  /** The latest state of each key that changed; states in between may be left out. `removed` may name keys never shown. */
  | {
      readonly kind: 'changed';
      readonly entries: readonly Entry[];
      readonly removed: readonly string[];
      readonly revision: Revision;
    }
  /**
   * The store could not be read. The watch goes on by itself, and `listed` says when it is over; unless the session
   * was lost, when every call says so too and the store has to be opened again.
   */
  | { readonly kind: 'interrupted'; readonly error: GodwitError };

/** Ends a watch: its listener is not called again. */
export type StopWatching = () => void;

/** What happens to the vault together with a compare-and-set: all of it if that is done, and nothing if it is not. */
export interface Along {
  /** Under fresh keys; at most `alongMaxBytes` together. */
  readonly puts: readonly { readonly key: string; readonly bytes: Uint8Array }[];
  /** Keys of values that came along with earlier ones; others are left alone. */
  readonly drops: readonly string[];
}

export const nothing: Along = { puts: [], drops: [] };
/** What goes along at most, where anything does: a long value would keep other writers waiting. */
export const alongBytesMax = 64 * 1024;

/**
 * Small rows under linearizable compare-and-set; everything else (leases, seats, claims) is a protocol on top.
 *
 * Keys: 1 to `keyCharactersMax` characters of `A–Z a–z 0–9 . _ - : @ # + = ~ /`, no empty segment between slashes.
 * A prefix is any beginning of a key, the empty one included.
 * Every call ends within the store's call timeout. All calls throw
 * `StoreUnavailableError` when the store cannot answer (surely not done), `StoreBoundsError` for a key or value out of bounds, and
 * `StoreCorruptError` when a row is not what was written.
 */
export interface Registry {
  /** Linearizable. @returns null when the key is absent */
  get(key: string): Promise<Entry | null>;
  /** Linearizable: all rows whose keys start with `prefix`, by key, as of one moment. */
  list(prefix: string): Promise<readonly Entry[]>;
  /**
   * Calls `listener` with the state of a prefix, then with every change of it, until stopped. No change is lost; a
   * driver without notification finds changes by other processes within its poll interval.
   */
  watch(prefix: string, listener: (event: WatchEvent) => void): StopWatching;
  /**
   * Writes `change` if the key is at revision `expected`, or absent. Durable (flushed to disk) when it answers `done`.
   *
   * @throws {StoreAmbiguousError} when it may have happened, or may yet happen
   * @throws {StoreFullError} when there is no room; it was not done
   */
  cas(key: string, expected: Revision | 'absent', change: Change, along?: Along): Promise<CasAnswer>;
  /** How many bytes may go along with a compare-and-set; 0 where the store cannot do both at once. */
  readonly alongMaxBytes: number;
}

/** What stands under a vault key. */
export interface VaultReceipt {
  readonly sizeBytes: number;
  /** SHA-256 of the bytes, in hexadecimal. */
  readonly sha256: string;
}

/** The bytes of a vault value, whole or in chunks of any size. */
export type VaultBytes = Uint8Array | Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

/**
 * Large values, each under a fresh key; written first, then a registry row points at them. Keys as in the registry.
 *
 * A value is seen whole or not at all. Every step of a call (at most 1 MiB) ends within the store's call timeout.
 */
export interface Vault {
  /**
   * Durable when it answers. Repeating it with the same bytes is harmless; after a `StoreAmbiguousError` it is the way on.
   *
   * @throws {VaultKeyTakenError} when the key holds other bytes
   * @throws {StoreFullError | StoreAmbiguousError | StoreUnavailableError | StoreBoundsError}
   */
  put(key: string, bytes: VaultBytes): Promise<VaultReceipt>;
  /**
   * @returns null when the key is absent
   * @throws {StoreCorruptError} when the bytes do not have the digest that they were put with
   */
  get(key: string): Promise<Uint8Array | null>;
  has(key: string): Promise<boolean>;
  /** Harmless when the key is absent. @throws {StoreAmbiguousError} as `put` */
  delete(key: string): Promise<void>;
  /** All keys that start with `prefix`, in order. */
  list(prefix: string): Promise<readonly string[]>;
}

/** Which cluster a store belongs to. */
export interface ClusterIdentity {
  readonly id: ClusterId;
  /** Wall clock of the host that created it, in milliseconds since 1970. */
  readonly createdAtMs: number;
}

/**
 * How a close ended. `abandoned`: a call of the driver is blocked by another process (a stopped one that holds the store's
 * lock, for instance) and its thread cannot be ended; a normal exit of this process would wait for it, so end it with
 * SIGKILL: everything acknowledged is safe.
 */
export type Closing = 'closed' | 'abandoned';

/** One session with the cluster's store. */
export interface Store {
  /** As `openStore` was given it, for messages. */
  readonly url: string;
  /** What whoever runs the cluster has to know of it; null for nothing. */
  readonly caution: string | null;
  readonly registry: Registry;
  readonly vault: Vault;
  /**
   * Resolves, with the reason, when this session is over although nobody closed it: its thread has died, or the store has lost what
   * it had acknowledged. No call succeeds any more, and nothing that was read before holds: open the store again.
   */
  readonly lost: Promise<string>;
  /**
   * The cluster that this store belongs to; the first caller ever creates it.
   *
   * @param expected the caller's cluster; null takes whatever the store has
   * @throws {ForeignClusterError} when the store belongs to another cluster
   */
  identity(expected: ClusterId | null): Promise<ClusterIdentity>;
  /** Lets calls in flight end, within the call timeout, and frees everything. Later calls throw `StoreUnavailableError`. */
  close(): Promise<Closing>;
}
