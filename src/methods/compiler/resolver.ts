import { contextKinds, type UnitRecord } from './binding-records.ts';
import type { Reference, Scopes } from './bindings.ts';
import { Declarations, isStrictBody, type Scope } from './declarations.ts';
import {
  child,
  children,
  flag,
  isFunction,
  isLoop,
  isTranslated,
  isTypeOnly,
  type Node,
  nodes,
  optional,
  patternNames,
  runtimeChildren,
  text,
} from './syntax.ts';

/** Walks a program once: declares what each scope declares, then resolves the names in it. */
export class Resolver extends Declarations implements Scopes {
  readonly assignedGlobals = new Set<string>();
  readonly globals = new Map<Node, string>();
  readonly contexts = new Map<Node, Node | null>();
  readonly privates = new Map<Node, Node>();
  readonly dynamic: Node[] = [];
  readonly #classes: { readonly node: Node; readonly names: ReadonlySet<string> }[] = [];
  #loops = 0;

  program(program: Node): void {
    const strict = program['sourceType'] === 'module' || isStrictBody(program);
    const unit = this.unit(null, null, strict);
    const scope: Scope = { node: program, parent: null, unit, names: new Map() };
    this.#body(program, scope);
    this.exportNames(program, scope);
  }

  #statements(body: readonly (Node | null)[], scope: Scope): void {
    for (const statement of body) if (statement !== null) this.#visit(statement, scope);
  }

  #visit(node: Node, scope: Scope): void {
    if (isTranslated(node)) return this.#translated(node, scope);
    if (isTypeOnly(node)) return;
    if (isFunction(node)) return this.#function(node, scope);
    switch (node.type) {
      case 'Identifier':
        return this.#refer(node, scope, 'read', false);
      case 'ThisExpression':
      case 'Super':
        return this.#context(node, scope.unit);
      case 'MetaProperty':
        if (text(child(node, 'meta'), 'name') === 'new') this.#context(node, scope.unit);
        return;
      case 'PrivateIdentifier':
        return this.#private(node, scope.unit);
      case 'MemberExpression':
        this.#visit(child(node, 'object'), scope);
        if (flag(node, 'computed') || child(node, 'property').type === 'PrivateIdentifier')
          this.#visit(child(node, 'property'), scope);
        else this.names.add(text(child(node, 'property'), 'name'));
        return;
      case 'CallExpression':
        return this.#call(node, scope);
      case 'Property':
        return this.#property(node, scope);
      case 'ClassDeclaration':
      case 'ClassExpression':
        return this.#class(node, scope);
      case 'LabeledStatement':
        return this.#visit(child(node, 'body'), scope);
      case 'BreakStatement':
      case 'ContinueStatement':
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
      case 'VariableDeclaration':
        return this.#declaration(node, scope);
      case 'IfStatement':
        this.#visit(child(node, 'test'), scope);
        this.#branch(child(node, 'consequent'), scope);
        return this.#branch(optional(node, 'alternate'), scope);
      case 'WithStatement':
        this.dynamic.push(node);
        break;
      default:
    }
    if (isLoop(node)) return this.#loop(node, scope);
    if (['BlockStatement', 'SwitchStatement', 'CatchClause'].includes(node.type))
      return this.#block(node, scope);
    for (const below of runtimeChildren(node)) this.#visit(below, scope);
  }

  #translated(node: Node, scope: Scope): void {
    const inner = this.spaces.get(node) ?? scope;
    switch (node.type) {
      case 'TSEnumDeclaration':
        for (const member of nodes(child(node, 'body'), 'members')) {
          const init = optional(member, 'initializer');
          if (init !== null) this.#visit(init, inner);
        }
        return;
      case 'TSModuleDeclaration':
        return this.#statements(children(child(node, 'body'), 'body'), inner);
      case 'TSImportEqualsDeclaration': {
        let root = child(node, 'moduleReference');
        while (root.type === 'TSQualifiedName') root = child(root, 'left');
        return root.type === 'Identifier' ? this.#refer(root, scope, 'read', false) : undefined;
      }
      case 'TSExportAssignment':
        return this.#visit(child(node, 'expression'), scope);
      default:
    }
  }

  #call(node: Node, scope: Scope): void {
    const callee = child(node, 'callee');
    for (const below of runtimeChildren(node)) this.#visit(below, scope);
    if (callee.type === 'Identifier' && text(callee, 'name') === 'eval' && !this.byNode.has(callee))
      this.dynamic.push(node);
  }

  #property(node: Node, scope: Scope): void {
    if (flag(node, 'computed')) this.#visit(child(node, 'key'), scope);
    const value = child(node, 'value');
    if (flag(node, 'shorthand') && value.type === 'Identifier') this.#refer(value, scope, 'read', true);
    else this.#visit(value, scope);
  }

  #declaration(node: Node, scope: Scope): void {
    const isVar = node['kind'] === 'var';
    for (const declarator of nodes(node, 'declarations')) {
      const init = optional(declarator, 'init');
      this.#declared(child(declarator, 'id'), scope, isVar && init !== null);
      if (init !== null) this.#visit(init, scope);
    }
  }

  /** @param assigns whether the `var`s in the pattern get a value here; it reaches catch parameters of their name too */
  #declared(pattern: Node, scope: Scope, assigns: boolean): void {
    this.#target(pattern, scope, 'declares');
    if (!assigns) return;
    for (const name of patternNames(pattern)) this.byNode.get(name)?.assignedAt(name, this.#loops > 0);
  }

  #export(node: Node, scope: Scope): void {
    const declaration = optional(node, 'declaration');
    if (declaration !== null) return this.#visit(declaration, scope);
    if (optional(node, 'source') !== null || isTypeOnly(node)) return;
    for (const specifier of nodes(node, 'specifiers')) {
      if (specifier['exportKind'] !== 'type') this.#visit(child(specifier, 'local'), scope);
    }
  }

  #branch(node: Node | null, scope: Scope): void {
    if (node === null) return;
    if (node.type !== 'FunctionDeclaration') return this.#visit(node, scope);
    // Sloppy code may write `if (x) function f() {}`: as if in a block.
    const inner = this.#inner(node, scope);
    this.hoistStatement(node, inner);
    this.#visit(node, inner);
  }

  #loop(node: Node, scope: Scope): void {
    if (node.type === 'ForInStatement' || node.type === 'ForOfStatement') return this.#forEach(node, scope);
    const inner = node.type === 'ForStatement' ? this.#inner(node, scope) : scope;
    const init = node.type === 'ForStatement' ? optional(node, 'init') : null;
    if (init !== null) {
      this.hoistStatement(init, inner);
      this.#visit(init, inner);
    }
    this.#loops += 1;
    for (const below of runtimeChildren(node)) if (below !== init) this.#visit(below, inner);
    this.#loops -= 1;
  }

  #forEach(node: Node, scope: Scope): void {
    const inner = this.#inner(node, scope);
    const left = child(node, 'left');
    const right = child(node, 'right');
    if (left.type === 'VariableDeclaration' && left['kind'] !== 'var') this.declareAll(left, inner);
    // The names of the head are visible to what it walks, but dead there.
    for (const binding of inner.names.values()) binding.initialisedAt = right.end;
    this.#visit(right, inner);
    this.#loops += 1;
    if (left.type === 'VariableDeclaration') {
      for (const declarator of nodes(left, 'declarations'))
        this.#declared(child(declarator, 'id'), inner, left['kind'] === 'var');
    } else {
      this.#target(left, inner, 'write');
    }
    this.#visit(child(node, 'body'), inner);
    this.#loops -= 1;
  }

  #block(node: Node, scope: Scope): void {
    const inner = this.#inner(node, scope);
    if (node.type === 'CatchClause') {
      const parameter = optional(node, 'param');
      if (parameter !== null) {
        for (const name of patternNames(parameter)) this.declare(inner, name, 'catch', name, parameter.end);
        this.#target(parameter, inner, 'declares');
      }
      return this.#visit(child(node, 'body'), inner);
    }
    if (node.type === 'SwitchStatement') {
      this.#visit(child(node, 'discriminant'), scope);
      const cases = nodes(node, 'cases');
      for (const entry of cases) this.hoist(children(entry, 'consequent'), inner);
      for (const binding of inner.names.values()) binding.enclosingCase(cases);
      for (const entry of cases) {
        const test = optional(entry, 'test');
        if (test !== null) this.#visit(test, inner);
        this.#statements(children(entry, 'consequent'), inner);
      }
      return;
    }
    this.hoist(children(node, 'body'), inner);
    this.#statements(children(node, 'body'), inner);
  }

  #inner(node: Node, parent: Scope): Scope {
    return { node, parent, unit: parent.unit, names: new Map() };
  }

  #function(node: Node, scope: Scope): void {
    const body = child(node, 'body');
    const isBlock = body.type === 'BlockStatement';
    const strict = scope.unit.strict || (isBlock && isStrictBody(body));
    const unit = this.unit(node, scope.unit, strict);
    const loops = this.#loops;
    this.#loops = 0;
    let outer = scope;
    const id = optional(node, 'id');
    if (node.type === 'FunctionExpression' && id !== null) {
      outer = { node, parent: scope, unit, names: new Map() };
      this.declare(outer, id, 'functionName', node, node.start);
    }
    const inner: Scope = { node, parent: outer, unit, names: new Map() };
    const parameters = nodes(node, 'params');
    const simple = parameters.every(({ type }) => type === 'Identifier');
    for (const parameter of parameters) {
      const at = simple ? node.start : parameter.end;
      for (const name of patternNames(parameter)) this.declare(inner, name, 'parameter', name, at);
    }
    for (const parameter of parameters) this.#target(parameter, inner, 'declares');
    // Functions among the parameters see those, while the body has variables of its own; otherwise nobody can tell.
    const isSeparate = unit.nested.length > 0;
    const separate: Scope = isSeparate ? { node, parent: inner, unit, names: new Map() } : inner;
    if (isBlock) this.#body(body, separate);
    else this.#visit(body, inner);
    // Sloppy functions see assignments to `arguments[0]` in their parameters.
    const aliased = !strict && simple && unit.contexts.has('arguments');
    if (aliased) for (const binding of inner.names.values()) binding.isReassigned = true;
    this.#loops = loops;
  }

  #body(body: Node, scope: Scope): void {
    this.hoist(children(body, 'body'), scope);
    this.hoistVars(children(body, 'body'), scope);
    for (const binding of scope.names.values()) {
      // Only a body apart from its parameters has both.
      const parameter = binding.kind === 'var' ? scope.parent?.names.get(binding.name) : undefined;
      if (parameter?.kind === 'parameter' && parameter.owner === binding.owner) binding.copyOf = parameter;
    }
    // `var arguments` starts with the function's own.
    const aliased = scope.names.get('arguments');
    if (aliased?.kind === 'var' && aliased.owner !== null) this.dynamic.push(aliased.declaration);
    this.#statements(children(body, 'body'), scope);
  }

  #class(node: Node, scope: Scope): void {
    const id = optional(node, 'id');
    // All parts of a class are strict code, whatever is around it.
    const inner = this.#inner(node, scope);
    if (id !== null) {
      const outer = this.byNode.get(id);
      this.declare(inner, id, 'className', node, child(node, 'body').start);
      if (outer !== undefined) this.byNode.set(id, outer);
    }
    const strict = scope.unit.strict;
    scope.unit.strict = true;
    const superClass = optional(node, 'superClass');
    if (superClass !== null) this.#visit(superClass, inner);
    const members = nodes(child(node, 'body'), 'body');
    const privateNames = members.flatMap((member) => {
      const key = optional(member, 'key');
      return key?.type === 'PrivateIdentifier' ? [text(key, 'name')] : [];
    });
    this.#classes.push({ node, names: new Set(privateNames) });
    for (const member of members) this.#member(member, inner);
    this.#classes.pop();
    scope.unit.strict = strict;
  }

  #member(node: Node, scope: Scope): void {
    if (isTypeOnly(node)) return;
    if (node.type === 'StaticBlock') {
      const inner = this.#initialiser(node, scope);
      return this.#alone(() => this.#body(node, inner));
    }
    const key = child(node, 'key');
    if (flag(node, 'computed')) this.#visit(key, scope);
    const value = optional(node, 'value');
    if (value === null || isTypeOnly(value)) return;
    if (node.type === 'MethodDefinition') return this.#visit(value, scope);
    this.#alone(() => this.#visit(value, this.#initialiser(node, scope)));
  }

  #initialiser(node: Node, scope: Scope): Scope {
    return { node, parent: scope, unit: this.unit(node, scope.unit, true), names: new Map() };
  }

  #alone(visit: () => void): void {
    const loops = this.#loops;
    this.#loops = 0;
    visit();
    this.#loops = loops;
  }

  #private(node: Node, unit: UnitRecord): void {
    const owner = this.#classes.findLast(({ names }) => names.has(text(node, 'name')));
    if (owner === undefined) return;
    this.privates.set(node, owner.node);
    unit.privates.add(owner.node);
  }

  /** `this` and its like belong to the innermost unit that is no arrow; arrows on the way take it along. */
  #context(node: Node, unit: UnitRecord): void {
    const what = contextKinds[node.type] ?? 'arguments';
    let at: UnitRecord = unit;
    for (;;) {
      at.contexts.add(what);
      // super(…) sets, and so uses, `this`.
      if (what === 'superMember') at.contexts.add('thisValue');
      if (at.node?.type !== 'ArrowFunctionExpression' || at.parent === null) break;
      at = at.parent;
    }
    this.contexts.set(node, at.node);
  }

  /** What is assigned or declared: names, members, or patterns of them with defaults and computed keys. */
  #target(node: Node, scope: Scope, role: Reference['role'], shorthand = false): void {
    switch (node.type) {
      case 'Identifier':
        return this.#refer(node, scope, role, shorthand);
      case 'ObjectPattern':
        for (const property of nodes(node, 'properties')) {
          if (property.type !== 'Property') {
            this.#target(property, scope, role);
            continue;
          }
          if (flag(property, 'computed')) this.#visit(child(property, 'key'), scope);
          this.#target(child(property, 'value'), scope, role, flag(property, 'shorthand'));
        }
        return;
      case 'ArrayPattern':
        for (const element of nodes(node, 'elements')) this.#target(element, scope, role);
        return;
      case 'AssignmentPattern':
        this.#target(child(node, 'left'), scope, role, shorthand);
        return this.#visit(child(node, 'right'), scope);
      case 'RestElement':
        return this.#target(child(node, 'argument'), scope, role);
      case 'TSParameterProperty':
        return this.#target(child(node, 'parameter'), scope, role);
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
      if (binding !== undefined) {
        // `var e = 1` under `catch (e)` assigns the parameter.
        const meant = role === 'declares' && binding.kind === 'catch' && !binding.isIn(node) ? 'write' : role;
        binding.references.push({ node, role: meant, shorthand, within: scope.unit.node });
        scope.unit.used.push(binding);
        this.byNode.set(node, binding);
        return;
      }
    }
    this.globals.set(node, name);
    if (name === 'arguments') this.#context(node, scope.unit);
    if (role === 'write' || role === 'readWrite') this.assignedGlobals.add(name);
  }
}
