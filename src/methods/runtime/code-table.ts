import type {
  BoundForm,
  Callable,
  ClassForm,
  ClosureForm,
  CodeTable,
  MemberForm,
  PrivatesForm,
} from '../snapshot/index.ts';
import { boundOf, makeBound } from './bound.ts';
import {
  fillPrivates,
  findMember,
  isStranger,
  makeAgain,
  makeInstance,
  memberOf,
  privatesOf,
  recordOf,
} from './classes.ts';
import { closureOf } from './closures.ts';
import { $ } from './gate.ts';
import { functionOfFormat, noteFormat } from './intl-functions.ts';
import type { AnyFunction, LoadedMethod } from './method-code.ts';
import { PermanentMissingError } from '../snapshot/index.ts';

/** Finds a package's methods by id. */
export interface MethodFinder {
  method(hash: string, id: string): LoadedMethod | null;
  /** The package that a method belongs to. */
  packageOf(method: LoadedMethod): string | null;
}

/** How snapshots write the functions of movable code: `package/method@code` and what was captured. */
export class ThreadCode implements CodeTable {
  readonly #methods: MethodFinder;

  constructor(methods: MethodFinder) {
    this.#methods = methods;
  }

  closureOf(f: Callable): ClosureForm | null {
    const closure = closureOf($, f as AnyFunction);
    const hash = closure === null ? null : this.#methods.packageOf(closure.method);
    if (closure === null || hash === null) return null;
    const { meta } = closure.method;
    return { code: `${hash}/${meta.id}@${meta.code}`, captured: closure.captured };
  }

  makeClosure(code: string, captured: readonly unknown[]): Callable {
    const { factory } = this.#methodOf(code);
    if (factory === null) throw new PermanentMissingError(code);
    return factory(...captured) as Callable;
  }

  boundOf(f: Callable): BoundForm | null {
    return boundOf(f) as BoundForm | null;
  }

  makeBound(target: Callable, self: unknown, args: readonly unknown[]): Callable {
    return (functionOfFormat(target, self) ?? makeBound(target as AnyFunction, self, args)) as Callable;
  }

  classOf(f: Callable): ClassForm | null {
    const record = recordOf(f);
    const hash = record === null ? null : this.#methods.packageOf(record.method);
    if (record === null || hash === null) return null;
    const { captured, superclass, keys, method } = record;
    return { code: `${hash}/${method.meta.id}@${method.meta.code}`, captured, superclass, keys };
  }

  makeClass(
    code: string,
    captured: readonly unknown[],
    superclass: unknown,
    keys: readonly unknown[],
  ): Callable {
    const { factory } = this.#methodOf(code);
    if (factory === null) throw new PermanentMissingError(code);
    const parents = superclass === undefined ? [] : [superclass];
    return makeAgain($, factory, [...captured, ...parents, ...keys]) as Callable;
  }

  memberOf(f: Callable): MemberForm | null {
    const found = memberOf($, f);
    if (found === null || this.classOf(found.home as Callable) === null) return null;
    return { home: found.home as Callable, member: found.member };
  }

  findMember(home: Callable, member: string): Callable {
    const found = findMember($, home, member);
    if (found === null) throw new PermanentMissingError(member);
    return found as Callable;
  }

  privatesOf(o: object): readonly PrivatesForm[] {
    return privatesOf(o) as readonly PrivatesForm[];
  }

  makeInstance(prototype: object): object | null {
    return makeInstance($, prototype);
  }

  fillPrivates(o: object, owner: Callable, values: readonly unknown[]): void {
    fillPrivates($, o, owner as AnyFunction, values);
  }

  isStamped(o: object): boolean {
    return isStranger(o);
  }

  remade(object: object): void {
    noteFormat(object);
  }

  #methodOf(code: string): LoadedMethod {
    const slash = code.indexOf('/');
    const at = code.lastIndexOf('@');
    const method = this.#methods.method(code.slice(0, slash), code.slice(slash + 1, at));
    if (method?.meta.code !== code.slice(at + 1)) throw new PermanentMissingError(code);
    return method;
  }
}
