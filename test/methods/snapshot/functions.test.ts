import { expect, test } from 'vitest';
import {
  createPermanents,
  decodeValue,
  encodeValue,
  type Callable,
  UnserialisableError,
} from '../../../src/methods/snapshot/index.ts';
import { newCode } from './handmade.ts';
import { difference } from './isomorphism.ts';

type F = (...args: unknown[]) => unknown;
type New = new (...args: unknown[]) => Record<string, unknown>;

const here = newCode();
const there = newCode();
const make = (code: string, ...captured: unknown[]): F => here.makeClosure(code, captured) as F;
const makeClass = (code: string, captured: unknown[] = [], superclass?: unknown, keys: unknown[] = []): New =>
  here.makeClass(code, captured, superclass, keys) as unknown as New;

function moved<T>(value: T): T {
  const copy = decodeValue(encodeValue(value, { code: here }), { code: there }) as T;
  const captured = (f: object): readonly unknown[] =>
    (here.closureOf(f as Callable) ?? there.closureOf(f as Callable))?.captured ?? [];
  expect(difference(value, copy, captured)).toBeNull();
  return copy;
}

test('functions keep sharing what they have captured', () => {
  const box = { v: 1 };
  const copy = moved({ add: make('adder', box), read: make('reader', box), box });
  copy.add(5);
  expect([copy.read(), copy.box.v, box.v]).toEqual([6, 6, 1]);
});

test('a function that refers to itself', () => {
  const self = { v: null as unknown };
  self.v = make('factorial', self);
  expect(moved(self.v as F)(5)).toBe(120);
});

test('twenty thousand functions, each inside the next', () => {
  let f = make('increment');
  const first = f;
  for (let depth = 0; depth < 20_000; depth += 1) f = make('compose', f, first);
  const copy = decodeValue(encodeValue(f, { code: here }), { code: there }) as F;
  let depth = 0;
  for (let at: unknown = copy; depth < 40_000; depth += 1) {
    at = there.closureOf(at as Callable)?.captured[0];
    if (at === undefined) break;
  }
  expect(depth).toBe(20_000);
});

test('own properties, names, lengths, order and integrity of functions', () => {
  const named = make('increment');
  Object.defineProperty(named, 'name', { value: 'renamed', configurable: true });
  const shuffled = make('increment');
  Reflect.deleteProperty(shuffled, 'length');
  Object.assign(shuffled, { b: 1, a: { shuffled } });
  Object.defineProperty(shuffled, 'length', { value: 3, enumerable: true });
  const bare = make('increment');
  for (const key of ['name', 'length']) Reflect.deleteProperty(bare, key);
  const tag = Symbol('tag');
  moved({
    named,
    shuffled,
    bare: Object.setPrototypeOf(bare, null) as unknown,
    inherits: Object.setPrototypeOf(make('increment'), { inherited: 1 }) as unknown,
    without: make('increment'),
    frozen: Object.freeze(Object.assign(make('increment'), { [tag]: 1 })),
    closed: Object.preventExtensions(make('point')),
  });
});

test('constructor functions and their prototypes, met in any order', () => {
  const Point = make('point') as unknown as New;
  const point = new Point(3, 4);
  const copy = moved({ point, Point });
  expect(copy.point).toBeInstanceOf(copy.Point);
  moved({ prototype: Point.prototype as unknown, Point });
  moved([Point.prototype]);
  Object.assign(Point.prototype as object, { length: make('length'), shared: { point } });
  const rich = moved({ point });
  expect((rich.point['length'] as F)()).toBe(5);
  const Replaced = make('point') as unknown as New;
  Replaced.prototype = { replaced: true } as never;
  moved([new Replaced(1, 2), Replaced]);
});

test('bound functions', () => {
  const box = { v: 3 };
  const self = { x: 3, y: 4 };
  const length = here.makeBound(make('length') as Callable, self, []) as F;
  const twice = here.makeBound(length as Callable, null, [1]) as F;
  const max = here.makeBound(Math.max as Callable, null, [7]) as F;
  const copy = moved({ length, twice, max, self, map: new Map([[length, box]]) });
  copy.self.x = 0;
  expect([copy.length(), copy.twice(), copy.max(9), copy.map.get(copy.length)]).toEqual([4, 4, 9, { v: 3 }]);
});

