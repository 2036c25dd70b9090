import { parseSync } from 'oxc-parser';
import type { MethodId } from '../../core/ids.ts';
import { methodId } from '../../core/ids.ts';
import {
  child,
  isTypeOnly,
  memberName,
  type Node,
  nodes,
  optional,
  text,
  unwrap,
  walk,
} from '../compiler/syntax.ts';

/** A function as a module names it: its own (`from` null), or what an import brings. */
interface Name {
  readonly from: string | null;
  readonly name: string;
}

/** What the functions at the top level of one module call, and which of them they start as executions of their own. */
export interface ModuleCalls {
  readonly functions: ReadonlyMap<
    string,
    { readonly starts: readonly Name[]; readonly calls: readonly Name[] }
  >;
  readonly exports: ReadonlyMap<string, Name>;
}

/** Names are taken at their face value: a local variable of the same name as a function counts as that function. */
export function callsOf(path: string, source: string): ModuleCalls {
  const program = parseSync(path, source, { sourceType: 'module' }).program as unknown as Node;
  const body = nodes(program, 'body').filter((statement) => !isTypeOnly(statement));
  const imports = new Map<string, Name>();
  const exports = new Map<string, Name>();
  const functions = new Map<string, Node>();
  for (const statement of body) {
    if (statement.type === 'ImportDeclaration') readImport(statement, imports);
    else readDeclaration(statement, functions, exports);
  }
  const lookup = (node: Node | null): Name | null => {
    const inner = node === null ? null : unwrap(node);
    if (inner?.type === 'Identifier') {
      const name = text(inner, 'name');
      return imports.get(name) ?? (functions.has(name) ? { from: null, name } : null);
    }
    if (inner?.type !== 'MemberExpression') return null;
    const object = unwrap(child(inner, 'object'));
    const space = object.type === 'Identifier' ? imports.get(text(object, 'name')) : undefined;
    const member = memberName(inner);
    return space?.name === '*' && member !== null ? { from: space.from, name: member } : null;
  };
  const found = new Map<string, { readonly starts: Name[]; readonly calls: Name[] }>();
  for (const [name, node] of functions) {
    const one = { starts: [] as Name[], calls: [] as Name[] };
    walk(node, (below) => {
      if (below.type !== 'CallExpression') return;
      const callee = lookup(child(below, 'callee'));
      if (callee === null) return;
      if (callee.from === 'godwit' && callee.name === 'start') {
        const started = lookup(nodes(below, 'arguments')[0] ?? null);
        if (started !== null) one.starts.push(started);
      } else one.calls.push(callee);
    });
    found.set(name, one);
  }
  return { functions: found, exports };
}

function readImport(statement: Node, imports: Map<string, Name>): void {
  const from = text(child(statement, 'source'), 'value');
  for (const specifier of nodes(statement, 'specifiers')) {
    const local = text(child(specifier, 'local'), 'name');
    if (specifier.type === 'ImportNamespaceSpecifier') imports.set(local, { from, name: '*' });
    else if (specifier.type === 'ImportDefaultSpecifier') imports.set(local, { from, name: 'default' });
    else imports.set(local, { from, name: nameOf(child(specifier, 'imported')) });
  }
}

function readDeclaration(statement: Node, functions: Map<string, Node>, exports: Map<string, Name>): void {
  const source = optional(statement, 'source');
  const from = source === null ? null : text(source, 'value');
  if (statement.type === 'ExportNamedDeclaration') {
    for (const specifier of nodes(statement, 'specifiers')) {
      const name = nameOf(child(specifier, 'local'));
      exports.set(nameOf(child(specifier, 'exported')), { from, name });
    }
  }
  const declaration = optional(statement, 'declaration') ?? statement;
  const isExported = declaration !== statement;
  const isDefault = statement.type === 'ExportDefaultDeclaration';
  const note = (name: string, node: Node): void => {
    functions.set(name, node);
    if (isExported) exports.set(isDefault ? 'default' : name, { from: null, name });
  };
  if (declaration.type === 'FunctionDeclaration') {
    const id = optional(declaration, 'id');
    note(id === null ? 'default' : text(id, 'name'), declaration);
  } else if (declaration.type === 'VariableDeclaration') {
    for (const declarator of nodes(declaration, 'declarations')) {
      const id = child(declarator, 'id');
      const init = optional(declarator, 'init');
      if (id.type === 'Identifier' && init !== null) note(text(id, 'name'), init);
    }
  }
}

function nameOf(node: Node): string {
  return node.type === 'Identifier' ? text(node, 'name') : String(node['value']);
}

/**
 * The methods that each method starts as executions of their own, itself or in what it calls. Calls within an execution
 * never leave it, so they are no edges themselves.
 *
 * @param modules by path within the package
 * @param resolve from a module and a specifier as written in it, to the path of a module of the package, or null
 */
export function callGraph(
  modules: ReadonlyMap<string, ModuleCalls>,
  resolve: (path: string, specifier: string) => string | null,
): ReadonlyMap<MethodId, readonly MethodId[]> {
  const idOf = (path: string, { from, name }: Name, depth = 0): MethodId | null => {
    if (from === null)
      return modules.get(path)?.functions.has(name) === true ? methodId(`${path}#${name}`) : null;
    const target = resolve(path, from);
    const exported = target === null ? undefined : modules.get(target)?.exports.get(name);
    // Re-exports may go round in a ring.
    if (target === null || exported === undefined || depth > modules.size) return null;
    return idOf(target, exported, depth + 1);
  };
  const edges = new Map<
    MethodId,
    { readonly starts: readonly MethodId[]; readonly calls: readonly MethodId[] }
  >();
  for (const [path, { functions }] of modules) {
    for (const [name, { starts, calls }] of functions) {
      const ids = (names: readonly Name[]) => names.flatMap((one) => idOf(path, one) ?? []);
      edges.set(methodId(`${path}#${name}`), { starts: ids(starts), calls: ids(calls) });
    }
  }
  return new Map([...edges.keys()].map((id) => [id, startedFrom(id, edges)]));
}

function startedFrom(
  method: MethodId,
  edges: ReadonlyMap<MethodId, { readonly starts: readonly MethodId[]; readonly calls: readonly MethodId[] }>,
): readonly MethodId[] {
  const started = new Set<MethodId>();
  const seen = new Set<MethodId>([method]);
  const waiting = [method];
  for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
    const { starts = [], calls = [] } = edges.get(id) ?? {};
    for (const one of starts) started.add(one);
    for (const one of calls) {
      if (seen.has(one)) continue;
      seen.add(one);
      waiting.push(one);
    }
  }
  return [...started].toSorted();
}
