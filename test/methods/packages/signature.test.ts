import { generateKeyPairSync } from 'node:crypto';
import { expect, test } from 'vitest';
import { packageHash } from '../../../src/core/ids.ts';
import {
  checkSignature,
  encodeSignature,
  makeKey,
  PackageNotTrustedError,
  SigningKeyError,
  signPackage,
} from '../../../src/methods/packages/index.ts';

const hash = packageHash('ab'.repeat(32));
const key = makeKey();
const signed = signPackage(hash, key.privatePem);
const bytes = encodeSignature(signed);

test('what a trusted key signed is accepted', () => {
  expect(signed.publicKey).toBe(key.publicKey);
  expect(key.publicKey).toMatch(/^ed25519:[A-Za-z0-9+/]{43}=$/);
  expect(() => checkSignature(hash, bytes, [makeKey().publicKey, key.publicKey])).not.toThrow();
});

const text = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

test.each<[string, Uint8Array | null, string]>([
  ['no signature', null, 'it is not signed'],
  ['bytes that are no JSON', new Uint8Array([123, 0]), 'its signature cannot be read'],
  ['a later version', text({ ...signed, version: 2 }), 'its signature cannot be read'],
  ['a key too many', text({ ...signed, more: 1 }), 'its signature cannot be read'],
  [
    "a stranger's",
    encodeSignature(signPackage(hash, makeKey().privatePem)),
    'which this host does not trust',
  ],
  [
    "one of another package's",
    encodeSignature(signPackage(packageHash('cd'.repeat(32)), key.privatePem)),
    `its signature is not that of ${key.publicKey}`,
  ],
  [
    'one that a stranger gives out as trusted',
    text({ ...signPackage(hash, makeKey().privatePem), publicKey: key.publicKey }),
    'its signature is not that of',
  ],
  ['an empty one', text({ ...signed, signature: '' }), 'its signature is not that of'],
])('%s is refused', (_what, found, why) => {
  const check = (): void => checkSignature(hash, found, [key.publicKey]);
  expect(check).toThrow(PackageNotTrustedError);
  expect(check).toThrow(why);
  expect(check).toThrow('Package abababababab is refused here');
});

test('only Ed25519 private keys sign', () => {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey;
  const pem = rsa.export({ type: 'pkcs8', format: 'pem' }).toString();
  expect(() => signPackage(hash, pem)).toThrow('It is a key of type rsa, expected ed25519');
  expect(() => signPackage(hash, key.publicKey)).toThrow(SigningKeyError);
});
