import { functionsOf, prototypeOf, Identity, modes } from './generator-objects.ts';
import { acceptFunctions, libraryMethod } from './library.ts';
import type { AnyFunction, Frame, LoadedMethod } from './method-code.ts';
import { callerUrl } from './stack-walk.ts';
import { thread } from './thread.ts';

// Generators of movable code are objects with a frame: what natively is a suspended stack is data here. They inherit what
// native generators inherit; the three functions of %GeneratorPrototype% know both kinds.

/**
 * What a body answers: whether there is a value, which stands in the state then; or, where `yield*` hands on what somebody
 * else's iterator gave, that result itself.
 */
export type Answer = boolean | object;

type Body = (state: GeneratorState, mode: number, sent: unknown) => Answer;

const running = -1;
const over = -2;
const nothing: readonly unknown[] = Object.freeze([]);

export type GeneratorPhase = 'start' | 'yield' | 'running' | 'done';

/**
 * A generator's state: its frame, for its whole life. The compiled body writes into it where it is left; only a capture in
 * its middle makes a frame apart.
 */
export class GeneratorState implements Frame {
  /** Where it stands; negative while it runs and when it is over. */
  pc: number;
  vars: readonly unknown[];
  /** What it has yielded or returned last. */
  value: unknown = undefined;
  body: Body;
  method: LoadedMethod;
  /** Where its code begins. */
  first: number;
  /** What the generator inherits; and the generator itself, once somebody takes it into their hands. */
  readonly prototype: object;
  shown: object | null = null;

  constructor(method: LoadedMethod, prototype: object, pc: number, vars: readonly unknown[]) {
    this.method = method;
    // One that nobody can go on with answers for itself.
    this.body = (method.step ?? idle) as Body;
    this.pc = pc;
    this.first = pc;
    this.vars = vars;
    this.prototype = prototype;
  }

  get object(): object {
    return this.shown ?? (new Holder(Object.create(this.prototype) as object, this) as object);
  }

  get task(): this {
    return this;
  }

  get made(): null {
    return null;
  }

  /** See `wayOf` of the gate. */
  get way(): 3 {
    return 3;
  }

  get phase(): GeneratorPhase {
    if (this.pc >= 0) return this.pc === this.first ? 'start' : 'yield';
    return this.pc === running ? 'running' : 'done';
  }

  /** Puts it where it was captured. @param frame null where it does not stand still */
  fill(phase: GeneratorPhase, frame: Frame | null): void {
    this.pc = phase === 'running' ? running : over;
    if (frame !== null) this.stand(frame);
    this.first = phase === 'start' ? this.pc : 0;
  }

  stand(frame: Frame): void {
    this.method = frame.method;
    this.body = frame.method.step as Body;
    this.pc = frame.pc;
    this.vars = frame.vars;
  }

  end(): void {
    this.pc = over;
    this.vars = nothing;
  }
}

/** Puts a state on an object that exists already. */
class Holder extends Identity {
  #state: GeneratorState;

  constructor(object: object, state: GeneratorState) {
    super(object);
    this.#state = state;
    state.shown = object;
    latest = state;
  }

