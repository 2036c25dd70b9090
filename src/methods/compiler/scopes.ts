import {
  child,
  children,
  flag,
  isFunction,
  isTypeOnly,
  type Node,
  optional,
  runtimeChildren,
  text,
} from './syntax.ts';

export type BindingKind =
  'var' | 'let' | 'const' | 'parameter' | 'function' | 'functionName' | 'class' | 'import' | 'catch';

/** One use of a variable's name. `declares` is the one in its declaration. */
export interface Reference {
  readonly node: Node;
  readonly role: 'read' | 'write' | 'readWrite' | 'declares';
  /** `{ x }`: the name is a property's key too. */
  readonly shorthand: boolean;
  /** The innermost function around it; null at the top level. */
  readonly within: Node | null;
}

export interface Binding {
  readonly name: string;
  readonly kind: BindingKind;
  readonly declaration: Node;
  /** The function that owns it; null at the top level. */
  readonly owner: Node | null;
  /** The block or function in which it is visible. */
  readonly scope: Node;
  /** Its `VariableDeclarator`, import, function or class; itself where there is none. */
  readonly source: Node;
  readonly references: Reference[];
}

interface Scope {
  readonly node: Node;
  readonly parent: Scope | null;
  readonly owner: Node | null;
  readonly names: Map<string, Binding>;
}

export interface Scopes {
  readonly bindings: readonly Binding[];
  /** The binding of a name as it stands at a node; absent for globals. */
  readonly byNode: ReadonlyMap<Node, Binding>;
  /** Names that nothing in the module declares, at each place. */
  readonly globals: ReadonlyMap<Node, string>;
  /** Every identifier of the source, so that generated names can avoid them. */
  readonly names: ReadonlySet<string>;
}

/** Finds what each name of a module refers to. */
export function resolveScopes(program: Node): Scopes {
  const resolver = new Resolver();
  resolver.module(program);
  return resolver;
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
    default:
      return [];
  }
}

class Resolver implements Scopes {
  readonly bindings: Binding[] = [];
  readonly byNode = new Map<Node, Binding>();
  readonly globals = new Map<Node, string>();
  readonly names = new Set<string>();

  module(program: Node): void {
    const scope: Scope = { node: program, parent: null, owner: null, names: new Map() };
    this.#hoist(program, scope, true);
    for (const statement of children(program, 'body')) if (statement !== null) this.#visit(statement, scope);
  }

