/** A node of the ESTree that the parser yields; its other properties are read through the functions below. */
export interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [property: string]: unknown;
}

export function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && typeof (value as Node).type === 'string';
}

/** The child under a property that the node's type always has. */
export function child(node: Node, property: string): Node {
  return node[property] as Node;
}

export function optional(node: Node, property: string): Node | null {
  const value = node[property];
  return isNode(value) ? value : null;
}

export function children(node: Node, property: string): readonly (Node | null)[] {
  return (node[property] ?? []) as readonly (Node | null)[];
}

export function nodes(node: Node, property: string): readonly Node[] {
  const list = children(node, property);
  return list.includes(null) ? list.filter((entry) => entry !== null) : (list as readonly Node[]);
}

export function text(node: Node, property: string): string {
  return String(node[property]);
}

export function flag(node: Node, property: string): boolean {
  return node[property] === true;
}

const typeProperties = new Set([
  'typeAnnotation',
  'returnType',
  'typeParameters',
  'typeArguments',
  'superTypeArguments',
  'implements',
  'decorators',
]);

const expressionWrappers = new Set([
  'TSAsExpression',
  'TSSatisfiesExpression',
  'TSNonNullExpression',
  'TSTypeAssertion',
  'TSInstantiationExpression',
]);

/** Whether a node wraps an expression and adds nothing at run time: `x!`, `x as T`, `(x)`. */
export function isWrapper(node: Node): boolean {
  return expressionWrappers.has(node.type) || node.type === 'ParenthesizedExpression';
}

/** The expression inside all wrappers. */
export function unwrap(node: Node): Node {
  let inner = node;
  while (isWrapper(inner)) inner = child(inner, 'expression');
  return inner;
}

/** Whether a node exists for the type checker only. */
export function isTypeOnly(node: Node): boolean {
  switch (node.type) {
    case 'ExportNamedDeclaration':
    case 'ExportAllDeclaration':
    case 'ImportDeclaration':
      return node['exportKind'] === 'type' || node['importKind'] === 'type';
    default:
      return node.type.startsWith('TS') ? !expressionWrappers.has(node.type) : flag(node, 'declare');
  }
}

/** Whether a namespace holds anything that exists at run time. */
function isInstantiated(node: Node): boolean {
  const body = optional(node, 'body');
  if (body === null || flag(node, 'declare')) return false;
  return nodes(body, 'body').some((statement) => {
    const declaration = optional(statement, 'declaration') ?? statement;
    return declaration.type === 'TSModuleDeclaration' ? isInstantiated(declaration) : !isErased(declaration);
  });
}

function isErased(node: Node): boolean {
  return isTypeOnly(node) && !isTranslated(node);
}

/** Whether a node is TypeScript that exists at run time: it is translated rather than erased (translation.ts). */
export function isTranslated(node: Node): boolean {
  switch (node.type) {
    case 'TSEnumDeclaration':
      return !flag(node, 'declare');
    case 'TSModuleDeclaration':
      return isInstantiated(node);
    case 'TSImportEqualsDeclaration':
      return node['importKind'] !== 'type';
    case 'TSExportAssignment':
    case 'TSParameterProperty':
    case 'AccessorProperty':
      return true;
    default:
      return false;
  }
}

const foundChildren = Symbol('children');

/** A node that remembers its children. */
interface Remembering {
  [foundChildren]?: readonly Node[];
}

/** The node's children that exist at run time, in source order. */
export function runtimeChildren(node: Node): readonly Node[] {
  // Imports may turn out to be types' own after they were visited: see `eraseAround`.
  if (node.type === 'Program') return findChildren(node);
  return ((node as Remembering)[foundChildren] ??= findChildren(node));
}

