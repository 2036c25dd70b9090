import type { Method } from './functions.ts';
import type { Scopes } from './scopes.ts';
import type { SourceText } from './source-text.ts';
import { child, memberName, type Node, unwrap, walk } from './syntax.ts';

/** Globals that keep something going: the runtime has movable ones. */
const movableGlobals = new Set(
  `setTimeout clearTimeout setInterval clearInterval setImmediate clearImmediate queueMicrotask AbortController
  AbortSignal`.split(/\s+/),
);

/** Lets movable code use the runtime's promises, timers and abort signals, which move with it. */
export function rewriteGlobals(
  methods: readonly Method[],
  natives: ReadonlySet<Node>,
  scopes: Scopes,
  source: SourceText,
  gate: string,
): void {
  const visit = (node: Node): boolean => {
    if (natives.has(node)) return false;
    if (node.type === 'MemberExpression') {
      const object = unwrap(child(node, 'object'));
      const global = scopes.globals.get(object);
      if (global === 'Promise' && memberName(node) !== null)
        source.edit(object.start, object.end, `${gate}.promise`);
      if (global === 'process' && memberName(node) === 'nextTick')
        source.edit(object.start, object.end, `${gate}.process`);
    }
    const name = node.type === 'Identifier' ? scopes.globals.get(node) : undefined;
    if (name !== undefined && movableGlobals.has(name)) source.edit(node.start, node.end, `${gate}.${name}`);
    return true;
  };
  for (const method of methods) if (method.parent === null) walk(method.node, visit);
}