  #declare(scope: Scope, name: Node, kind: BindingKind, source: Node): void {
    const known = scope.names.get(text(name, 'name'));
    this.names.add(text(name, 'name'));
    if (known !== undefined) {
      this.byNode.set(name, known);
      return;
    }
    const binding: Binding = {
      name: text(name, 'name'),
      kind,
      declaration: name,
      owner: scope.owner,
      scope: scope.node,
      source,
      references: [],
    };
    scope.names.set(binding.name, binding);
    this.byNode.set(name, binding);
    this.bindings.push(binding);
  }

  /** Declares what a block (or, with `vars`, a function or module) declares before it runs. */
  #hoist(node: Node, scope: Scope, vars: boolean): void {
    const body = node.type === 'SwitchStatement' ? this.#caseStatements(node) : children(node, 'body');
    for (const statement of body) if (statement !== null) this.#hoistStatement(statement, scope);
    if (vars) for (const statement of body) if (statement !== null) this.#hoistVars(statement, scope);
  }

  #caseStatements(node: Node): readonly (Node | null)[] {
    return children(node, 'cases').flatMap((entry) => (entry === null ? [] : children(entry, 'consequent')));
  }

  #hoistStatement(statement: Node, scope: Scope): void {
    if (isTypeOnly(statement)) return;
    if (statement.type === 'ImportDeclaration') {
      for (const specifier of children(statement, 'specifiers')) {
        if (specifier !== null && specifier['importKind'] !== 'type') {
          this.#declare(scope, child(specifier, 'local'), 'import', statement);
        }
      }
    } else if (statement.type === 'ExportNamedDeclaration' || statement.type === 'ExportDefaultDeclaration') {
      const declaration = optional(statement, 'declaration');
      if (declaration !== null) this.#hoistStatement(declaration, scope);
    } else if (statement.type === 'VariableDeclaration' && statement['kind'] !== 'var') {
      this.#declareAll(statement, scope, statement['kind'] === 'let' ? 'let' : 'const');
    } else if (statement.type === 'FunctionDeclaration' || statement.type === 'ClassDeclaration') {
      const id = optional(statement, 'id');
      if (id !== null) {
        this.#declare(scope, id, statement.type === 'FunctionDeclaration' ? 'function' : 'class', statement);
      }
    }
  }

  #declareAll(declaration: Node, scope: Scope, kind: BindingKind): void {
    for (const declarator of children(declaration, 'declarations')) {
      if (declarator === null) continue;
      for (const name of patternNames(child(declarator, 'id'))) this.#declare(scope, name, kind, declarator);
    }
  }

  #hoistVars(node: Node, scope: Scope): void {
    if (isFunction(node) || node.type === 'ClassDeclaration' || node.type === 'ClassExpression') return;
    if (node.type === 'VariableDeclaration' && node['kind'] === 'var') this.#declareAll(node, scope, 'var');
    for (const below of runtimeChildren(node)) this.#hoistVars(below, scope);
  }

  #visit(node: Node, scope: Scope): void {
    if (isTypeOnly(node)) return;
    if (isFunction(node)) return this.#function(node, scope);
    switch (node.type) {
      case 'Identifier':
        return this.#refer(node, scope, 'read', false);
      case 'MemberExpression':
        this.#visit(child(node, 'object'), scope);
        if (flag(node, 'computed')) this.#visit(child(node, 'property'), scope);
        else this.names.add(text(child(node, 'property'), 'name'));
        return;
      case 'Property':
      case 'MethodDefinition':
      case 'PropertyDefinition':
      case 'AccessorProperty':
        return this.#property(node, scope);
      case 'LabeledStatement':
        return this.#visit(child(node, 'body'), scope);
      case 'BreakStatement':
      case 'ContinueStatement':
      case 'MetaProperty':
      case 'ImportDeclaration':
      case 'ExportAllDeclaration':
        return;
      case 'ExportNamedDeclaration':
        return this.#export(node, scope);
      case 'AssignmentExpression':
        this.#target(child(node, 'left'), scope, node['operator'] === '=' ? 'write' : 'readWrite');
        return this.#visit(child(node, 'right'), scope);
      case 'UpdateExpression':
        return this.#target(child(node, 'argument'), scope, 'readWrite');
      case 'VariableDeclarator': {
        this.#target(child(node, 'id'), scope, 'declares');
        const init = optional(node, 'init');
        if (init !== null) this.#visit(init, scope);
        return;
      }
      case 'ForInStatement':
      case 'ForOfStatement':
        return this.#forEach(node, scope);
      case 'BlockStatement':
      case 'ForStatement':
      case 'SwitchStatement':
      case 'CatchClause':
      case 'StaticBlock':
        return this.#block(node, scope);
      default:
        for (const below of runtimeChildren(node)) this.#visit(below, scope);
    }
  }

  #property(node: Node, scope: Scope): void {
    const key = child(node, 'key');
    if (flag(node, 'computed')) this.#visit(key, scope);
    const value = optional(node, 'value');
    if (value === null) return;
    if (flag(node, 'shorthand') && value.type === 'Identifier') this.#refer(value, scope, 'read', true);
    else this.#visit(value, scope);
  }

  #export(node: Node, scope: Scope): void {
    const declaration = optional(node, 'declaration');
    if (declaration !== null) return this.#visit(declaration, scope);
    if (optional(node, 'source') !== null) return;
    for (const specifier of children(node, 'specifiers')) {
      if (specifier !== null && specifier['exportKind'] !== 'type')
        this.#visit(child(specifier, 'local'), scope);
    }
  }

  #forEach(node: Node, scope: Scope): void {
    const inner = this.#inner(node, scope);
    const left = child(node, 'left');
    if (left.type === 'VariableDeclaration') {
      if (left['kind'] !== 'var') this.#declareAll(left, inner, left['kind'] === 'let' ? 'let' : 'const');
      for (const declarator of children(left, 'declarations')) {
        if (declarator !== null) this.#target(child(declarator, 'id'), inner, 'declares');
      }
    } else {
      this.#target(left, inner, 'write');
    }
    // The names of the head are not visible to what it walks, except as dead ones.
    this.#visit(child(node, 'right'), scope);
    this.#visit(child(node, 'body'), inner);
  }

  #block(node: Node, scope: Scope): void {
    const inner = this.#inner(node, scope);
    if (node.type === 'CatchClause') {
      const parameter = optional(node, 'param');
      if (parameter !== null) {
        for (const name of patternNames(parameter)) this.#declare(inner, name, 'catch', name);
        this.#target(parameter, inner, 'declares');
      }
      return this.#visit(child(node, 'body'), inner);
    }
    if (node.type === 'ForStatement') {
      const init = optional(node, 'init');
      if (init !== null) this.#hoistStatement(init, inner);
    } else {
      this.#hoist(node, inner, false);
    }
    for (const below of runtimeChildren(node)) this.#visit(below, inner);
  }

  #inner(node: Node, parent: Scope): Scope {
    return { node, parent, owner: parent.owner, names: new Map() };
  }

  #function(node: Node, scope: Scope): void {
    let outer = scope;
    const id = optional(node, 'id');
    if (node.type === 'FunctionExpression' && id !== null) {
      outer = { node, parent: scope, owner: node, names: new Map() };
      this.#declare(outer, id, 'functionName', node);
    }
    const inner: Scope = { node, parent: outer, owner: node, names: new Map() };
    const parameters = children(node, 'params').filter((entry): entry is Node => entry !== null);
    for (const parameter of parameters) {
      for (const name of patternNames(parameter)) this.#declare(inner, name, 'parameter', name);
    }
    for (const parameter of parameters) this.#target(parameter, inner, 'declares');
    const body = child(node, 'body');
    if (body.type !== 'BlockStatement') return this.#visit(body, inner);
    this.#hoist(body, inner, true);
    for (const statement of children(body, 'body')) if (statement !== null) this.#visit(statement, inner);
  }

  /** What is assigned or declared: names, members, or patterns of them with defaults and computed keys. */
  #target(node: Node, scope: Scope, role: Reference['role'], shorthand = false): void {
    switch (node.type) {
      case 'Identifier':
        return this.#refer(node, scope, role, shorthand);
      case 'ObjectPattern':
        for (const property of children(node, 'properties')) {
          if (property === null) continue;
          if (property.type !== 'Property') {
            this.#target(property, scope, role);
            continue;
          }
          if (flag(property, 'computed')) this.#visit(child(property, 'key'), scope);
          this.#target(child(property, 'value'), scope, role, flag(property, 'shorthand'));
        }
        return;
      case 'ArrayPattern':
        for (const element of children(node, 'elements'))
          if (element !== null) this.#target(element, scope, role);
        return;
      case 'AssignmentPattern':
        this.#target(child(node, 'left'), scope, role, shorthand);
        return this.#visit(child(node, 'right'), scope);
      case 'RestElement':
        return this.#target(child(node, 'argument'), scope, role);
      default:
        if (isTypeOnly(node)) return;
        if ('expression' in node) return this.#target(child(node, 'expression'), scope, role);
        return this.#visit(node, scope);
    }
  }

  #refer(node: Node, scope: Scope, role: Reference['role'], shorthand: boolean): void {
    const name = text(node, 'name');
    this.names.add(name);
    for (let at: Scope | null = scope; at !== null; at = at.parent) {
      const binding = at.names.get(name);
      if (binding === undefined) continue;
      binding.references.push({ node, role, shorthand, within: scope.owner });
      this.byNode.set(node, binding);
      return;
    }
    this.globals.set(node, name);
  }
}
