import type { ActorRef, Kernel, SpawnOptions } from '../actors/kernel/contract.ts';
import type { ChildSpec, Restart } from './child-spec.ts';
import { actorStart, workerDefaults } from './child-spec.ts';
import type { SupervisorMessage, SupervisorOptions, SupervisorReply } from './contract.ts';
import { supervisor } from './supervisor.ts';

export interface SubtreeOptions extends SpawnOptions {
  readonly restart?: Restart;
  /** For the whole subtree. Default 30 s. */
  readonly startTimeoutMs?: number;
}

/** A supervisor as the child of another one: permanent by default, and waited for without end when it stops. */
export function subtree(
  id: string,
  options: SupervisorOptions,
  children: readonly ChildSpec[],
  own: SubtreeOptions = {},
): ChildSpec {
  const { restart, startTimeoutMs, ...spawnOptions } = own;
  return {
    id,
    start: () => actorStart(supervisor(options, children), spawnOptions),
    restart: restart ?? 'permanent',
    shutdown: { kind: 'unbounded' },
    type: 'supervisor',
    startTimeoutMs: startTimeoutMs ?? workerDefaults.startTimeoutMs,
  };
}

/**
 * Starts a supervisor at the top of a kernel, and with it the tree below. Its status is `running` once all have
 * started; `kernel.stop` stops the tree in order.
 */
export function startTree(
  kernel: Kernel,
  name: string,
  options: SupervisorOptions,
  children: readonly ChildSpec[],
): ActorRef<SupervisorMessage, SupervisorReply> {
  return kernel.spawn(name, supervisor(options, children));
}
