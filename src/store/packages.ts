import { SystemDigest } from '../digest.ts';
import type { Packages } from '../actors/ports.ts';
import { GodwitError } from '../core/errors.ts';
import type { PackageHash } from '../core/ids.ts';
import type { InstalledPackage } from '../lanes/contract.ts';
import { compilerVersion } from '../methods/compiler/index.ts';
import { install, ownInstallation } from '../methods/packages/index.ts';
import type { Vault } from './contract.ts';

/** No host of the cluster has put this package into the store. */
export class PackageUnknownError extends GodwitError {
  override readonly name = 'PackageUnknownError';
  readonly code = 'PACKAGE_UNKNOWN';
  readonly retryable = false;

  constructor(hash: PackageHash) {
    super(`Package ${hash} is not in the store. Deploy it again: godwit run FILE#method puts it there.`);
  }
}

/** Where a package stands in the vault. */
export function packageKey(hash: PackageHash): string {
  return `package/${hash}`;
}

/** Fetches packages from the vault by their hash, checks them, and keeps them on disk under `root`. */
export function packageStore(vault: Vault, root: string): Packages {
  const installed = new Map<PackageHash, Promise<InstalledPackage>>();
  const fetch = async (hash: PackageHash): Promise<InstalledPackage> => {
    const bytes = await vault.get(packageKey(hash));
    if (bytes === null) throw new PackageUnknownError(hash);
    const options = { root, digest: new SystemDigest(), compilerVersion, installation: ownInstallation };
    return { hash, folder: await install(bytes, hash, options) };
  };
  return {
    ensure(hash) {
      const known = installed.get(hash);
      if (known !== undefined) return known;
      const under = fetch(hash);
      installed.set(hash, under);
      // A failed fetch may succeed later: it is not remembered.
      under.catch(() => installed.delete(hash));
      return under;
    },
  };
}
