import type { Callable, CodeTable } from './options.ts';

/** What a function of movable code is made of. */
export type FunctionClassified =
  | { readonly kind: 'closure'; readonly code: string; readonly captured: readonly unknown[] }
  | {
      readonly kind: 'class';
      readonly code: string;
      readonly captured: readonly unknown[];
      readonly superclass: unknown;
      readonly keys: readonly unknown[];
    }
  | {
      readonly kind: 'bound';
      readonly target: Callable;
      readonly self: unknown;
      readonly args: readonly unknown[];
    }
  | { readonly kind: 'member'; readonly home: Callable; readonly member: string };

/** @returns null for a function that is none of movable code */
export function functionForm(f: Callable, code: CodeTable | undefined): FunctionClassified | null {
  if (code === undefined) return null;
  const closure = code.closureOf(f);
  if (closure !== null) return { kind: 'closure', code: closure.code, captured: closure.captured };
  const bound = code.boundOf(f);
  if (bound !== null) return { kind: 'bound', target: bound.target, self: bound.self, args: bound.args };
  const made = code.classOf(f);
  if (made !== null) {
    const { captured, superclass, keys } = made;
    return { kind: 'class', code: made.code, captured, superclass, keys };
  }
  const member = code.memberOf(f);
  return member === null ? null : { kind: 'member', home: member.home, member: member.member };
}
