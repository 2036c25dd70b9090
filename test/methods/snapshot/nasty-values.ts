export interface NastyValue {
  readonly name: string;
  readonly value: () => unknown;
}

const row = (name: string, value: () => unknown): NastyValue => ({ name, value });

const primitives: NastyValue[] = [
  ...[
    undefined,
    null,
    true,
    false,
    0,
    -0,
    Number.NaN,
    Infinity,
    -Infinity,
    191,
    192,
    -32,
    -33,
    0.1,
    5e-324,
  ].map((value) => row(`primitive ${Object.is(value, -0) ? '-0' : String(value)}`, () => value)),
  ...[2 ** 31, 2 ** 32, -(2 ** 31), 2 ** 53 - 1, -(2 ** 53) + 1, 2 ** 53, -(2 ** 60), 127, 128, 16384].map(
    (value) => row(`number ${value}`, () => value),
  ),
  ...[0n, -1n, 2n ** 63n, -(2n ** 64n), 7n ** 2000n, -(7n ** 2000n)].map((value) =>
    row(`bigint of ${value.toString(16).length} digits`, () => value),
  ),
  ...['', 'a', 'é', 'ÿ\u0080\u009f', '日本', '\ud800', 'x\udfff', '\ufeffbom', '\0', '😀'.repeat(40)].map(
    (value) => row(`string ${JSON.stringify(value).slice(0, 30)}`, () => value),
  ),
  row('long ASCII string', () => 'abc'.repeat(5000)),
  row('long string with a lone surrogate', () => `${'abc'.repeat(5000)}\udc00`),
  row('string that begins with a byte order mark, long', () => `\ufeff${'x'.repeat(100)}`),
  row('well-known symbol', () => Symbol.asyncIterator),
  row('registered symbol', () => Symbol.for('godwit.test')),
  row('registered symbol named like a well-known one', () => Symbol.for('Symbol.iterator')),
];

const arrays: NastyValue[] = [
  row('empty array', () => []),
  row('holes', () => [, 1, , , undefined, ,]), // oxlint-disable-line no-sparse-arrays
  row('array of a billion holes', () => Object.assign([], { length: 1e9 })),
  row('sparse array', () => Object.assign([], { 0: 'a', 5: 'b', 2_000_000: 'c', 4_294_967_290: 'd' })),
  row('array with two thousand holes in front', () => Object.assign([], { 2000: 1, 2001: 2, 2005: 3 })),
  row('array with extra properties', () =>
    Object.assign([1, 2], { foo: 'bar', '-1': 3, '1.5': 4, [Symbol.for('s')]: 5 }),
  ),
  row('array with the greatest non-index', () => Object.assign([1], { 4294967295: 'no element' })),
  row('result of a regular expression', () => /(?<word>b)(x)?/d.exec('abc')),
  row('array with a read-only element', () =>
    Object.defineProperty([1, 2, 3], 1, { value: 9, writable: false, enumerable: true, configurable: true }),
  ),
  row('array with a hidden element', () =>
    Object.defineProperty([1, 2, 3], 1, { value: 9, enumerable: false }),
  ),
  row('array with a fixed length', () => Object.defineProperty([1, 2, 3], 'length', { writable: false })),
  row('frozen array with holes', () => Object.freeze([1, , 3])), // oxlint-disable-line no-sparse-arrays
  row('sealed array', () => Object.seal([1, 2])),
  row('array that takes no more', () => Object.preventExtensions([1, 2])),
  row('array that contains itself', () => {
    const array: unknown[] = [];
    array.push(array, [array]);
    return array;
  }),
];

