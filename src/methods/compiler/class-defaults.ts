import { deferredFrom } from './class-fields.ts';
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
  const places: { readonly at: number; readonly text: string }[] = [];
  walk(program, (node) => {
    if (!isClass(node)) return;
    const superclass = optional(node, 'superClass');
    const members = nodes(child(node, 'body'), 'body').filter((member) => !isTypeOnly(member));
    if (members.some((member) => member['kind'] === 'constructor')) return;
    const own = members.filter((member) => !flag(member, 'static') && member.type !== 'StaticBlock');
    const at = child(node, 'body').start + 1;
    const text = superclass === null ? ' constructor() {}' : ' constructor(...args) { super(...args); }';
    const fields = own.filter(({ type }) => type === 'PropertyDefinition');
    if (deferredFrom(fields, scopes.globals).length > 0) return void places.push({ at, text });
    if (superclass === null) return;
    const hasPrivates = own.some((member) => optional(member, 'key')?.type === 'PrivateIdentifier');
    if (!hasPrivates && fields.length === 0) return;
    if (!hasPrivates && isNative(superclass, (name) => scopes.globals.has(name))) return;
    places.push({ at, text });
  });
  if (places.length === 0) return plain;
  for (const { at, text } of places) source.edit(at, at, text);
  return parsePlain(withoutMarks(source.slice(0, source.source.length)), { ...options, path: 'a.js' });
}

/** Whether a class extends one of the language's own, or null. */
function isNative(superclass: Node, isGlobal: (name: Node) => boolean): boolean {
  const inner = unwrap(superclass);
  if (inner.type === 'Literal') return true;
  return inner.type === 'Identifier' && isGlobal(inner);
}