test('symbols that are captured, boxed, bound or keys are one each', () => {
  const [own, other] = [Symbol('own'), Symbol()];
  const copy = moved({
    hold: make('holder', own as never),
    bound: here.makeBound(Math.max as Callable, own, [other]),
    box: Object(Symbol('boxed')) as object,
    keyed: { [own]: other, other },
    own,
  });
  expect([copy.hold(), Reflect.ownKeys(copy.keyed)[1]]).toEqual([copy.own, copy.own]);
  const Keyed = makeClass('Keyed', [], undefined, [own]);
  const keyed = moved({ it: new Keyed(), own });
  expect((keyed.it[keyed.own as never] as F)()).toBe('by key');
});

test('accessors, and functions as getters and setters of everything', () => {
  const box = { v: 1 };
  const get = make('getter', box);
  const set = make('setter', box);
  const on = <T extends object>(target: T): T & { value: number } =>
    Object.defineProperty(target, 'value', { get, set, enumerable: true, configurable: true }) as never;
  const copy = moved([
    on({ a: 1 }),
    on([1, 2]),
    on(new Map()),
    on(new Date(3)),
    on(make('increment')),
  ] as const);
  copy[0].value = 5;
  expect(copy[4].value).toBe(5);
  moved(Object.freeze(on({})));
  moved(Object.defineProperty([1, 2, 3], 1, { get, enumerable: true }));
  moved(Object.defineProperty({}, Symbol.toStringTag, { get: make('tagged') }));
});

test('classes with private elements, statics and accessors go on without their initialisers', () => {
  const log: string[] = [];
  const Account = makeClass('Account', [log]);
  const account = new Account();
  (account['pay'] as F)(3);
  const copy = moved({ account, Account, log });
  expect(copy.log).toEqual(['opened']);
  expect(copy.account).toBeInstanceOf(copy.Account);
  expect(copy.account['balance']).toBe(7);
  (copy.account['pay'] as F)(1);
  expect([copy.account['balance'], account['balance']]).toEqual([6, 7]);
  expect(Reflect.get(copy.Account, 'opened')).toBe(1);
  const opened = (Reflect.get(copy.Account, 'of') as F).call(copy.Account, 40) as Record<string, unknown>;
  expect(opened['balance']).toBe(40);
  expect(copy.log).toEqual(['opened', 'opened']);
});

test('classes are kept apart, and inheritance is kept', () => {
  const log: string[] = [];
  const Account = makeClass('Account', [log]);
  const Other = makeClass('Account', [log]);
  const Savings = makeClass('Savings', [], Account);
  const savings = new Savings();
  const copy = moved({ savings, other: new Other(), Savings, Account, Other });
  expect([copy.savings instanceof copy.Account, copy.savings instanceof copy.Other]).toEqual([true, false]);
  expect([copy.savings['double'], copy.savings['rate']]).toEqual([20, 2]);
  const extracted = moved({ pay: Reflect.get(Account.prototype as object, 'pay') as F, savings });
  expect(extracted.pay.call(extracted.savings, 4)).toBe(extracted.savings);
  expect(extracted.savings['balance']).toBe(6);
});

test('changed classes: prototypes and statics as they are now', () => {
  const Plain = makeClass('Plain');
  const plain = new Plain();
  Object.assign(Plain.prototype as object, { added: make('increment') });
  Reflect.deleteProperty(Plain.prototype as object, 'twice');
  Object.assign(Plain, { label: 'late', instance: plain });
  Object.freeze(Plain.prototype);
  expect(moved({ plain, Plain }).plain['twice']).toBeUndefined();
  const Lost = makeClass('Plain');
  const lost = new Lost();
  Reflect.deleteProperty(Lost.prototype as object, 'constructor');
  const copy = moved({ lost, Lost });
  expect(copy.lost).toBeInstanceOf(copy.Lost);
  const Keyed = makeClass('Keyed', [], undefined, ['chosen']);
  expect((moved(new Keyed())['chosen'] as F)()).toBe('by key');
});

const ancestors: [string, New, unknown[]][] = [
  ['Error', Error as never, ['broken', { cause: { code: 7 } }]],
  ['RangeError', RangeError as never, ['too far']],
  ['AggregateError', AggregateError as never, [[1, 2], 'both']],
  ['Map', Map as never, [[['k', { v: 1 }]]]],
  ['Set', Set as never, [[1, 'two']]],
  ['Array', Array as never, ['a', 'b', 'c']],
  ['Date', Date as never, [12]],
  ['RegExp', RegExp as never, ['a+', 'gi']],
  ['Uint8Array', Uint8Array as never, [[1, 2, 3]]],
  ['DataView', DataView as never, [new ArrayBuffer(3)]],
  ['ArrayBuffer', ArrayBuffer as never, [5]],
  ['Number', Number as never, [-0]],
  ['String', String as never, ['text']],
  ['URL', URL as never, ['http://a.example/x?y=1']],
  ['WeakMap', WeakMap as never, []],
  ['Object', Object as never, []],
  ['null', null as never, []],
];

