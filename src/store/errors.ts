import { GodwitError } from '../core/errors.ts';

/** The store did not do it, and will not: the call may simply be repeated. */
export class StoreUnavailableError extends GodwitError {
  override readonly name = 'StoreUnavailableError';
  readonly code = 'STORE_UNAVAILABLE';
  readonly retryable = true;

  constructor(call: string, store: string, reason: string, options?: { readonly cause: unknown }) {
    super(`${call} was not done: store ${store} ${reason}. Repeat the call.`, options);
  }
}

/** The store may have done it, or may yet do it: settle the doubt by a `get` that shows one's own nonce, or by a further `cas`. */
export class StoreAmbiguousError extends GodwitError {
  override readonly name = 'StoreAmbiguousError';
  readonly code = 'STORE_AMBIGUOUS';
  readonly retryable = false;

  constructor(call: string, store: string, reason: string, options?: { readonly cause: unknown }) {
    super(
      `${call} may have happened: store ${store} ${reason}. Read the row before anything depends on it.`,
      options,
    );
  }
}

/** There is no room for the write; it was not done. */
export class StoreFullError extends GodwitError {
  override readonly name = 'StoreFullError';
  readonly code = 'STORE_FULL';
  readonly retryable = true;

  constructor(store: string, reason: string, options?: { readonly cause: unknown }) {
    super(`Store ${store} is full: ${reason}. Free space there; nothing was written.`, options);
  }
}

/** The store cannot be opened as it is: a folder that is a file, no permission, a wrong URL. */
export class StoreOpenError extends GodwitError {
  override readonly name = 'StoreOpenError';
  readonly code = 'STORE_OPEN';
  readonly retryable = false;

  constructor(store: string, reason: string, options?: { readonly cause: unknown }) {
    super(`Cannot open store ${store}: ${reason}`, options);
  }
}

/** There is nothing of a cluster at a store that was only to be looked for. */
export class StoreAbsentError extends GodwitError {
  override readonly name = 'StoreAbsentError';
  readonly code = 'STORE_ABSENT';
  readonly retryable = true;
  readonly reason: string;

  constructor(store: string, reason: string) {
    super(`There is no cluster at store ${store}: ${reason}. Start a host there first.`);
    this.reason = reason;
  }
}

/** What stands in the store is not what was written. Nothing was changed or deleted. */
export class StoreCorruptError extends GodwitError {
  override readonly name = 'StoreCorruptError';
  readonly code = 'STORE_CORRUPT';
  readonly retryable = false;

  /** @param what the file or row that is damaged */
  constructor(what: string, reason: string, options?: { readonly cause: unknown }) {
    super(
      `${what} is damaged: ${reason}. Nothing was changed; restore it from a copy, or move it away.`,
      options,
    );
  }
}

/** A newer godwit wrote this store. */
export class StoreFormatError extends GodwitError {
  override readonly name = 'StoreFormatError';
  readonly code = 'STORE_FORMAT';
  readonly retryable = false;

  constructor(store: string, formats: { readonly found: number; readonly known: number }) {
    super(
      `Store ${store} has format ${formats.found}, this godwit knows formats up to ${formats.known}. ` +
        `Use the godwit version that wrote it.`,
    );
  }
}

/** The store holds another cluster's rows. */
export class ForeignClusterError extends GodwitError {
  override readonly name = 'ForeignClusterError';
  readonly code = 'FOREIGN_CLUSTER';
  readonly retryable = false;

  constructor(store: string, clusters: { readonly found: string; readonly expected: string }) {
    super(
      `Store ${store} belongs to cluster ${clusters.found}, this host to cluster ${clusters.expected}. ` +
        `Name another store, or join that cluster with its own cluster.json.`,
    );
  }
}

/** A vault key holds other bytes already: vault keys are used once. */
export class VaultKeyTakenError extends GodwitError {
  override readonly name = 'VaultKeyTakenError';
  readonly code = 'VAULT_KEY_TAKEN';
  readonly retryable = false;

  constructor(key: string, digests: { readonly found: string; readonly offered: string }) {
    super(
      `Vault key ${key} holds other bytes already: found SHA-256 ${digests.found}, offered ${digests.offered}. ` +
        `Put the value under a fresh key.`,
    );
  }
}

/** A key or value outside the contract's bounds; nothing was sent to the store. */
export class StoreBoundsError extends GodwitError {
  override readonly name = 'StoreBoundsError';
  readonly code = 'STORE_BOUNDS';
  readonly retryable = false;
}
