import { acceptFunctions } from './library.ts';
import { gallopLeft, gallopRight, gallopWins, Merge, type MergeState, type Order } from './run-merging.ts';
import { callerUrl } from './stack-walk.ts';

export type { Order } from './run-merging.ts';

/**
 * The order in which V8 compares, so that a comparator that is inconsistent, or that is watched, sees and yields the
 * same: Tim Peters's sort (binary insertion into runs, merged with galloping, as Python's listsort describes it), and for
 * typed arrays a plain merge sort.
 *
 * A sort goes on in stages: one run is made, or two are merged. Between stages its state is data. A stage that is
 * interrupted starts anew, from a copy of what it began with, and is told again how its comparisons came out: so the
 * comparator is called once for each.
 */

export interface SortState extends MergeState {
  /** Where the next run begins. */
  low: number;
  /** Base and length of each run that waits to be merged, in turn. */
  readonly runs: number[];
}

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
  const [start, ownLength, otherBase, wholeLength] = runs.slice(at * 2, at * 2 + 4) as [
    number,
    number,
    number,
    number,
  ];
  let [base, length, otherLength] = [start, ownLength, wholeLength];
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

acceptFunctions(
  callerUrl(),
  Object.fromEntries(
    ['sortStage', 'makeRun', 'foundRun', 'insertInto', 'mergeRuns', 'typedSortStage'].map((name) => [
      name,
      'passes',
    ]),
  ),
);
