import { functionsOf, prototypeOf, Identity, modes } from './generator-objects.ts';
import type { Depth } from './depths.ts';
import { acceptFunctions, libraryMethod } from './library.ts';
import type { AnyFunction, Frame, LoadedMethod } from './method-code.ts';
import type { PromiseRecord } from './promise-records.ts';
import { callerUrl } from './stack-walk.ts';
import type { TaskKeeper } from './tasks.ts';
import { thread } from './thread.ts';

// Asynchronous generators (ECMA-262, 27.6): a frame, and a queue of what was asked of it.

type Body = (state: AsyncGeneratorState, mode: number, sent: unknown, depth: Depth | undefined) => void;

export interface GeneratorRequest {
  /** See `modes`. */
  readonly mode: number;
  readonly value: unknown;
  readonly record: PromiseRecord;
}

/** `draining`: it has ended, and waits for the value of a `return` that came late. */
export type AsyncGeneratorPhase = 'start' | 'yield' | 'running' | 'draining' | 'done';

/** Its state: its frame, for its whole life. Where it is captured in the middle, a frame apart is made of it. */
export class AsyncGeneratorState implements Frame {
  phase: AsyncGeneratorPhase = 'start';
  pc: number;
  vars: readonly unknown[];
  method: LoadedMethod;
  queue: GeneratorRequest[] = [];
  object: object | null = null;
  readonly made = null;

  constructor(method: LoadedMethod, pc: number, vars: readonly unknown[]) {
    this.method = method;
    this.pc = pc;
    this.vars = vars;
  }

  get task(): this {
    return this;
  }

  /** Whether it stands where it was left, for somebody to go on with it. */
  get stands(): boolean {
    return this.phase === 'start' || this.phase === 'yield';
  }

  /** Puts it where it was captured. @param frame null where it does not stand still */
  fill(phase: AsyncGeneratorPhase, frame: Frame | null, queue: GeneratorRequest[]): void {
    this.phase = phase;
    this.queue = queue;
    if (frame !== null) this.stand(frame);
  }

  stand(frame: Frame): void {
    this.method = frame.method;
    this.pc = frame.pc;
    this.vars = frame.vars;
  }

  end(): void {
    this.phase = 'done';
    this.vars = nothing;
  }
}

const nothing: readonly unknown[] = Object.freeze([]);

class Holder extends Identity {
  #state: AsyncGeneratorState;

  constructor(object: object, state: AsyncGeneratorState) {
    super(object);
    this.#state = state;
    state.object = object;
  }

  static of(object: unknown): AsyncGeneratorState | null {
    return typeof object === 'object' && object !== null && #state in object ? object.#state : null;
  }
}

export const asyncGeneratorState = (object: unknown): AsyncGeneratorState | null => Holder.of(object);

export const asyncGeneratorFunction = Object.getPrototypeOf(async function* () {}) as object;
export const asyncGeneratorPrototype = (asyncGeneratorFunction as { prototype: object }).prototype;

/**
 * A new asynchronous generator that has not begun.
 *
 * @param fn null for a function at the top level of its module
 * @param pc where its code begins
 */
export function asyncGenerator(
  method: LoadedMethod,
  fn: AnyFunction | null,
  pc: number,
  vars: readonly unknown[],
): object {
  const object = Object.create(prototypeOf(method, fn, asyncGeneratorPrototype)) as object;
  return new Holder(object, new AsyncGeneratorState(method, pc, vars)) as object;
}

export function blankAsyncGenerator(): object {
  const state = new AsyncGeneratorState(returning, 0, nothing);
  return new Holder(Object.create(asyncGeneratorPrototype) as object, state) as object;
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
export function asyncYield(state: AsyncGeneratorState, value: unknown): boolean {
  const asked = state.queue.shift();
  if (asked !== undefined) runner().resolve(asked.record, { value, done: false });
  const [next] = state.queue;
  if (next !== undefined) {
    const { gate } = thread;
    gate.mode = next.mode;
    gate.sent = next.value;
    return false;
  }
  state.phase = 'yield';
  return true;
}

export function asyncGeneratorDone(state: AsyncGeneratorState, value: unknown): void {
  state.end();
  const asked = state.queue.shift();
  if (asked !== undefined) runner().resolve(asked.record, { value, done: true });
  drain(state);
}

export function asyncGeneratorFailed(state: AsyncGeneratorState, error: unknown): void {
  state.end();
  const asked = state.queue.shift();
  if (asked !== undefined) runner().reject(asked.record, error);
  drain(state);
}

/** Answers what was asked of one that has ended. */
function drain(state: AsyncGeneratorState): void {
  for (let next = state.queue[0]; next !== undefined; next = state.queue[0]) {
    if (next.mode === modes.return) {
      state.phase = 'draining';
      const frame: Frame = { method: returning, pc: 1, vars: [state.object], task: null, made: null };
      runner().await(frame, next.value);
      return;
    }
    state.queue.shift();
    if (next.mode === modes.throw) runner().reject(next.record, next.value);
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

/** Calls the compiled body, and does nothing else: so a capture inside is told from one of anything else. */
function begin(
  state: AsyncGeneratorState,
  { mode, value }: GeneratorRequest,
  depth: Depth | undefined,
): void {
  (state.method.step as Body)(state, mode, value, depth);
}

/** @param depth where the caller does nothing but await the outcome: what stands below it */
function ask(state: AsyncGeneratorState, mode: number, value: unknown, depth?: Depth): PromiseRecord {
  const record = runner().create(state.method);
  state.queue.push({ mode, value, record });
  if (state.phase === 'start' && mode !== modes.next && state.queue.length === 1) state.end();
  if (state.phase === 'done') drain(state);
  if (!state.stands) return record;
  state.phase = 'running';
  const [first] = state.queue as [GeneratorRequest];
  try {
    begin(state, first, depth);
  } catch (error) {
    const { gate } = thread;
    throw error === gate.capture ? gate.save(asking, 1, [record.promise], null, null) : error;
  }
  return record;
}

/** Goes on with one for a caller that awaits the outcome at once: inside an execution, nobody needs a promise of it. */
export function askNext(state: AsyncGeneratorState, depth: Depth): unknown {
  const record = ask(state, modes.next, undefined, depth);
  return thread.gate.x === null ? record.promise : record;
}

const functions = functionsOf(asyncGeneratorPrototype, '%AsyncGeneratorPrototype%', (natives) => ({
  next(this: unknown, value: unknown): unknown {
    const state = Holder.of(this);
    return state === null
      ? Reflect.apply(natives.next, this, [value])
      : ask(state, modes.next, value).promise;
  },
  return(this: unknown, value: unknown): unknown {
    const state = Holder.of(this);
    return state === null
      ? Reflect.apply(natives.return, this, [value])
      : ask(state, modes.return, value).promise;
  },
  throw(this: unknown, error: unknown): unknown {
    const state = Holder.of(this);
    return state === null
      ? Reflect.apply(natives.throw, this, [error])
      : ask(state, modes.throw, error).promise;
  },
}));

/** Lets the language's own functions of asynchronous generators know those of movable code; once for each thread. */
export const installAsyncGenerators = functions.install;

/** What they are gone on with, where nobody has replaced it. */
export const ownAsyncNext = functions.both.next;

acceptFunctions(callerUrl(), { begin: 'calls', ask: 'walks', askNext: 'passes' });
