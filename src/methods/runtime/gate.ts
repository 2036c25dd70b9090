import { type Cursor, type View, walkOf, walkViewOf } from './cursors.ts';
import { NoExecutionError } from './errors.ts';
import type { AnyFunction, Frame, LoadedMethod, MethodCode, PromiseRecord } from './method-code.ts';
import { joinModules, type LoadedModule, loadModule } from './modules.ts';
import { callerOf, walkStack } from './stack-walk.ts';

/** What generated code and the API need of the execution that runs now. */
export interface Running {
  /** The fuel counter fell below zero. @returns whether the execution gives way here, if the stack allows */
  wantsToYield(): boolean;
  /** Fuel until the next tick. */
  refill(): number;
  /** A capture was wanted, but something that is not ours stands on the stack. */
  heldUp(where: string): void;
  /** The capture is about to begin; so many activations will be kept. */
  givesWay(frames: number): void;
  pushFrame(frame: Frame): void;
  createTask(method: LoadedMethod): PromiseRecord;
  await(frame: Frame, value: unknown): void;
  resolve(task: PromiseRecord, value: unknown): void;
  reject(task: PromiseRecord, error: unknown): void;
  combine(kind: 'all' | 'allSettled' | 'any' | 'race', values: Iterable<unknown>): Promise<unknown>;
  settledWith(ok: boolean, value: unknown): Promise<unknown>;
  /** Whether the frame that goes on is to start its effect once more. */
  startsAgain(): boolean;
  readonly api: ExecutionApi;
}

/** What `godwit`'s functions do inside an execution. */
export interface ExecutionApi {
  effect(name: string, options: object, run: (context: EffectContext) => unknown): Promise<unknown>;
  start(
    method: AnyFunction,
    args: readonly unknown[],
    options: object,
  ): { readonly execution: string; readonly result: Promise<unknown> };
  self(): SelfReference;
  send(to: { readonly execution: string }, message: unknown): Promise<void>;
  receive(): Promise<unknown>;
  sleep(ms: number): Promise<void>;
}

/** What an effect is told, so that the outside world can tell repetitions and stale owners apart. */
export interface EffectContext {
  /** Idempotency key: the same whenever the same effect is started again. */
  readonly key: string;
  /** Fencing token: raised by each recovery. */
  readonly fence: number;
  readonly sequence: number;
  readonly execution: string;
  readonly generation: number;
  readonly epoch: number;
  /** Aborted when the execution's copy here is discarded. */
  readonly signal: AbortSignal;
}

export interface SelfReference {
  readonly execution: string;
  readonly epoch: number;
  readonly generation: number;
  /** The host's name. */
  readonly host: string;
}

/** How a suspended frame goes on. */
export interface Injection {
  readonly ok: boolean;
  readonly value: unknown;
}

/** Fuel of code that runs outside executions: it is never interrupted. */
const idleFuel = 1_000_000;

/**
 * What generated code refers to, one for each thread: fuel, captures, awaits, and the modules that were loaded. Its
 * methods are part of the compiled form; a change of their meaning is a new compiler version.
 */
export class Gate {
  /** Fuel until the next tick. */
  n = idleFuel;
  /** The execution that runs; null between slices and in code outside. */
  x: Running | null = null;
  /** What is thrown through methods to capture them. Never an error of anybody. */
  readonly capture = Object.freeze({ capture: 'godwit' });
  readonly modules = new Map<string, LoadedModule>();
  injection: Injection = { ok: true, value: undefined };
  readonly promise = promiseFunctions(this);

  /** Called where fuel has run out. Throws `capture` when the execution is to stand still here. */
  tick(): void {
    const running = this.x;
    if (running === null) {
      this.n = idleFuel;
      return;
    }
    const yields = running.wantsToYield();
    this.n = running.refill();
    if (!yields) return;
    const stack = walkStack(ownFunction('tick'), this.modules);
    if (stack.kind === 'foreign') return running.heldUp(stack.where);
    running.givesWay(stack.frames);
    throw this.capture;
  }

  /** Keeps one activation of a method that is being captured. @returns what to throw on */
  save(method: LoadedMethod, pc: number, vars: readonly unknown[], task: PromiseRecord | null): unknown {
    this.x?.pushFrame({ method, pc, vars, task });
    return this.capture;
  }

