import type {
  BoundForm,
  Callable,
  ClassForm,
  ClosureForm,
  CodeTable,
  MemberForm,
  PrivatesForm,
} from '../../../src/methods/snapshot/index.ts';

const bind: unknown = Reflect.get(Function.prototype, 'bind');

/** Reads and writes the private elements of one class. */
interface PrivateAccess {
  /** Null when the object has none of this class. */
  read(o: object): readonly unknown[] | null;
  write(o: object, values: readonly unknown[]): void;
  /** An object with the elements, for a class at the root of its chain. */
  blank(prototype: object): object;
}

interface MadeClass {
  readonly made: Callable;
  readonly privates: PrivateAccess | null;
}

type ClosureFactory = (...captured: never[]) => Callable;
type ClassFactory = (
  captured: readonly never[],
  superclass: never,
  keys: readonly PropertyKey[],
) => MadeClass | Callable;

/** Functions made by hand in the way in which compiled code makes them: by factories, whose arguments are what is captured. */
export class HandmadeCode implements CodeTable {
  readonly #closureFactories: Readonly<Record<string, ClosureFactory>>;
  readonly #classFactories: Readonly<Record<string, ClassFactory>>;
  readonly #closures = new WeakMap<Callable, ClosureForm>();
  readonly #bound = new WeakMap<Callable, BoundForm>();
  readonly #classes = new WeakMap<Callable, ClassForm & { readonly access: PrivateAccess | null }>();
  readonly #members = new WeakMap<Callable, MemberForm>();
  readonly #owners: Callable[] = [];

  constructor(
    closures: Readonly<Record<string, ClosureFactory>>,
    classes: Readonly<Record<string, ClassFactory>>,
  ) {
    this.#closureFactories = closures;
    this.#classFactories = classes;
  }

  closureOf(f: Callable): ClosureForm | null {
    return this.#closures.get(f) ?? null;
  }

  makeClosure(code: string, captured: readonly unknown[]): Callable {
    const made = this.#closureFactories[code]?.(...(captured as never[]));
    if (made === undefined) throw new Error(`no closure ${code}`);
    this.#closures.set(made, { code, captured });
    return made;
  }

  boundOf(f: Callable): BoundForm | null {
    return this.#bound.get(f) ?? null;
  }

  isStamped(): boolean {
    return false;
  }

  remade(): void {}

  makeBound(target: Callable, self: unknown, args: readonly unknown[]): Callable {
    const made = Reflect.apply(bind as Callable, target as never, [self, ...args] as never) as Callable;
    this.#bound.set(made, { target, self, args });
    return made;
  }

  classOf(f: Callable): ClassForm | null {
    return this.#classes.get(f) ?? null;
  }

  makeClass(
    code: string,
    captured: readonly unknown[],
    superclass: unknown,
    keys: readonly unknown[],
  ): Callable {
    const found = this.#classFactories[code]?.(
      captured as never[],
      superclass as never,
      keys as PropertyKey[],
    );
    if (found === undefined) throw new Error(`no class ${code}`);
    const { made, privates } = typeof found === 'function' ? { made: found, privates: null } : found;
    this.#classes.set(made, { code, captured, superclass, keys, access: privates });
    this.#owners.push(made);
    this.#noteMembers(made, made, 'static ');
    this.#noteMembers(made, Reflect.get(made, 'prototype') as object, '');
    return made;
  }

  memberOf(f: Callable): MemberForm | null {
    return this.#members.get(f) ?? null;
  }

  findMember(home: Callable, member: string): Callable {
    const isStatic = member.startsWith('static ');
    const holder = isStatic ? home : (Reflect.get(home, 'prototype') as object);
    const [, kind, key] = /^(?:static )?(get|set|value) (.*)$/.exec(member) ?? [];
    const property = Reflect.ownKeys(holder).find((candidate) => String(candidate) === key);
    const found: unknown = Reflect.getOwnPropertyDescriptor(holder, property ?? '')?.[kind as 'get'];
    if (typeof found !== 'function') throw new Error(`no member ${member}`);
    return found as Callable;
  }

  privatesOf(o: object): readonly PrivatesForm[] {
    return this.#owners.flatMap((owner) => {
      const values = this.#classes.get(owner)?.access?.read(o) ?? null;
      return values === null ? [] : [{ owner, values }];
    });
  }

  makeInstance(prototype: object, base: string): object | null {
    if (base !== '') return null;
    let root: PrivateAccess | null = null;
    for (let holder: object | null = prototype; holder !== null; holder = Reflect.getPrototypeOf(holder)) {
      const owner: unknown = Reflect.getOwnPropertyDescriptor(holder, 'constructor')?.value;
      root = this.#classes.get(owner as Callable)?.access ?? root;
    }
    return root?.blank(prototype) ?? null;
  }

  fillPrivates(o: object, owner: Callable, values: readonly unknown[]): void {
    const access = this.#classes.get(owner)?.access ?? null;
    if (access === null) throw new Error(`${owner.name} has no private elements`);
    access.write(o, values);
  }

  #noteMembers(home: Callable, holder: object, prefix: string): void {
    for (const key of Reflect.ownKeys(holder)) {
      if (key === 'constructor' || key === 'prototype') continue;
      const property = Reflect.getOwnPropertyDescriptor(holder, key);
      for (const part of ['get', 'set', 'value'] as const) {
        const f: unknown = property?.[part];
        if (typeof f !== 'function' || this.#classes.has(f as Callable)) continue;
        this.#members.set(f as Callable, { home, member: `${prefix}${part} ${String(key)}` });
      }
    }
  }
}
