import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto';
import * as v from 'valibot';
import { GodwitError } from '../../core/errors.ts';
import type { PackageHash } from '../../core/ids.ts';

/** A package's signature, as it stands beside it in the vault: JSON. */
export interface PackageSignature {
  readonly version: 1;
  /** `ed25519:` and 32 bytes in base64. */
  readonly publicKey: string;
  /** Of `signedText`, in base64. */
  readonly signature: string;
}

/** A file that is no private key for signing. */
export class SigningKeyError extends GodwitError {
  override readonly name = 'SigningKeyError';
  readonly code = 'SIGNING_KEY';
  readonly retryable = false;
}

/** A host that runs signed packages only was given one that is not, or not by somebody whom it trusts. */
export class PackageNotTrustedError extends GodwitError {
  override readonly name = 'PackageNotTrustedError';
  readonly code = 'PACKAGE_NOT_TRUSTED';
  readonly retryable = true;

  constructor(hash: PackageHash, finding: string) {
    super(
      `Package ${hash.slice(0, 12)} is refused here: ${finding}, and this host runs signed packages only ` +
        '(packages.signing). Sign it with `godwit deploy … --sign KEYFILE`, by a key that packages.trustedKeys lists.',
    );
  }
}

const schema = v.strictObject({ version: v.literal(1), publicKey: v.string(), signature: v.string() });
const prefix = 'ed25519:';
/** What comes before the 32 bytes of an Ed25519 public key in DER (RFC 8410). */
const derHead = Buffer.from('302a300506032b6570032100', 'hex');

/** @returns a new key: the private half as PEM (PKCS #8), and the public half as `packages.trustedKeys` takes it */
export function makeKey(): { readonly privatePem: string; readonly publicKey: string } {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  return {
    privatePem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    publicKey: publicText(publicKey),
  };
}

/** @throws {SigningKeyError} when the text is no Ed25519 private key */
export function signPackage(hash: PackageHash, privatePem: string): PackageSignature {
  const privateKey = privateKeyOf(privatePem);
  return {
    version: 1,
    publicKey: publicText(createPublicKey(privateKey)),
    signature: sign(null, signedText(hash), privateKey).toString('base64'),
  };
}

export function encodeSignature(signature: PackageSignature): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(signature));
}

/**
 * @param bytes from the vault; null when nothing stands there
 * @param trustedKeys as `packages.trustedKeys` has them
 * @throws {PackageNotTrustedError} unless one of them signed the package of this hash
 */
export function checkSignature(
  hash: PackageHash,
  bytes: Uint8Array | null,
  trustedKeys: readonly string[],
): void {
  if (bytes === null) throw new PackageNotTrustedError(hash, 'it is not signed');
  const found = signatureOf(bytes);
  if (found === null) throw new PackageNotTrustedError(hash, 'its signature cannot be read');
  if (!trustedKeys.includes(found.publicKey)) {
    throw new PackageNotTrustedError(
      hash,
      `it is signed by ${found.publicKey}, which this host does not trust`,
    );
  }
  const der = Buffer.concat([derHead, Buffer.from(found.publicKey.slice(prefix.length), 'base64')]);
  const key = createPublicKey({ key: der, format: 'der', type: 'spki' });
  if (!verify(null, signedText(hash), key, Buffer.from(found.signature, 'base64'))) {
    throw new PackageNotTrustedError(
      hash,
      `its signature is not that of ${found.publicKey} for this package`,
    );
  }
}

function signatureOf(bytes: Uint8Array): PackageSignature | null {
  try {
    const parsed = v.safeParse(schema, JSON.parse(new TextDecoder().decode(bytes)));
    return parsed.success ? parsed.output : null;
  } catch {
    return null; // No JSON: whoever asks says so.
  }
}

/** Names what is signed, so that a signature serves for nothing else. */
function signedText(hash: PackageHash): Uint8Array {
  return new TextEncoder().encode(`godwit package ${hash}`);
}

function privateKeyOf(pem: string): KeyObject {
  let key: KeyObject;
  try {
    key = createPrivateKey(pem);
  } catch (cause) {
    throw new SigningKeyError('It is no private key in PEM. `godwit keygen FILE` makes one.', { cause });
  }
  if (key.asymmetricKeyType === 'ed25519') return key;
  throw new SigningKeyError(
    `It is a key of type ${key.asymmetricKeyType ?? 'unknown'}, expected ed25519. \`godwit keygen FILE\` makes one.`,
  );
}

function publicText(key: KeyObject): string {
  const der = key.export({ type: 'spki', format: 'der' });
  return prefix + der.subarray(derHead.length).toString('base64');
}
