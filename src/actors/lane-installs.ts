import { GodwitError } from '../core/errors.ts';
import type { PackageHash } from '../core/ids.ts';

/** A lane could not import a package. */
export class PackageRefusedByLaneError extends GodwitError {
  override readonly name = 'PackageRefusedByLaneError';
  readonly code = 'PACKAGE_REFUSED';
  readonly retryable = false;

  constructor(hash: PackageHash, reason: string) {
    super(`Package ${hash.slice(0, 12)} could not be loaded: ${reason}`);
  }
}

interface Installation {
  readonly done: Promise<void>;
  readonly settle: (failure: Error | null) => void;
}

/** Which packages one lane has imported, or is importing. */
export class LaneInstalls {
  readonly #installations = new Map<PackageHash, Installation>();

  /** Settled when the lane has imported it; null when it was never asked to. */
  known(hash: PackageHash): Promise<void> | null {
    return this.#installations.get(hash)?.done ?? null;
  }

  begin(hash: PackageHash): Promise<void> {
    const installation = createInstallation();
    this.#installations.set(hash, installation);
    return installation.done;
  }

  succeeded(hash: PackageHash): void {
    this.#installations.get(hash)?.settle(null);
  }

  /** It may be tried again. */
  failed(hash: PackageHash, reason: string): void {
    this.#installations.get(hash)?.settle(new PackageRefusedByLaneError(hash, reason));
    this.#installations.delete(hash);
  }

  /** The lane is gone, and with it what it had imported. */
  lost(reason: string): void {
    for (const hash of this.#installations.keys()) this.failed(hash, reason);
  }
}

function createInstallation(): Installation {
  let settle: (failure: Error | null) => void = () => undefined;
  const done = new Promise<void>((resolve, reject) => {
    settle = (failure) => (failure === null ? resolve() : reject(failure));
  });
  // Whoever asked sees the failure; a later one that nobody waits for must not end the process.
  done.catch(() => undefined);
  return { done, settle };
}
