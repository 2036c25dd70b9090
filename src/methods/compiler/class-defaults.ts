import { parsePlain, type PlainOptions, type PlainOutcome } from './plain.ts';
import { withoutMarks } from './source-text.ts';
import { child, flag, isClass, isTypeOnly, type Node, nodes, optional, unwrap, walk } from './syntax.ts';

type Plain = Extract<PlainOutcome, { readonly kind: 'plain' }>;

/**
 * Writes out the constructor that a class has without saying so, where an ancestor's constructor may be captured below it
 * and the class has something to do afterwards. Where it has nothing to do, captures pass through it.
 */
export function withConstructors(plain: Plain, options: PlainOptions): PlainOutcome {
  const { program, source, scopes } = plain;
  const places: number[] = [];
  walk(program, (node) => {
    if (!isClass(node)) return;
    const superclass = optional(node, 'superClass');
    if (superclass === null) return;
    const members = nodes(child(node, 'body'), 'body').filter((member) => !isTypeOnly(member));
    if (members.some((member) => member['kind'] === 'constructor')) return;
    const own = members.filter((member) => !flag(member, 'static') && member.type !== 'StaticBlock');
    const hasPrivates = own.some((member) => optional(member, 'key')?.type === 'PrivateIdentifier');
    if (!hasPrivates && !own.some(({ type }) => type === 'PropertyDefinition')) return;
    if (!hasPrivates && isNative(superclass, (name) => scopes.globals.has(name))) return;
    places.push(child(node, 'body').start + 1);
  });
  if (places.length === 0) return plain;
  for (const at of places) source.edit(at, at, ' constructor(...args) { super(...args); }');
  return parsePlain(withoutMarks(source.slice(0, source.source.length)), { ...options, path: 'a.js' });
}

/** Whether a class extends one of the language's own, or null. */
function isNative(superclass: Node, isGlobal: (name: Node) => boolean): boolean {
  const inner = unwrap(superclass);
  if (inner.type === 'Literal') return true;
  return inner.type === 'Identifier' && isGlobal(inner);
}
