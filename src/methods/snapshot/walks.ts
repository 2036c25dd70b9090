import { SnapshotCorruptError } from './errors.ts';
import type { Encoder } from './encoder.ts';
import { kind, walkViews } from './format.ts';
import { type Hints, Restart } from './hints.ts';
import {
  advance,
  getPrototypeOf,
  mapDelete,
  mapIteratorPrototype,
  mapSet,
  mapSize,
  nextOfMap,
  setAdd,
  setDelete,
  setIteratorPrototype,
  setSize,
  walkerOf,
} from './intrinsics.ts';
import type { EncodeOptions, IteratorProbe } from './options.ts';

// An iterator of a Map or Set tells nobody what it walks. But what is added to a collection is still to come for just those
// iterators that walk it: so it is tried, and taken back before anybody could see it. To look at one that has come to the end
// would make it be over, for V8; so something is always added before.

export interface WalkForm {
  readonly kind: 'iterator';
  /** In `walkViews`. */
  readonly view: number;
  /** Null when it is over: it stays over then, whatever is added. */
  readonly collection: object | null;
  /** Entries of the collection, as it is now, that do not come any more. */
  readonly passed: number;
}

/**
 * How an iterator of a Map or Set is written. What it walks is only found when the whole graph is known: the pass that meets
 * it first notes it, and is begun again.
 *
 * @returns null for anything else, and for one whose collection the graph does not hold
 */
export function walkForm(
  iterator: object,
  prototype: object,
  options: EncodeOptions,
  hints: Hints,
): WalkForm | null {
  const isOfMap = prototype === mapIteratorPrototype;
  if (!isOfMap && prototype !== setIteratorPrototype) return null;
  const { iterators } = options;
  if (iterators === undefined || !iterators.isOne(iterator)) return null;
  const collection = hints.walked.get(iterator);
  if (collection === 'unreachable') return null;
  if (collection === undefined) hints.unsettledWalks.push(iterator);
  if (collection === undefined || collection === 'over')
    return { kind: 'iterator', view: isOfMap ? 0 : 3, collection: null, passed: 0 };
  const form = isOfMap ? formOfMap : formOfSet;
  return { kind: 'iterator', collection, ...form(iterator, collection, iterators) };
}

type Form = Pick<WalkForm, 'view' | 'passed'>;

function formOfSet(iterator: object, set: object, probe: IteratorProbe): Form {
  const marker = Symbol();
  setAdd(set, marker);
  const { left, isPaired } = probe.look(iterator);
  const passed = setSize(set) - left;
  setDelete(set, marker);
  return { view: isPaired ? 3 : 4, passed };
}

/** Whether it shows keys or values is seen by giving the next entry other values for a moment. */
function formOfMap(iterator: object, map: object, probe: IteratorProbe): Form {
  const marker = Symbol();
  mapSet(map, marker, undefined);
  const { left, isPaired } = probe.look(iterator);
  const passed = mapSize(map) - left;
  const [key, value] = nextOfMap(map, passed) ?? [marker, undefined];
  const texts = ['one', 'other'].map((name) => {
    mapSet(map, key, Symbol(name));
    return probe.look(iterator).next();
  });
  mapSet(map, key, value);
  mapDelete(map, marker);
  return { view: isPaired ? 0 : texts[0] === texts[1] ? 1 : 2, passed };
}

/** Finds what each iterator walks among all that a pass has met. @throws {Restart} when there was one to be found */
export function settleWalks({ hints, options, objects, kinds }: Encoder): void {
  const { iterators } = options;
  if (iterators === undefined || hints.unsettledWalks.length === 0) return;
  const maps = objects.filter((_, number) => kinds[number] === kind.map) as object[];
  const sets = objects.filter((_, number) => kinds[number] === kind.set) as object[];
  for (const iterator of hints.unsettledWalks) {
    const walked =
      getPrototypeOf(iterator) === mapIteratorPrototype
        ? walkedBy(iterator, maps, iterators, addToMap, mapDelete)
        : walkedBy(iterator, sets, iterators, setAdd, setDelete);
    hints.walked.set(iterator, walked);
  }
  throw new Restart();
}

function walkedBy(
  iterator: object,
  candidates: readonly object[],
  probe: IteratorProbe,
  add: (collection: object, key: unknown) => void,
  remove: (collection: object, key: unknown) => void,
): object | 'over' | 'unreachable' {
  /** How many more entries are still to come with one more in each of these. */
  const gains = (some: readonly object[], leftBefore: number): number => {
    const marker = Symbol();
    for (const collection of some) add(collection, marker);
    const { left } = probe.look(iterator);
    for (const collection of some) remove(collection, marker);
    return left - leftBefore;
  };
  const first = Symbol();
  for (const collection of candidates) add(collection, first);
  try {
    const { left } = probe.look(iterator);
    // Where nothing can be added by the execution, to one that has nothing left nothing ever comes.
    if (left === 0) return 'over';
    let among = gains(candidates, left) > 0 ? candidates : [];
    while (among.length > 1) {
      const half = among.slice(0, among.length >> 1);
      among = gains(half, left) > 0 ? half : among.slice(half.length);
    }
    return among[0] ?? 'unreachable';
  } finally {
    for (const collection of candidates) remove(collection, first);
  }
}

function addToMap(map: object, key: unknown): void {
  mapSet(map, key, undefined);
}

/** An iterator that is made again: where it stands can be told when its collection is whole. */
export interface Walk {
  readonly iterator: object;
  readonly passed: number;
}

/** An iterator over a collection that is still empty; one that is over without a collection. */
export function beginWalk(view: number, collection: unknown, passed: number): Walk {
  const name = walkViews[view];
  if (name === undefined) throw new SnapshotCorruptError('an iterator has no view');
  const isOver = collection === null;
  const iterator = walkerOf(name, isOver ? (view < 3 ? new Map() : new Set()) : (collection as object));
  if (isOver) advance(iterator);
  return { iterator, passed };
}

export function finishWalk({ iterator, passed }: Walk): void {
  for (let count = 0; count < passed; count += 1) {
    if (!advance(iterator)) throw new SnapshotCorruptError('an iterator has passed more than there is');
  }
}
