import { expect, test } from 'vitest';
import { decode, decodeValue, encode, encodeValue } from '../../../src/methods/snapshot/index.ts';
import { SystemDigest } from '../../../src/digest.ts';
import { difference } from './isomorphism.ts';
import { nastyValues } from './nasty-values.ts';

const digest = new SystemDigest();
const buffer = Buffer;

test.each(nastyValues)('$name comes back as it was', ({ value }) => {
  const original = value();
  const bytes = encode(original, { digest, buffer });
  expect(difference(original, decode(bytes, { digest, buffer }))).toBeNull();
});

test.each(nastyValues)('$name comes back as a value, within other data', ({ value }) => {
  const original = { before: 1, value: value(), list: [value()] };
  const bytes = encodeValue(original, { buffer });
  expect(difference(original, decodeValue(bytes, { buffer }))).toBeNull();
});
