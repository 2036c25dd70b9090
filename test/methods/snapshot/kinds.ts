/* One row for each kind of value: an example, and what a program can see of it. Both processes of the test read this file. */
import path from 'node:path';
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
import { newCode } from './handmade.ts';

export type How = 'exact' | 'by reference' | 'by reopening' | 'pinned' | 'refused';

export interface Row {
  readonly kind: string;
  readonly how: How;
  readonly remark: string;
  readonly example: () => unknown;
  /** What can be seen of it, in a form that two processes can compare. Not asked of what cannot move. */
  see(value: never): unknown;
}

type F = (...args: unknown[]) => unknown;
type New = new (...args: unknown[]) => Record<string, unknown>;

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

const code = newCode();
const make = (id: string, ...captured: unknown[]): F => code.makeClosure(id, captured) as F;
const makeClass = (id: string, captured: unknown[] = [], superclass: unknown = undefined): New =>
  code.makeClass(id, captured, superclass, []) as unknown as New;

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

const row = <T>(
  kind: string,
  how: How,
  remark: string,
  example: () => T,
  see: (value: T) => unknown,
): Row => ({
  kind,
  how,
  remark,
  example,
  see: see as (value: never) => unknown,
});
const stays = (kind: string, how: 'pinned' | 'refused', remark: string, example: () => unknown): Row =>
  row(kind, how, remark, example, () => null);

/** Attributes, order, integrity. */
const shapeOf = (value: object): unknown => [
  Reflect.ownKeys(value).map((key) => {
    const property = Reflect.getOwnPropertyDescriptor(value, key) as PropertyDescriptor;
    const { writable, enumerable, configurable } = property;
    return [String(key), writable, enumerable, configurable, typeof property.get, typeof property.set];
  }),
  Object.isExtensible(value),
  Object.isSealed(value),
  Object.isFrozen(value),
];

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
    (it) => [it[0] === it[1], (it[0]?.self as unknown[])[0] === it[0]],
  ),
  row(
    'arrays',
    'exact',
    'holes, attributes of elements, named properties, a fixed `length`',
    () => Object.assign([1, , 3], { name: 'x' }),
    (it) => [1 in it, it.length, shapeOf(it)],
  ), // oxlint-disable-line no-sparse-arrays
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
    () => [Object(-0), Object('ab'), Object(1n)] as object[],
    (it) => it.map((box) => [String(box), Object.is(box.valueOf(), -0)]),
  ),
  row(
    '`arguments` of strict code',
    'exact',
    '',
    () =>
      (function (..._: unknown[]) {
        return arguments;
      })(1, 'b'),
    (it) => [it.length, [...it], Object.prototype.toString.call(it)],
  ), // oxlint-disable-line prefer-rest-params
];

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
      return [[...a], a.byteOffset, detached.byteLength, Reflect.get(grows, 'maxByteLength')];
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
    () => [path.join, console.log, fetch, console, path, process],
    (it) => [path.join, console.log, fetch, console, path, process].map((known, at) => it[at] === known),
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
    'by their resolved options; made by the other Node.js’s own data',
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
  stays(
    'iterators of built-ins, held in a variable',
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
    '`arguments` of sloppy code',
    'refused',
    'it is tied to the parameters; the compiler refuses it',
    () => (0, eval)('(function (a) { return arguments; })(1)') as unknown,
  ), // oxlint-disable-line no-eval
];

export const rows: readonly Row[] = [
  ...primitives,
  ...objects,
  ...buffers,
  ...functions,
  ...platformRows,
  ...others,
];
