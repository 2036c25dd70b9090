import type { AnyBehaviour, AnyRef, Behaviour, SpawnOptions } from '../actors/kernel/contract.ts';
import type { ExitReason } from '../actors/kernel/exit-reason.ts';
import { isOrderly } from '../actors/kernel/exit-reason.ts';

/** `permanent`: always restarted. `transient`: only after a failure. `temporary`: never, and then forgotten. */
export type Restart = 'permanent' | 'transient' | 'temporary';

/** How a supervisor ends a child. */
export type Shutdown =
  /** Killed at once. */
  | { readonly kind: 'brutal' }
  /** Told to shut down, and killed after `graceMs`. */
  | { readonly kind: 'grace'; readonly graceMs: number }
  /** Told to shut down, and waited for without end: for supervisors, whose children have their own limits. */
  | { readonly kind: 'unbounded' };

/** What a start yields: an actor to spawn, or nothing, on purpose. */
export type ChildStart =
  | { readonly kind: 'actor'; readonly behaviour: AnyBehaviour; readonly options: SpawnOptions }
  | { readonly kind: 'ignore' };

/** How one child is started, restarted and stopped. */
export interface ChildSpec {
  /** Unique among the children of its supervisor, and the actor's name. */
  readonly id: string;
  /** Called for every start and restart. What it throws is a failed start. */
  readonly start: () => ChildStart;
  readonly restart: Restart;
  readonly shutdown: Shutdown;
  readonly type: 'worker' | 'supervisor';
  /** A child that starts `whenReady` and is not ready by then is killed, and counts as failed to start. */
  readonly startTimeoutMs: number;
}

/** What a worker gets when its spec says nothing else: permanent, 5 s to shut down, 30 s to start. */
export const workerDefaults = {
  restart: 'permanent',
  shutdown: { kind: 'grace', graceMs: 5_000 },
  startTimeoutMs: 30_000,
} as const;

export interface WorkerOptions extends SpawnOptions {
  readonly restart?: Restart;
  readonly shutdown?: Shutdown;
  readonly startTimeoutMs?: number;
}

/** @param behaviour called for every start, so that no state outlives a crash */
export function worker<State, Message, Reply>(
  id: string,
  behaviour: () => Behaviour<State, Message, Reply>,
  options: WorkerOptions = {},
): ChildSpec {
  const { restart, shutdown, startTimeoutMs, ...spawnOptions } = options;
  return {
    id,
    start: () => actorStart(behaviour(), spawnOptions),
    restart: restart ?? workerDefaults.restart,
    shutdown: shutdown ?? workerDefaults.shutdown,
    type: 'worker',
    startTimeoutMs: startTimeoutMs ?? workerDefaults.startTimeoutMs,
  };
}

export function actorStart<State, Message, Reply>(
  behaviour: Behaviour<State, Message, Reply>,
  options: SpawnOptions = {},
): ChildStart {
  return { kind: 'actor', behaviour: behaviour as unknown as AnyBehaviour, options };
}

/** Whether a child that ended with `reason` is to run again. */
export function wantsRestart(restart: Restart, reason: ExitReason): boolean {
  if (restart === 'permanent') return true;
  return restart === 'transient' && !isOrderly(reason);
}

/**
 * `running`, `starting` (not ready yet), `restarting` (a restart is due: it failed, or waits for its backoff),
 * `stopping`, or `stopped`.
 */
export type ChildPhase = 'starting' | 'running' | 'restarting' | 'stopping' | 'stopped';

/** One line of `whichChildren`. */
export interface ChildStatus {
  readonly id: string;
  readonly phase: ChildPhase;
  /** Null in the phases `restarting` and `stopped`. */
  readonly actor: AnyRef | null;
  readonly type: 'worker' | 'supervisor';
}

/** `active` counts running children, the others all that have a spec. */
export interface ChildCounts {
  readonly specs: number;
  readonly active: number;
  readonly supervisors: number;
  readonly workers: number;
}
