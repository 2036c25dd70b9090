import { parseSync } from 'oxc-parser';
import { type Binding, resolveScopes } from '../../../src/methods/compiler/scopes.ts';
import type { Node } from '../../../src/methods/compiler/syntax.ts';

/** The body of a function with a name of its own for every variable, as far as its names are known to be variables. */
export function renamed(body: string): string {
  const source = `(function () {\n${body}\n})`;
  const { program, errors } = parseSync('a.js', source, { sourceType: 'script', lang: 'js' });
  if (errors.length > 0) throw new Error(`${errors[0]?.message}\n${source}`);
  const scopes = resolveScopes(program as unknown as Node);
  const names = new Map<Binding, string>();
  for (const binding of scopes.bindings) {
    const parameter = binding.copyOf === null ? undefined : names.get(binding.copyOf);
    const outer = binding.kind === 'className' ? scopes.byNode.get(binding.declaration) : undefined;
    const shared = parameter ?? (outer === undefined ? undefined : names.get(outer));
    names.set(binding, shared ?? `${binding.name}_${names.size}`);
  }
  const edits = new Map<Node, string>();
  for (const [node, binding] of scopes.byNode) {
    if (node.type === 'Identifier') edits.set(node, names.get(binding) ?? binding.name);
  }
  for (const binding of scopes.bindings) {
    for (const { node, shorthand } of binding.references) {
      edits.set(node, `${shorthand ? `${binding.name}: ` : ''}${names.get(binding) ?? binding.name}`);
    }
    // A block's function shares its name with the variable of its function that it assigns.
    if (binding.kind === 'className' && scopes.byNode.get(binding.declaration) === binding)
      edits.set(binding.declaration, names.get(binding) ?? binding.name);
  }
  let text = '';
  let at = 0;
  for (const [node, name] of [...edits].sort(([a], [b]) => a.start - b.start)) {
    if (node.start < at) throw new Error(`${name} twice at ${node.start}`);
    text += source.slice(at, node.start) + name;
    at = node.end;
  }
  return `return ${text}${source.slice(at)}();`;
}
