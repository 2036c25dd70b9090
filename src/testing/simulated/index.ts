import { SystemClock } from '../../clock.ts';
import { SystemRandom } from '../../random.ts';
import { wrong } from './cluster-faults.ts';
import { ClusterRun } from './cluster-run.ts';
import { TestOptionsError } from './errors.ts';
import { explain } from './failure.ts';
import type { ReadOptions, TestClusterOptions } from './options.ts';
import { readOptions, seedOf } from './options.ts';
import { fewestFaults, fewestText } from './seeds.ts';
import { scope } from './scope.ts';
import type { TestCluster } from './contract.ts';
import { SimulatedTestCluster } from './test-cluster.ts';

export type { DrawnFaults, HostSettings, TestClusterOptions } from './options.ts';

/** What a test does with a simulated cluster. */
export type ClusterTest<Result> = (cluster: TestCluster) => Result | Promise<Result>;

/**
 * Runs a test's function once for each seed of a range, each time with a new cluster. With SEED in the environment: for that seed alone.
 * Of the faults that the seed of a failure drew as many are left out as can be.
 *
 * @param first the first seed
 * @param last the last one
 * @throws what `testCluster` throws
 */
async function seeds(
  first: number,
  last: number,
  options: Omit<TestClusterOptions, 'seed'>,
  test: ClusterTest<unknown>,
): Promise<void> {
  if (!(Number.isSafeInteger(first) && first >= 0)) throw wrong('seeds(first)', first, 'a whole number');
  if (!(Number.isSafeInteger(last) && last >= first))
    throw wrong('seeds(last)', last, `a whole number from ${first} on`);
  if ('seed' in options) throw wrong('seed', options.seed, 'none: seeds() gives one to each run');
  const only = seedOf(process.env);
  const clock = new SystemClock();
  const run = async (read: ReadOptions): Promise<void> => void (await runOnce(read, test));
  for (let seed = only ?? first; seed <= (only ?? last); seed += 1) {
    const read = readOptions(options, seed, drawSeed);
    try {
      await run(read);
    } catch (error) {
      if (!read.isDrawn || !(error instanceof Error) || error instanceof TestOptionsError) throw error;
      const fewest = await fewestFaults(read, error, run, () => clock.monotonicMs());
      error.message += `\n${fewestText(fewest, seed)}`;
      throw error;
    }
  }
}

/**
 * Runs a test's function with a simulated cluster of its own: real hosts and the test's own movable methods, under a simulated
 * clock, network, store and disk. Afterwards godwit's promises are judged from outside.
 *
 * @returns what the function returns
 * @throws {PromiseBrokenError} when a promise was broken
 * @throws {TestOptionsError} naming the option that is wrong
 * @throws whatever the function throws, its message with the seed and what happened before
 */
async function once<Result>(options: TestClusterOptions, test: ClusterTest<Result>): Promise<Result> {
  return await runOnce(readOptions(options, seedOf(process.env), drawSeed), test);
}

/** @throws what `testCluster` throws */
export async function runOnce<Result>(options: ReadOptions, test: ClusterTest<Result>): Promise<Result> {
  if (typeof test !== 'function') throw wrong('the test', test, 'a function that is given the cluster');
  const run = new ClusterRun(options);
  return await scope.run({ run: run.scope, effect: null }, async () => {
    try {
      await run.begin();
      const value = await test(new SimulatedTestCluster(run));
      await run.finish();
      if (run.violations.length > 0) throw explain(run, undefined);
      return value;
    } catch (error) {
      throw explain(run, error);
    } finally {
      run.end();
    }
  });
}

/** A simulated cluster for a test; `testCluster.seeds` gives it one for each seed of a range. */
export const testCluster: typeof once & { readonly seeds: typeof seeds } = Object.assign(once, { seeds });

const seedsMax = 1_000_000;

function drawSeed(): number {
  return Math.floor(new SystemRandom().next() * seedsMax);
}
