import { isObject } from '../../core/is-object.ts';
import { assertNever } from '../../core/assert.ts';
import { acceptFunctions, libraryMethod, nameMovable } from './library.ts';
import type { AnyFunction, Frame } from './method-code.ts';
import { callerUrl } from './stack-walk.ts';
import { thread } from './thread.ts';

type Kind =
  | 'map'
  | 'filter'
  | 'forEach'
  | 'some'
  | 'every'
  | 'find'
  | 'findIndex'
  | 'findLast'
  | 'findLastIndex'
  | 'flatMap'
  | 'reduce'
  | 'reduceRight';

type List = Record<number, unknown> & { readonly length: number };

/** How far one of these methods has come, as data: it is all that a frame of it holds. */
interface Walk {
  readonly kind: Kind;
  readonly list: List;
  readonly callback: AnyFunction;
  readonly self: unknown;
  /** As it was at the start. */
  readonly length: number;
  index: number;
  /** What the callback was called with. */
  value: unknown;
  /** What it returns; the list that is being made, or the accumulator. */
  answer: unknown;
  /** How many elements that list has. */
  count: number;
}

/** Those whose callbacks get element, index and list. */
const onValues: readonly Kind[] = [
  'map',
  'filter',
  'forEach',
  'some',
  'every',
  'find',
  'findIndex',
  'findLast',
  'findLastIndex',
  'flatMap',
];

const natives = Array.prototype as unknown as Record<Kind, AnyFunction>;
const typedPrototype = Object.getPrototypeOf(Uint8Array.prototype) as Record<Kind, AnyFunction>;
// The only callers of callbacks: the stack walk knows by them that a callback runs, not a getter or a trap.

function callOne({ callback, self, list }: Walk, value: unknown, index: number): unknown {
  return self === undefined
    ? callback(value, index, list)
    : Reflect.apply(callback, self, [value, index, list]);
}

function callWithAnswer({ callback, answer, list }: Walk, value: unknown, index: number): unknown {
  return callback(answer, value, index, list);
}

interface Traits {
  readonly downwards: boolean;
  readonly reduces: boolean;
  /** Whether elements that are not there are left out; where they are not, they are undefined. */
  readonly skipsHoles: boolean;
}

const traits = Object.fromEntries(
  [...onValues, 'reduce', 'reduceRight'].map((kind): [string, Traits] => [
    kind,
    {
      downwards: kind === 'reduceRight' || kind.startsWith('findLast'),
      reduces: kind.startsWith('reduce'),
      skipsHoles: !kind.startsWith('find'),
    },
  ]),
) as Readonly<Record<Kind, Traits>>;

/** Walks on from where `walk` stands, to its end. Whoever begins one of a kind knows the kind's traits already. */
function walkList(walk: Walk, own: Traits): unknown {
  const { list, length } = walk;
  const { downwards, reduces } = own;
  const step = downwards ? -1 : 1;
  const skipsHoles = own.skipsHoles && !ArrayBuffer.isView(list);
  let { index } = walk;
  let value: unknown;
  try {
    for (; index >= 0 && index < length; index += step) {
      if (skipsHoles && !(index in list)) continue;
      value = list[index];
      const returned = reduces ? callWithAnswer(walk, value, index) : callOne(walk, value, index);
      if (gather(walk, returned, value, index)) break;
    }
  } catch (error) {
    const { gate } = thread;
    if (error !== gate.capture) throw error;
    walk.index = index;
    walk.value = value;
    throw gate.save(walking, 1, [walk], null, null);
  }
  return end(walk);
}

function resumeWalk(frame: Frame): unknown {
  const walk = frame.vars[0] as Walk;
  const returned = thread.gate.take();
  if (gather(walk, returned, walk.value, walk.index)) return end(walk);
  const own = traits[walk.kind];
  walk.index += own.downwards ? -1 : 1;
  walk.value = undefined;
  return walkList(walk, own);
}

const walking = libraryMethod('array walk', ['walk'], resumeWalk);

/** Takes what the callback returned. @returns whether the walk is over */
function gather(walk: Walk, returned: unknown, value: unknown, index: number): boolean {
  switch (walk.kind) {
    case 'map':
      put(walk.answer, index, returned);
      return false;
    case 'filter':
      if (returned) put(walk.answer, walk.count++, value);
      return false;
    case 'forEach':
      return false;
    case 'some':
      if (returned) walk.answer = true;
      return Boolean(returned);
    case 'every':
      if (!returned) walk.answer = false;
      return !returned;
    case 'find':
    case 'findLast':
      if (returned) walk.answer = value;
      return Boolean(returned);
    case 'findIndex':
    case 'findLastIndex':
      if (returned) walk.answer = index;
      return Boolean(returned);
    case 'flatMap':
      flatten(walk, returned);
      return false;
    case 'reduce':
    case 'reduceRight':
      walk.answer = returned;
      return false;
    default:
      return assertNever(walk.kind);
  }
}

function end(walk: Walk): unknown {
  const { answer } = walk;
  if (walk.kind === 'map' && Array.isArray(answer) && answer.constructor === Array)
    answer.length = walk.length;
  if (walk.kind !== 'filter' || !ArrayBuffer.isView(walk.list)) return answer;
  const kept = walk.answer as readonly unknown[];
  const into = new (walk.list.constructor as new (length: number) => List)(kept.length);
  kept.forEach((value, index) => (into[index] = value));
  return into;
}

