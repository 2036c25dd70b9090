import { isObject } from '../../core/is-object.ts';
import { acceptFunctions, nameValue, type Role } from './library.ts';
import type { AnyFunction, Frame, LoadedMethod } from './method-code.ts';
import { callerOf } from './stack-walk.ts';

// What generators and asynchronous generators of movable code have in common: objects with a state of their own, whose
// three functions are the language's, which know both kinds.

/** How a generator is gone on with. */
export const modes = { next: 0, throw: 1, return: 2 } as const;

/** What goes on with a frame: for one that was captured in a generator's middle, the generator's own. */
export function standing(frame: Frame): Frame {
  const { task } = frame;
  if (task === null || task === frame || 'promise' in task) return frame;
  task.stand(frame);
  return task;
}

/** Lets a class put a private state on an object that exists already. */
export class Identity {
  constructor(object: object) {
    return object;
  }
}

/** What a new generator inherits: `fn` is null for a function that stands at the top level of its module. */
export function prototypeOf(method: LoadedMethod, fn: AnyFunction | null, fallback: object): object {
  const { prototype } = (fn ?? method.fast) as { prototype?: unknown };
  return isObject(prototype) ? prototype : fallback;
}

const names = ['next', 'return', 'throw'] as const;

type Functions = Readonly<Record<(typeof names)[number], AnyFunction>>;

/**
 * Makes the language's own functions of one kind of generators know those of movable code.
 *
 * @param label the prototype's name, under which snapshots hold the functions by reference
 * @param make the functions, given the native ones for all other objects
 * @returns them, and what puts them in place, once for each thread
 */
export function functionsOf(
  prototype: object,
  label: string,
  make: (natives: Functions) => Functions,
): { readonly both: Functions; readonly install: () => void } {
  const natives = Object.fromEntries(
    names.map((name) => [name, Object.getOwnPropertyDescriptor(prototype, name)?.value as AnyFunction]),
  ) as Functions;
  const both = make(natives);
  for (const name of names) nameValue(`${label}.${name}`, both[name]);
  const install = (): void => {
    for (const name of names) {
      const property = Object.getOwnPropertyDescriptor(prototype, name);
      if (property === undefined || property.value !== natives[name]) continue;
      Object.defineProperty(prototype, name, { ...property, value: both[name] });
    }
  };
  const roles: Readonly<Record<(typeof names)[number], Role>> = {
    next: 'passes',
    return: 'passes',
    throw: 'passes',
  };
  acceptFunctions(callerOf(functionsOf).url ?? '', roles);
  return { both, install };
}
