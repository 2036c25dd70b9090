import { isObject } from '../../core/is-object.ts';
import { MovableController, MovableSignal } from './abort-calls.ts';
import { ambient } from './ambient.ts';
import { nativeBind } from './bound.ts';
import { bind, callback } from './callbacks.ts';
import {
  asyncGenerator,
  asyncGeneratorDone,
  asyncGeneratorFailed,
  asyncYield,
  installAsyncGenerators,
} from './async-generators.ts';
import {
  closeAsync,
  closeAsyncQuietly,
  delegatedAsync,
  resultAwaited,
  walkAsync,
} from './async-iteration.ts';
import {
  adopt,
  codeIn,
  defineField,
  derivedResult,
  fieldKey,
  heritage,
  noteClass,
  onceMade,
  ownThis,
  stamped,
} from './classes.ts';
import { functionOf, keyed, named, type Probe, withAccessors } from './closures.ts';
import { makesIterator } from './cursors.ts';
import {
  freshGenerator,
  generator,
  generatorDone,
  generatorFailed,
  installGenerators,
  idle,
  took,
} from './generators.ts';
import {
  closed,
  closeQuietly,
  closeWalk,
  delegate,
  delegated,
  restOf,
  spread,
  steps,
  takeFrom,
  view,
  walk,
  walkPattern,
  resultOf,
} from './iteration.ts';
import { homed, superOf } from './home-objects.ts';
import { intl } from './intl-functions.ts';
import { nameValue } from './library.ts';
import { type AnyFunction, CompiledMethod, type Frame, type LoadedMethod } from './method-code.ts';
import { fileUrlOf, joinModules, type LoadedModule, loadModule } from './modules.ts';
import { deferred, member, promiseFunctions, recordFunctions } from './promise-calls.ts';
import { hasTraps, isVisited, key, keysIn, omit } from './properties.ts';
import { type Injection, nothing } from './running.ts';
import { respell, SpokenNames } from './spoken-errors.ts';
import { callerOf, walkStack } from './stack-walk.ts';
import { idleFuel, TaskGate } from './task-gate.ts';
import { thread } from './thread.ts';
import {
  addWholeModule,
  boxOf,
  dependencyOf,
  givenOf,
  type ExportTable,
  type ModuleStates,
  namespaceOf,
  programOf,
} from './whole-modules.ts';
import { timerCalls } from './timer-calls.ts';

/**
 * What generated code refers to, one for each thread: fuel, captures, awaits, and the modules that were loaded. Its
 * methods are part of the compiled form; a change of their meaning is a new compiler version.
 */
