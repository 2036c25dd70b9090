import { acceptFunctions, libraryMethod, nameMovable } from './library.ts';
import type { AnyFunction, Frame } from './method-code.ts';
import {
  beginSort,
  beginTypedSort,
  type Order,
  sortStage,
  type SortState,
  stageCopy,
  type TypedSortState,
  typedSortStage,
  undoStage,
} from './sorting.ts';
import { callerUrl } from './stack-walk.ts';
import { thread } from './thread.ts';

type List = Record<number, unknown> & { readonly length: number };

/** How far a sort has come, as data: it is all that a frame of it holds. */
interface Sort {
  readonly compare: AnyFunction;
  /** What is sorted in place, or made. */
  readonly into: List;
  readonly state: SortState | null;
  readonly typed: TypedSortState | null;
  /** How the comparisons of the present stage have come out so far. */
  told: number[];
  /** Elements at the end that are not compared. */
  readonly undefineds: number;
  readonly length: number;
}

function callComparator(compare: AnyFunction, one: unknown, other: unknown): unknown {
  return compare(one, other);
}

function orderOf(returned: unknown): number {
  const order = typeof returned === 'number' ? returned : Number(returned);
  return order < 0 ? -1 : order > 0 ? 1 : 0;
}

/** Sorts on from where `sort` stands, to its end. */
function walkSort(sort: Sort): unknown {
  const { compare, state, typed } = sort;
  let { told } = sort;
  /** How many comparisons of the stage are told again, and how many have been. */
  let known = told.length;
  let at = 0;
  const order: Order = function order(one, other) {
    if (at < known) return told[at++] as number;
    const found = orderOf(callComparator(compare, one, other));
    told.push(found);
    return found;
  };
  let copy: readonly unknown[] = [];
  let gallop = 0;
  try {
    for (let goesOn = true; goesOn; at = 0) {
      if (state !== null) {
        copy = stageCopy(state);
        gallop = state.gallop;
        goesOn = sortStage(state, order);
      } else goesOn = typed !== null && typedSortStage(typed, order);
      if (told.length > 0) told = [];
      known = 0;
    }
  } catch (error) {
    const { gate } = thread;
    if (error !== gate.capture) throw error;
    if (state !== null) undoStage(state, copy, gallop);
    sort.told = told;
    throw gate.save(sorting, 1, [sort], null, null);
  }
  return end(sort);
}

function resumeSort(frame: Frame): unknown {
  const sort = frame.vars[0] as Sort;
  sort.told.push(orderOf(thread.gate.take()));
  return walkSort(sort);
}

const sorting = libraryMethod('sort', ['sort'], resumeSort);

function end({ into, state, typed, undefineds, length }: Sort): unknown {
  const work = state?.work ?? (typed as TypedSortState).sorted;
  let index = 0;
  for (; index < work.length; index += 1) into[index] = work[index];
  for (const last = index + undefineds; index < last; index += 1) into[index] = undefined;
  if (typed === null) for (; index < length; index += 1) deleteFrom(into, index);
  return into;
}

function deleteFrom(list: List, index: number): void {
  // In strict code it throws where the element cannot be deleted, as the language wants.
  delete list[index];
}

/** @param holes whether what is missing stays missing, and is not read as undefined */
function beginArray(list: List, into: List, length: number, compare: AnyFunction, holes: boolean): unknown {
  const work: unknown[] = [];
  let undefineds = 0;
  for (let index = 0; index < length; index += 1) {
    if (holes && !(index in list)) continue;
    const value = list[index];
    if (value === undefined) undefineds += 1;
    else work.push(value);
  }
  return walkSort({ compare, into, state: beginSort(work), typed: null, told: [], undefineds, length });
}

function beginTyped(list: List, into: List, compare: AnyFunction): unknown {
  const typed = beginTypedSort(Array.prototype.slice.call(list) as unknown[]);
  return walkSort({ compare, into, state: null, typed, told: [], undefineds: 0, length: list.length });
}

/** What the language refuses, and sorts without a comparator, are left to it. */
const calls = {
  sortArray: (native: AnyFunction) =>
    function sort(this: unknown, compare: unknown): unknown {
      if (typeof compare !== 'function' || !Array.isArray(this))
        return Reflect.apply(native, this, [compare]);
      const { length } = this;
      return length < 2
        ? this
        : beginArray(this as unknown as List, this as unknown as List, length, compare as AnyFunction, true);
    },
  toSortedArray: (native: AnyFunction) =>
    function toSorted(this: unknown, compare: unknown): unknown {
      if (typeof compare !== 'function' || !Array.isArray(this))
        return Reflect.apply(native, this, [compare]);
      const { length } = this;
      return beginArray(
        this as unknown as List,
        Array.from({ length }) as unknown as List,
        length,
        compare as AnyFunction,
        false,
      );
    },
  sortTyped: (native: AnyFunction) =>
    function sort(this: unknown, compare: unknown): unknown {
      if (typeof compare !== 'function' || !ArrayBuffer.isView(this))
        return Reflect.apply(native, this, [compare]);
      const list = this as unknown as List;
      return list.length < 2 ? this : beginTyped(list, list, compare as AnyFunction);
    },
  toSortedTyped: (native: AnyFunction) =>
    function toSorted(this: unknown, compare: unknown): unknown {
      if (typeof compare !== 'function' || !ArrayBuffer.isView(this))
        return Reflect.apply(native, this, [compare]);
      const list = this as unknown as List;
      const copy = Reflect.apply(typedPrototype['slice'] as AnyFunction, list, []) as List;
      return list.length < 2 ? copy : beginTyped(list, copy, compare as AnyFunction);
    },
};

const typedPrototype = Object.getPrototypeOf(Uint8Array.prototype) as Record<string, AnyFunction>;
const arrayPrototype = Array.prototype as unknown as Record<string, AnyFunction>;

for (const [owner, prototype, name, make] of [
  ['Array', arrayPrototype, 'sort', calls.sortArray],
  ['Array', arrayPrototype, 'toSorted', calls.toSortedArray],
  ['TypedArray', typedPrototype, 'sort', calls.sortTyped],
  ['TypedArray', typedPrototype, 'toSorted', calls.toSortedTyped],
] as const) {
  const native = prototype[name];
  if (native === undefined) continue;
  nameMovable(`${owner}.${name}`, native, make(native) as AnyFunction);
}

acceptFunctions(callerUrl(), {
  callComparator: 'calls',
  order: 'passes',
  walkSort: 'walks',
  resumeSort: 'passes',
  beginArray: 'passes',
  beginTyped: 'passes',
  sort: 'passes',
  toSorted: 'passes',
});
