/* One row for each kind of value: an example, and what a program can see of it. Both processes of the test read this file. */
import path from 'node:path';
import { Script } from 'node:vm';
import type { Callable, ExternalRecord } from '../../../src/methods/snapshot/index.ts';
import { createPermanents, type Reviver } from '../../../src/methods/snapshot/index.ts';
import {
  blankResource,
  fillResource,
  resource,
  Resources,
  resourceRecord,
} from '../../../src/methods/runtime/resources.ts';
import { registerClass, savedClasses } from '../../../src/methods/runtime/saved-classes.ts';
import { platform } from '../../../src/platform.ts';
import { code, type F, make, makeClass, type New, type Row, row, shapeOf, stays } from './kind-row.ts';
import { rowsOfData } from './kinds-of-data.ts';

// What stands at the top level of a movable file, and is known by name.
const settings = Object.freeze({ depth: 3 });
function census(): string {
  return 'census';
}
const journal: string[] = [];
const file = resource(
  (path: string) => {
    journal.push(`open ${path}`);
    return { path };
  },
  ({ path }) => void journal.push(`close ${path}`),
);

/** Somebody else's class: its state cannot be seen from outside. */
class Money {
  readonly #cents: number;
  readonly #labels: readonly string[];
  constructor(cents: number, labels: readonly string[]) {
    this.#cents = cents;
    this.#labels = labels;
  }
  save(): { readonly cents: number; readonly labels: readonly string[] } {
    return { cents: this.#cents, labels: this.#labels };
  }
}
registerClass(Money, 'Money', {
  save: (money) => money.save(),
  load: ({ cents, labels }) => new Money(cents, [...labels]),
});

const permanents = createPermanents([
  ['kinds.ts#settings', settings],
  ['kinds.ts#census', census],
  ['kinds.ts#file', file],
]);

export const resources = new Resources(() => undefined);
const reviver: Reviver = {
  create: () => blankResource(),
  fill: (value, _, record) => {
    fillResource(value, record);
    resources.add(value);
  },
};

/** As the runtime gives them. */
export const encodeOptions = {
  ...platform,
  permanents,
  code,
  classes: savedClasses,
  buffer: Buffer,
  external: (value: object): ExternalRecord | null => resourceRecord(value),
};
export const decodeOptions = {
  host: platform.host,
  permanents,
  code,
  classes: savedClasses,
  buffer: Buffer,
  reviver,
};

const functions: Row[] = [
  row(
    'functions of movable code',
    'exact',
    'with what they have captured, shared where it was shared',
    () => {
      const box = { v: 1 };
      return [make('adder', box), make('reader', box)] as const;
    },
    ([add, read]) => {
      add(5);
      return read();
    },
  ),
  row(
    'own properties, names and prototypes of functions',
    'exact',
    '',
    () => Object.assign(make('point'), { tag: [1] }),
    (it) => [it.name, it.length, it.tag, shapeOf(it), new (it as unknown as New)(1, 2)['y']],
  ),
  row(
    'bound functions',
    'exact',
    'of functions that can move',
    () => code.makeBound(make('length') as Callable, { x: 3, y: 4 }, []) as F,
    (it) => [it(), it.name],
  ),
  row(
    'classes made at run time',
    'exact',
    'statics as they are; initialisers do not run again',
    () => makeClass('Account', [[]]),
    (it) => [it.name, new it()['balance'], Reflect.get(it, 'opened')],
  ),
  row(
    'methods and accessors of such classes',
    'exact',
    'the same functions as in the class',
    () => {
      const C = makeClass('Account', [[]]);
      return [C, Reflect.get(C.prototype as object, 'pay') as F] as const;
    },
    ([C, pay]) => Reflect.get(C.prototype as object, 'pay') === pay,
  ),
  row(
    'instances of movable classes',
    'exact',
    'private elements too; the constructor does not run',
    () => {
      const it = new (makeClass('Account', [[]]))();
      (it['pay'] as F)(3);
      return it;
    },
    (it) => [it['balance'], (it.constructor as New).name],
  ),
  row(
    'instances of classes that extend built-ins',
    'exact',
    'Error, Map, Set, Array, Date, RegExp, typed arrays, …',
    () => [Error, Map, Array, Date].map((Base) => new (makeClass('Sub', [], Base))()),
    (it) => it.map((x) => [Object.prototype.toString.call(x), (x['whoAmI'] as F)()]),
  ),
  row(
    'top-level functions, classes and frozen constants of movable files',
    'by reference',
    'by package, file and name',
    () => [census, settings],
    (it) => [it[0] === census, it[1] === settings],
  ),
];

const ofPlatform = (): unknown[] => [
  Reflect.get(path, 'join'),
  Reflect.get(console, 'log'),
  fetch,
  console,
  path,
  process,
];

const platformRows: Row[] = [
  row(
    'objects and functions of the language',
    'by reference',
    'what this Node.js has and the other lacks is an error that names it',
    () => [Math, Array.prototype, Math.max, globalThis, Intl.Collator],
    (it) => [
      it[0] === Math,
      it[1] === Array.prototype,
      it[2] === Math.max,
      it[3] === globalThis,
      it[4] === Intl.Collator,
    ],
  ),
  row(
    'Node’s modules and their functions, what stands on the global object',
    'by reference',
    'those of the process where the method is',
    () => ofPlatform(),
    (it) => ofPlatform().map((known, at) => it[at] === known),
  ),
  row(
    'URL and URLSearchParams',
    'exact',
    '`searchParams` stays tied to its URL',
    () => {
      const url = new URL('http://a.example/p?q=1#f');
      return { params: url.searchParams, url, alone: new URLSearchParams('a=1&a=%20') };
    },
    ({ params, url, alone }) => {
      params.append('r', '2');
      return [url.href, String(alone)];
    },
  ),
  row(
    'TextEncoder, TextDecoder',
    'exact',
    'of a decoder in the middle of a stream, an unfinished character is lost: decode whole pieces',
    () => [new TextEncoder(), new TextDecoder('utf-16le', { fatal: true, ignoreBOM: true })] as const,
    ([, it]) => [it.encoding, it.fatal, it.ignoreBOM],
  ),
  row(
    '`Intl` objects',
    'exact',
    'by their resolved options; made by the other Node.js’s own data; their functions (`collator.compare`) where movable code made them',
    () => [
      new Intl.NumberFormat('de', { style: 'currency', currency: 'EUR' }),
      new Intl.DateTimeFormat('en', { dateStyle: 'full', timeZone: 'UTC' }),
      new Intl.Collator('sv'),
      new Intl.PluralRules('pl'),
    ],
    (it) => [
      (it[0] as Intl.NumberFormat).format(1234.5),
      (it[1] as Intl.DateTimeFormat).format(0),
      (it[2] as Intl.Collator).compare('z', 'ö'),
      (it[3] as Intl.PluralRules).select(3),
    ],
  ),
  row(
    '`Temporal` values',
    'exact',
    'where Node.js has them, at both ends',
    () => {
      const temporal = Reflect.get(globalThis, 'Temporal') as
        { Instant: { from(text: string): object } } | undefined;
      return temporal === undefined ? [] : [temporal.Instant.from('2020-01-01T00:00Z')];
    },
    (it) => it.map(String),
  ),
];

const others: Row[] = [
  row(
    '`arguments` of sloppy code, of a function without parameters',
    'exact',
    '',
    () => {
      const script = new Script('(function () { return arguments; })(1, "b")');
      return Object.assign(script.runInThisContext() as unknown[], { callee: make('reader', { v: 5 }) });
    },
    (it) => [it.length, [...it], Object.prototype.toString.call(it), it.callee(), shapeOf(it)],
  ),
  row(
    'instances of classes given to `registerClass`',
    'exact',
    'what `save` says is what moves; it must not lead back to the instance',
    () => {
      const money = new Money(5, ['eur']);
      return [money, make('holder', money), money] as const;
    },
    ([money, holder, again]) => [money.save(), holder() === money, money === again],
  ),
  row(
    'what `resource(open, close)` has opened',
    'by reopening',
    'closed where the method leaves, opened with the same arguments where it goes on',
    () => {
      const handle = blankResource();
      fillResource(handle, { opener: file, args: ['a.txt'], isClosed: false });
      resources.add(handle);
      resources.arrive();
      return handle as { readonly value: { readonly path: string } };
    },
    (it) => {
      // Here it is open; where it has come to it is not.
      resources.arrive();
      return it.value.path;
    },
  ),
  stays(
    'promises that are none of the execution’s',
    'pinned',
    'until they settle: write `await effect(…)`',
    () => ({ waits: Promise.resolve(1) }),
  ),
  row(
    'iterators of Map and Set, held in a variable',
    'exact',
    'in the middle or over; pinned while only the iterator holds what it walks',
    () => {
      const map = new Map<unknown, unknown>([
        ['gone', 0],
        ['passed', 1],
        ['next', 2],
      ]);
      const set = new Set(['x', 'y']);
      const [keys, values, over] = [map.keys(), map.values(), set.entries()];
      for (const walk of [keys, keys, values, over, over, over]) walk.next();
      map.delete('gone');
      return { keys, values, over, map, set, again: keys };
    },
    ({ keys, values, over, map, set, again }) => {
      map.set('late', 3);
      set.add('z');
      return [keys === again, [...keys], [...values], [...over], Object.prototype.toString.call(keys)];
    },
  ),
  stays(
    'other iterators of built-ins, held in a variable',
    'pinned',
    'nothing tells where they are: keep the collection and a position, or walk by `for…of`',
    () => [1, 2][Symbol.iterator](),
  ),
  stays(
    'Proxy',
    'pinned',
    'its target and traps cannot be seen; make it in an effect, or where it is used',
    () => new Proxy({}, {}),
  ),
  stays(
    'instances of other classes',
    'pinned',
    'sockets, streams, requests, …: `effect`, `resource` or `registerClass`',
    () => ({ head: new Headers() }),
  ),
  stays(
    'functions that are neither of movable code nor known by name',
    'pinned',
    'move them into a movable file',
    () => ({ f: () => 1 }),
  ),
  stays(
    'FinalizationRegistry',
    'pinned',
    'what it watches cannot be seen',
    () => new FinalizationRegistry(() => undefined),
  ),
  stays('namespaces of modules (`import * as`)', 'pinned', 'name what is used', () =>
    Object.defineProperty(Object.create(null) as object, Symbol.toStringTag, { value: 'Module' }),
  ),
  stays(
    '`arguments` of sloppy code, of a function with parameters',
    'pinned',
    'it may be tied to the parameters',
    () => new Script('(function (a) { return arguments; })(1)').runInThisContext() as unknown,
  ),
];

export const rows: readonly Row[] = [...rowsOfData, ...functions, ...platformRows, ...others];
