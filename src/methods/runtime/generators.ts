import { functionsOf, generatorObject, Identity, type ResumeMode, runBody } from './generator-objects.ts';
import { acceptFunctions } from './library.ts';
import type { AnyFunction, Frame, LoadedMethod } from './method-code.ts';
import { callerUrl } from './stack-walk.ts';
import { thread } from './thread.ts';

// Generators of movable code are objects with a frame: what natively is a suspended stack is data here. They inherit what
// native generators inherit; the three functions of %GeneratorPrototype% know both kinds.

/** A generator's state. `start` and `yield`: suspended, with a frame. */
export interface GeneratorState {
  phase: 'start' | 'yield' | 'running' | 'done';
  frame: Frame | null;
  /** The generator itself. */
  readonly object: object;
}

/** Puts a state on an object that exists already. */
class Holder extends Identity {
  #state: GeneratorState;

  constructor(object: object, phase: GeneratorState['phase'], frame: Frame | null) {
    super(object);
    this.#state = { phase, frame, object };
  }

  static of(object: unknown): GeneratorState | null {
    return typeof object === 'object' && object !== null && #state in object ? object.#state : null;
  }
}

export function generatorState(object: unknown): GeneratorState | null {
  return Holder.of(object);
}

const generatorFunction = Object.getPrototypeOf(function* () {}) as object;
export const generatorPrototype = (generatorFunction as { prototype: object }).prototype;

/** Makes a function that makes generators look as one does natively. */
export function generatorFunctionOf(made: object, kind: object = generatorFunction): object {
  const prototype = Object.create((kind as { prototype: object }).prototype) as object;
  Object.defineProperty(made, 'prototype', { value: prototype, writable: true, enumerable: false });
  return Object.setPrototypeOf(made, kind) as object;
}

/** A new generator that has not begun. `fn` is null for a function that stands at the top level of its module. */
export function generator(method: LoadedMethod, fn: AnyFunction | null, vars: readonly unknown[]): object {
  const object = generatorObject(method, fn, generatorPrototype);
  const state = new Holder(object, 'start', null);
  const held = Holder.of(state) as GeneratorState;
  held.frame = { method, pc: 0, vars, task: held, made: null };
  return object;
}

/** An empty one, for a snapshot to fill. */
export function blankGenerator(): object {
  const object = Object.create(generatorPrototype) as object;
  return new Holder(object, 'done', null) as object;
}

/** Whether it is what the generators of some function inherit from. */
export function isGeneratorPrototype(value: object): boolean {
  return Object.getPrototypeOf(value) === generatorPrototype && Holder.of(value) === null;
}

export function blankGeneratorPrototype(): object {
  return Object.create(generatorPrototype) as object;
}

/** Suspends the generator. @returns what `next` returns */
export function yieldFrom(
  method: LoadedMethod,
  state: GeneratorState,
  pc: number,
  value: unknown,
  vars: readonly unknown[],
): IteratorResult<unknown> {
  state.frame = { method, pc, vars, task: state, made: null };
  state.phase = 'yield';
  return { value, done: false };
}

/** The same, of a result that another iterator has made: `yield*` hands it on as it is. */
export function yieldResult(
  method: LoadedMethod,
  state: GeneratorState,
  pc: number,
  result: unknown,
  vars: readonly unknown[],
): unknown {
  yieldFrom(method, state, pc, undefined, vars);
  return result;
}

export function generatorDone(state: GeneratorState, value: unknown): IteratorResult<unknown> {
  state.phase = 'done';
  state.frame = null;
  return { value, done: true };
}

export function generatorFailed(state: GeneratorState, error: unknown): unknown {
  state.phase = 'done';
  state.frame = null;
  return error;
}

function resume(state: GeneratorState, mode: ResumeMode, value: unknown): unknown {
  if (state.phase === 'running') throw new TypeError('Generator is already running');
  if (state.phase === 'start' && mode !== 'next') generatorDone(state, undefined);
  if (state.phase === 'done') {
    if (mode === 'throw') throw value;
    return { value: mode === 'return' ? value : undefined, done: true };
  }
  const frame = state.frame as Frame;
  state.frame = null;
  state.phase = 'running';
  const { gate } = thread;
  gate.injection = { ok: mode !== 'throw', value };
  gate.returning = mode === 'return';
  return runBody(frame);
}

/** Lets the language's own functions of generators know those of movable code; once for each thread. */
export const installGenerators = functionsOf(
  generatorPrototype,
  '%GeneratorPrototype%',
  (object) => Holder.of(object),
  resume,
);

acceptFunctions(callerUrl(), { resume: 'passes' });
