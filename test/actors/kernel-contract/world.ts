import type {
  ActorContext,
  Behaviour,
  Kernel,
  KernelEvent,
  Signal,
} from '../../../src/actors/kernel/contract.ts';
import type { SimulatedClock } from '../../../src/simulator/clock.ts';
import { describeExit } from '../../../src/actors/kernel/exit-reason.ts';

/** One kernel under test. Its clock is simulated in both implementations, so that no test waits for real time. */
export interface KernelWorld {
  readonly kernel: Kernel;
  readonly clock: SimulatedClock;
  /** Returns when nothing is left to do without time passing. */
  readonly settle: () => Promise<void>;
  /** Lets time pass, and settles. */
  readonly advance: (ms: number) => Promise<void>;
}

export type Open = (onEvent: (event: KernelEvent) => void) => KernelWorld;
/** A fresh world, with what its kernel told and what its actors wrote down. */
export type OpenWorld = () => KernelWorld & { readonly events: KernelEvent[]; readonly log: string[] };

/** Tells an actor what to do with its own hands. */
export type Job = (context: ActorContext<Job, unknown>) => void;

/** An actor that does what it is told, and writes down what happens to it. */
export function puppet(
  log: string[],
  name: string,
  overrides: Partial<Behaviour<null, Job>> = {},
): Behaviour<null, Job> {
  return {
    init: () => null,
    receive: (state, job, context) => {
      job(context);
      return state;
    },
    signal: (state, signal) => {
      log.push(`${name} got ${describeSignal(signal)}`);
      return state;
    },
    stopping: (state, reason) => {
      log.push(`${name} stops: ${describeExit(reason)}`);
      return state;
    },
    ...overrides,
  };
}

export function describeSignal(signal: Signal): string {
  switch (signal.kind) {
    case 'childReady':
      return `childReady ${signal.child.path}`;
    case 'childExited':
      return `childExited ${signal.child.path} ${describeExit(signal.reason)}`;
    case 'down':
      return `down ${signal.actor.path} ${describeExit(signal.reason)}`;
    case 'exit':
      return `exit ${signal.from?.path ?? 'outside'} ${describeExit(signal.reason)}`;
  }
}

export const fail = (): never => {
  throw new Error('on purpose');
};
