import fc from 'fast-check';
import { expect, test } from 'vitest';
import { actorAddress } from '../../src/core/ids.ts';
import { decodeEnvelope, encodeEnvelope } from '../../src/wire/codec.ts';
import type { Envelope } from '../../src/wire/contract.ts';
import { EnvelopeRefusedError } from '../../src/wire/errors.ts';

const roomyBytes = 16 * 1024 * 1024;

function envelopeOf(body: unknown): Envelope {
  const message = { kind: 'probe', body } as { readonly kind: string };
  return { to: actorAddress('host/b/x'), from: actorAddress('host/a/y'), correlation: 'c-1', message };
}

function carry(body: unknown): unknown {
  const decoded = decodeEnvelope(encodeEnvelope(envelopeOf(body), roomyBytes));
  if (decoded.kind === 'malformed') throw new Error(decoded.detail);
  return Reflect.get(decoded.envelope.message, 'body');
}

const key = fc
  .string({ unit: 'binary' })
  .filter((text) => !['__proto__', 'constructor', 'toJSON'].includes(text));
const { plain } = fc.letrec((tie) => ({
  plain: fc.oneof(
    { maxDepth: 5, withCrossShrink: true },
    fc.constantFrom(
      null,
      undefined,
      true,
      false,
      -0,
      0,
      NaN,
      Infinity,
      -Infinity,
      2 ** 53,
      -(2 ** 31) - 1,
      '',
    ),
    fc.double(),
    fc.integer(),
    fc.maxSafeInteger(),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }),
    fc.string({ unit: 'binary' }),
    fc.uint8Array({ maxLength: 300 }).map((bytes) => new Uint8Array(bytes)),
    fc.array(tie('plain')),
    fc.dictionary(key, tie('plain'), { noNullPrototype: true }),
  ),
}));

test('plain data arrives exactly as it was', () => {
  fc.assert(
    fc.property(plain, (body) => {
      expect(carry(body)).toStrictEqual(body);
    }),
    { numRuns: 3000, seed: 417 },
  );
});

test('byte arrays arrive with memory of their own, buffers as plain byte arrays', () => {
  const whole = new Uint8Array(1000).fill(7);
  const [view, buffer] = carry([whole.subarray(10, 20), Buffer.from('abc')]) as Uint8Array[];
  expect(view).toStrictEqual(new Uint8Array(10).fill(7));
  expect(view?.buffer.byteLength).toBe(10);
  expect(buffer).toStrictEqual(new Uint8Array([97, 98, 99]));
});

test('what changes after it was sent does not change what arrives', () => {
  const bytes = new Uint8Array([1]);
  const encoded = encodeEnvelope(envelopeOf(bytes), roomyBytes);
  bytes[0] = 2;
  encodeEnvelope(envelopeOf(new Uint8Array(100_000).fill(9)), roomyBytes);
  const decoded = decodeEnvelope(encoded);
  expect(decoded).toStrictEqual({ kind: 'envelope', envelope: envelopeOf(new Uint8Array([1])) });
});

class Money {
  readonly cents = 1;
}

const cycle: unknown[] = [];
cycle.push({ cycle });
const holed: unknown[] = [1];
holed[2] = 3;
let deep: unknown = 1;
for (let depth = 0; depth < 70; depth += 1) deep = { deep };

const unfit: readonly [string, unknown, string][] = [
  ['a function', { act: () => 1 }, 'message.body.act is unfit: a function is not plain data'],
  ['a symbol', [Symbol('s')], 'message.body[0] is unfit: a symbol is not plain data'],
  ['a Date', new Date(0), 'a Date is not plain data'],
  ['a Map', { of: new Map() }, 'message.body.of is unfit: a Map'],
  ['a Set', new Set(), 'a Set'],
  ['an Error', new Error('x'), 'a Error'],
  ['a RegExp', /x/, 'a RegExp'],
  ['a Promise', Promise.resolve(), 'a Promise'],
  ['another typed array', new Float64Array(1), 'a Float64Array'],
  ['an ArrayBuffer', new ArrayBuffer(1), 'an ArrayBuffer'.slice(3)],
  ['an instance of a class', [[new Money()]], 'message.body[0][0] is unfit: a Money'],
  ['an object without prototype', Object.create(null), 'a object without prototype'],
  ['a boxed number', Object(1), 'a Number'],
  ['an array with holes', holed, 'an array with holes or extra properties'],
  [
    'an array with extra properties',
    Object.assign([1], { extra: 1 }),
    'an array with holes or extra properties',
  ],
  ['a symbol key', { [Symbol('s')]: 1 }, 'a symbol key, Symbol(s)'],
  [
    'a getter',
    Object.defineProperty({}, 'x', { enumerable: true, get: () => 1 }),
    'body.x is unfit: a hidden or computed',
  ],
  [
    'a hidden property',
    Object.defineProperty({}, 'x', { value: 1 }),
    'body.x is unfit: a hidden or computed',
  ],
  ['the key __proto__', JSON.parse('{"__proto__":1}'), "the key '__proto__' is not allowed"],
  ['the key constructor', { constructor: 1 }, "the key 'constructor' is not allowed"],
  ['a bigint of 65 bits', 2n ** 64n, 'a bigint of more than 64 bits'],
  ['a lone surrogate', 'a\ud800', 'a lone surrogate is not text'],
  ['a lone surrogate in a key', { '\udc00': 1 }, 'a key with a lone surrogate'],
  ['a cycle', cycle, 'message.body[0].cycle is unfit: it contains itself'],
  ['a very deep value', deep, 'nested more than 64 deep'],
];

test.each(unfit)('%s is refused, never changed silently', (_name, body, expected) => {
  expect(() => encodeEnvelope(envelopeOf(body), roomyBytes)).toThrow(EnvelopeRefusedError);
  expect(() => encodeEnvelope(envelopeOf(body), roomyBytes)).toThrow(expected);
});

test.each([
  ['nothing', Buffer.alloc(0)],
  ['a number', Buffer.from([7])],
  ['a row of three', Buffer.from([0x93, 1, 2, 3])],
  ['addresses that are numbers', Buffer.from([0x94, 1, 2, 0xc0, 0x80])],
  ['two values', Buffer.from([0xc0, 0xc0])],
  ['an announced length that is not there', Buffer.from([0xdd, 0xff, 0xff, 0xff, 0xff])],
  ['ten thousand nested arrays', Buffer.alloc(100_000, 0x91)],
])('%s is malformed', (_name, bytes) => {
  expect(decodeEnvelope(bytes).kind).toBe('malformed');
});

test('random bytes never throw', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      expect(['envelope', 'malformed']).toContain(decodeEnvelope(bytes).kind);
    }),
    { numRuns: 5000, seed: 417 },
  );
});
