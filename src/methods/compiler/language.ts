import type { Method } from './functions.ts';
import type { Binding, Scopes } from './scopes.ts';
import { child, flag, memberName, type Node, nodes, optional, text, unwrap, walk } from './syntax.ts';
import type { Variables } from './variables.ts';

/** Something that cannot be moved, before its offset became a line. */
export interface Finding {
  readonly offset: number;
  readonly what: string;
  readonly instead: string;
}

const promiseFunctions = new Set([
  'all',
  'allSettled',
  'race',
  'any',
  'resolve',
  'reject',
  'withResolvers',
  'try',
]);

/** Finds whatever the methods of a module contain that this version cannot move. */
export function checkMethods(
  methods: readonly Method[],
  variables: Variables,
  natives: ReadonlySet<Node>,
): readonly Finding[] {
  const check = new LanguageCheck(variables, natives, new Set(methods.map(({ node }) => node)));
  for (const method of methods) check.method(method);
  return check.findings;
}

class LanguageCheck {
  readonly findings: Finding[] = [];
  readonly #variables: Variables;
  readonly #scopes: Scopes;
  readonly #natives: ReadonlySet<Node>;
  readonly #methods: ReadonlySet<Node>;
  #isInitialiser = false;

  constructor(variables: Variables, natives: ReadonlySet<Node>, methods: ReadonlySet<Node>) {
    this.#variables = variables;
    this.#scopes = variables.scopes;
    this.#natives = natives;
    this.#methods = methods;
  }

  method(method: Method): void {
    this.#isInitialiser = method.form === 'initialiser';
    const { node } = method;
    const id = optional(node, 'id');
    if (node.type === 'FunctionDeclaration' && id === null && method.parent === null) {
      this.#find(node, 'a function without a name', 'export default function name() { … }');
    }
    walk(node, (below) => (below !== node && this.#methods.has(below) ? false : this.#node(below)));
    for (const binding of this.#variables.ownedBy(node)) this.#variable(binding);
  }

  #find(node: Node, what: string, instead: string): void {
    this.findings.push({ offset: node.start, what, instead });
  }

  #node(node: Node): boolean {
    if (this.#natives.has(node)) return false;
    switch (node.type) {
      case 'ClassDeclaration':
      case 'ClassExpression':
        this.#class(node);
        return true;
      case 'WithStatement':
        this.#find(node, "'with'", 'destructuring');
        return true;
      case 'VariableDeclaration':
        if (node['kind'] === 'using' || node['kind'] === 'await using') {
          this.#find(node, `'${text(node, 'kind')}'`, 'try and finally');
        }
        return true;
      case 'ImportExpression':
        if (unwrap(child(node, 'source')).type !== 'Literal') {
          this.#find(node, 'an import with a computed name', 'static imports, and a choice among them');
        }
        return true;
      case 'Identifier':
        this.#global(node);
        return true;
      case 'UnaryExpression':
        if (
          text(node, 'operator') === 'delete' &&
          unwrap(child(node, 'argument')).type === 'ChainExpression'
        ) {
          this.#find(node, "'delete' of an optional chain", 'an if, and delete');
        }
        return true;
      case 'JSXElement':
      case 'JSXFragment':
        this.#find(node, 'JSX', 'function calls');
        return false;
      default:
        return this.#structured(node);
    }
  }

  #class(node: Node): void {
    const members = nodes(child(node, 'body'), 'body');
    const decorated = [node, ...members].find((part) => nodes(part, 'decorators').length > 0);
    if (decorated !== undefined) this.#find(decorated, 'a decorator', 'a function that is called');
  }

  #structured(node: Node): boolean {
    if (node.type === 'Property') this.#property(node);
    else if (node.type === 'CallExpression') this.#call(node);
    else if (node.type === 'NewExpression') this.#new(node);
    else if (node.type === 'AssignmentExpression' || node.type === 'UpdateExpression') this.#write(node);
    return true;
  }

  #property(node: Node): void {
    const kind = text(node, 'kind');
    if (this.#isInitialiser && (kind === 'get' || kind === 'set') && flag(node, 'computed')) {
      this.#find(node, `a ${kind}ter with a computed name in a field's value`, 'Object.defineProperty');
    }
  }

  #call(node: Node): void {
    const callee = unwrap(child(node, 'callee'));
    if (callee.type !== 'MemberExpression') return;
    const name = memberName(callee);
    const object = unwrap(child(callee, 'object'));
    if (this.#scopes.globals.get(object) === 'Promise' && (name === null || !promiseFunctions.has(name))) {
      this.#find(node, `'Promise.${name ?? '…'}'`, 'async functions and await');
    }
  }

  #new(node: Node): void {
    const callee = unwrap(child(node, 'callee'));
    const global = this.#scopes.globals.get(callee);
    if (global === 'Function') {
      this.#find(node, "'new Function'", 'a function in a module');
    } else if (
      global === 'WeakRef' ||
      global === 'WeakMap' ||
      global === 'WeakSet' ||
      global === 'FinalizationRegistry'
    ) {
      this.#find(node, `'new ${global}'`, 'a Map or a Set');
    }
  }

  #global(node: Node): void {
    const name = this.#scopes.globals.get(node);
    if (name === 'eval') this.#find(node, "'eval'", 'a function in a module');
  }

  /** Assignments to what a method does not own. */
  #write(node: Node): void {
    const target = unwrap(child(node, node.type === 'AssignmentExpression' ? 'left' : 'argument'));
    for (const name of assignedNames(target)) {
      const binding = this.#scopes.byNode.get(name);
      if (binding === undefined)
        this.#find(node, `an assignment to the global '${text(name, 'name')}'`, 'a local variable');
      else if (
        binding.kind === 'className' ||
        binding.kind === 'const' ||
        binding.kind === 'import' ||
        binding.kind === 'functionName'
      ) {
        this.#find(node, `an assignment to the constant '${binding.name}'`, 'let, or another variable');
      } else if (binding.owner === null) {
        this.#find(
          node,
          `an assignment to the module's variable '${binding.name}'`,
          'a parameter and a result',
        );
      }
    }
  }

  #variable(binding: Binding): void {
    if (
      binding.kind === 'function' &&
      binding.references.some(({ role }) => role === 'write' || role === 'readWrite')
    ) {
      this.#find(binding.declaration, `an assignment to the function '${binding.name}'`, 'a let');
    }
  }
}

function assignedNames(target: Node): readonly Node[] {
  const inner = unwrap(target);
  switch (inner.type) {
    case 'Identifier':
      return [inner];
    case 'ObjectPattern':
      return nodes(inner, 'properties').flatMap((property) =>
        assignedNames(property.type === 'Property' ? child(property, 'value') : child(property, 'argument')),
      );
    case 'ArrayPattern':
      return nodes(inner, 'elements').flatMap(assignedNames);
    case 'AssignmentPattern':
      return assignedNames(child(inner, 'left'));
    case 'RestElement':
      return assignedNames(child(inner, 'argument'));
    default:
      return [];
  }
}
