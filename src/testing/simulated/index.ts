import { SystemRandom } from '../../random.ts';
import { ClusterRun } from './cluster-run.ts';
import { explain } from './failure.ts';
import type { ReadOptions, TestClusterOptions } from './options.ts';
import { readOptions, seedOf } from './options.ts';
import { scope } from './scope.ts';
import type { TestCluster } from './contract.ts';
import { SimulatedTestCluster } from './test-cluster.ts';

export type { DrawnFaults, HostSettings, TestClusterOptions } from './options.ts';

/** What a test does with a simulated cluster. */
export type ClusterTest<Result> = (cluster: TestCluster) => Result | Promise<Result>;

/**
 * Runs a test's function with a simulated cluster of its own: real hosts and the test's own movable methods, under a simulated
 * clock, network, store and disk. Afterwards godwit's promises are judged from outside.
 *
 * @returns what the function returns
 * @throws {PromiseBrokenError} when a promise was broken
 * @throws {TestOptionsError} naming the option that is wrong
 * @throws whatever the function throws, its message with the seed and what happened before
 */
export async function testCluster<Result>(
  options: TestClusterOptions,
  test: ClusterTest<Result>,
): Promise<Result> {
  return await runOnce(readOptions(options, seedOf(process.env), drawSeed), test);
}

/** @throws what `testCluster` throws */
export async function runOnce<Result>(options: ReadOptions, test: ClusterTest<Result>): Promise<Result> {
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

const seedsMax = 1_000_000;

function drawSeed(): number {
  return Math.floor(new SystemRandom().next() * seedsMax);
}
