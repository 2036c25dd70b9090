import { acceptFunctions } from './library.ts';
import { callerUrl } from './stack-walk.ts';

/**
 * The order in which V8 compares, so that a comparator that is inconsistent, or that is watched, sees and yields the
 * same: Tim Peters's sort (binary insertion into runs, merged with galloping, as Python's listsort describes it), and for
 * typed arrays a plain merge sort.
 *
 * A sort goes on in stages: one run is made, or two are merged. Between stages its state is data. A stage that is
 * interrupted starts anew, from a copy of what it began with, and is told again how its comparisons came out: so the
 * comparator is called once for each.
 */

/** Negative when `one` belongs before `other`. */
export type Order = (one: unknown, other: unknown) => number;

export interface SortState {
  readonly work: unknown[];
  /** Where the next run begins. */
  low: number;
  /** Base and length of each run that waits to be merged, in turn. */
  readonly runs: number[];
  /** So many elements in a row from one side let a merge gallop. */
  gallop: number;
}

/** Wins in a row that are worth galloping for. */
const gallopWins = 7;

export function beginSort(work: unknown[]): SortState {
  return { work, low: 0, runs: [], gallop: gallopWins };
}

/** What the next stage does: `null` when everything is in order. */
type Stage = { readonly kind: 'run' } | { readonly kind: 'merge'; readonly at: number } | null;

/** Does the next stage. @returns false when there is none */
export function sortStage(state: SortState, order: Order): boolean {
  const stage = nextStage(state);
  if (stage === null) return false;
  if (stage.kind === 'run') makeRun(state, order);
  else mergeRuns(state, stage.at, order);
  return true;
}

/** The elements that the next stage may move, to be put back with `undoStage` when it is interrupted. */
export function stageCopy(state: SortState): unknown[] {
  const [from, to] = stageRange(state);
  return state.work.slice(from, to);
}

export function undoStage(state: SortState, copy: readonly unknown[], gallop: number): void {
  const [from] = stageRange(state);
  for (let index = 0; index < copy.length; index += 1) state.work[from + index] = copy[index];
  state.gallop = gallop;
}

function stageRange(state: SortState): readonly [from: number, to: number] {
  const stage = nextStage(state);
  if (stage === null) return [0, 0];
  // While a run is looked for nothing moves; then at most the shortest run's elements do.
  if (stage.kind === 'run') return [state.low, Math.min(state.work.length, state.low + 64)];
  const { runs } = state;
  const base = runs[stage.at * 2] as number;
  return [base, base + (runs[stage.at * 2 + 1] as number) + (runs[stage.at * 2 + 3] as number)];
}

function nextStage({ work, low, runs }: SortState): Stage {
  const count = runs.length / 2;
  const length = (run: number): number => runs[run * 2 + 1] as number;
  const isOrderly = (run: number): boolean => run < 2 || length(run - 2) > length(run - 1) + length(run);
  if (count > 1) {
    const last = count - 2;
    const at = last > 0 && length(last - 1) < length(last + 1) ? last - 1 : last;
    if (!isOrderly(last + 1) || !isOrderly(last)) return { kind: 'merge', at };
    if (length(last) <= length(last + 1)) return { kind: 'merge', at: last };
    if (low === work.length) return { kind: 'merge', at };
  }
  return low < work.length ? { kind: 'run' } : null;
}

/** Runs are made so long that their number is a power of two, or a little less. */
function shortestRun(length: number): number {
  let left = length;
  let odd = 0;
  while (left >= 64) {
    odd |= left & 1;
    left >>= 1;
  }
  return left + odd;
}

function makeRun(state: SortState, order: Order): void {
  const { work, low } = state;
  const left = work.length - low;
  let length = foundRun(work, low, work.length, order);
  const shortest = Math.min(shortestRun(work.length), left);
  if (length < shortest) {
    insertInto(work, low, low + length, low + shortest, order);
    length = shortest;
  }
  state.runs.push(low, length);
  state.low = low + length;
}

/** @returns how many elements from `low` on are in order; a descending run is turned round */
function foundRun(work: unknown[], low: number, high: number, order: Order): number {
  if (low + 1 === high) return 1;
  let end = low + 2;
  const descends = order(work[low + 1], work[low]) < 0;
  while (end < high && order(work[end], work[end - 1]) < 0 === descends) end += 1;
  if (descends) {
    for (let one = low, other = end - 1; one < other; one += 1, other -= 1)
      [work[one], work[other]] = [work[other], work[one]];
  }
  return end - low;
}