  /** The result of the call that a resumed activation stands at. */
  take(): unknown {
    const { ok, value } = this.injection;
    this.injection = { ok: true, value: undefined };
    if (!ok) throw value;
    return value;
  }

  again(): boolean {
    return this.x?.startsAgain() ?? false;
  }

  /** The first activation of an asynchronous method, as a frame: its variables are its parameters. */
  begin(method: LoadedMethod, vars: readonly unknown[]): Frame {
    return { method, pc: 0, vars, task: this.#running('async').createTask(method) };
  }

  wait(
    method: LoadedMethod,
    task: PromiseRecord,
    pc: number,
    value: unknown,
    vars: readonly unknown[],
  ): unknown {
    this.#running('await').await({ method, pc, vars, task }, value);
    return task.promise;
  }

  done(task: PromiseRecord, value: unknown): unknown {
    this.#running('return').resolve(task, value);
    return task.promise;
  }

  fail(task: PromiseRecord, error: unknown): unknown {
    this.#running('throw').reject(task, error);
    return task.promise;
  }

  walk(value: unknown): unknown {
    return walkOf(value);
  }

  walkView(value: unknown, view: View): unknown {
    return walkViewOf(value, view);
  }

  isCursor(walked: unknown): walked is Cursor {
    return typeof walked === 'object' && walked !== null && 'step' in walked && !Array.isArray(walked);
  }

  /** The keys that `for…in` visits, in its order. */
  keysIn(value: unknown): readonly string[] {
    const keys: string[] = [];
    for (const key in value as object) keys.push(key);
    return keys;
  }

  /** The first elements of an iterable, as array destructuring takes them; all of them for -1. */
  takeFrom(value: Iterable<unknown>, count: number): unknown[] {
    if (count === -1) return [...value];
    const taken: unknown[] = [];
    if (count === 0) {
      value[Symbol.iterator]().return?.();
      return taken;
    }
    for (const element of value) {
      taken.push(element);
      if (taken.length === count) break;
    }
    return taken;
  }

  omit(value: object, keys: readonly (string | symbol)[]): object {
    const rest = { ...value };
    for (const key of keys) Reflect.deleteProperty(rest, key);
    return rest;
  }

  key(value: unknown): string | symbol {
    return typeof value === 'symbol' ? value : String(value);
  }

  method(meta: MethodCode, fast: AnyFunction, resume: ((frame: Frame) => unknown) | null): LoadedMethod {
    return { meta, fast, resume };
  }

  module(
    url: string,
    path: string,
    expectedLine: number,
    methods: readonly LoadedMethod[],
    constants: Readonly<Record<string, unknown>>,
    originalLines: readonly number[],
  ): void {
    const caller = callerOf(ownFunction('module'));
    const lines = { expected: expectedLine, found: caller.line, original: originalLines };
    const loaded = loadModule(url, path, methods, constants, lines);
    // Under the name that the native stack gives the file.
    const file = caller.url ?? url;
    this.modules.set(file, joinModules(this.modules.get(file), loaded));
  }

  #running(construct: string): Running {
    if (this.x === null) throw new NoExecutionError(construct);
    return this.x;
  }
}

/** One of the gate's functions as the native stack knows it. */
function ownFunction(name: 'tick' | 'module'): AnyFunction {
  return Reflect.get(Gate.prototype, name) as AnyFunction;
}

/** `Promise.all` and its like inside methods; the native ones where no execution runs. */
function promiseFunctions(gate: Gate): Record<string, unknown> {
  const combine = (kind: 'all' | 'allSettled' | 'any' | 'race') => (values: Iterable<unknown>) =>
    gate.x === null ? (Promise[kind] as AnyFunction).call(Promise, values) : gate.x.combine(kind, values);
  return {
    all: combine('all'),
    allSettled: combine('allSettled'),
    any: combine('any'),
    race: combine('race'),
    resolve: (value: unknown) => (gate.x === null ? Promise.resolve(value) : gate.x.settledWith(true, value)),
    reject: (value: unknown) => (gate.x === null ? Promise.reject(value) : gate.x.settledWith(false, value)),
  };
}

const shared = globalThis as unknown as Record<symbol, Gate | undefined>;
const key = Symbol.for('godwit.gate.1');

/** One for each thread, even where godwit was loaded twice. */
export const $: Gate = (shared[key] ??= new Gate());