export class Gate extends TaskGate {
  /** What is thrown through methods to capture them. Never an error of anybody. */
  readonly capture = Object.freeze({ capture: 'godwit' });
  readonly modules = new Map<string, LoadedModule>();
  /** Set while a function is asked what it is made of; see `closures.ts`. */
  p: Probe | null = null;
  /** Set while only the elements of a class are wanted of its constructor; `i` skips initialisers. See `classes.ts`. */
  c: object | null = null;
  i = false;
  /** What a variable holds before it is initialised, where that can be seen. */
  readonly unset = Object.freeze({ unset: 'godwit' });
  readonly templates = new Map<string, object>();
  /** Only the platform can tell; null where nobody has asked it. */
  isProxy: ((value: object) => boolean) | null = null;
  injection: Injection = nothing;
  // What calls back, in versions that can be moved: see `movables.ts`.
  readonly promise = promiseFunctions;
  readonly record = recordFunctions;
  readonly member = member;
  readonly deferred = deferred;
  readonly callback = callback;
  readonly AbortController = MovableController;
  readonly AbortSignal = MovableSignal;
  readonly bind = bind;
  // The language's own, whatever an author calls by these names.
  readonly object = Object;
  // oxlint-disable-next-line typescript/unbound-method -- what compiled calls compare with
  readonly call = Function.prototype.call;
  readonly intl = intl;
  // Walks by iterators: see `iteration.ts`.
  readonly walk = walk;
  readonly walkPattern = walkPattern;
  readonly view = view;
  readonly makesIterator = makesIterator;
  readonly spread = spread;
  readonly takeFrom = takeFrom;
  readonly restOf = restOf;
  readonly close = closeWalk;
  readonly closeQuietly = closeQuietly;
  readonly delegate = delegate;
  readonly delegated = delegated;
  // Names of properties: see `properties.ts`.
  readonly keysIn = keysIn;
  readonly hasTraps = hasTraps;
  readonly isVisited = isVisited;
  readonly omit = omit;
  readonly key = key;
  // Classes: see `classes.ts`.
  readonly class = noteClass;
  readonly codeIn = codeIn;
  readonly stamped = stamped;
  readonly define = defineField;
  readonly fieldKey = fieldKey;
  readonly named = named;
  readonly construct = Reflect.construct;
  readonly parent = Reflect.getPrototypeOf;
  readonly own = ownThis;
  readonly once = onceMade;
  readonly derived = derivedResult;
  readonly heritage = heritage;
  // Methods of object literals: see `home-objects.ts`.
  readonly homed = homed;
  readonly super = superOf;
  // Generators: see `generators.ts`.
  readonly generator = generator;
  readonly fresh = freshGenerator;
  readonly idle = idle;
  readonly took = took;
  readonly ended = generatorDone;
  readonly failed = generatorFailed;
  readonly asyncGenerator = asyncGenerator;
  readonly asyncYield = asyncYield;
  readonly asyncEnded = asyncGeneratorDone;
  readonly asyncFailed = asyncGeneratorFailed;
  readonly steps = steps;
  readonly walkAsync = walkAsync;
  readonly closeAsync = closeAsync;
  readonly closeAsyncQuietly = closeAsyncQuietly;
  readonly delegatedAsync = delegatedAsync;
  readonly resultAwaited = resultAwaited;
  readonly result = resultOf;
  readonly closed = closed;
  /** How an asynchronous generator is gone on with that need not stop: see `modes`; and with what. */
  mode = 0;
  sent: unknown = undefined;
  readonly setTimeout = timerCalls.setTimeout;
  readonly clearTimeout = timerCalls.clearTimeout;
  readonly setInterval = timerCalls.setInterval;
  readonly clearInterval = timerCalls.clearInterval;
  readonly setImmediate = timerCalls.setImmediate as AnyFunction;
  readonly clearImmediate = timerCalls.clearImmediate as AnyFunction;
  readonly queueMicrotask = timerCalls.queueMicrotask as AnyFunction;
  /** What stands for `process` where its `nextTick` is called. */
  readonly process = { nextTick: timerCalls.nextTick as AnyFunction };

  /** What a variable holds that is no number, where arithmetic goes on with it. */
  same(value: unknown): unknown {
    return value;
  }

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
  save(
    method: LoadedMethod,
    pc: number,
    vars: readonly unknown[],
    task: Frame['task'],
    made: object | null,
  ): unknown {
    this.x?.pushFrame({ method, pc, vars, task, made });
    return this.capture;
  }

  /** What an activation that `new` may have begun returns. */
  made(frame: Frame, value: unknown): unknown {
    return frame.made === null || isObject(value) ? value : frame.made;
  }

  program(given: ModuleStates | undefined, path: string): ModuleStates {
    return programOf(given, path);
  }

  given(modules: ModuleStates, path: string, name: string): unknown {
    return givenOf(modules, path, name);
  }

  dependency(modules: ModuleStates, path: string): AnyFunction | null {
    return dependencyOf(modules, path);
  }

  box(modules: ModuleStates, path: string, name: string): { v: unknown } {
    return boxOf(modules, path, name, this.unset);
  }

  namespace(modules: ModuleStates, path: string): object {
    return namespaceOf(modules, path, this.unset);
  }

  /** Gives what a captured parent's constructor has made the elements of a class. */
  adopt(made: AnyFunction, self: object | undefined, object: object): object {
    return adopt(this, made, onceMade(self, object));
  }

  /** An error as its author's code would have it, on its way out of a method or into its own `catch`. */
  told(method: LoadedMethod, error: unknown): unknown {
    if (error instanceof TypeError) respell(error, method.spoken);
    return error;
  }

