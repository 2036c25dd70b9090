import { make, type Row, row, shapeOf, stays } from './kind-row.ts';

const primitives: Row[] = [
  row(
    '`undefined`, `null`, booleans, strings',
    'exact',
    'lone surrogates too',
    () => [undefined, null, true, 'é\ud800'],
    (it) => [it.map(String), (it[3] as string).charCodeAt(1)],
  ),
  row(
    'numbers',
    'exact',
    '−0, NaN and infinities too',
    () => [-0, Number.NaN, -Infinity, 2 ** 60, 5e-324],
    (it) => it.map((x) => [Object.is(x, -0), String(x)]),
  ),
  row(
    'bigints',
    'exact',
    '',
    () => [-(7n ** 90n), 0n],
    (it) => it.map(String),
  ),
  row(
    'well-known and registered symbols',
    'exact',
    'the same ones there',
    () => [Symbol.iterator, Symbol.for('godwit')],
    (it) => [it[0] === Symbol.iterator, it[1] === Symbol.for('godwit')],
  ),
  row(
    'other symbols',
    'exact',
    'one each, wherever the execution holds it; a library that made it too has another one',
    () => {
      const own = Symbol('own');
      return { own, [own]: 1 };
    },
    (it) => [it[it.own as never], it.own.description],
  ),
];

const objects: Row[] = [
  row(
    'plain objects',
    'exact',
    'keys in order, attributes, symbols as keys',
    () => Object.defineProperty({ b: 1, 2: 'two', [Symbol.for('s')]: 3 }, 'hidden', { value: 4 }),
    shapeOf,
  ),
  row(
    'getters and setters',
    'exact',
    'never run by a move',
    () => {
      const box = { v: 1 };
      return Object.defineProperty({ box }, 'x', {
        get: make('getter', box),
        set: make('setter', box),
        configurable: true,
      }) as unknown as { x: number };
    },
    (it) => {
      it.x = 5;
      return [it.x, shapeOf(it)];
    },
  ),
  row(
    'frozen, sealed and closed objects',
    'exact',
    '',
    () => [Object.freeze({ a: 1 }), Object.seal({ b: 2 }), Object.preventExtensions([3])],
    (it) => it.map(shapeOf),
  ),
  row(
    'objects with `null` or other objects as prototype',
    'exact',
    'prototypes move along',
    () => {
      const parent = { inherited: 1 };
      return [Object.create(null), Object.create(parent), parent] as object[];
    },
    (it) => [Reflect.getPrototypeOf(it[0] as object), Reflect.getPrototypeOf(it[1] as object) === it[2]],
  ),
  row(
    'shared objects and cycles',
    'exact',
    'among all that the execution holds',
    () => {
      const a: { self?: unknown } = {};
      a.self = [a];
      return [a, a];
    },
    (it) => [it[0] === it[1], (it[0] as { self: unknown[] }).self[0] === it[0]],
  ),
  row(
    'arrays',
    'exact',
    'holes, attributes of elements, named properties, a fixed `length`',
    () => Object.assign([1], { 2: 3, name: 'x' }),
    (it) => [1 in it, it.length, shapeOf(it)],
  ),
  row(
    'Map and Set',
    'exact',
    'in order; any value as a key',
    () => [
      new Map<unknown, unknown>([
        [Number.NaN, { x: 1 }],
        ['k', 2],
      ]),
      new Set([3, 'a']),
    ],
    (it) => it.map((entries) => JSON.stringify([...entries])),
  ),
  row(
    'WeakMap and WeakSet',
    'exact',
    'the entries whose keys the execution can still reach',
    () => {
      const key = {};
      const value = { deep: new Set() };
      return {
        key,
        map: new WeakMap<object, unknown>([
          [key, value],
          [Math, 'math'],
          [{}, 'unreachable'],
        ]),
        set: new WeakSet([key, value]),
      };
    },
    ({ key, map, set }) => [
      Object.keys(map.get(key) as object),
      map.get(Math),
      set.has(map.get(key) as object),
    ],
  ),
  row(
    'WeakRef',
    'exact',
    'while its target lives, which the move keeps alive; pinned afterwards',
    () => {
      const target = { a: 1 };
      return new WeakRef(target);
    },
    (it) => it.deref(),
  ),
  row(
    'Date',
    'exact',
    '',
    () => [new Date(12), new Date(Number.NaN)],
    (it) => it.map(Number),
  ),
  row(
    'RegExp',
    'exact',
    'with `lastIndex`',
    () => Object.assign(/a(?<n>b)/dg, { lastIndex: 4 }),
    (it) => [String(it), it.lastIndex],
  ),
  row(
    'errors of the language',
    'exact',
    'message, cause, errors, stack, own properties',
    () =>
      Object.assign(new AggregateError([new RangeError('a')], 'both', { cause: { code: 7 } }), {
        extra: 1,
        stack: 'as it was',
      }),
    (it) => [
      it.message,
      it.stack,
      it.cause,
      it.extra,
      String(it.errors[0] as unknown),
      it instanceof AggregateError,
      shapeOf(it),
    ],
  ),
  row(
    'boxed primitives',
    'exact',
    '',
    () => [Object(-0), Object('ab'), Object(1n)] as { toString(): string }[],
    (it) => it.map((box) => [box.toString(), typeof box, Object.is(box.valueOf(), -0)]),
  ),
  row(
    '`arguments` of strict code',
    'exact',
    '',
    () =>
      (function (..._given: unknown[]) {
        return arguments;
      })(1, 'b'),
    (it) => [it.length, [...it], Object.prototype.toString.call(it)],
  ), // oxlint-disable-line prefer-rest-params
];

function canBeSeen(buffer: ArrayBuffer): boolean {
  try {
    return new Uint8Array(buffer).length >= 0;
  } catch {
    return false;
  }
}

const buffers: Row[] = [
  row(
    'ArrayBuffer, typed arrays, DataView',
    'exact',
    'views keep sharing one buffer; resizable and detached buffers too',
    () => {
      const buffer = new ArrayBuffer(16);
      const detached = new ArrayBuffer(4);
      structuredClone(null, { transfer: [detached] });
      return {
        a: new Uint8Array(buffer, 4, 4).fill(7),
        b: new DataView(buffer),
        detached,
        grows: Reflect.construct(ArrayBuffer, [2, { maxByteLength: 8 }]) as ArrayBuffer,
      };
    },
    ({ a, b, detached, grows }) => {
      b.setUint8(4, 9);
      return [[...a], a.byteOffset, canBeSeen(detached), Reflect.get(grows, 'maxByteLength')];
    },
  ),
  row(
    'Buffer',
    'exact',
    'of Node’s pool only what is shown moves',
    () => Buffer.from('text'),
    (it) => [Buffer.isBuffer(it), it.toString()],
  ),
  stays(
    'SharedArrayBuffer and its views',
    'pinned',
    'other threads could write to it: copy it into an ArrayBuffer',
    () => new Int32Array(new SharedArrayBuffer(8)),
  ),
];

export const rowsOfData: readonly Row[] = [...primitives, ...objects, ...buffers];