/** Sorts `low` to `high`, of which the part before `sorted` is in order. */
function insertInto(work: unknown[], low: number, sorted: number, high: number, order: Order): void {
  for (let index = sorted === low ? low + 1 : sorted; index < high; index += 1) {
    const pivot = work[index];
    let left = low;
    let right = index;
    while (left < right) {
      const middle = left + ((right - left) >> 1);
      if (order(pivot, work[middle]) < 0) right = middle;
      else left = middle + 1;
    }
    // By hand: `copyWithin` asks for each element whether it is there.
    for (let place = index; place > left; place -= 1) work[place] = work[place - 1];
    work[left] = pivot;
  }
}

/** Merges a run and the next one. */
function mergeRuns(state: SortState, at: number, order: Order): void {
  const { work, runs } = state;
  let [base, length, otherBase, otherLength] = runs.slice(at * 2, at * 2 + 4) as [
    number,
    number,
    number,
    number,
  ];
  const total = length + otherLength;
  const skipped = gallopRight(work, work[otherBase], base, length, 0, order);
  base += skipped;
  length -= skipped;
  if (length > 0) {
    otherLength = gallopLeft(work, work[base + length - 1], otherBase, otherLength, otherLength - 1, order);
    if (otherLength > 0) {
      const merge = new Merge(state, base, length, otherBase, otherLength, order);
      if (length <= otherLength) merge.upwards();
      else merge.downwards();
    }
  }
  runs.splice(at * 2 + 1, 3, total);
}

/** Where `key` belongs before its equals, looked for from `hint` on in growing steps. */
function gallopLeft(
  list: readonly unknown[],
  key: unknown,
  base: number,
  length: number,
  hint: number,
  order: Order,
): number {
  let near = 0;
  let far = 1;
  if (order(list[base + hint], key) < 0) {
    const most = length - hint;
    while (far < most && order(list[base + hint + far], key) < 0) [near, far] = [far, far * 2 + 1];
    [near, far] = [near + hint, Math.min(far, most) + hint];
  } else {
    const most = hint + 1;
    while (far < most && order(list[base + hint - far], key) >= 0) [near, far] = [far, far * 2 + 1];
    [near, far] = [hint - Math.min(far, most), hint - near];
  }
  near += 1;
  while (near < far) {
    const middle = near + ((far - near) >> 1);
    if (order(list[base + middle], key) < 0) near = middle + 1;
    else far = middle;
  }
  return far;
}

/** Where `key` belongs after its equals. */
function gallopRight(
  list: readonly unknown[],
  key: unknown,
  base: number,
  length: number,
  hint: number,
  order: Order,
): number {
  let near = 0;
  let far = 1;
  if (order(key, list[base + hint]) < 0) {
    const most = hint + 1;
    while (far < most && order(key, list[base + hint - far]) < 0) [near, far] = [far, far * 2 + 1];
    [near, far] = [hint - Math.min(far, most), hint - near];
  } else {
    const most = length - hint;
    while (far < most && order(key, list[base + hint + far]) >= 0) [near, far] = [far, far * 2 + 1];
    [near, far] = [near + hint, Math.min(far, most) + hint];
  }
  near += 1;
  while (near < far) {
    const middle = near + ((far - near) >> 1);
    if (order(key, list[base + middle]) < 0) far = middle;
    else near = middle + 1;
  }
  return far;
}

/** How a merge goes on: until one side has so little left that the rest needs no comparing. */
type End = 'firstLeft' | 'secondLeft';

/** Two runs side by side; the shorter one is set aside while the merge overwrites its place. */
class Merge {
  readonly #state: SortState;
  readonly #work: unknown[];
  readonly #order: Order;
  readonly #base: number;
  #aside: unknown[] = [];
  /** Next element of the run that was set aside, of the other one, and the place to fill. */
  #own = 0;
  #other = 0;
  #place = 0;
  #left: number;
  #right: number;
  #leftWins = 0;
  #rightWins = 0;

  constructor(state: SortState, base: number, left: number, otherBase: number, right: number, order: Order) {
    this.#state = state;
    this.#work = state.work;
    this.#order = order;
    this.#base = base;
    this.#left = left;
    this.#right = right;
    this.#other = otherBase;
  }

