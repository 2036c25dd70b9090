import { functionsOf, generatorObject, Identity, type ResumeMode, runBody } from './generator-objects.ts';
import { acceptFunctions, libraryMethod } from './library.ts';
import type { AnyFunction, Frame, LoadedMethod } from './method-code.ts';
import type { PromiseRecord } from './promise-records.ts';
import { callerUrl } from './stack-walk.ts';
import type { TaskKeeper } from './tasks.ts';
import { thread } from './thread.ts';

// Asynchronous generators (ECMA-262, 27.6): a frame, and a queue of what was asked of it.

export interface GeneratorRequest {
  readonly mode: ResumeMode;
  readonly value: unknown;
  readonly record: PromiseRecord;
}

/** `draining`: it has ended, and waits for the value of a `return` that came late. */
export interface AsyncGeneratorState {
  phase: 'start' | 'yield' | 'running' | 'draining' | 'done';
  frame: Frame | null;
  queue: GeneratorRequest[];
  readonly method: LoadedMethod | null;
  readonly object: object;
}

class Holder extends Identity {
  #state: AsyncGeneratorState;

  constructor(object: object, phase: AsyncGeneratorState['phase'], method: LoadedMethod | null) {
    super(object);
    this.#state = { phase, frame: null, queue: [], method, object };
  }

  static of(object: unknown): AsyncGeneratorState | null {
    return typeof object === 'object' && object !== null && #state in object ? object.#state : null;
  }
}

export const asyncGeneratorState = (object: unknown): AsyncGeneratorState | null => Holder.of(object);

export const asyncGeneratorFunction = Object.getPrototypeOf(async function* () {}) as object;
export const asyncGeneratorPrototype = (asyncGeneratorFunction as { prototype: object }).prototype;

/** A new asynchronous generator that has not begun. `fn` is null for a function at the top level of its module. */
export function asyncGenerator(
  method: LoadedMethod,
  fn: AnyFunction | null,
  vars: readonly unknown[],
): object {
  const object = generatorObject(method, fn, asyncGeneratorPrototype);
  new Holder(object, 'start', method);
  const state = Holder.of(object) as AsyncGeneratorState;
  state.frame = { method, pc: 0, vars, task: state, made: null };
  return object;
}

export function blankAsyncGenerator(): object {
  return new Holder(Object.create(asyncGeneratorPrototype) as object, 'done', null) as object;
}

export function isAsyncGeneratorPrototype(value: object): boolean {
  return Object.getPrototypeOf(value) === asyncGeneratorPrototype && Holder.of(value) === null;
}

export function blankAsyncGeneratorPrototype(): object {
  return Object.create(asyncGeneratorPrototype) as object;
}

function runner(): TaskKeeper {
  return thread.gate.x?.tasks ?? thread.ambient;
}

/** @returns whether the body stops here; otherwise it takes what was asked next */
export function asyncYield(
  method: LoadedMethod,
  state: AsyncGeneratorState,
  pc: number,
  value: unknown,
  vars: readonly unknown[],
): boolean {
  const asked = state.queue.shift();
  if (asked !== undefined) runner().resolve(asked.record, { value, done: false });
  const [next] = state.queue;
  if (next !== undefined) {
    give(next);
    return false;
  }
  state.frame = { method, pc, vars, task: state, made: null };
  state.phase = 'yield';
  return true;
}

function give({ mode, value }: GeneratorRequest): void {
  const { gate } = thread;
  gate.injection = { ok: mode !== 'throw', value };
  gate.returning = mode === 'return';
}

export function asyncGeneratorDone(state: AsyncGeneratorState, value: unknown): void {
  state.phase = 'done';
  const asked = state.queue.shift();
  if (asked !== undefined) runner().resolve(asked.record, { value, done: true });
  drain(state);
}

export function asyncGeneratorFailed(state: AsyncGeneratorState, error: unknown): void {
  state.phase = 'done';
  const asked = state.queue.shift();
  if (asked !== undefined) runner().reject(asked.record, error);
  drain(state);
}

/** Answers what was asked of one that has ended. */
function drain(state: AsyncGeneratorState): void {
  for (let next = state.queue[0]; next !== undefined; next = state.queue[0]) {
    if (next.mode === 'return') {
      state.phase = 'draining';
      const frame: Frame = { method: returning, pc: 1, vars: [state.object], task: null, made: null };
      runner().await(frame, next.value);
      return;
    }
    state.queue.shift();
    if (next.mode === 'throw') runner().reject(next.record, next.value);
    else runner().resolve(next.record, { value: undefined, done: true });
  }
}

/** The value of a `return` that came after the end is there. */
const returning = libraryMethod('async return', ['generator'], (frame) => {
  const state = Holder.of(frame.vars[0]) as AsyncGeneratorState;
  const { gate } = thread;
  const { ok, value } = gate.injection;
  gate.injection = { ok: true, value: undefined };
  if (ok) asyncGeneratorDone(state, value);
  else asyncGeneratorFailed(state, value);
});

const asking = libraryMethod('ask', ['promise'], (frame) => {
  thread.gate.injection = { ok: true, value: undefined };
  return frame.vars[0];
});

function ask(state: AsyncGeneratorState, mode: ResumeMode, value: unknown): Promise<unknown> {
  const record = runner().create(state.method ?? returning);
  state.queue.push({ mode, value, record });
  if (state.phase === 'start' && mode !== 'next' && state.queue.length === 1) {
    state.phase = 'done';
    state.frame = null;
  }
  if (state.phase === 'done') drain(state);
  if (state.phase !== 'start' && state.phase !== 'yield') return record.promise;
  const frame = state.frame as Frame;
  state.frame = null;
  state.phase = 'running';
  give(state.queue[0] as GeneratorRequest);
  try {
    runBody(frame);
  } catch (error) {
    const { gate } = thread;
    throw error === gate.capture ? gate.save(asking, 1, [record.promise], null, null) : error;
  }
  return record.promise;
}

/** Lets the language's own functions of asynchronous generators know those of movable code; once for each thread. */
export const installAsyncGenerators = functionsOf(
  asyncGeneratorPrototype,
  '%AsyncGeneratorPrototype%',
  asyncGeneratorState,
  ask,
);

acceptFunctions(callerUrl(), { ask: 'walks' });