const objects: NastyValue[] = [
  row('empty object', () => ({})),
  row('keys like integers, out of order', () => ({ b: 1, 10: 'x', 2: 'y', a: 2, '-1': 'z', '01': 'w' })),
  row('own __proto__', () => JSON.parse('{"__proto__": {"x": 1}, "constructor": 2, "toString": 3}')),
  row('own __proto__ without prototype', () =>
    Object.assign(Object.create(null), JSON.parse('{"__proto__":1}') as object),
  ),
  row('no prototype', () => Object.assign(Object.create(null) as object, { a: 1 })),
  row('symbol keys in order', () => ({
    [Symbol.for('b')]: 1,
    a: 2,
    [Symbol.for('a')]: 3,
    [Symbol.iterator]: 4,
  })),
  row('toStringTag of its own', () => ({ [Symbol.toStringTag]: 'Map', a: 1 })),
  row('attributes of every kind', () => {
    const object = {};
    for (let bits = 0; bits < 8; bits += 1) {
      Object.defineProperty(object, `p${bits}`, {
        value: bits,
        writable: (bits & 1) !== 0,
        enumerable: (bits & 2) !== 0,
        configurable: (bits & 4) !== 0,
      });
    }
    return object;
  }),
  row('frozen', () => Object.freeze({ a: 1, b: Object.freeze({}) })),
  row('sealed', () => Object.seal({ a: 1 })),
  row('takes no more', () => Object.preventExtensions({ a: 1 })),
  row('frozen with a hidden property', () =>
    Object.freeze(Object.defineProperty({ a: 1 }, 'hidden', { value: 2, enumerable: false })),
  ),
  row('sealed with a read-only property', () =>
    Object.seal(Object.defineProperty({ a: 1 }, 'fixed', { value: 2, enumerable: true })),
  ),
  row('frozen and cyclic', () => {
    const object: Record<string, unknown> = { a: [1] };
    object['self'] = object;
    return Object.freeze(object);
  }),
  row('a hundred keys', () =>
    Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`k${index}`, index])),
  ),
  row('many of one shape, some with another order', () =>
    Array.from({ length: 50 }, (_, index) => (index % 3 === 0 ? { y: index, x: 1 } : { x: 1, y: index })),
  ),
  row('cycle', () => {
    const a: Record<string, unknown> = { name: 'a' };
    a['b'] = { name: 'b', a };
    return a;
  }),
  row('one object twice', () => {
    const shared = { x: 1 };
    return { left: shared, right: [shared, { shared }] };
  }),
  row('boxes', () => [
    Object(1),
    Object(-0),
    Object('ab'),
    Object(false),
    Object(3n),
    Object(Symbol.for('b')),
  ]),
  row('a box twice, with a property', () => {
    const box = Object.assign(Object('abc') as object, { extra: 1, 7: 'seven' });
    return [box, box];
  }),
];

const collections: NastyValue[] = [
  row(
    'Map with keys of every kind',
    () =>
      new Map<unknown, unknown>([
        [Number.NaN, 1],
        [0, 2],
        ['0', 3],
        [null, 4],
        [{}, 5],
      ]),
  ),
  row('Map that contains itself, as key and value', () => {
    const map = new Map<unknown, unknown>();
    map.set(map, [map]).set('x', map);
    return map;
  }),
  row('Set that contains itself, in order', () => {
    const set = new Set<unknown>([3, 1]);
    return set.add(set).add(2);
  }),
  row('extra properties on Map, Set, Date, RegExp, buffer and view', () =>
    [
      new Map([[1, 2]]),
      new Set([1]),
      new Date(5),
      /x/g,
      new ArrayBuffer(2),
      new Float32Array(2),
      new DataView(new ArrayBuffer(1)),
    ].map((value) => Object.assign(value, { extra: { value }, [Symbol.for('s')]: 1 })),
  ),
  row('frozen Map, sealed Set, closed Date', () => [
    Object.freeze(new Map([[1, 2]])),
    Object.seal(Object.assign(new Set([1]), { a: 1 })),
    Object.preventExtensions(new Date(0)),
  ]),
  row('dates', () => [new Date(0), new Date(Number.NaN), new Date(-8.64e15), new Date(1e12)]),
  row('regular expressions', () => {
    const sticky = /a\/b(?<n>[\n])/dgimsuy;
    sticky.lastIndex = 7;
    return [sticky, new RegExp(''), /[/]\u{1f600}/u, Object.freeze(/x/)];
  }),
];

