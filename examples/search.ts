'use movable';

import { effect } from 'godwit';
import { act } from './witness.ts';

export interface SearchOptions {
  /** Rows and columns of the board: 4 to 24. */
  readonly size: number;
  /** This search takes each `parts`-th opening, from the one at `part` on. */
  readonly part?: number;
  readonly parts?: number;
  /** Acts are told to this witness; null for none, and then the search never awaits anything. */
  readonly witness?: string | null;
  readonly openingsPerAct?: number;
}

export interface SearchResult {
  readonly size: number;
  /** Ways to begin that this search went through. */
  readonly openings: number;
  /** Ways to place one queen in each row, none of which attacks another. */
  readonly solutions: number;
  /** Boards that were looked at, and their checksum in the order of the search. */
  readonly visited: number;
  readonly checksum: number;
  readonly acts: number;
}

interface Progress {
  readonly size: number;
  /** The column of the queen in each row that has one. */
  readonly columns: number[];
  solutions: number;
  visited: number;
  checksum: number;
}

/** Counts the solutions of the n-queens problem, one opening (the queens of the first three rows) after the other. */
export async function search(options: SearchOptions): Promise<SearchResult> {
  const { size, part = 0, parts = 1, witness = null, openingsPerAct = 8 } = options;
  if (!Number.isInteger(size) || size < 4 || size > 24) {
    throw new RangeError(`A board of ${size} rows cannot be searched. Give a size from 4 to 24.`);
  }
  const openings = openingsOf(size).filter((_, index) => index % parts === part);
  const progress: Progress = { size, columns: [], solutions: 0, visited: 0, checksum: 0x811c9dc5 };
  let acts = 0;
  let done = 0;
  for (const opening of openings) {
    goThrough(opening, progress);
    done += 1;
    if (done % openingsPerAct !== 0 && done !== openings.length) continue;
    acts += 1;
    if (witness !== null) await effect('witness', {}, (context) => act(witness, acts, context));
  }
  const { solutions, visited, checksum } = progress;
  return { size, openings: openings.length, solutions, visited, checksum, acts };
}

function openingsOf(size: number): number[][] {
  const found: number[][] = [];
  for (let first = 0; first < size; first += 1) {
    for (let second = 0; second < size; second += 1) {
      if (Math.abs(second - first) < 2) continue;
      for (let third = 0; third < size; third += 1) {
        if (third === first || Math.abs(third - second) < 2 || Math.abs(third - first) === 2) continue;
        found.push([first, second, third]);
      }
    }
  }
  return found;
}

function goThrough(opening: readonly number[], progress: Progress): void {
  let taken = 0;
  let falling = 0;
  let rising = 0;
  for (let row = 0; row < opening.length; row += 1) {
    const column = opening[row] ?? 0;
    progress.columns[row] = column;
    const queen = 1 << column;
    taken |= queen;
    falling = (falling | queen) << 1;
    rising = (rising | queen) >>> 1;
  }
  place(progress, opening.length, taken, falling, rising);
}

/** Places the queens from `row` on; the bits of each number are the columns that one direction forbids in this row. */
function place(progress: Progress, row: number, taken: number, falling: number, rising: number): void {
  const { size, columns } = progress;
  if (row === size) {
    progress.solutions += 1;
    return;
  }
  let free = ~(taken | falling | rising) & ((1 << size) - 1);
  while (free !== 0) {
    const queen = free & -free;
    free ^= queen;
    const column = 31 - Math.clz32(queen);
    columns[row] = column;
    progress.visited += 1;
    progress.checksum = Math.imul(progress.checksum ^ (row * 32 + column), 0x01000193) >>> 0;
    place(progress, row + 1, taken | queen, (falling | queen) << 1, (rising | queen) >>> 1);
  }
}
