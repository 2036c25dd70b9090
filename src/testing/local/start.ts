import type { RealCluster } from './real-cluster.ts';
import type { RealClusterOptions } from './real-cluster-options.ts';

/**
 * Starts a cluster of real host processes on this machine, with links that can be cut and a witness beside it. Its `end`
 * ends everything; so does the end of this process, whatever its reason.
 *
 * @throws {LocalHostError} naming the host that did not come up
 * @throws {RealClusterError} naming the option that is wrong
 */
export async function startRealCluster(options: RealClusterOptions = {}): Promise<RealCluster> {
  // Loaded when it is needed: methods that tell a witness import this room on every lane.
  const { RealCluster: Started } = await import('./real-cluster.ts');
  return Started.start(options);
}
