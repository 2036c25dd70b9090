import { assertNever } from '../../core/assert.ts';
import type { Injection } from './running.ts';
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
  /** Runs a function as the only activation. @returns false when captured */
  call(body: AnyFunction, self: unknown, args: readonly unknown[]): boolean;
  /** An error that nobody caught. */
  crashed(error: unknown): void;
}

const nothing: Injection = { ok: true, value: undefined };

/** Does one job of an execution, or as much of it as comes before it is preempted. @returns false when preempted */
export function performJob(host: JobHost, job: Job): boolean {
  switch (job.kind) {
    case 'start':
      return host.start(job.args);
    case 'react':
      return react(host, job.reaction, job.ok, job.value);
    case 'follow':
      host.promises.react(job.from, { kind: 'adopt', into: job.into });
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

function react(host: JobHost, reaction: Reaction, ok: boolean, value: unknown): boolean {
  const { promises } = host;
  switch (reaction.kind) {
    case 'resume':
      host.stack.push(reaction.frame);
      host.injection = { ok, value };
      return true;
    case 'adopt':
      promises.conclude(reaction.into, ok, value);
      return true;
    case 'element':
      promises.element(reaction.of, reaction.index, ok, value);
      return true;
    case 'call': {
      const { into } = reaction;
      const callback = ok ? reaction.fulfilled : reaction.rejected;
      if (callback === null) promises.conclude(into, ok, value);
      else if (host.call(callback, undefined, [value])) {
        const outcome = host.injection;
        host.injection = nothing;
        promises.conclude(into, outcome.ok, outcome.value);
      } else {
        host.stack.unshift(baseFrame({ kind: 'settles', into: into.promise }));
        return false;
      }
      return true;
    }
    case 'finally': {
      const { callback, into } = reaction;
      return callBack(host, callback, undefined, [], { kind: 'finally', into: into.promise, ok, value });
    }
    case 'pass':
      if (ok) promises.conclude(reaction.into, reaction.ok, reaction.value);
      else promises.settle(reaction.into, false, value);
      return true;
    default:
      return assertNever(reaction);
  }
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
      return ok ? promises.passAfter(into, value, base.ok, base.value) : promises.settle(into, false, value);
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