  /** A function with a `call` of its own, as one that is called on `self` by the language's. */
  callee(target: unknown, self: unknown, name: string): AnyFunction {
    if (typeof target !== 'function') throw new TypeError(`${name} is not a function`);
    return Reflect.apply(nativeBind, target, [self]) as AnyFunction;
  }

  /** The box of a variable that is to be assigned, and may not have been initialised. */
  live(box: { v: unknown }, name: string): { v: unknown } {
    this.let(box.v, name);
    return box;
  }

  /** Reads a variable that may not have been initialised. */
  let(value: unknown, name: string): unknown {
    if (value === this.unset) throw new ReferenceError(`Cannot access '${name}' before initialization`);
    return value;
  }

  functionOf(kind: string, made: object): object {
    return functionOf(kind, made);
  }

  keyed(key: PropertyKey, made: object): object {
    return keyed(key, made);
  }

  accessors(literal: object, accessors: Parameters<typeof withAccessors>[1]): object {
    return withAccessors(literal, accessors);
  }

  /** The strings of a tagged template: one object for each place in the code. */
  template(key: string, cooked: readonly (string | undefined)[], raw: readonly string[]): object {
    const templates = this.x?.templates ?? this.templates;
    const known = templates.get(key);
    if (known !== undefined) return known;
    const strings = Object.defineProperty([...cooked], 'raw', { value: Object.freeze([...raw]) });
    templates.set(key, Object.freeze(strings));
    return strings;
  }

  /** The result of the call that a resumed activation stands at. */
  take(): unknown {
    const { ok, value } = this.injection;
    this.injection = nothing;
    if (!ok) throw value;
    return value;
  }

  rest(list: ArrayLike<unknown>, from: number): unknown[] {
    return Array.from(list).slice(from);
  }

  again(): boolean {
    return this.x?.startsAgain() ?? false;
  }

  /** How a walk goes on: 0 by index, 1 by a native iterator, 2 by one of the program's, 3 by a generator of its own. */
  wayOf(walked: unknown): number {
    return Array.isArray(walked) || ArrayBuffer.isView(walked) ? 0 : (walked as { readonly way: number }).way;
  }

  method(
    described: string,
    resume: LoadedMethod['resume'],
    factory: AnyFunction | null,
    kind: string,
    step: LoadedMethod['step'],
  ): LoadedMethod {
    return new CompiledMethod(described, resume, factory, kind, step);
  }

  module(
    url: string | null,
    path: string,
    expectedLine: number,
    functions: readonly (readonly [LoadedMethod, AnyFunction | null])[],
    constants: Readonly<Record<string, unknown>>,
    origins: string,
    exports: ExportTable | null,
    described: string,
  ): void {
    const spoken = new SpokenNames(described);
    for (const [method, fast] of functions) {
      method.spoken = spoken;
      method.fast = fast;
      if (fast !== null) functionOf(method.kind, fast);
    }
    const methods = functions.map(([method]) => method);
    const [body] = methods;
    if (exports !== null && body !== undefined) addWholeModule(path, body, exports);
    const caller = callerOf(ownFunction('module'));
    const lines = { expected: expectedLine, found: caller.line, origins };
    const file = caller.url ?? url ?? '';
    const loaded = loadModule(url ?? fileUrlOf(file), path, methods, constants, lines);
    // Under the name that the native stack gives the file.
    this.modules.set(file, joinModules(this.modules.get(file), loaded));
  }
}

/** One of the gate's functions as the native stack knows it. */
function ownFunction(name: 'tick' | 'module'): AnyFunction {
  return Reflect.get(Gate.prototype, name) as AnyFunction;
}

const shared = globalThis as unknown as Record<symbol, Gate | undefined>;
const name = Symbol.for('godwit.gate.1');

/** One for each thread, even where godwit was loaded twice. */
export const $: Gate = (shared[name] ??= new Gate());
thread.gate = $;
nameValue('unset', $.unset);
thread.ambient = ambient;
installAsyncGenerators();
installGenerators();
