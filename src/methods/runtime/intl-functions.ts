import { boundOf, noteBound } from './bound.ts';
import { nameValue } from './library.ts';
import type { AnyFunction } from './method-code.ts';

// `collator.compare` and its like are functions that belong to their object: nothing tells whose they are. So each such
// object is asked for its function as soon as movable code makes it.

const names = { Collator: 'compare', NumberFormat: 'format', DateTimeFormat: 'format' } as const;
type Name = keyof typeof names;

const getters = new Map<object, AnyFunction>();
const prototypes = new Map<object, AnyFunction>();

/** Stands for the function of an object: bound to the object it is that. */
function standIn(name: Name): AnyFunction {
  const { prototype } = Intl[name] as { readonly prototype: object };
  const getter = Reflect.getOwnPropertyDescriptor(prototype, names[name])?.get as AnyFunction;
  const stand = (value: unknown): unknown => value;
  nameValue(`Intl.${name}.${names[name]}`, stand);
  getters.set(stand, getter);
  prototypes.set(prototype, stand);
  return stand;
}
for (const name of Object.keys(names)) standIn(name as Name);

/** Remembers the function of an object; others have none. */
export function noteFormat(object: object): void {
  const stand = prototypes.get(Reflect.getPrototypeOf(object) ?? object);
  if (stand === undefined) return;
  try {
    const f = Reflect.apply(getters.get(stand) as AnyFunction, object, []) as object;
    if (boundOf(f) === null) noteBound(f, { target: stand, self: object, args: [] });
  } catch {
    // It only looks like one.
  }
}

/** The function that a stand-in bound to its object means; null for any other target. */
export function functionOfFormat(target: unknown, self: unknown): AnyFunction | null {
  const getter = getters.get(target as object);
  if (getter === undefined) return null;
  noteFormat(self as object);
  return Reflect.apply(getter, self, []) as AnyFunction;
}

function maker(name: Name): AnyFunction {
  const make = function (...args: readonly unknown[]): unknown {
    const native = Intl[name] as unknown as AnyFunction;
    const made = (
      new.target === undefined ? Reflect.apply(native, Intl, args) : Reflect.construct(native, args)
    ) as object;
    noteFormat(made);
    return made;
  };
  nameValue(`new Intl.${name}`, make);
  return make;
}

/** What stands for `Intl` where movable code makes one of its objects. */
export const intl: Readonly<Record<Name, AnyFunction>> = {
  Collator: maker('Collator'),
  NumberFormat: maker('NumberFormat'),
  DateTimeFormat: maker('DateTimeFormat'),
};
