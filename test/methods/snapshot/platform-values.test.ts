import { types } from 'node:util';
import { expect, test } from 'vitest';
import { decodeValue, encodeValue, type Reviver } from '../../../src/methods/snapshot/index.ts';
import { difference } from './isomorphism.ts';

const moved = <T>(value: T): T => decodeValue(encodeValue(value)) as T;

test('searchParams stay tied to their URL, whichever is met first', () => {
  const url = new URL('http://a.example/?x=1');
  for (const value of [
    { url, params: url.searchParams },
    { params: url.searchParams, url },
  ]) {
    const copy = moved(value);
    expect(copy.url.searchParams).toBe(copy.params);
    copy.params.set('x', 'ä');
    expect(copy.url.href).toBe('http://a.example/?x=%C3%A4');
  }
  const marked = Object.assign(new URLSearchParams('a=1&a=2&b=%00'), { mark: [1] });
  const copy = moved(Object.freeze(marked));
  expect([...copy]).toEqual([...marked]);
  expect([copy.mark, Object.isFrozen(copy)]).toEqual([[1], true]);
});

test('weak entries: keys that are only found through other entries, keys by reference, symbols', () => {
  const [a, b, c] = [{ a: 1 }, { b: 1 }, { c: 1 }];
  const local = Symbol('local');
  const map = new WeakMap<object, unknown>([
    [a, { b }],
    [b, { c, local }],
    [c, 'end'],
    [Array.prototype, 'by reference'],
    [{}, 'nobody finds it'],
  ]);
  const copy = moved({ map, a, set: new WeakSet<object>([c, b, {}]) });
  const bThere = (copy.map.get(copy.a) as { b: object }).b;
  const cThere = (copy.map.get(bThere) as { c: object }).c;
  expect([copy.map.get(cThere), copy.map.get(Array.prototype)]).toEqual(['end', 'by reference']);
  expect([copy.set.has(cThere), copy.set.has(bThere), copy.set.has(copy.a)]).toEqual([true, true, false]);
  expect(moved({ set: new WeakSet([a]) }).set).toBeInstanceOf(WeakSet);
  const keyed = moved({ own: local, weak: new WeakMap([[local as never, 7]]) });
  expect(keyed.weak.get(keyed.own as never)).toBe(7);
});

test('a WeakRef keeps to its target', () => {
  const target = { self: null as unknown };
  const ref = new WeakRef(target);
  target.self = ref;
  const copy = moved({ ref, target });
  expect(copy.ref.deref()).toBe(copy.target);
  expect(copy.target.self).toBe(copy.ref);
});

test('Intl objects say the same afterwards', () => {
  const objects = [
    new Intl.NumberFormat('de', { maximumSignificantDigits: 3, notation: 'compact' }),
    new Intl.NumberFormat('ar-EG', { style: 'unit', unit: 'liter' }),
    new Intl.DateTimeFormat('ja-JP-u-ca-japanese', { era: 'short', hour: 'numeric', timeZone: 'Asia/Tokyo' }),
    new Intl.DateTimeFormat('en', { timeStyle: 'long', hour12: true }),
    new Intl.Collator('de-u-co-phonebk', { sensitivity: 'base', numeric: true }),
    new Intl.PluralRules('cy', { type: 'ordinal' }),
    new Intl.RelativeTimeFormat('fr', { numeric: 'auto' }),
    new Intl.ListFormat('en', { type: 'disjunction' }),
    new Intl.DisplayNames('de', { type: 'region' }),
    new Intl.Segmenter('th', { granularity: 'word' }),
  ];
  const copies = moved(objects);
  objects.forEach((object, index) => {
    const copy = copies[index] as (typeof objects)[number];
    expect(copy.resolvedOptions()).toEqual(object.resolvedOptions());
    expect(Object.getPrototypeOf(copy)).toBe(Object.getPrototypeOf(object));
  });
  expect(String(moved(new Intl.Locale('zh-Hant-u-nu-hanidec')))).toBe('zh-Hant-u-nu-hanidec');
});

test('impostors of the platform’s classes are ordinary objects', () => {
  for (const { prototype } of [URL, WeakMap, WeakRef, TextDecoder]) {
    const impostor = Object.create(prototype as object, { x: { value: 1 } }) as object;
    expect(difference(impostor, moved(impostor))).toBeNull();
  }
});

test('a Proxy is refused where it can be seen, and no trap runs', () => {
  const ran: string[] = [];
  const handler = new Proxy({}, { get: (_, trap) => ran.push(String(trap)) && undefined });
  const proxy = new Proxy({ a: 1 }, handler);
  const options = { isProxy: types.isProxy };
  expect(() => encodeValue({ proxy }, options)).toThrow('proxy (Proxy)');
  expect(() => encodeValue({ o: Object.create(proxy) as object }, options)).toThrow('Proxy');
  expect(() => encodeValue({ f: new Proxy(() => 1, handler) }, options)).toThrow('f (Proxy)');
  expect(ran).toEqual([]);
});

/** Stands for what a runtime replaces, with a prototype that programs can see. */
const replaced = new WeakMap<object, { readonly value: unknown }>();
const external = (value: object) => {
  const record = replaced.get(value);
  return record === undefined ? null : { kind: 'box', record };
};
const reviver: Reviver = {
  create: () => ({}),
  fill: (value, _, record) => void replaced.set(value, record as { value: unknown }),
};

test('replaced values carry own properties, prototype and integrity', () => {
  const box = Object.assign(Promise.resolve(), { own: {} as unknown });
  box.own = [box];
  replaced.set(box, { value: 7 });
  const plain = Object.freeze(Promise.resolve());
  replaced.set(plain, { value: 8 });
  const bytes = encodeValue({ box, plain }, { external });
  const copy = decodeValue(bytes, { reviver }) as { box: typeof box; plain: object };
  expect(Object.getPrototypeOf(copy.box)).toBe(Promise.prototype);
  expect((copy.box.own as unknown[])[0]).toBe(copy.box);
  expect([Object.isFrozen(copy.plain), Object.isFrozen(copy.box)]).toEqual([true, false]);
  expect([replaced.get(copy.box), replaced.get(copy.plain)]).toEqual([{ value: 7 }, { value: 8 }]);
});

test('no accessor runs while a snapshot is taken or read', () => {
  const ran: string[] = [];
  const noisy = (name: string) => ({ get: () => ran.push(name), configurable: true });
  class Tagged {
    get [Symbol.toStringTag](): string {
      ran.push('tag');
      return 'Tagged';
    }
  }
  const values = [
    Object.defineProperty({}, Symbol.toStringTag, noisy('own tag')),
    Object.defineProperty([], 'constructor', noisy('constructor')),
    new Tagged(),
    Object.create({
      get constructor() {
        return ran.push('inherited');
      },
    }) as object,
  ];
  for (const value of values) expect(() => encodeValue(value)).toThrow('cannot be serialised');
  expect(ran).toEqual([]);
});
