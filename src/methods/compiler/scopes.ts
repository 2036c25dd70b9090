import type { Scopes } from './bindings.ts';
import { Resolver } from './resolver.ts';
import type { Node } from './syntax.ts';

export type { Binding, BindingKind, Captures, Imported, Reference, Scopes } from './bindings.ts';
export { patternNames } from './syntax.ts';

/** Finds what each name of a module or script refers to. */
export function resolveScopes(program: Node): Scopes {
  const resolver = new Resolver();
  resolver.program(program);
  return resolver;
}
