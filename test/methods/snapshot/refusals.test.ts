import { Socket } from 'node:net';
import { expect, test } from 'vitest';
import {
  encode,
  encodeValue,
  SnapshotTooLargeError,
  UnserialisableError,
} from '../../../src/methods/snapshot/index.ts';
import { SystemDigest } from '../../../src/digest.ts';

class Foo {
  readonly x = 1;
}

function handler(): void {}

const rows: [string, unknown, string, string][] = [
  ['function', handler, '', 'function handler'],
  ['arrow without a name', [() => 1], '[0]', 'function (anonymous)'],
  ['class', { type: Foo }, 'type', 'class Foo'],
  ['instance', { a: { b: new Foo() } }, 'a.b', 'class Foo instance'],
  ['socket', { state: { conn: new Socket() } }, 'state.conn', 'Socket'],
  ['promise', [1, [Promise.resolve()]], '[1][0]', 'Promise'],
  ['WeakRef', { 'a b': new FinalizationRegistry(() => {}) }, '["a b"]', 'FinalizationRegistry'],
  [
    'Headers in a Map',
    { m: new Map([['k', [0, 0, 0, { x: new Headers() }]]]) },
    'm.get("k")[3].x',
    'class Headers instance',
  ],
  [
    'function as a key',
    new Map([[1, 1] as [unknown, unknown], [handler, 2]]),
    '.keys()[1]',
    'function handler',
  ],
  ['function in a Set', { s: new Set([1, handler]) }, 's.values()[1]', 'function handler'],
  [
    'behind a symbol',
    { a: { [Symbol('mine')]: { handler } } },
    'a[Symbol(mine)].handler',
    'function handler',
  ],
  ['behind a symbol key', { [Symbol.for('k')]: { f: handler } }, '[Symbol(k)].f', 'function handler'],
  [
    'getter',
    {
      a: {
        get b() {
          throw new Error('read');
        },
      },
    },
    'a.b',
    'function get b',
  ],
  ['setter', { set b(_: number) {} }, 'b', 'function set b'],
  [
    'getter of an element',
    [[Object.defineProperty([0, 1], 1, { get: () => 1 })]],
    '[0][0][1]',
    'function get',
  ],
  ['cause of an error', { e: new Error('x', { cause: { f: handler } }) }, 'e.cause.f', 'function handler'],
  ['SharedArrayBuffer', { s: new SharedArrayBuffer(8) }, 's', 'SharedArrayBuffer'],
  [
    'view of a SharedArrayBuffer',
    { v: new Int32Array(new SharedArrayBuffer(8)) },
    'v',
    'view of SharedArrayBuffer',
  ],
  ['iterator', [new Map().entries()], '[0]', 'Map Iterator'],
  ['generator', [(function* () {})()], '[0]', 'Generator'],
  ['arguments', { a: (0, eval)('(function (b) { return arguments })(1)') as unknown }, 'a', 'arguments'], // oxlint-disable-line no-eval
  [
    'Map without its prototype',
    { m: Object.setPrototypeOf(new Date(), null) },
    'm',
    'object without a class',
  ],
  ['foreign error', { e: new (class ParseError extends Error {})('x') }, 'e', 'class ParseError instance'],
  ['Buffer that nobody offered', { b: Buffer.alloc(1) }, 'b', 'Buffer'],
  [
    'behind a prototype',
    { o: Object.create({ inherited: handler }) },
    'o.__proto__.inherited',
    'function handler',
  ],
];

test.each(rows)('%s is refused with its path', (_, root, path, description) => {
  let thrown: unknown;
  try {
    encodeValue(root);
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toBeInstanceOf(UnserialisableError);
  expect(thrown).toMatchObject({ code: 'UNSERIALISABLE', retryable: false, path, description });
});

test('the way to a value deep in a chain is found', () => {
  let head: unknown = { handler };
  for (let depth = 0; depth < 10_000; depth += 1) head = { next: head };
  expect(() => encodeValue(head)).toThrow(
    /^(next\.){10000}handler \(function handler\) cannot be serialised/,
  );
});

test('a namespace of a module is refused', async () => {
  const namespace: unknown = await import('../../../src/core/ids.ts');
  expect(() => encodeValue({ namespace })).toThrow(/^namespace \(.*\) cannot be serialised/);
});

test('no code of the program runs while a snapshot is taken', () => {
  const ran: string[] = [];
  const object = { a: 1, toJSON: 2, valueOf: 3, [Symbol.iterator]: 4 };
  const map = new Map([[1, 2]]);
  Object.defineProperty(map, 'size', { value: 99 });
  const patched: unknown = Reflect.get(Map.prototype, 'forEach');
  // oxlint-disable-next-line no-extend-native
  Map.prototype.forEach = function () {
    ran.push('forEach');
  };
  try {
    encodeValue([object, map]);
  } finally {
    // oxlint-disable-next-line no-extend-native
    Object.assign(Map.prototype, { forEach: patched });
  }
  expect(ran).toEqual([]);
});

test('a snapshot beyond its limit is refused, with what was found and what is allowed', () => {
  const digest = new SystemDigest();
  const state = { text: 'x'.repeat(1000) };
  const { length } = encode(state, { digest });
  expect(encode(state, { digest, sizeLimitBytes: length })).toHaveLength(length);
  expect(() => encode(state, { digest, sizeLimitBytes: length - 1 })).toThrow(SnapshotTooLargeError);
  expect(() => encode(state, { digest, sizeLimitBytes: length - 1 })).toThrow(
    `The snapshot needs at least ${length} bytes, the limit is ${length - 1}.`,
  );
});

test('a huge value is given up soon after the limit', () => {
  const rows = Array.from({ length: 100_000 }, (_, index) => ({ index, text: `row ${index}` }));
  const thrown = (() => {
    try {
      return encodeValue(rows, { sizeLimitBytes: 10_000 });
    } catch (error) {
      return error;
    }
  })();
  expect(thrown).toBeInstanceOf(SnapshotTooLargeError);
  expect((thrown as SnapshotTooLargeError).foundBytes).toBeLessThan(2_000_000);
  expect(() => encodeValue(new Uint8Array(20_000), { sizeLimitBytes: 10_000 })).toThrow(
    SnapshotTooLargeError,
  );
});
