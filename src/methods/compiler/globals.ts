import type { Method } from './functions.ts';
import type { Scopes } from './scopes.ts';
import type { SourceText } from './source-text.ts';
import { child, flag, memberName, type Node, nodes, unwrap, walk } from './syntax.ts';

/** Globals that keep something going: the runtime has movable ones. */
const movableGlobals = new Set(
  `setTimeout clearTimeout setInterval clearInterval setImmediate clearImmediate queueMicrotask AbortController
  AbortSignal`.split(/\s+/),
);

/** Functions of `Promise` that make a promise, which an `await` that comes next can do without. */
const makers = new Set(['all', 'allSettled', 'any', 'race', 'resolve', 'reject']);

/** The function that is called where a promise of the language's own is made; null for any other node. */
function makerOf(call: Node, scopes: Scopes): Node | null {
  if (call.type !== 'CallExpression' || flag(call, 'optional')) return null;
  const callee = unwrap(child(call, 'callee'));
  if (callee.type !== 'MemberExpression' || flag(callee, 'optional')) return null;
  const isOwn = scopes.globals.get(unwrap(child(callee, 'object'))) === 'Promise';
  return isOwn && makers.has(memberName(callee) ?? '') ? callee : null;
}

/** The promises that are put together where they are awaited, as far as they are listed there: nobody else has the list. */
export function combinedIn(awaited: Node, scopes: Scopes): readonly Node[] {
  if (makerOf(awaited, scopes) === null) return [];
  const [list] = nodes(awaited, 'arguments').map(unwrap);
  return list?.type === 'ArrayExpression' ? nodes(list, 'elements') : [];
}

/** What is made of `Intl`, and has a function of its own. */
const formats = new Set(['Collator', 'NumberFormat', 'DateTimeFormat']);

/** Lets movable code use the runtime's promises, timers and abort signals, which move with it. */
export function rewriteGlobals(
  methods: readonly Method[],
  natives: ReadonlySet<Node>,
  scopes: Scopes,
  source: SourceText,
  gate: string,
): void {
  const awaited = new Set<Node>();
  const visit = (node: Node): boolean => {
    if (natives.has(node)) return false;
    if (node.type === 'AwaitExpression') {
      const maker = makerOf(unwrap(child(node, 'argument')), scopes);
      if (maker !== null) awaited.add(maker);
    }
    if (node.type === 'NewExpression' || node.type === 'CallExpression') {
      const callee = unwrap(child(node, 'callee'));
      const object = callee.type === 'MemberExpression' ? unwrap(child(callee, 'object')) : null;
      if (object !== null && scopes.globals.get(object) === 'Intl' && formats.has(memberName(callee) ?? ''))
        source.edit(object.start, object.end, `${gate}.intl`);
    }
    if (node.type === 'MemberExpression') {
      const object = unwrap(child(node, 'object'));
      const global = scopes.globals.get(object);
      if (global === 'Promise' && memberName(node) !== null)
        source.edit(object.start, object.end, `${gate}.${awaited.has(node) ? 'record' : 'promise'}`);
      if (global === 'process' && memberName(node) === 'nextTick')
        source.edit(object.start, object.end, `${gate}.process`);
    }
    const name = node.type === 'Identifier' ? scopes.globals.get(node) : undefined;
    if (name !== undefined && movableGlobals.has(name)) source.edit(node.start, node.end, `${gate}.${name}`);
    return true;
  };
  for (const method of methods) if (method.parent === null) walk(method.node, visit);
}
