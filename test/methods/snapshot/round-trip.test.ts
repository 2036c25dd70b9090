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

/** What a Node.js 20 wrote: bytes of version 2 stay readable, and are written again the same, on every version. */
const written =
  'R0RXVAJMCxxcAAQAABAoDAgIBgQkEBQUCBAEGAQEOCVNYXRoLm1heCV0YWdhK2dpYWxhc3RJbmRleHBhaXJhZ2FpbndvcmRzYXR2aWV3ZmhpZGRlbnh56Q' +
  'AHBwgJCgsMDQIODwAEAAgCBgMFAAAAAAAAKEAJBAwEBQACAQYCAwQIAAgBCAIIAwgECAYNAA4AAQELAQcIBwYAAAAAAAAAgAYAAAAAAAD4PwgBCgEHBAkA' +
  'EjQwMDAwMDAwMDAwMDAwMDAwMDsErAIAAQcFCAgAAAAABAEHBgFAAQgBAAEAAQIQRrLA33Y+djB6lf8wy+JcIYRekF7UaEbug5zM4OdBKQ==';

test('the format is what it was', () => {
  const pair = { x: -0, y: 1.5 };
  const state = {
    pair,
    again: Object.assign([pair], { 2: 'é', 3: 2n ** 70n, 4: -5, 5: 300 }),
    words: new Map([['a', new Set([pair])]]),
    at: new Date(12),
    view: new Uint16Array([1, 513]).subarray(1),
    [Symbol.for('tag')]: /a+/gi,
    f: Math.max,
  };
  Object.defineProperty(state, 'hidden', { value: null });
  expect(difference(state, decode(Buffer.from(written, 'base64'), { digest }))).toBeNull();
  expect(Buffer.from(encode(state, { digest })).toString('base64')).toBe(written);
});
