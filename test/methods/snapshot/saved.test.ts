import { expect, test } from 'vitest';
import {
  createPermanents,
  decodeValue,
  encodeValue,
  PermanentMissingError,
  type SavedClasses,
} from '../../../src/methods/snapshot/index.ts';
import { newCode } from './handmade.ts';

/** Its state cannot be seen, nor given to it later. */
class Sealed {
  readonly #data: unknown;
  /** What it was given, as it was then. */
  readonly seen: string;
  constructor(data: unknown) {
    this.#data = data;
    this.seen = JSON.stringify(data, (_, value: unknown) => (value instanceof Sealed ? '<sealed>' : value));
  }
  get data(): unknown {
    return this.#data;
  }
}

const log: string[] = [];
const classes: SavedClasses = {
  of: (prototype) =>
    prototype === Sealed.prototype
      ? {
          name: 'Sealed',
          save: (instance) => {
            log.push('save');
            return (instance as Sealed).data;
          },
        }
      : null,
  load: (name, data) => {
    log.push(`load ${name}`);
    return new Sealed(data);
  },
};

const code = newCode();

function moved<T>(value: T): T {
  log.length = 0;
  return decodeValue(encodeValue(value, { classes, code }), { classes, code }) as T;
}

test('an instance is made once, out of whole data, wherever it is held', () => {
  const shared = { list: [1, 2] };
  const it = new Sealed({ shared, deep: { er: [new Date(5)] } });
  const copy = moved({ it, again: [it], map: new Map([[it, it]]), shared });
  expect(copy.it).toBeInstanceOf(Sealed);
  expect(copy.it.seen).toBe(it.seen);
  expect([copy.again[0], copy.map.get(copy.it)]).toEqual([copy.it, copy.it]);
  expect((copy.it.data as { shared: unknown }).shared).toBe(copy.shared);
  expect(log).toEqual(['save', 'load Sealed']);
});

test('as the root, as the data of others, and captured by functions', () => {
  const inner = new Sealed('inner');
  const outer = new Sealed([inner, { inner }]);
  const holder = code.makeClosure('holder', [outer]);
  const nested = code.makeClosure('holder', [holder]);
  expect(moved(outer).seen).toBe(outer.seen);
  const copy = moved({ nested, inner, holder }) as unknown as {
    nested: () => () => Sealed;
    inner: Sealed;
  };
  expect(copy.nested()().seen).toBe(outer.seen);
  expect((copy.nested()().data as [Sealed])[0]).toBe(copy.inner);
  expect(log.filter((line) => line === 'save')).toHaveLength(2);
});

test('data that the rest of the graph holds too is whole when it is loaded, whoever was met first', () => {
  const settings = { mode: 'fast', more: { depth: [3] } };
  const it = new Sealed(settings);
  for (const value of [
    { settings, it },
    { it, settings },
    [{ a: { settings } }, [[[it]]]],
    new Map<unknown, unknown>([[it, settings]]),
  ]) {
    const copy = moved<unknown>(value);
    const found = JSON.stringify(copy instanceof Map ? [...copy] : copy);
    expect(found).toBe(JSON.stringify(value instanceof Map ? [...value] : value));
    const texts = JSON.stringify([...findSealed(copy)].map(({ seen }) => seen));
    expect(texts).toBe(JSON.stringify([it.seen]));
  }
});

function findSealed(value: unknown, found = new Set<Sealed>()): Set<Sealed> {
  if (value instanceof Sealed) found.add(value);
  else if (value instanceof Map) for (const entry of value) findSealed(entry, found);
  else if (typeof value === 'object' && value !== null)
    for (const item of Object.values(value)) findSealed(item, found);
  return found;
}

test('thousands in one array, and a chain of thousands', () => {
  const many = Array.from({ length: 2_000 }, (_, index) => new Sealed({ index }));
  expect(moved(many).map(({ seen }) => seen)).toEqual(many.map(({ seen }) => seen));
  let chain = new Sealed(null);
  for (let depth = 0; depth < 1_000; depth += 1)
    chain = new Sealed({ next: chain, depth: chain.seen.length });
  let at: unknown = moved([chain])[0];
  let length = 0;
  for (; at instanceof Sealed; at = (at.data as { next?: unknown } | null)?.next) length += 1;
  expect(length).toBe(1_001);
});

test('data may refer to what holds the instance, which is not whole yet; but not back to the instance', () => {
  const parent: Record<string, unknown> = { name: 'parent' };
  const child = new Sealed([parent]);
  parent['child'] = child;
  const copy = moved(parent);
  expect(((copy['child'] as Sealed).data as unknown[])[0]).toBe(copy);
  const data: Record<string, unknown> = {};
  const looped = new Sealed(data);
  data['back'] = [looped];
  expect(() => encodeValue({ looped }, { classes })).toThrow(
    /back\[0\] \(Sealed whose saved data leads back to it\)/,
  );
  const [one, two] = [{}, {}] as Record<string, unknown>[];
  const [first, second] = [new Sealed(one), new Sealed(two)];
  Object.assign(one as object, { second });
  Object.assign(two as object, { first });
  expect(() => encodeValue([first], { classes })).toThrow('leads back');
});

test('with weak collections, hidden behind their keys', () => {
  const key = {};
  const map = new WeakMap([[key, new Sealed({ secret: [key] })]]);
  const copy = moved({ key, map });
  expect((copy.map.get(copy.key) as { data: { secret: unknown[] } }).data.secret[0]).toBe(copy.key);
});

test('what cannot move within the data is named by its path; its own errors pass', () => {
  const it = new Sealed({ inner: { socket: () => 1 } });
  expect(() => encodeValue({ it }, { classes })).toThrow('it<Sealed>.inner.socket (function socket)');
  const bytes = encodeValue({ it: new Sealed(1) }, { classes });
  expect(() => decodeValue(bytes)).toThrow(PermanentMissingError);
  const failure = new RangeError('no room');
  const failing: SavedClasses = {
    ...classes,
    load: () => {
      throw failure;
    },
  };
  expect(() => decodeValue(bytes, { classes: failing })).toThrow(failure);
});

test('saved instances are not taken for movable ones, nor the other way round', () => {
  class Derived extends Sealed {}
  expect(() => encodeValue([new Derived(1)], { classes })).toThrow('class Derived instance');
  const permanents = createPermanents([['m.ts#it', new Sealed(2)]]);
  const it = permanents.find('m.ts#it');
  expect(decodeValue(encodeValue([it], { classes, permanents }), { permanents })).toEqual([it]);
});
