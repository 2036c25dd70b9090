import { Coverage } from './coverage.ts';
import { reportText } from './report.ts';
import type { Outcome, RunOptions } from './run.ts';
import { runScenario } from './run.ts';
import type { Scenario } from './scenario.ts';
import { drawScenario } from './scenario.ts';
import { shrink } from './shrinking.ts';
import type { Violation } from './witness.ts';

export interface SearchOptions extends RunOptions {
  /** Both ends included. */
  readonly seeds: readonly [number, number];
  /** What a seed's run is; drawn from everything that can go wrong unless told otherwise. */
  readonly draw?: (seed: number) => Scenario;
  /** Ends the search with the first failure. */
  readonly stopAtFirst?: boolean;
  /** Asked before each seed. */
  readonly isOver?: () => boolean;
}

/** What all runs so far came to. */
export interface SearchSums {
  runs: number;
  moves: number;
  acts: number;
  simulatedMs: number;
  readonly coverage: Coverage;
  readonly failures: Scenario[];
  /** The promise that each failure breaks first. */
  readonly broken: Violation['promise'][];
}

/** Runs the scenarios of a range of seeds, and keeps those that fail. */
export async function search(options: SearchOptions): Promise<SearchSums> {
  const { seeds, draw = drawScenario, stopAtFirst = false, isOver = () => false } = options;
  const coverage = new Coverage();
  const sums: SearchSums = { runs: 0, moves: 0, acts: 0, simulatedMs: 0, coverage, failures: [], broken: [] };
  for (let seed = seeds[0]; seed <= seeds[1] && !isOver(); seed += 1) {
    const scenario = draw(seed);
    const outcome = await runScenario(scenario, options);
    sums.runs += 1;
    sums.moves += outcome.moves;
    sums.acts += outcome.acts;
    sums.simulatedMs += outcome.simulatedMs;
    coverage.add(outcome.coverage.table());
    const [first] = outcome.violations;
    if (first !== undefined) {
      sums.failures.push(scenario);
      sums.broken.push(first.promise);
    }
    if (stopAtFirst && sums.failures.length > 0) break;
  }
  return sums;
}

/** A failure as small as it could be made, with its account. */
export interface Explained {
  readonly scenario: Scenario;
  readonly outcome: Outcome;
  readonly text: string;
}

/** Shrinks a failing scenario to one that still breaks the same promise, and runs that once more with an account. */
export async function explain(failing: Scenario, options: RunOptions): Promise<Explained> {
  const first = await runScenario(failing, options);
  const promise = first.violations[0]?.promise;
  const scenario = await shrink(failing, async (smaller) => {
    const { violations } = await runScenario(smaller, options);
    return violations.some((violation) => violation.promise === promise);
  });
  const outcome = await runScenario(scenario, { ...options, traced: true });
  return { scenario, outcome, text: reportText(scenario, outcome) };
}
