import { child, type Node, unwrap, walk } from './syntax.ts';

export interface Callees {
  /** What is called or constructed, and the tags of templates: a boxed variable there must not become a method's object. */
  readonly called: ReadonlySet<Node>;
  /** What these are members of, or of whose members: errors of V8 name them. */
  readonly roots: ReadonlySet<Node>;
}

export function callees(program: Node): Callees {
  const called = new Set<Node>();
  const roots = new Set<Node>();
  walk(program, (node) => {
    const isCall = node.type === 'CallExpression' || node.type === 'NewExpression';
    if (!isCall && node.type !== 'TaggedTemplateExpression') return;
    const callee = unwrap(child(node, isCall ? 'callee' : 'tag'));
    called.add(callee);
    let root = callee;
    while (root.type === 'MemberExpression') root = unwrap(child(root, 'object'));
    if (root !== callee) roots.add(root);
  });
  return { called, roots };
}
