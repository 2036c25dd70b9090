import { assertNever } from '../../core/assert.ts';
import { type Injection, nothing } from './running.ts';
import { type Base, baseFrame } from './job-base.ts';
import type { AnyFunction, Frame, Job, Reaction } from './method-code.ts';
import type { Promises } from './promises.ts';
import { resolversOf } from './resolvers.ts';
import { timeoutState } from './timeouts.ts';
import type { Timers } from './timers.ts';

/** What a job does its work with: the execution that it belongs to. */
export interface JobHost {
  readonly promises: Promises;
  readonly timers: Timers;
  /** The suspended activations of the job, innermost last. */
  readonly stack: Frame[];
  /** How the innermost of them goes on; the outcome of a call that was not captured. */
  injection: Injection;
  rerunning: number | null;
  /** Runs the execution's own function. @returns false when captured */
  start(args: readonly unknown[]): boolean;
  /** Goes on with a suspended activation as the only one. @returns false when captured */
  resume(frame: Frame, outcome: Injection): boolean;
  /** Runs a function as the only activation. @returns false when captured */
  call(body: AnyFunction, self: unknown, args: readonly unknown[]): boolean;
  /** An error that nobody caught. */
  crashed(error: unknown): void;
}

/** Does one job of an execution, or as much of it as comes before it is preempted. @returns false when preempted */
export function performJob(host: JobHost, job: Job): boolean {
  switch (job.kind) {
    case 'resume':
      return host.resume(job.frame, job);
    case 'start':
      return host.start(job.args);
    case 'adopt':
      host.promises.conclude(job.into, job.ok, job.value);
      return true;
    case 'element':
      host.promises.element(job.of, job.index, job.ok, job.value);
      return true;
    case 'follow':
      host.promises.react(job.from, { kind: 'adopt', into: job.into, ok: true, value: undefined });
      return true;
    case 'call':
      return callReaction(host, job);
    case 'finally': {
      const { callback, into, ok, value } = job;
      return callBack(host, callback, undefined, [], { kind: 'finally', into: into.promise, ok, value });
    }
    case 'pass':
      if (job.ok) host.promises.conclude(job.into, job.after.ok, job.after.value);
      else host.promises.settle(job.into, false, job.value);
      return true;
    case 'thenable': {
      const { resolve, reject } = resolversOf(host.promises, job.into);
      return callBack(host, job.method, job.thenable, [resolve, reject], { kind: 'thenable', reject });
    }
    case 'again':
      host.rerunning = job.sequence;
      host.stack.push(job.frame);
      host.injection = nothing;
      return true;
    case 'callback':
      return callBack(host, job.callback, job.self, job.args, { kind: 'nothing' });
    case 'timeout':
      return runTimeout(host, job.timeout);
    default:
      return assertNever(job);
  }
}

/** The callback of a `then`. */
function callReaction(host: JobHost, job: Reaction & { readonly kind: 'call' }): boolean {
  const { into, ok, value } = job;
  const callback = ok ? job.fulfilled : job.rejected;
  if (callback === null) host.promises.conclude(into, ok, value);
  else if (host.call(callback, undefined, [value])) {
    const outcome = host.injection;
    host.injection = nothing;
    host.promises.conclude(into, outcome.ok, outcome.value);
  } else {
    host.stack.unshift(baseFrame({ kind: 'settles', into: into.promise }));
    return false;
  }
  return true;
}

function runTimeout(host: JobHost, timeout: object): boolean {
  const state = timeoutState(timeout);
  if (state === null || state.callback === null) return true;
  const base: Base = state.repeats
    ? { kind: 'interval', timeout, startMs: host.timers.nowMs }
    : { kind: 'nothing' };
  return callBack(host, state.callback, timeout, state.args, base);
}

/** Runs a callback as the only thing of a job; `base` says what becomes of its outcome. @returns false when preempted */
function callBack(
  host: JobHost,
  callback: AnyFunction,
  self: unknown,
  args: readonly unknown[],
  base: Base,
): boolean {
  if (!host.call(callback, self, args)) {
    host.stack.unshift(baseFrame(base));
    return false;
  }
  const outcome = host.injection;
  host.injection = nothing;
  endJob(host, base, outcome);
  return true;
}

/** The callback of a job has ended. */
export function endJob(host: JobHost, base: Base, { ok, value }: Injection): void {
  const { promises } = host;
  switch (base.kind) {
    case 'settles':
      return promises.conclude(promises.mustKnow(base.into), ok, value);
    case 'finally': {
      const into = promises.mustKnow(base.into);
      return ok
        ? promises.passAfter(into, value, { ok: base.ok, value: base.value })
        : promises.settle(into, false, value);
    }
    case 'thenable':
      return ok ? undefined : void base.reject(value);
    case 'interval':
      host.timers.again(base.timeout, base.startMs);
      return ok ? undefined : host.crashed(value);
    case 'nothing':
      return ok ? undefined : host.crashed(value);
    default:
      assertNever(base);
  }
}
