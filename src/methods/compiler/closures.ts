import { closureOf } from './calls.ts';
import type { MethodContext } from './method-context.ts';
import type { Binding } from './scopes.ts';
import { inside } from './counted-loops.ts';
import { isFunction, type Node, walk } from './syntax.ts';

/** The functions directly inside a method, outermost first; what is nested in them belongs to them. */
export function closuresOf(method: Node): readonly Node[] {
  const found: Node[] = [];
  walk(method, (node) => {
    if (node === method || !isFunction(node)) return true;
    found.push(node);
    return false;
  });
  return found;
}

/** Variables of the method that a function inside it refers to, itself left out. */
export function capturedBy(closure: Node, context: MethodContext): readonly Binding[] {
  const { bindings } = context.module.scopes;
  return bindings.filter(
    (binding) =>
      binding.owner === context.method.node && binding.references.some(({ node }) => inside(node, closure)),
  );
}

/**
 * Gives each function inside a method variables of its own: copies of those that nobody assigns, the boxes of the
 * others. So it keeps the right ones when the method goes on in another activation of its body.
 */
export function convertClosures(context: MethodContext): void {
  for (const closure of closuresOf(context.method.node)) {
    const captured = capturedBy(closure, context);
    const self = captured.find((binding) => closureOf(binding) === closure);
    const names = captured
      .filter((binding) => binding !== self)
      .map((binding) => context.slotOf(binding)?.name ?? '');
    if (names.length === 0 && self === undefined) continue;
    const list = names.join(', ');
    const source = context.module.source;
    if (self === undefined) {
      source.edit(closure.start, closure.start, `((${list}) => (`);
      source.edit(closure.end, closure.end, `))(${list})`);
    } else {
      const name = context.slotOf(self)?.name ?? self.name;
      source.edit(closure.start, closure.start, `((${list}) => { const ${name} = `);
      source.edit(closure.end, closure.end, `; return ${name}; })(${list})`);
    }
  }
}
