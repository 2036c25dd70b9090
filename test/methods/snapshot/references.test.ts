import { expect, test } from 'vitest';
import {
  createPermanents,
  decodeValue,
  encodeValue,
  PermanentMissingError,
  preview,
  type Reviver,
  SnapshotCorruptError,
} from '../../../src/methods/snapshot/index.ts';
import { difference } from './isomorphism.ts';

function census(): void {}
const settings = Object.freeze({ depth: 3 });
const token = Symbol('token');
const permanents = createPermanents([
  ['census.ts#census', census],
  ['census.ts:settings', settings],
  ['census.ts:token', token],
]);

test('permanents are held by reference, wherever they stand', () => {
  const original = {
    census,
    settings,
    [token]: [token],
    map: new Map<unknown, unknown>([[census, settings]]),
  };
  const copy = decodeValue(encodeValue(original, { permanents }), { permanents });
  expect(difference(original, copy)).toBeNull();
  expect((copy as typeof original).settings).toBe(settings);
});

test('a permanent that is not there is named', () => {
  const bytes = encodeValue([census], { permanents });
  expect(() => decodeValue(bytes)).toThrow(PermanentMissingError);
  expect(() => decodeValue(bytes)).toThrow('"census.ts#census", which this process does not have');
});

test('two permanents of one name are a bug', () => {
  expect(() =>
    createPermanents([
      ['a', census],
      ['a', settings],
    ]),
  ).toThrow('carries the name a');
});

/** Stands for what a runtime replaces: a promise with a record that refers back to it. */
class Deferred {
  record: unknown = null;
}

function external(value: object) {
  return value instanceof Deferred ? { kind: 'deferred', record: value.record } : null;
}

const reviver: Reviver = {
  create: () => new Deferred(),
  fill: (value, kind, record) => {
    expect(kind).toBe('deferred');
    (value as Deferred).record = record;
  },
};

test('replaced values come back through the reviver, with cycles through their records', () => {
  const deferred = new Deferred();
  const frames = [{ waitsFor: deferred }];
  deferred.record = { frames, self: deferred };
  const copy = decodeValue(encodeValue({ deferred, frames }, { external }), { reviver }) as {
    deferred: Deferred;
    frames: { waitsFor: Deferred }[];
  };
  expect(copy.deferred).toBeInstanceOf(Deferred);
  expect(copy.frames[0]?.waitsFor).toBe(copy.deferred);
  expect(copy.deferred.record).toEqual({ frames: copy.frames, self: copy.deferred });
  expect((copy.deferred.record as { self: unknown }).self).toBe(copy.deferred);
});

test('the path leads through the record of a replaced value', () => {
  const deferred = new Deferred();
  deferred.record = { handler: () => 1 };
  expect(() => encodeValue({ task: deferred }, { external })).toThrow(
    'task<deferred>.handler (function handler)',
  );
});

test('without a reviver a replaced value is refused; its own errors pass', () => {
  const bytes = encodeValue([new Deferred()], { external });
  expect(() => decodeValue(bytes)).toThrow(PermanentMissingError);
  const failure = new RangeError('no such task');
  const failing: Reviver = {
    ...reviver,
    fill: () => {
      throw failure;
    },
  };
  expect(() => decodeValue(bytes, { reviver: failing })).toThrow(failure);
  expect(() => decodeValue(bytes, { reviver: failing })).not.toThrow(SnapshotCorruptError);
});

class ParseError extends TypeError {
  readonly position = 7;
}
class NamedError extends Error {
  override readonly name = 'NamedError';
}

test('errors of foreign classes come back as their nearest ancestor, by name', () => {
  const foreignErrors = 'nearest';
  const copy = decodeValue(encodeValue(new ParseError('bad'), { foreignErrors })) as ParseError;
  expect(Object.getPrototypeOf(copy)).toBe(TypeError.prototype);
  expect({ position: copy.position, name: copy.name, message: copy.message }).toEqual({
    position: 7,
    name: 'ParseError',
    message: 'bad',
  });
  expect(Object.keys(copy)).toEqual(['position']);
  expect((decodeValue(encodeValue(new NamedError('x'), { foreignErrors })) as Error).name).toBe('NamedError');
  expect(decodeValue(encodeValue(new RangeError('plain'), { foreignErrors }))).toEqual(
    new RangeError('plain'),
  );
});

test('a Buffer shows only its own part of the pool to others', () => {
  const secret = Buffer.from('the password of somebody else');
  const shown = Buffer.from('shown');
  expect(shown.buffer).toBe(secret.buffer);
  const bytes = Buffer.from(encodeValue({ shown }, { buffer: Buffer }));
  expect(bytes.includes('password')).toBe(false);
  expect(bytes.length).toBeLessThan(60);
  expect((decodeValue(bytes, { buffer: Buffer }) as { shown: Buffer }).shown).toEqual(shown);
  expect(Buffer.isBuffer((decodeValue(bytes) as { shown: Buffer }).shown)).toBe(false);
});

test('a Buffer beside its whole pool brings the pool', () => {
  const buffer = Buffer.from('shown');
  const original = { buffer, whole: buffer.buffer };
  const copy = decodeValue(encodeValue(original, { buffer: Buffer }), { buffer: Buffer }) as typeof original;
  expect(copy.buffer.buffer).toBe(copy.whole);
  expect(copy.whole.byteLength).toBe(original.whole.byteLength);
  expect(copy.buffer.byteOffset).toBe(buffer.byteOffset);
});

const cyclic: unknown[] = [1];
cyclic.push(cyclic);
const previews: [unknown, string][] = [
  [undefined, 'undefined'],
  [-0, '-0'],
  [7n, '7n'],
  ['a "b"\n', '"a \\"b\\"\\n"'],
  [
    {
      a: 1,
      b: [1, 'x', null],
      get c() {
        throw new Error('run');
      },
    },
    '{a: 1, b: [1, "x", null], c: [getter]}',
  ],
  [new Map([['k', { x: 1 }]]), 'Map(1) {"k" => {x: 1}}'],
  [new Set([1, 2]), 'Set(2) {1, 2}'],
  [Array.from({ length: 100 }, (_, index) => index), '[0, 1, 2, 3, 4, 5, 6, 7, … 92 more]'],
  [
    Object.assign([], { length: 1e9 }),
    '[(hole), (hole), (hole), (hole), (hole), (hole), (hole), (hole), … 999999992 more]',
  ],
  [new Float64Array(3), 'Float64Array(3)'],
  [new Date(0), '1970-01-01T00:00:00.000Z'],
  [new Date(Number.NaN), 'Invalid Date'],
  [/a/g, '/a/g'],
  [new RangeError('far'), 'RangeError: "far"'],
  [census, '[function census]'],
  [Promise.resolve(), 'Promise'],
  [{ deep: { deep: { deep: { deep: 1 } } } }, '{deep: {deep: {deep: {…}}}}'],
  [cyclic, '[1, [1, [1, Array(2)]]]'],
];

test.each(previews)('preview %#', (value, text) => {
  expect(preview(value, 200)).toBe(text);
});

test('a preview keeps to its length, and survives a hostile Proxy', () => {
  expect(preview('x'.repeat(1000), 10)).toHaveLength(10);
  expect(
    preview(
      Array.from({ length: 9 }, () => 'y'.repeat(99)),
      20,
    ),
  ).toHaveLength(20);
  const hostile = new Proxy(
    {},
    {
      getPrototypeOf: () => {
        throw new Error('trap');
      },
    },
  );
  expect(preview(hostile, 50)).toBe('(unreadable)');
});
