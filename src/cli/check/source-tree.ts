import { parseSync } from 'oxc-parser';

/** A node of the tree that the parser makes of a file. */
export interface SyntaxNode {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [key: string]: unknown;
}

export function isNode(value: unknown): value is SyntaxNode {
  return typeof value === 'object' && value !== null && typeof Reflect.get(value, 'type') === 'string';
}

export function childOf(node: SyntaxNode, key: string): SyntaxNode | null {
  const value = node[key];
  return isNode(value) ? value : null;
}

export function childrenOf(node: SyntaxNode, key: string): readonly SyntaxNode[] {
  const value = node[key];
  return Array.isArray(value) ? value.filter(isNode) : [];
}

/** `x` of an identifier, `o.x` of a property by name; empty for anything else. */
export function nameOf(node: SyntaxNode | null): string {
  if (node === null) return '';
  if (node.type === 'Identifier') return String(node['name']);
  if (node.type === 'MemberExpression' && node['computed'] !== true) {
    const object = nameOf(childOf(node, 'object'));
    return object === '' ? '' : `${object}.${nameOf(childOf(node, 'property'))}`;
  }
  if (node.type === 'TSQualifiedName') {
    return `${nameOf(childOf(node, 'left'))}.${nameOf(childOf(node, 'right'))}`;
  }
  return '';
}

export function isFunction(node: SyntaxNode): boolean {
  return ['FunctionDeclaration', 'FunctionExpression', 'ArrowFunctionExpression'].includes(node.type);
}

/** Visits a node and all below, parents first; not below where the visitor says false. */
export function visit(node: SyntaxNode, visitor: (node: SyntaxNode) => boolean): void {
  if (!visitor(node)) return;
  for (const value of Object.values(node)) {
    if (isNode(value)) visit(value, visitor);
    else if (Array.isArray(value)) for (const one of value) if (isNode(one)) visit(one, visitor);
  }
}

export class SourceTree {
  readonly program: SyntaxNode;
  readonly #lineStarts: readonly number[];

  constructor(path: string, source: string) {
    this.program = parseSync(path, source).program as unknown as SyntaxNode;
    this.#lineStarts = [0, ...[...source.matchAll(/\n/g)].map(({ index }) => index + 1)];
  }

  /** Line and column of an offset, both from 1. */
  placeOf(offset: number): { readonly line: number; readonly column: number } {
    const next = this.#lineStarts.findIndex((start) => start > offset);
    const line = next === -1 ? this.#lineStarts.length : next;
    return { line, column: offset - (this.#lineStarts[line - 1] ?? 0) + 1 };
  }
}
