import fc from 'fast-check';
import { expect, test } from 'vitest';
import { GodwitError } from '../../../src/core/errors.ts';
import {
  decode,
  decodeValue,
  digestOf,
  encode,
  encodeValue,
  SnapshotCorruptError,
  SnapshotVersionError,
} from '../../../src/methods/snapshot/index.ts';
import { SystemDigest } from '../../../src/digest.ts';
import { nastyValues } from './nasty-values.ts';

const digest = new SystemDigest();
const buffer = Buffer;
const state = {
  name: 'census',
  at: 12,
  words: new Map([['a', 1]]),
  raw: new Uint8Array([1, 2, 3]),
  list: Object.assign([], { 1: 1.5 }),
};

test('each flipped byte of a snapshot is noticed', () => {
  const bytes = encode(state, { digest });
  for (let at = 0; at < bytes.length; at += 1) {
    const damaged = bytes.slice();
    damaged[at] = (damaged[at] ?? 0) ^ 0x20;
    expect(() => decode(damaged, { digest })).toThrow(GodwitError);
  }
});

test('each truncation of a snapshot is noticed', () => {
  const bytes = encode(state, { digest });
  for (let length = 0; length < bytes.length; length += 1) {
    expect(() => decode(bytes.subarray(0, length), { digest })).toThrow(SnapshotCorruptError);
  }
});

test('an unknown version of the format is refused, found against expected', () => {
  const bytes = encode(state, { digest });
  bytes[4] = 9;
  expect(() => decode(bytes, { digest })).toThrow(SnapshotVersionError);
  expect(() => decode(bytes, { digest })).toThrow(/format version 9, this godwit reads version 2/);
  expect(() => decodeValue(Uint8Array.of(9, 0))).toThrow(SnapshotVersionError);
});

test('the digest is that of everything before it', () => {
  const bytes = encode(state, { digest });
  expect(digestOf(bytes)).toBe(digest.sha256(bytes.subarray(0, -32)));
  expect(() => digestOf(new Uint8Array(100))).toThrow(SnapshotCorruptError);
});

/** Without a digest in the way: what somebody could send who can make one. */
function expectTypedOutcome(bytes: Uint8Array): void {
  try {
    decodeValue(bytes, { buffer });
  } catch (thrown) {
    expect(thrown).toBeInstanceOf(GodwitError);
  }
}

test.each(nastyValues)('$name: damaged in one byte, it is a value or a typed error', ({ value }) => {
  const bytes = encodeValue(value(), { buffer });
  const step = Math.max(1, Math.floor(bytes.length / 200));
  for (let at = 0; at < bytes.length; at += step) {
    for (const flip of [1, 0x80, 0xff]) {
      const damaged = bytes.slice();
      damaged[at] = (damaged[at] ?? 0) ^ flip;
      expectTypedOutcome(damaged);
    }
  }
});

test('arbitrary bytes are a value or a typed error', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (tail) => {
      expectTypedOutcome(Uint8Array.of(2, ...tail));
    }),
    { numRuns: 3000, seed: 417 },
  );
});

const announcements: [string, number[]][] = [
  ['a section longer than the bytes', [2, 0xff, 0xff, 0xff, 0x7f]],
  [
    'an array of four billion elements without any',
    [2, 0, 0, 6, 2, 0, 0, 0, 0, 2, 0xff, 0xff, 0xff, 0xff, 0x0f, 8, 0],
  ],
  ['a Map with a million entries in no bytes', [2, 0, 0, 1, 5, 0, 0, 0, 0, 3, 8, 0, 0xc0, 0x84, 0x3d]],
  ['a buffer of a gigabyte in no bytes', [2, 0, 0, 6, 2, 0, 0, 0, 0, 9, 0x80, 0x80, 0x80, 0x80, 4, 8, 0]],
];

test.each(announcements)('%s is refused before anything is reserved', (_, bytes) => {
  expect(() => decodeValue(Uint8Array.from(bytes))).toThrow(SnapshotCorruptError);
  expect(() => decodeValue(Uint8Array.from(bytes))).toThrow(/announced|it ends/);
});
