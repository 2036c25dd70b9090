import { AsyncLocalStorage } from 'node:async_hooks';

/** A run of a simulated cluster, for code that the test and its methods share. */
export interface RunScope {
  /** Lets simulated time pass. */
  readonly pass: (ms: number) => Promise<void>;
  /** What stands outside of the cluster, by name. */
  readonly outside: Map<string, unknown>;
}

/** An effect's attempt, while its function runs. */
export interface EffectScope {
  /** Waits on its host's clock: for ever once that host is dead. */
  readonly delay: (ms: number, signal: AbortSignal | null) => Promise<void>;
}

/** What is the case for the code that runs now; null for movable methods, whose promises are to carry nothing of the test. */
export interface Scope {
  readonly run: RunScope;
  /** Null outside of effects. */
  readonly effect: EffectScope | null;
}

const name = Symbol.for('godwit.testing.scope.1');
const shared = globalThis as unknown as Record<symbol, AsyncLocalStorage<Scope | null> | undefined>;

/** One for each process: a test runner and Node.js may have loaded this file once each. */
export const scope: AsyncLocalStorage<Scope | null> = (shared[name] ??=
  new AsyncLocalStorage<Scope | null>());

const outsideName = Symbol.for('godwit.testing.outside.1');
const everywhere = globalThis as unknown as Record<symbol, Map<string, unknown> | undefined>;

/**
 * Something outside of the cluster that a test's doubles keep: what a bank has booked, what a mail server has sent. Each run of a
 * simulated cluster begins with a new one. Wherever the name is the same it is the same one, also where a test runner and Node.js
 * have each loaded the file that asks.
 *
 * @param called its name
 * @param make makes it, the first time that it is asked for within a run
 * @returns what gives it
 */
export function outside<Kept>(called: string, make: () => Kept): () => Kept {
  return () => {
    const kept = scope.getStore()?.run.outside ?? (everywhere[outsideName] ??= new Map());
    if (!kept.has(called)) kept.set(called, make());
    return kept.get(called) as Kept;
  };
}

/**
 * Waits. In an effect of a simulated cluster: so many simulated milliseconds of its host, in which faults may strike; for ever once
 * that host is dead. In a test's function: lets that time pass. Elsewhere it is a timer.
 *
 * @param ms may be `Infinity`: an answer that never comes
 * @param options `signal` ends it early: then it rejects with the signal's reason
 */
export function delay(ms: number, options: { readonly signal?: AbortSignal } = {}): Promise<void> {
  const within = scope.getStore() ?? null;
  const signal = options.signal ?? null;
  if (signal?.aborted === true) return Promise.reject(signal.reason as Error);
  if (within === null) return timer(ms, signal);
  return within.effect === null ? within.run.pass(ms) : within.effect.delay(ms, signal);
}

function timer(ms: number, signal: AbortSignal | null): Promise<void> {
  return new Promise((resolve, reject) => {
    const set = ms < Infinity ? setTimeout(resolve, ms) : undefined;
    signal?.addEventListener('abort', () => {
      clearTimeout(set);
      reject(signal.reason as Error);
    });
  });
}