test.each(ancestors)('instances of a class that extends %s', (name, Ancestor, args) => {
  const Sub = makeClass('Sub', [], Ancestor);
  // A class that extends null cannot be called.
  const made = (name === 'null' ? Object.create(Sub.prototype as object) : new Sub(...args)) as Record<
    string,
    unknown
  >;
  made['own'] = { made };
  const copy = moved({ made, again: [made], Sub });
  expect(copy.made).toBeInstanceOf(copy.Sub);
  expect((copy.made['whoAmI'] as F)()).toBe('Sub');
});

test('classes that stand at the top level are known by name, their instances by their prototype', () => {
  const Plain = makeClass('Plain');
  const permanents = createPermanents([['m.ts#Plain', Plain]]);
  const plain = new Plain();
  const bytes = encodeValue(
    [plain, Plain, Plain.prototype, Reflect.get(Plain.prototype as object, 'added')],
    {
      code: here,
      permanents,
    },
  );
  const OtherPlain = there.makeClass('Plain', [], undefined, []);
  const elsewhere = createPermanents([['m.ts#Plain', OtherPlain]]);
  const copy = decodeValue(bytes, { code: there, permanents: elsewhere }) as unknown[];
  expect(Reflect.getPrototypeOf(copy[0] as object)).toBe(Reflect.get(OtherPlain, 'prototype'));
  expect(copy.slice(1, 3)).toEqual([OtherPlain, Reflect.get(OtherPlain, 'prototype')]);
  expect(bytes.length).toBeLessThan(100);
});

test('prototypes of objects are objects like any others', () => {
  const parent = { inherited: 1, child: null as unknown };
  const child = Object.create(parent, { own: { value: 2, enumerable: true } }) as object;
  parent.child = child;
  moved({ child });
  moved({ parent });
  let chain: object = {};
  for (let depth = 0; depth < 3_000; depth += 1) chain = Object.create(chain) as object;
  expect(() => decodeValue(encodeValue(chain))).not.toThrow();
  moved(Object.setPrototypeOf(new Map([[1, 2]]), Object.create(Map.prototype) as object));
  moved(Object.create(Object.create(null) as object));
  const OldError = make('point') as unknown as New;
  OldError.prototype = Object.create(Error.prototype, { name: { value: 'OldError' } }) as never;
  expect(moved(new OldError('a', 'b'))).toBeInstanceOf(Error);
  moved([Date, Map, RegExp, Number].map((type) => Object.create(type.prototype as object) as object));
});

test('what only inherits setters is not run by filling it', () => {
  const box = { v: 0 };
  const parent = Object.defineProperty({}, 'x', { get: make('getter', box), set: make('setter', box) });
  const child = Object.create(parent) as object;
  Object.defineProperty(child, 'x', { value: 5, writable: true, enumerable: true, configurable: true });
  const copy = moved({ child, box });
  expect(copy.box.v).toBe(0);
});

const refusals: [string, unknown, string, string][] = [
  ['captured', { f: make('holder', { h: () => 1 }) }, 'f<captured 0>.h', 'function h'],
  [
    'bound',
    { b: here.makeBound(make('length') as Callable, { a: [new Headers()] }, []) },
    'b<bound this>.a[0]',
    'class Headers instance',
  ],
  ['a superclass', { C: makeClass('Sub', [], class Foreign {}) }, 'C<superclass>', 'class Foreign'],
  [
    'in a function chain',
    make('compose', make('holder', Promise.resolve()), 1),
    '<captured 0><captured 0>',
    'Promise',
  ],
  ['an instance of a foreign class', { x: new (class Foreign {})() }, 'x', 'class Foreign instance'],
  [
    'a class derived from a foreign one',
    [new (makeClass('Sub', [], Headers as never))()],
    '[0]',
    'class Sub instance',
  ],
];

test.each(refusals)('%s: the path leads to what is refused', (_, value, path, description) => {
  let thrown: unknown;
  try {
    encodeValue(value, { code: here });
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toBeInstanceOf(UnserialisableError);
  expect(thrown).toMatchObject({ path, description });
});