const errors: NastyValue[] = [
  ...[Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError].map((type) =>
    row(type.name, () => new type('what went wrong', { cause: { code: 7 } })),
  ),
  row('AggregateError', () => new AggregateError([new Error('a'), 'b'], 'both')),
  row('error without a message, with properties', () =>
    Object.assign(new Error(), { code: 'ENOENT', errno: -2 }),
  ),
  row('error with an enumerable message and no stack', () => {
    const error = new TypeError('x');
    delete error.stack;
    return Object.defineProperty(error, 'message', { enumerable: true });
  }),
  row('error whose cause is itself', () => {
    const error = new Error('loop');
    return Object.assign(error, { cause: error });
  }),
  row('error with a stack of its own', () =>
    Object.assign(new RangeError('x'), { stack: 'RangeError: x\n    at crawl.ts:12:5' }),
  ),
  row('frozen error', () => Object.freeze(new Error('cold'))),
];

function resizable(length: number, max: number): ArrayBuffer {
  const buffer = Reflect.construct(ArrayBuffer, [length, { maxByteLength: max }]) as ArrayBuffer;
  new Uint8Array(buffer).forEach((_, index, bytes) => (bytes[index] = index + 1));
  return buffer;
}

const buffers: NastyValue[] = [
  row('every view', () =>
    [
      Int8Array,
      Uint8Array,
      Uint8ClampedArray,
      Int16Array,
      Uint16Array,
      Int32Array,
      Uint32Array,
      Float32Array,
      Float64Array,
    ].map((View) => View.from([1, 2, 200])),
  ),
  row('views of bigints', () => [BigInt64Array.of(-1n, 2n ** 62n), BigUint64Array.of(2n ** 63n)]),
  row('NaN and -0 in views', () => [Float64Array.of(Number.NaN, -0), Float32Array.of(Number.NaN, -0)]),
  row('views that share a buffer', () => {
    const buffer = new ArrayBuffer(64);
    new Uint8Array(buffer).fill(7);
    return {
      a: new Uint8Array(buffer, 3, 9),
      b: new Float64Array(buffer, 8, 2),
      c: new DataView(buffer, 5, 6),
      buffer,
    };
  }),
  row('a view before its buffer, in a cycle', () => {
    const view = Object.assign(new Uint16Array(4), { self: null as unknown });
    view.self = [view.buffer, view];
    return view;
  }),
  row('empty buffers', () => [new ArrayBuffer(0), new Uint8Array(0), new DataView(new ArrayBuffer(0))]),
  row('buffers that can be resized', () => {
    const roomy = resizable(8, 64);
    const full = resizable(16, 16);
    return {
      roomy,
      follows: new Uint8Array(roomy),
      followsFromTwo: new Uint16Array(roomy, 2),
      fixed: new Uint8Array(roomy, 0, 8),
      full,
      followsFull: new Uint32Array(full),
      followsFullFromFour: new DataView(full, 4),
      fixedFull: new Uint32Array(full, 8, 2),
    };
  }),
  row('Buffers', () => [Buffer.from('pool'), Buffer.alloc(5, 1), Buffer.alloc(0), Buffer.alloc(9000, 2)]),
  row('Buffers of the pool that overlap', () => {
    const all = Buffer.from('0123456789');
    return [all, all.subarray(2, 5), all.subarray(4), all];
  }),
];

const references: NastyValue[] = [
  row('intrinsics', () => [
    Math,
    JSON,
    Array,
    Array.prototype,
    Reflect.get(Map.prototype, 'get'),
    Object.prototype,
    Math.max,
    [].values,
    Symbol,
  ]),
  row(
    'intrinsic functions as keys',
    () =>
      new Map<unknown, unknown>([
        [Array.isArray, Number],
        [parseInt, parseFloat],
      ]),
  ),
];

export const nastyValues: readonly NastyValue[] = [
  ...primitives,
  ...arrays,
  ...objects,
  ...collections,
  ...errors,
  ...buffers,
  ...references,
];
