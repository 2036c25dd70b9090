import { GodwitError } from '../../core/errors.ts';
import type { PackageHash } from '../../core/ids.ts';

/** Bytes that are not the package that was asked for. */
export class PackageCorruptError extends GodwitError {
  override readonly name = 'PackageCorruptError';
  readonly code = 'PACKAGE_CORRUPT';
  readonly retryable = false;

  constructor(expected: PackageHash, finding: string, options?: { readonly cause: unknown }) {
    super(`Package ${expected} is damaged: ${finding}. Fetch it again from the vault.`, options);
  }
}

/** A package that another version of godwit made, or for another one. */
export class PackageVersionError extends GodwitError {
  override readonly name = 'PackageVersionError';
  readonly code = 'PACKAGE_VERSION_UNKNOWN';
  readonly retryable = false;

  constructor(what: 'format' | 'compiler', found: number, expected: number) {
    super(
      `The package has ${what} version ${found}, this godwit runs version ${expected}. ` +
        'Run the same godwit version on every host, and deploy the package again.',
    );
  }
}

/** A module of a package imports something that this host does not have. */
export class PackageImportMissingError extends GodwitError {
  override readonly name = 'PackageImportMissingError';
  readonly code = 'PACKAGE_IMPORT_MISSING';
  readonly retryable = true;

  constructor(specifier: string, module: string, searched: string) {
    super(
      `${module} imports '${specifier}', which this host does not have (searched from ${searched}). ` +
        'Install it there, or import a file by relative path.',
    );
  }
}
