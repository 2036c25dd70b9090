import { expect, test } from 'vitest';
import { describe as describeValue, firstDifference } from '../../src/verify/describe.ts';

/** As if each side had been described in a process of its own. */
function difference(left: unknown, right: unknown): string | null {
  const [a, b] = [left, right].map((value) => JSON.stringify(describeValue(value)));
  return firstDifference(JSON.parse(a ?? ''), JSON.parse(b ?? ''));
}

const shared = (): object => {
  const one = { n: 1 };
  return { a: one, b: one };
};

class Point {
  readonly x: number;
  constructor(x: number) {
    this.x = x;
  }
  get double(): number {
    return this.x * 2;
  }
}

const withHole = (): unknown[] => {
  const list: unknown[] = [1];
  list[2] = 3;
  return list;
};

const withHidden = (value: unknown): object =>
  Object.defineProperty({}, 'a', { value, enumerable: false, writable: true, configurable: true });

const cyclic = (length: number): object => {
  const nodes: { next: unknown }[] = Array.from({ length }, () => ({ next: null }));
  for (const [at, node] of nodes.entries()) node.next = nodes[(at + 1) % length];
  return nodes[0] as object;
};

const chain = (length: number): object => {
  let head: { next: unknown } = { next: null };
  for (let at = 0; at < length; at += 1) head = { next: head };
  return head;
};

const made = (): (() => number)[] => [1, 2].map((n) => () => n);
const failed = (own: object): Error => Object.assign(new RangeError('far', { cause: [1] }), own);

test.each<[string, () => unknown]>([
  ['numbers', () => [NaN, -0, 0, 1e300, 12n]],
  ['texts', () => ['a', '\ud800', '']],
  ['sharing', shared],
  ['a ring', () => cyclic(4)],
  ['a long list', () => chain(12_000)],
  ['an instance', () => new Point(3)],
  ['an error', () => failed({ code: 'E' })],
  ['functions', made],
  ['collections', () => [new Map([[{}, new Set([1])]]), new Date(5), /a/g]],
  [
    'views',
    () => {
      const bytes = new ArrayBuffer(8);
      return [new Uint8Array(bytes, 2), new DataView(bytes)];
    },
  ],
  ['promises', () => [Promise.resolve(1), new Promise(() => undefined)]],
  ['symbols', () => ({ [Symbol.iterator]: 1, [Symbol.for('a')]: 2, [Symbol('b')]: 3 })],
  ['what every realm has', () => [Array.prototype, Object, globalThis, Math]],
  [
    'generators',
    () => {
      function* count(): Generator<number> {
        yield 1;
      }
      return [count, count()];
    },
  ],
])('%s made twice are equal', (_what, make) => {
  expect(difference(make(), make())).toBe(null);
});

test.each<[unknown, unknown, string]>([
  [1, 2, 'value: number 1 against number 2'],
  [0, -0, 'value: number 0 against number -0'],
  [1, 1n, 'value: number 1 against bigint 1'],
  [null, undefined, 'value: null against undefined'],
  [{ a: { b: [1, 2] } }, { a: { b: [1, 3] } }, 'value.a.b[1]: number 2 against number 3'],
  [{ a: 1, b: 2 }, { b: 2, a: 1 }, 'value: key 0 is string "a" against string "b"'],
  [{ a: 1 }, { a: 1, b: 2 }, 'value.b: is only on the right'],
  [{ a: 1 }, withHidden(1), `value.a: attributes 'wec' against 'wc'`],
  [Object.freeze({ a: 1 }), Object.seal({ a: 1 }), 'value: frozen against sealed'],
  [withHole(), [1, undefined, 3], 'value: key 1 is string "2" against string "1"'],
  [shared(), { a: { n: 1 }, b: { n: 1 } }, 'value.b: Object (value.a) against Object (value.b)'],
  [cyclic(3), cyclic(4), 'value.next.next.next: Object (value) against Object (value.next.next.next)'],
  [new Point(1), { x: 1 }, 'value: prototype Object (value<prototype>) against %Object.prototype%'],
  [Object.create(null), {}, 'value: prototype null against %Object.prototype%'],
  [new Map([[1, 2]]), new Map([[1, 3]]), 'value<entry 0>: number 2 against number 3'],
  [new Set([1]), new Set([1, 2]), 'value<element 1>: nothing against number 2'],
  [new Date(1), new Date(2), 'value<time>: number 1 against number 2'],
  [/a/g, /a/, 'value<flags>: string "g" against string ""'],
  [new Map(), new Set(), 'value: Map against Set'],
  [new Error('a'), new Error('b'), 'value.message: string "a" against string "b"'],
  [new Error('a'), new TypeError('a'), 'value: prototype %Error.prototype% against %TypeError.prototype%'],
  [failed({ code: 1 }), failed({ code: 2 }), 'value.code: number 1 against number 2'],
  [() => 1, (a: number) => a, 'value.length: number 0 against number 1'],
  [() => 1, function () {}, 'value: function without new against function'],
  [class {}, function () {}, 'value: class against function'],
  [new Uint8Array([1]), new Uint8Array([2]), 'value<buffer><bytes>: bytes 01 against bytes 02'],
  [
    Promise.resolve(1),
    new Promise(() => undefined),
    'value<state>: string "fulfilled" against string "pending"',
  ],
  [
    {
      get a() {
        return 1;
      },
    },
    { a: 1 },
    `value.a: attributes 'eca' against 'wec'`,
  ],
  [Symbol('a'), Symbol('b'), 'value<description>: string "a" against string "b"'],
  [Symbol.for('a'), Symbol.iterator, 'value: symbol for "a" against symbol Symbol.iterator'],
])('difference %#', (left, right, found) => {
  expect(difference(left, right)).toBe(found);
});

test('asynchronous functions count as any other; so do the texts of stacks', () => {
  const asynchronous = { async f() {} };
  const plain = { f() {} };
  expect(difference(asynchronous, plain)).toBe(null);
  const deep = (depth: number): Error => (depth === 0 ? new Error('a') : deep(depth - 1));
  expect(difference(deep(1), deep(3))).toBe(null);
});

test('no getter and no trap is called', () => {
  let calls = 0;
  const count = (): number => (calls += 1);
  describeValue([
    {
      get a() {
        return count();
      },
    },
    new Proxy({}, { ownKeys: () => (count(), []) }),
  ]);
  expect(calls).toBe(0);
});