function findChildren(node: Node): readonly Node[] {
  const found: Node[] = [];
  for (const property of Object.keys(node)) {
    if (typeProperties.has(property)) continue;
    const value = node[property];
    if (Array.isArray(value)) {
      for (const entry of value) if (isNode(entry) && !isTypeOnly(entry)) found.push(entry);
    } else if (isNode(value) && !isTypeOnly(value)) {
      found.push(value);
    }
  }
  return found.length < 2 ? found : found.sort((a, b) => a.start - b.start);
}

export function isFunction(node: Node): boolean {
  return (
    node.type === 'FunctionDeclaration' ||
    node.type === 'FunctionExpression' ||
    node.type === 'ArrowFunctionExpression'
  );
}

export function isClass(node: Node): boolean {
  return node.type === 'ClassDeclaration' || node.type === 'ClassExpression';
}

/** What belongs to the code around a class: what it extends, and its computed keys. */
export function classParts(node: Node): readonly Node[] {
  const superclass = optional(node, 'superClass');
  const keys = nodes(child(node, 'body'), 'body')
    .filter((member) => flag(member, 'computed') && !isTypeOnly(member))
    .map((member) => child(member, 'key'));
  return superclass === null ? keys : [superclass, ...keys];
}

export function isLoop(node: Node): boolean {
  return (
    node.type === 'ForStatement' ||
    node.type === 'WhileStatement' ||
    node.type === 'DoWhileStatement' ||
    node.type === 'ForInStatement' ||
    node.type === 'ForOfStatement'
  );
}

/** Calls `visit` for the node and everything below it; a `visit` that returns false keeps out of the node's children. */
export function walk(node: Node, visit: (node: Node) => boolean | void): void {
  if (visit(node) === false) return;
  for (const below of runtimeChildren(node)) walk(below, visit);
}

/** Whether a node, or something below it that stands in no function of its own, is as asked. */
export function someInside(node: Node, test: (node: Node) => boolean): boolean {
  if (isFunction(node)) return false;
  return test(node) || runtimeChildren(node).some((below) => someInside(below, test));
}

export function isCall({ type }: Node): boolean {
  return type === 'CallExpression' || type === 'NewExpression' || type === 'TaggedTemplateExpression';
}

/** `super(…)` */
export function isSuperCall(node: Node): boolean {
  return node.type === 'CallExpression' && child(node, 'callee').type === 'Super';
}

/** A property's key as written without brackets, with `#` where it is private. */
export function keyName(key: Node): string {
  if (key.type === 'Identifier') return text(key, 'name');
  if (key.type === 'PrivateIdentifier') return `#${text(key, 'name')}`;
  return String(key['value']);
}

/** The same for a member: private names too; null when it is not known. */
export function propertyName(member: Node): string | null {
  const property = child(member, 'property');
  return property.type === 'PrivateIdentifier' ? keyName(property) : memberName(member);
}

/** A name in member position, when it is known: `m` in `o.m`, `o['m']`. */
export function memberName(member: Node): string | null {
  const property = child(member, 'property');
  if (!flag(member, 'computed')) return property.type === 'Identifier' ? text(property, 'name') : null;
  return property.type === 'Literal' && typeof property['value'] === 'string' ? property['value'] : null;
}

/** The identifiers that a pattern binds or assigns. */
export function patternNames(pattern: Node): readonly Node[] {
  switch (pattern.type) {
    case 'Identifier':
      return [pattern];
    case 'ObjectPattern':
      return children(pattern, 'properties').flatMap((property) =>
        property === null
          ? []
          : patternNames(property.type === 'Property' ? child(property, 'value') : property),
      );
    case 'ArrayPattern':
      return children(pattern, 'elements').flatMap((element) =>
        element === null ? [] : patternNames(element),
      );
    case 'AssignmentPattern':
      return patternNames(child(pattern, 'left'));
    case 'RestElement':
      return patternNames(child(pattern, 'argument'));
    case 'TSParameterProperty':
      return patternNames(child(pattern, 'parameter'));
    default:
      return [];
  }
}