  static of(object: unknown): GeneratorState | null {
    // Objects of many shapes are asked, which costs a search each; mostly it is the same as the last time.
    if (object === latest?.shown) return latest;
    if (typeof object !== 'object' || object === null || !(#state in object)) return null;
    latest = object.#state;
    return latest;
  }

  static give(object: object, state: GeneratorState): void {
    if (#state in object) object.#state = state;
    state.shown = object;
    latest = state;
  }
}

/** The one that was made or asked for last. */
let latest: GeneratorState | null = null;

export function generatorState(object: unknown): GeneratorState | null {
  return Holder.of(object);
}

/** Lets an object have a state that somebody else in the same snapshot holds. */
export function giveState(object: object, state: GeneratorState): void {
  Holder.give(object, state);
}

const generatorFunction = Object.getPrototypeOf(function* () {}) as object;
export const generatorPrototype = (generatorFunction as { prototype: object }).prototype;

/** Makes a function that makes generators look as one does natively. */
export function generatorFunctionOf(made: object, kind: object = generatorFunction): object {
  const prototype = Object.create((kind as { prototype: object }).prototype) as object;
  Object.defineProperty(made, 'prototype', { value: prototype, writable: true, enumerable: false });
  return Object.setPrototypeOf(made, kind) as object;
}

/**
 * A new generator that has not begun.
 *
 * @param fn null for a function that stands at the top level of its module
 * @param pc where its code begins
 */
export function generator(
  method: LoadedMethod,
  fn: AnyFunction | null,
  pc: number,
  vars: readonly unknown[],
): object {
  return new GeneratorState(method, prototypeOf(method, fn, generatorPrototype), pc, vars).object;
}

/** The same for somebody who goes on with it directly, and never shows it to anybody. */
export function freshGenerator(
  method: LoadedMethod,
  fn: AnyFunction | null,
  pc: number,
  vars: readonly unknown[],
): GeneratorState {
  return new GeneratorState(method, prototypeOf(method, fn, generatorPrototype), pc, vars);
}

const blank = libraryMethod('generator', [], () => undefined);

export function blankState(): GeneratorState {
  const state = new GeneratorState(blank, generatorPrototype, 0, nothing);
  state.end();
  return state;
}

/** An empty one, for a snapshot to fill. */
export function blankGenerator(): object {
  return new Holder(Object.create(generatorPrototype) as object, blankState()) as object;
}

/** Whether it is what the generators of some function inherit from. */
export function isGeneratorPrototype(value: object): boolean {
  return Object.getPrototypeOf(value) === generatorPrototype && Holder.of(value) === null;
}

export function blankGeneratorPrototype(): object {
  return Object.create(generatorPrototype) as object;
}

/** A body returns. */
export function generatorDone(state: GeneratorState, value: unknown): Answer {
  state.end();
  state.value = value;
  return false;
}

/** A body throws. @returns the error */
export function generatorFailed(state: GeneratorState, error: unknown): unknown {
  state.end();
  return error;
}

/** What a generator that does not stand still answers. */
export function idle(state: GeneratorState, mode: number, sent: unknown): Answer {
  if (state.pc === running) throw new TypeError('Generator is already running');
  if (mode === modes.throw) throw sent;
  state.value = mode === modes.return ? sent : undefined;
  return false;
}

/** Whether there is a value in what a body has answered; then it stands in the state. */
export function took(state: GeneratorState, answer: Answer): boolean {
  if (typeof answer === 'boolean') return answer;
  const result = answer as { readonly done?: unknown; readonly value?: unknown };
  if (result.done) return false;
  state.value = result.value;
  return true;
}

/** Calls the compiled body, and does nothing else: so a capture inside is told from one of anything else. */
export function goOn(state: GeneratorState, mode: number, sent: unknown): Answer {
  return state.body(state, mode, sent);
}

function resultOf(state: GeneratorState, answer: Answer): object {
  if (typeof answer === 'object') return answer;
  return { value: state.value, done: !answer };
}

const advancing = libraryMethod('advance', ['generator'], (frame) =>
  resultOf(frame.vars[0] as GeneratorState, thread.gate.take() as Answer),
);

function advance(state: GeneratorState, mode: number, sent: unknown): object {
  let answer: Answer;
  try {
    answer = goOn(state, mode, sent);
  } catch (error) {
    const { gate } = thread;
    throw error === gate.capture ? gate.save(advancing, 1, [state], null, null) : error;
  }
  return resultOf(state, answer);
}

/** The same for one that may not have begun: then it is over. */
function leave(state: GeneratorState, mode: number, sent: unknown): object {
  if (state.pc === state.first) state.end();
  return advance(state, mode, sent);
}

const functions = functionsOf(generatorPrototype, '%GeneratorPrototype%', (natives) => ({
  next(this: unknown, value: unknown): unknown {
    const state = Holder.of(this);
    return state === null ? Reflect.apply(natives.next, this, [value]) : advance(state, modes.next, value);
  },
  return(this: unknown, value: unknown): unknown {
    const state = Holder.of(this);
    return state === null ? Reflect.apply(natives.return, this, [value]) : leave(state, modes.return, value);
  },
  throw(this: unknown, error: unknown): unknown {
    const state = Holder.of(this);
    return state === null ? Reflect.apply(natives.throw, this, [error]) : leave(state, modes.throw, error);
  },
}));

/** Lets the language's own functions of generators know those of movable code; once for each thread. */
export const installGenerators = functions.install;

/** What generators are gone on with, where nobody has replaced it. */
export const ownNext = functions.both.next;

acceptFunctions(callerUrl(), { goOn: 'calls', advance: 'walks', leave: 'passes' });
