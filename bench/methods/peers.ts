import { createRequire } from 'node:module';
import { parseSync } from 'oxc-parser';
import { toolFolder } from './node-versions.ts';

/** Other ways to make a kernel interruptible, with the same source. */
export interface Peer {
  readonly name: 'native generators' | 'regenerator';
  readonly code: string;
}

interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [key: string]: unknown;
}

/** What only functions at the top level that call each other can be made of by such simple means. */
const unsuited = new Set([
  'ClassDeclaration',
  'ArrowFunctionExpression',
  'FunctionExpression',
  'YieldExpression',
  'AwaitExpression',
]);

/**
 * A module of plain functions as generators: each call of one of them is delegated to, each loop counts fuel and yields.
 *
 * @param code JavaScript
 * @returns null for a module that has more than plain functions
 */
export async function peersOf(code: string): Promise<readonly Peer[] | null> {
  const generators = asGenerators(code);
  if (generators === null) return null;
  const regenerated = await regenerate(generators);
  const peers: Peer[] = [{ name: 'native generators', code: generators }];
  return regenerated === null ? peers : [...peers, { name: 'regenerator', code: regenerated }];
}

function asGenerators(code: string): string | null {
  const program = parseSync('kernel.mjs', code).program as unknown as Node;
  const functions = new Set<string>();
  let isSuited = true;
  visit(program, (node) => {
    if (unsuited.has(node.type) || node['async'] === true) isSuited = false;
    if (node.type === 'FunctionDeclaration') functions.add((node['id'] as { readonly name: string }).name);
  });
  if (!isSuited) return null;
  // What opens at a place stands there outermost first; what closes there, innermost first, and before it.
  const opening = new Map<number, string>();
  const closing = new Map<number, string>();
  const wrap = (start: number, before: string, end: number, after: string): void => {
    opening.set(start, (opening.get(start) ?? '') + before);
    closing.set(end, after + (closing.get(end) ?? ''));
  };
  visit(program, (node) => {
    if (node.type === 'FunctionDeclaration') wrap(node.start + 'function'.length, '*', node.end, '');
    if (/^(?:For|While|DoWhile)/.test(node.type)) {
      const body = node['body'] as Node;
      wrap(body.start, '{ if (--fuel < 0) { fuel = 20000; yield; } ', body.end, ' }');
    }
    const callee = node['callee'] as (Node & { readonly name?: string }) | undefined;
    if (node.type === 'CallExpression' && functions.has(callee?.name ?? '')) {
      wrap(node.start, '(yield* ', node.end, ')');
    }
  });
  let changed = '';
  let from = 0;
  for (const at of [...new Set([...opening.keys(), ...closing.keys()])].toSorted((a, b) => a - b)) {
    changed += code.slice(from, at) + (closing.get(at) ?? '') + (opening.get(at) ?? '');
    from = at;
  }
  changed += code.slice(from);
  return `let fuel = 20000;\n${changed}`;
}

function visit(node: Node, enter: (node: Node) => void): void {
  enter(node);
  for (const value of Object.values(node)) {
    for (const child of Array.isArray(value) ? (value as unknown[]) : [value]) {
      if (typeof child === 'object' && child !== null && 'type' in child) visit(child as Node, enter);
    }
  }
}

interface Babel {
  readonly transformAsync: (
    code: string,
    options: object,
  ) => Promise<{ readonly code?: string | null } | null>;
}

/** Babel is no part of the project: it is installed beside the other versions of Node.js. */
async function regenerate(code: string): Promise<string | null> {
  const folder = await toolFolder('babel', ['@babel/core@7', '@babel/plugin-transform-regenerator@7']);
  const load = createRequire(`${folder}/`);
  const { transformAsync } = load('@babel/core') as Babel;
  try {
    const transformed = await transformAsync(code, {
      plugins: [load.resolve('@babel/plugin-transform-regenerator')],
      babelrc: false,
      configFile: false,
      sourceType: 'module',
    });
    return transformed?.code ?? null;
  } catch (error) {
    // It wants newer syntax, such as destructuring, to be gone before.
    if ((error as { readonly code?: unknown }).code === 'BABEL_TRANSFORM_ERROR') return null;
    throw error;
  }
}
