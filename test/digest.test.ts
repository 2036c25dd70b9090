import { expect, test } from 'vitest';
import { SystemDigest } from '../src/digest.ts';

test('SystemDigest is SHA-256 (the example of FIPS 180-2)', () => {
  expect(new SystemDigest().sha256(new TextEncoder().encode('abc'))).toBe(
    'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
  );
});
