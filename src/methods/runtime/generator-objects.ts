import { acceptFunctions, nameValue } from './library.ts';
import type { AnyFunction, Frame, LoadedMethod } from './method-code.ts';
import { callerUrl } from './stack-walk.ts';

// What generators and asynchronous generators of movable code have in common: objects with a state of their own, whose
// three functions are the language's, which know both kinds.

/** How a generator is gone on with. */
export type ResumeMode = 'next' | 'throw' | 'return';

/** Lets a class put a private state on an object that exists already. */
export class Identity {
  constructor(object: object) {
    return object;
  }
}

/** What a new generator is: `fn` is null for a function that stands at the top level of its module. */
export function generatorObject(method: LoadedMethod, fn: AnyFunction | null, fallback: object): object {
  const { prototype } = (fn ?? method.fast) as { prototype?: unknown };
  const isObject = (typeof prototype === 'object' && prototype !== null) || typeof prototype === 'function';
  return Object.create(isObject ? (prototype as object) : fallback) as object;
}

/** Calls the compiled body, and does nothing else: so a capture inside is told from one of anything else. */
export function runBody(frame: Frame): unknown {
  return (frame.method.resume as (frame: Frame) => unknown)(frame);
}

const names = ['next', 'return', 'throw'] as const;

/**
 * Makes the language's own functions of one kind of generators know those of movable code.
 *
 * @param label the prototype's name, under which snapshots hold the functions by reference
 * @param stateOf null for any object that is no generator of movable code
 * @returns what puts them in place, once for each thread
 */
export function functionsOf<S>(
  prototype: object,
  label: string,
  stateOf: (object: unknown) => S | null,
  resume: (state: S, mode: ResumeMode, value: unknown) => unknown,
): () => void {
  const natives = Object.fromEntries(
    names.map((name) => [name, Object.getOwnPropertyDescriptor(prototype, name)?.value as AnyFunction]),
  ) as Record<ResumeMode, AnyFunction>;
  const both = {
    next(this: unknown, value: unknown): unknown {
      const state = stateOf(this);
      return state === null ? Reflect.apply(natives.next, this, [value]) : resume(state, 'next', value);
    },
    return(this: unknown, value: unknown): unknown {
      const state = stateOf(this);
      return state === null ? Reflect.apply(natives.return, this, [value]) : resume(state, 'return', value);
    },
    throw(this: unknown, error: unknown): unknown {
      const state = stateOf(this);
      return state === null ? Reflect.apply(natives.throw, this, [error]) : resume(state, 'throw', error);
    },
  };
  for (const name of names) nameValue(`${label}.${name}`, both[name]);
  return () => {
    for (const name of names) {
      const property = Object.getOwnPropertyDescriptor(prototype, name);
      if (property === undefined || property.value !== natives[name]) continue;
      Object.defineProperty(prototype, name, { ...property, value: both[name] });
    }
  };
}

acceptFunctions(callerUrl(), { runBody: 'calls', next: 'passes', return: 'passes', throw: 'passes' });