function flatten(walk: Walk, returned: unknown): void {
  if (!Array.isArray(returned)) return put(walk.answer, walk.count++, returned);
  const { length } = returned;
  for (let index = 0; index < length; index += 1)
    if (index in returned) put(walk.answer, walk.count++, returned[index]);
}

/** Never through a setter that somebody has put on a prototype. */
function put(into: unknown, index: number, value: unknown): void {
  const list = into as unknown[];
  if (index === list.length || ArrayBuffer.isView(into)) list[index] = value;
  else Object.defineProperty(list, index, { value, writable: true, enumerable: true, configurable: true });
}

/** The class of the list that a method makes; null for plain arrays. */
function makerFor(list: List): (new (length: number) => unknown) | null {
  if (!Array.isArray(list)) return null;
  const maker: unknown = (list as { constructor: unknown }).constructor;
  if (maker === Array) return null;
  const species: unknown = isObject(maker)
    ? (maker as { [Symbol.species]?: unknown })[Symbol.species]
    : maker;
  if (species === undefined || species === null || species === Array) return null;
  return species as new (length: number) => unknown;
}

function startAnswer(kind: Kind, list: List, length: number): unknown {
  if (kind === 'map' || kind === 'filter' || kind === 'flatMap') {
    if (ArrayBuffer.isView(list))
      return kind === 'filter' ? [] : new (list.constructor as new (length: number) => List)(length);
    const maker = makerFor(list);
    // Elements come in order: an array that grows stays dense, one that is made long does not.
    return maker === null ? [] : new maker(kind === 'map' ? length : 0);
  }
  if (kind === 'every') return true;
  if (kind === 'some') return false;
  return kind === 'findIndex' || kind === 'findLastIndex' ? -1 : undefined;
}

/** Begins one of the methods that call back with element, index and list. */
function begin(kind: Kind, own: Traits, receiver: unknown, callback: unknown, self: unknown): unknown {
  const list = Object(receiver) as List;
  const length = lengthOf(list);
  const answer = kind === 'forEach' ? undefined : startAnswer(kind, list, length);
  const walk = {
    kind,
    list,
    callback: callback as AnyFunction,
    self,
    length,
    index: own.downwards ? length - 1 : 0,
    value: undefined,
    answer,
    count: 0,
  };
  return walkList(walk, own);
}

/** The same for those with an accumulator; the first element stands in when none is given. */
function beginReducing(kind: 'reduce' | 'reduceRight', receiver: unknown, args: readonly unknown[]): unknown {
  const list = Object(receiver) as List;
  const length = lengthOf(list);
  const step = kind === 'reduce' ? 1 : -1;
  let index = kind === 'reduce' ? 0 : length - 1;
  let answer = args[1];
  if (args.length < 2) {
    while (index >= 0 && index < length && !(index in list)) index += step;
    if (index < 0 || index >= length) throw new TypeError('Reduce of empty array with no initial value');
    answer = list[index];
    index += step;
  }
  const callback = args[0] as AnyFunction;
  const walk = { kind, list, callback, self: undefined, length, index, value: undefined, answer, count: 0 };
  return walkList(walk, traits[kind]);
}

function lengthOf(list: List): number {
  if (Array.isArray(list)) return list.length;
  const length = Math.trunc(Number(list.length));
  return Number.isNaN(length) ? 0 : Math.min(Math.max(length, 0), Number.MAX_SAFE_INTEGER);
}

/** What the language refuses is left to it, and so are typed arrays whose class is not one of its own. */
function isPlain(receiver: unknown, callback: unknown): boolean {
  if (typeof callback !== 'function' || receiver === null || receiver === undefined) return false;
  if (!ArrayBuffer.isView(receiver)) return true;
  return (
    Object.getPrototypeOf((receiver as { constructor: unknown }).constructor) === typedPrototype.constructor
  );
}

for (const kind of onValues) {
  const own = traits[kind];
  for (const native of [natives[kind], typedPrototype[kind] as AnyFunction | undefined]) {
    if (native === undefined) continue;
    const call = {
      [kind](this: unknown, callback: unknown, self: unknown): unknown {
        if (!isPlain(this, callback)) return Reflect.apply(native, this, [callback, self]);
        return begin(kind, own, this, callback, self);
      },
    };
    const name = `${native === natives[kind] ? 'Array' : 'TypedArray'}.${kind}`;
    nameMovable(name, native, call[kind] as AnyFunction);
  }
}

for (const kind of ['reduce', 'reduceRight'] as const) {
  for (const native of [natives[kind], typedPrototype[kind]]) {
    const call = {
      [kind](this: unknown, ...args: readonly unknown[]): unknown {
        if (!isPlain(this, args[0])) return Reflect.apply(native, this, args);
        return beginReducing(kind, this, args);
      },
    };
    const name = `${native === natives[kind] ? 'Array' : 'TypedArray'}.${kind}`;
    nameMovable(name, native, call[kind] as AnyFunction);
  }
}

acceptFunctions(callerUrl(), {
  callOne: 'calls',
  callWithAnswer: 'calls',
  walkList: 'walks',
  resumeWalk: 'passes',
  begin: 'passes',
  beginReducing: 'passes',
  ...Object.fromEntries([...onValues, 'reduce', 'reduceRight'].map((kind) => [kind, 'passes' as const])),
});
