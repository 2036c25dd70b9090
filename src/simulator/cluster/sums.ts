import { Coverage } from './coverage.ts';
import type { CoverageTable } from './coverage.ts';
import type { SearchSums } from './search.ts';

/** What the runs of some seeds came to, as data that passes between threads. */
export interface SumsRecord {
  readonly runs: number;
  readonly moves: number;
  readonly acts: number;
  readonly simulatedMs: number;
  readonly coverage: CoverageTable;
  /** Seeds. */
  readonly failures: readonly number[];
}

export function recordOf({ runs, moves, acts, simulatedMs, coverage, failures }: SearchSums): SumsRecord {
  const seeds = failures.map(({ seed }) => seed);
  return { runs, moves, acts, simulatedMs, coverage: coverage.table(), failures: seeds };
}

/** What the runs of several threads came to together. */
export class TotalSums {
  runs = 0;
  moves = 0;
  acts = 0;
  simulatedMs = 0;
  readonly coverage = new Coverage();
  /** Seeds, in order. */
  failures: readonly number[] = [];

  add({ runs, moves, acts, simulatedMs, coverage, failures }: SumsRecord): void {
    this.runs += runs;
    this.moves += moves;
    this.acts += acts;
    this.simulatedMs += simulatedMs;
    this.coverage.add(coverage);
    this.failures = [...this.failures, ...failures].toSorted((one, other) => one - other);
  }
}
