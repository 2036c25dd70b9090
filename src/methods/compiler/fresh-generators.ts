import type { Method } from './functions.ts';
import { knownMarks } from './source-text.ts';
import type { Scopes } from './scopes.ts';
import { child, flag, type Node, nodes, optional, unwrap } from './syntax.ts';

/**
 * Calls of generator functions of the module whose generator is walked at once, so that nobody ever holds it: they are spared
 * the object. Such a function has a second form that makes none.
 */
export class FreshGenerators {
  readonly #scopes: Scopes;
  readonly #forms = new Map<Node, { readonly name: string; readonly form: string }>();

  constructor(scopes: Scopes, methods: readonly Method[], fresh: (base: string) => string) {
    this.#scopes = scopes;
    for (const { node, kind, parent } of methods) {
      const id = optional(node, 'id');
      const isSimple = nodes(node, 'params').every(({ type }) => type === 'Identifier');
      if (kind !== 'generator' || parent !== null || node.type !== 'FunctionDeclaration' || !isSimple)
        continue;
      const name = id === null ? null : String(id['name']);
      if (name !== null) this.#forms.set(node, { name, form: fresh(`${name}$d`) });
    }
  }

  /** The name of a function's second form; null where it has none. */
  formOf(method: Method): string | null {
    return this.#forms.get(method.node)?.form ?? null;
  }

  /** What is called in place of the callee where a generator is walked at once; null where it has to be made. */
  calleeOf(call: Node): string | null {
    if (call.type !== 'CallExpression' || flag(call, 'optional')) return null;
    const callee = unwrap(child(call, 'callee'));
    const binding = callee.type === 'Identifier' ? this.#scopes.byNode.get(callee) : undefined;
    if (binding === undefined || binding.kind !== 'function' || binding.isAssigned) return null;
    const found = this.#forms.get(binding.source);
    if (found === undefined) return null;
    // To the caller's own code it is a call of that name, whatever stands behind it.
    return `${found.name}${knownMarks.open}${found.form.slice(found.name.length)}${knownMarks.close}`;
  }
}
