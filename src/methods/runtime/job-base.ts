import { libraryMethod } from './library.ts';
import type { AnyFunction, Frame } from './method-code.ts';
import { thread } from './thread.ts';

/** What becomes of the outcome of a callback that was called as a job. Data: it lies below the activations of the callback. */
export type Base =
  /** It becomes that of a promise. */
  | { readonly kind: 'settles'; readonly into: Promise<unknown> }
  | {
      readonly kind: 'finally';
      readonly into: Promise<unknown>;
      readonly ok: boolean;
      readonly value: unknown;
    }
  /** The `then` of a thenable: only an error of it counts. */
  | { readonly kind: 'thenable'; readonly reject: AnyFunction }
  /** The timer is started again. */
  | { readonly kind: 'interval'; readonly timeout: object; readonly startMs: number }
  /** Only an error of it counts, which ends the execution. */
  | { readonly kind: 'nothing' };

const job = libraryMethod('job', ['then'], (frame) => {
  const { gate } = thread;
  const outcome = gate.injection;
  gate.injection = { ok: true, value: undefined };
  gate.x?.endJob(frame.vars[0] as Base, outcome);
});

/** The frame at the very bottom of a job that was captured inside its callback. */
export function baseFrame(base: Base): Frame {
  return { method: job, pc: 1, vars: [base], task: null, made: null };
}