  /** The first run is set aside; places are filled from the front. */
  upwards(): void {
    const work = this.#work;
    this.#aside = work.slice(this.#base, this.#base + this.#left);
    this.#place = this.#base;
    const end = this.#mergeUpwards();
    if (end === 'firstLeft') {
      for (let index = 0; index < this.#left; index += 1)
        work[this.#place + index] = this.#aside[this.#own + index];
      return;
    }
    for (let index = 0; index < this.#right; index += 1)
      work[this.#place + index] = work[this.#other + index];
    work[this.#place + this.#right] = this.#aside[this.#own];
  }

  #mergeUpwards(): End {
    this.#takeOtherUp();
    if (this.#right === 0) return 'firstLeft';
    if (this.#left === 1) return 'secondLeft';
    for (;;) {
      const end = this.#stepUpwards() ?? this.#gallopUpwards();
      if (end !== null) return end;
    }
  }

  #takeOtherUp(): void {
    this.#work[this.#place] = this.#work[this.#other];
    this.#place += 1;
    this.#other += 1;
    this.#right -= 1;
  }

  #takeOwnUp(): void {
    this.#work[this.#place] = this.#aside[this.#own];
    this.#place += 1;
    this.#own += 1;
    this.#left -= 1;
  }

  /** One by one, until one side wins often enough. */
  #stepUpwards(): End | null {
    const order = this.#order;
    this.#leftWins = 0;
    this.#rightWins = 0;
    for (;;) {
      if (order(this.#work[this.#other], this.#aside[this.#own]) < 0) {
        this.#takeOtherUp();
        this.#rightWins += 1;
        this.#leftWins = 0;
        if (this.#right === 0) return 'firstLeft';
        if (this.#rightWins >= this.#state.gallop) return null;
      } else {
        this.#takeOwnUp();
        this.#leftWins += 1;
        this.#rightWins = 0;
        if (this.#left === 1) return 'secondLeft';
        if (this.#leftWins >= this.#state.gallop) return null;
      }
    }
  }

  #gallopUpwards(): End | null {
    const work = this.#work;
    const state = this.#state;
    state.gallop += 1;
    do {
      state.gallop = Math.max(1, state.gallop - 1);
      this.#leftWins = gallopRight(this.#aside, work[this.#other], this.#own, this.#left, 0, this.#order);
      for (let index = 0; index < this.#leftWins; index += 1) this.#takeOwnUp();
      if (this.#leftWins > 0 && this.#left === 1) return 'secondLeft';
      // Only an inconsistent comparator comes here.
      if (this.#left === 0) return 'firstLeft';
      this.#takeOtherUp();
      if (this.#right === 0) return 'firstLeft';
      this.#rightWins = gallopLeft(work, this.#aside[this.#own], this.#other, this.#right, 0, this.#order);
      for (let index = 0; index < this.#rightWins; index += 1) this.#takeOtherUp();
      if (this.#right === 0) return 'firstLeft';
      this.#takeOwnUp();
      if (this.#left === 1) return 'secondLeft';
    } while (this.#leftWins >= gallopWins || this.#rightWins >= gallopWins);
    state.gallop += 1;
    return null;
  }

  /** The second run is set aside; places are filled from the back. */
  downwards(): void {
    const work = this.#work;
    this.#aside = work.slice(this.#other, this.#other + this.#right);
    this.#place = this.#other + this.#right - 1;
    this.#own = this.#right - 1;
    this.#other = this.#base + this.#left - 1;
    const end = this.#mergeDownwards();
    if (end === 'secondLeft') {
      for (let index = 0; index < this.#right; index += 1)
        work[this.#place - this.#right + 1 + index] = this.#aside[index];
      return;
    }
    for (let index = 0; index < this.#left; index += 1) work[this.#place - index] = work[this.#other - index];
    work[this.#place - this.#left] = this.#aside[this.#own];
  }

  #mergeDownwards(): End {
    this.#takeOtherDown();
    if (this.#left === 0) return 'secondLeft';
    if (this.#right === 1) return 'firstLeft';
    for (;;) {
      const end = this.#stepDownwards() ?? this.#gallopDownwards();
      if (end !== null) return end;
    }
  }

  #takeOtherDown(): void {
    this.#work[this.#place] = this.#work[this.#other];
    this.#place -= 1;
    this.#other -= 1;
    this.#left -= 1;
  }

  #takeOwnDown(): void {
    this.#work[this.#place] = this.#aside[this.#own];
    this.#place -= 1;
    this.#own -= 1;
    this.#right -= 1;
  }

  #stepDownwards(): End | null {
    const order = this.#order;
    this.#leftWins = 0;
    this.#rightWins = 0;
    for (;;) {
      if (order(this.#aside[this.#own], this.#work[this.#other]) < 0) {
        this.#takeOtherDown();
        this.#leftWins += 1;
        this.#rightWins = 0;
        if (this.#left === 0) return 'secondLeft';
        if (this.#leftWins >= this.#state.gallop) return null;
      } else {
        this.#takeOwnDown();
        this.#rightWins += 1;
        this.#leftWins = 0;
        if (this.#right === 1) return 'firstLeft';
        if (this.#rightWins >= this.#state.gallop) return null;
      }
    }
  }

  #gallopDownwards(): End | null {
    const work = this.#work;
    const state = this.#state;
    state.gallop += 1;
    do {
      state.gallop = Math.max(1, state.gallop - 1);
      const [left, base] = [this.#left, this.#base];
      this.#leftWins = left - gallopRight(work, this.#aside[this.#own], base, left, left - 1, this.#order);
      for (let index = 0; index < this.#leftWins; index += 1) this.#takeOtherDown();
      if (this.#left === 0) return 'secondLeft';
      this.#takeOwnDown();
      if (this.#right === 1) return 'firstLeft';
      const right = this.#right;
      this.#rightWins = right - gallopLeft(this.#aside, work[this.#other], 0, right, right - 1, this.#order);
      for (let index = 0; index < this.#rightWins; index += 1) this.#takeOwnDown();
      if (this.#rightWins > 0 && this.#right === 1) return 'firstLeft';
      // Only an inconsistent comparator comes here.
      if (this.#right === 0) return 'secondLeft';
      this.#takeOtherDown();
      if (this.#left === 0) return 'secondLeft';
    } while (this.#leftWins >= gallopWins || this.#rightWins >= gallopWins);
    state.gallop += 1;
    return null;
  }
}

/** A merge sort from two buffers into each other, for typed arrays: a stage is one merge. */
export interface TypedSortState {
  /** What is in order in the end. */
  readonly sorted: unknown[];
  readonly other: unknown[];
  /** Start, middle and end of each merge, and 1 where it goes into `sorted`; the last comes first. */
  readonly merges: number[];
}

export function beginTypedSort(elements: unknown[]): TypedSortState {
  const merges: number[] = [];
  const open: (readonly [from: number, to: number, isSorted: boolean])[] = [[0, elements.length, true]];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const [from, to, isSorted] = next;
    const middle = from + ((to - from) >> 1);
    merges.push(from, middle, to, isSorted ? 1 : 0);
    // The second half is done after the first, and both before the whole: so here the other way round.
    if (middle - from > 1) open.push([from, middle, !isSorted]);
    if (to - middle > 1) open.push([middle, to, !isSorted]);
  }
  return { sorted: [...elements], other: elements, merges };
}

/** Does the next merge; what it reads stays as it is, so it can start anew. @returns false when there is none */
export function typedSortStage(state: TypedSortState, order: Order): boolean {
  const { merges, sorted, other } = state;
  if (merges.length === 0) return false;
  const [from, middle, to, isSorted] = merges.slice(-4) as [number, number, number, number];
  const [source, target] = isSorted === 1 ? [other, sorted] : [sorted, other];
  let left = from;
  let right = middle;
  for (let index = from; index < to; index += 1) {
    const takesLeft = left < middle && (right >= to || order(source[left], source[right]) <= 0);
    target[index] = source[takesLeft ? left++ : right++];
  }
  merges.length -= 4;
  return true;
}

const between =
  'sortStage makeRun foundRun insertInto mergeRuns gallopLeft gallopRight upwards downwards typedSortStage';
const merging = 'mergeUpwards stepUpwards gallopUpwards mergeDownwards stepDownwards gallopDownwards';
acceptFunctions(
  callerUrl(),
  Object.fromEntries(
    [...between.split(' '), ...merging.split(' ').flatMap((name) => [name, `#${name}`])].map((name) => [
      name,
      'passes',
    ]),
  ),
);
