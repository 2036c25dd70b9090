import type { AnyFunction } from './method-code.ts';
import type { EffectOptions } from '../../protocols/effects/policy.ts';
import { NoExecutionError } from './errors.ts';
import { $ } from './gate.ts';
import type { EffectContext, ExecutionApi, SelfReference } from './running.ts';

export type { EffectOptions, RetryOptions } from '../../protocols/effects/policy.ts';
export type { EffectContext, SelfReference } from './running.ts';
export { type Resource, type ResourceOpener, resource } from './resources.ts';
export { registerClass, type SavedForm } from './saved-classes.ts';

/** Names an execution, so that messages can be sent to it, wherever it is. Plain data. */
export interface ExecutionReference {
  readonly execution: string;
}

/** A child that `start` began. */
export interface StartedExecution<T> extends ExecutionReference {
  readonly result: Promise<T>;
}

/** Where a child belongs. It starts beside its parent. */
export interface StartOptions {
  /** Name of the host that it is moved to, as soon as that host takes it. */
  readonly on?: string;
  /** Whether all that it does waits for a durable checkpoint. Default: as its parent. */
  readonly durable?: boolean;
}

const startOptions: readonly string[] = ['on', 'durable'] satisfies readonly (keyof StartOptions)[];

function shown(value: unknown): string {
  if (typeof value === 'string') return `'${value.slice(0, 40)}'`;
  if (typeof value === 'function') return 'a function';
  if (typeof value !== 'object' || value === null) return String(value);
  return `an object with ${Object.keys(value).slice(0, 5).join(', ') || 'nothing in it'}`;
}

function running(name: string): ExecutionApi {
  if ($.x === null) throw new NoExecutionError(name);
  return $.x.api;
}

/**
 * Does something to the outside world, once: `run` is called here and now, natively, in one piece. The execution may move
 * while its promise is pending; the outcome follows.
 *
 * After a recovery an effect whose host is gone is started again under the same `key`, if it was awaited in the same
 * expression (`await effect(…)`); otherwise it rejects with EFFECT_LOST.
 *
 * Outside an execution `run` is just called, once.
 *
 * @param name for people: it stands in `inspect` and in the log
 * @param options `{}` for one attempt, as long as it takes; see `EffectOptions` for retries, time-out and key
 * @throws {EffectOptionsError} when the options are not what they have to be
 */
export function effect<T>(
  name: string,
  options: EffectOptions,
  run: (context: EffectContext) => T | Promise<T>,
): Promise<T> {
  if ($.x !== null) return $.x.api.effect(name, options, run) as Promise<T>;
  const context: EffectContext = {
    key: `outside:${name}`,
    fence: 0,
    sequence: 0,
    execution: 'outside',
    generation: 0,
    epoch: 0,
    attempt: 1,
    signal: new AbortController().signal,
  };
  return (async () => run(context))();
}

/**
 * Starts a child execution of a movable method. `result` is its outcome; the child goes on if nobody awaits it.
 *
 * @throws {TypeError} when there is no array of arguments, or an option that does not exist
 */
export function start<A extends readonly unknown[], T>(
  method: (...args: A) => T,
  args: A,
  options: StartOptions = {},
): StartedExecution<Awaited<T>> {
  const api = running('start');
  if (!Array.isArray(args))
    throw new TypeError(`start() takes an array of arguments, and was given ${shown(args)}.`);
  const strange = Object.keys(options).find((name) => !startOptions.includes(name));
  if (strange !== undefined)
    throw new TypeError(`start() takes the options ${startOptions.join(' and ')}, and was given ${strange}.`);
  return api.start(method as unknown as AnyFunction, args, options) as StartedExecution<Awaited<T>>;
}

/** This execution, its owner and its host, as they are now. */
export function self(): SelfReference {
  return running('self').self();
}

/**
 * Sends a message: once, in order, also when the method returns before it has arrived. The promise waits while the
 * outbox for the receiver is full.
 *
 * @throws {SendFailedError} `SEND_FAILED`, when the receiver is known to have ended, or the message is too large
 * @throws {TypeError} when `to` names no execution
 */
export function send(to: ExecutionReference, message: unknown): Promise<void> {
  const api = running('send');
  const receiver = (to as Partial<ExecutionReference> | null | undefined)?.execution;
  if (typeof receiver !== 'string' || receiver === '')
    throw new TypeError(`send() takes { execution: 'x-…' } as the receiver, and was given ${shown(to)}.`);
  return api.send(to, message);
}

/** The next message that was sent to this execution. */
export function receive(): Promise<unknown> {
  return running('receive').receive();
}

/**
 * Waits at least `ms` milliseconds of the store's clock; the deadline moves with the execution.
 *
 * @param ms may be days; Infinity waits for ever, and nothing below 0 is less than 0
 * @throws {TypeError} when it is not a number
 */
export function sleep(ms: number): Promise<void> {
  if (typeof ms !== 'number' || Number.isNaN(ms))
    throw new TypeError(`sleep() takes a number of milliseconds, and was given ${shown(ms)}.`);
  if ($.x !== null) return $.x.api.sleep(Math.max(0, ms));
  return new Promise((resolve) => waitNatively(ms, resolve));
}

/** The longest delay that Node's timers take; a longer one would fire at once. */
const timerMsMax = 2 ** 31 - 1;

function waitNatively(ms: number, done: () => void): void {
  if (ms <= timerMsMax) setTimeout(done, ms);
  else setTimeout(() => waitNatively(ms - timerMsMax, done), timerMsMax);
}
