import type { Cluster } from './cluster.ts';

export {
  effect,
  receive,
  registerClass,
  resource,
  self,
  send,
  sleep,
  start,
  type EffectContext,
  type EffectOptions,
  type ExecutionReference,
  type Resource,
  type ResourceOpener,
  type RetryOptions,
  type SavedForm,
  type SelfReference,
  type StartedExecution,
  type StartOptions,
} from './methods/runtime/api.ts';
export type { ActorHandle, Cluster } from './cluster.ts';
export type * from './protocols/messages.ts';
export { GodwitError } from './core/errors.ts';
export { decodeValue, encodeValue } from './methods/snapshot/index.ts';

/**
 * Connects to a running cluster, as `godwit ps` does.
 *
 * @param options `store` names the cluster as `--store` does; without it GODWIT_STORE, then the user's own cluster
 * @throws {NoClusterError} when there is none
 */
export async function connect(options: { readonly store?: string } = {}): Promise<Cluster> {
  // Loaded when it is needed: movable files import this module too, in every lane.
  const [{ homedir }, { locateStore }, cluster] = await Promise.all([
    import('node:os'),
    import('./store/state-folder.ts'),
    import('./cluster.ts'),
  ]);
  return cluster.connect(locateStore(options.store ?? null, process.env, homedir()));
}
