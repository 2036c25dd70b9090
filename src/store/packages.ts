import type { Packages } from '../actors/ports.ts';
import { GodwitError, messageOf } from '../core/errors.ts';
import type { MethodId, PackageHash } from '../core/ids.ts';
import { SystemDigest } from '../digest.ts';
import type { InstalledPackage } from '../lanes/contract.ts';
import { compilerVersion } from '../methods/compiler/index.ts';
import type { AuthoredAffinity, PackageContent } from '../methods/packages/index.ts';
import { checkSignature, install, ownInstallation, readPackage } from '../methods/packages/index.ts';
import type { Vault } from './contract.ts';

/** No host of the cluster has put this package into the store. */
export class PackageUnknownError extends GodwitError {
  override readonly name = 'PackageUnknownError';
  readonly code = 'PACKAGE_UNKNOWN';
  readonly retryable = false;

  constructor(hash: PackageHash) {
    super(`Package ${hash} is not in the store. Deploy it again: godwit deploy FILE puts it there.`);
  }
}

/** Where a package stands in the vault. */
export function packageKey(hash: PackageHash): string {
  return `package/${hash}`;
}

/** Where its signature stands in the vault, if somebody signed it. */
export function signatureKey(hash: PackageHash): string {
  return `package-signature/${hash}`;
}

/** Whose packages a host runs. */
export interface PackageTrust {
  readonly signing: 'off' | 'required';
  /** Ed25519 public keys: `ed25519:…`. */
  readonly trustedKeys: readonly string[];
}

/** How long a refusal stands before the vault is looked at again: somebody may have signed the package meanwhile. */
const refusalMaxMs = 2_000;

interface Refusal {
  readonly text: string;
  readonly atMs: number;
}

/**
 * Fetches packages from the vault by their hash, checks their bytes and, where it is required, their signatures, and
 * keeps them on disk under `root`.
 */
export function packageStore(
  vault: Pick<Vault, 'get'>,
  root: string,
  trust: PackageTrust,
  monotonicMs: () => number,
): Packages {
  const installed = new Map<PackageHash, Promise<InstalledPackage>>();
  const contents = new Map<PackageHash, PackageContent>();
  const refusals = new Map<PackageHash, Refusal>();
  const digest = new SystemDigest();
  const fetch = async (hash: PackageHash): Promise<InstalledPackage> => {
    if (trust.signing === 'required')
      checkSignature(hash, await vault.get(signatureKey(hash)), trust.trustedKeys);
    const bytes = await vault.get(packageKey(hash));
    if (bytes === null) throw new PackageUnknownError(hash);
    const options = { root, digest, compilerVersion, installation: ownInstallation };
    const folder = await install(bytes, hash, options);
    contents.set(hash, readPackage(bytes, hash, options));
    return { hash, folder };
  };
  const ensure = (hash: PackageHash): Promise<InstalledPackage> => {
    const known = installed.get(hash);
    if (known !== undefined) return known;
    const under = fetch(hash);
    installed.set(hash, under);
    under.then(
      () => refusals.delete(hash),
      (error: unknown) => {
        // A failed fetch may succeed later: only its reason is remembered, for a while.
        installed.delete(hash);
        refusals.set(hash, { text: messageOf(error), atMs: monotonicMs() });
      },
    );
    return under;
  };
  return {
    ensure,
    refusal(hash) {
      if (contents.has(hash)) return null;
      const known = refusals.get(hash);
      // Without a rule about signatures there is no reason to wait: a claim fetches it.
      if (known === undefined && trust.signing === 'off') return null;
      if (known === undefined || monotonicMs() - known.atMs > refusalMaxMs)
        void ensure(hash).catch(() => undefined);
      return known?.text ?? 'its package is being fetched';
    },
    async affinityOf({ package: hash, method }): Promise<AuthoredAffinity | null> {
      await ensure(hash);
      return methodOf(contents.get(hash), method)?.affinity ?? null;
    },
  };
}

function methodOf(
  content: PackageContent | undefined,
  method: MethodId,
): PackageContent['methods'][number] | undefined {
  return content?.methods.find(({ id }) => id === method);
}
