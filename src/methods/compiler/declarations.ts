import { BindingRecord, capturesOf, type UnitRecord } from './binding-records.ts';
import type { Binding, BindingKind, Captures } from './bindings.ts';
import {
  child,
  children,
  flag,
  isFunction,
  isTranslated,
  isTypeOnly,
  type Node,
  nodes,
  optional,
  patternNames,
  runtimeChildren,
  text,
} from './syntax.ts';

export interface Scope {
  readonly node: Node;
  readonly parent: Scope | null;
  readonly unit: UnitRecord;
  readonly names: Map<string, BindingRecord>;
}

/** Declares what programs, functions and blocks declare before anything in them runs. */
export class Declarations {
  readonly bindings: BindingRecord[] = [];
  readonly byNode = new Map<Node, BindingRecord>();
  readonly names = new Set<string>();
  readonly units: Node[] = [];
  readonly annexB = new Map<Node, BindingRecord>();
  protected readonly records = new Map<Node | null, UnitRecord>();
  /** Scopes of enums and namespaces, which exist before the walk comes to them. */
  protected readonly spaces = new Map<Node, Scope>();
  /** What an enum or namespace exports, from all of its declarations. */
  readonly #exports = new Map<BindingRecord, Map<string, BindingRecord>>();

  bindingsOf(owner: Node | null): readonly Binding[] {
    return this.records.get(owner)?.bindings ?? [];
  }

  unitsIn(unit: Node | null): readonly Node[] {
    return this.records.get(unit)?.nested.map(({ node }) => node as Node) ?? [];
  }

  parentOf(unit: Node): Node | null {
    return this.records.get(unit)?.parent?.node ?? null;
  }

  capturesOf(unit: Node): Captures {
    return capturesOf(this.records.get(unit) as UnitRecord);
  }

  isStrict(unit: Node | null): boolean {
    return this.records.get(unit)?.strict ?? true;
  }

  protected unit(node: Node | null, parent: UnitRecord | null, strict: boolean): UnitRecord {
    const record: UnitRecord = {
      node,
      parent,
      strict,
      bindings: [],
      nested: [],
      used: [],
      privates: new Set(),
      contexts: new Set(),
      captures: null,
    };
    this.records.set(node, record);
    parent?.nested.push(record);
    if (node !== null) this.units.push(node);
    return record;
  }

  protected declare(
    scope: Scope,
    name: Node,
    kind: BindingKind,
    source: Node,
    initialisedAt: number,
  ): BindingRecord {
    const known = scope.names.get(text(name, 'name'));
    this.names.add(text(name, 'name'));
    if (known !== undefined) {
      this.byNode.set(name, known);
      known.declaredAgain(name, kind, source);
      return known;
    }
    const binding = new BindingRecord(
      {
        name: text(name, 'name'),
        kind,
        declaration: name,
        owner: scope.unit.node,
        scope: scope.node,
        source,
        initialisedAt,
      },
      this.byNode,
      (unit) => this.records.get(unit) as UnitRecord,
    );
    scope.names.set(binding.name, binding);
    this.byNode.set(name, binding);
    this.bindings.push(binding);
    scope.unit.bindings.push(binding);
    return binding;
  }

  protected hoist(body: readonly (Node | null)[], scope: Scope): void {
    for (const statement of body) if (statement !== null) this.hoistStatement(statement, scope);
  }

  protected hoistStatement(statement: Node, scope: Scope): void {
    switch (statement.type) {
      case 'ImportDeclaration':
        return this.#hoistImport(statement, scope);
      case 'ExportNamedDeclaration':
      case 'ExportDefaultDeclaration': {
        const declaration = optional(statement, 'declaration');
        return declaration === null ? undefined : this.hoistStatement(declaration, scope);
      }
      case 'LabeledStatement':
        return this.hoistStatement(child(statement, 'body'), scope);
      case 'VariableDeclaration':
        if (statement['kind'] !== 'var' && !isTypeOnly(statement)) this.declareAll(statement, scope);
        return;
      case 'FunctionDeclaration':
      case 'ClassDeclaration': {
        const id = optional(statement, 'id');
        if (id === null || isTypeOnly(statement)) return;
        const isClass = statement.type === 'ClassDeclaration';
        const at = isClass ? statement.end : scope.node.start;
        this.declare(scope, id, isClass ? 'class' : 'function', statement, at);
        return;
      }
      default:
        if (isTranslated(statement)) this.#hoistTranslated(statement, scope);
    }
  }

  #hoistTranslated(statement: Node, scope: Scope): void {
    const id = optional(statement, 'id');
    if (id === null) return;
    const isEnum = statement.type === 'TSEnumDeclaration';
    const kind = isEnum ? 'enum' : statement.type === 'TSModuleDeclaration' ? 'namespace' : 'import';
    let outer = scope;
    for (const name of segments(id)) {
      const binding = this.declare(outer, name, kind, statement, statement.end);
      let shared = this.#exports.get(binding);
      if (shared === undefined) this.#exports.set(binding, (shared = new Map()));
      outer = { node: statement, parent: outer, unit: scope.unit, names: shared };
    }
    if (kind === 'import') return;
    if (isEnum) {
      this.spaces.set(statement, outer);
      for (const member of nodes(child(statement, 'body'), 'members')) {
        const name = child(member, 'id');
        if (name.type === 'Identifier') this.declare(outer, name, 'const', member, member.end);
      }
      return;
    }
    const body = child(statement, 'body');
    const unit = this.unit(statement, scope.unit, scope.unit.strict);
    const inner: Scope = { node: body, parent: outer, unit, names: new Map() };
    this.spaces.set(statement, inner);
    this.hoist(children(body, 'body'), inner);
    this.hoistVars(children(body, 'body'), inner);
    for (const entry of nodes(body, 'body')) {
      const declaration = entry.type === 'ExportNamedDeclaration' ? optional(entry, 'declaration') : null;
      for (const name of declaration === null ? [] : declaredNames(declaration)) {
        const own = inner.names.get(name);
        if (own !== undefined && !outer.names.has(name)) outer.names.set(name, own);
      }
    }
  }

  #hoistImport(statement: Node, scope: Scope): void {
    if (isTypeOnly(statement)) return;
    for (const specifier of nodes(statement, 'specifiers')) {
      if (specifier['importKind'] === 'type') continue;
      const local = this.declare(scope, child(specifier, 'local'), 'import', statement, scope.node.start);
      const imported = optional(specifier, 'imported');
      const fixed = specifier.type === 'ImportNamespaceSpecifier' ? '*' : 'default';
      const name = imported === null ? fixed : nameOrText(imported);
      local.imported = { source: String(child(statement, 'source')['value']), name };
    }
  }

  protected declareAll(declaration: Node, scope: Scope): void {
    const written = text(declaration, 'kind');
    const kind = written === 'var' || written === 'let' ? written : written === 'const' ? 'const' : 'using';
    for (const declarator of nodes(declaration, 'declarations')) {
      for (const name of patternNames(child(declarator, 'id')))
        this.declare(scope, name, kind, declarator, declarator.end);
    }
  }

  /** Declares the `var`s of a function or program, and in sloppy code those of functions in its blocks. */
  protected hoistVars(body: readonly (Node | null)[], scope: Scope): void {
    for (const statement of body) if (statement !== null) this.#hoistVarsIn(statement, scope, [], true);
  }

  /** @param lexical names that blocks around the node declare: Annex B leaves those alone */
  #hoistVarsIn(node: Node, scope: Scope, lexical: readonly ReadonlySet<string>[], isTop: boolean): void {
    if (isTypeOnly(node)) return;
    if (node.type === 'FunctionDeclaration') {
      if (!isTop && !scope.unit.strict) this.#hoistBlockFunction(node, scope, lexical);
      return;
    }
    if (isFunction(node) || node.type === 'ClassDeclaration' || node.type === 'ClassExpression') return;
    if (node.type === 'VariableDeclaration' && node['kind'] === 'var') this.declareAll(node, scope);
    if (!/Statement$|^CatchClause$|^SwitchCase$|^Export/.test(node.type)) return;
    const inner = scope.unit.strict ? lexical : [...lexical, lexicalNames(node)];
    const keepsTop = isTop && (node.type.startsWith('Export') || node.type === 'LabeledStatement');
    for (const below of runtimeChildren(node)) this.#hoistVarsIn(below, scope, inner, keepsTop);
  }

  #hoistBlockFunction(node: Node, scope: Scope, lexical: readonly ReadonlySet<string>[]): void {
    const id = optional(node, 'id');
    if (id === null || flag(node, 'async') || flag(node, 'generator')) return;
    const name = text(id, 'name');
    const known = scope.names.get(name);
    if (known !== undefined && !['var', 'function', 'parameter'].includes(known.kind)) return;
    if (known?.kind === 'parameter') return;
    if (lexical.some((names) => names.has(name))) return;
    const binding = known ?? this.declare(scope, id, 'var', id, scope.node.start);
    binding.isReassigned = true;
    this.byNode.delete(id);
    this.annexB.set(node, binding);
  }

  protected exportNames(program: Node, scope: Scope): void {
    for (const statement of nodes(program, 'body')) {
      if (isTypeOnly(statement) || optional(statement, 'source') !== null) continue;
      const declaration = optional(statement, 'declaration');
      if (statement.type === 'ExportDefaultDeclaration') {
        const id = declaration === null ? null : optional(declaration, 'id');
        const declares =
          declaration?.type === 'FunctionDeclaration' || declaration?.type === 'ClassDeclaration';
        if (id !== null && declares) scope.names.get(text(id, 'name'))?.exportedAs.push('default');
      } else if (statement.type === 'ExportNamedDeclaration') {
        for (const specifier of nodes(statement, 'specifiers')) {
          const local = nameOrText(child(specifier, 'local'));
          scope.names.get(local)?.exportedAs.push(nameOrText(child(specifier, 'exported')));
        }
        if (declaration === null) continue;
        for (const name of declaredNames(declaration)) scope.names.get(name)?.exportedAs.push(name);
      }
    }
  }
}

export function nameOrText(node: Node): string {
  return node.type === 'Literal' ? String(node['value']) : text(node, 'name');
}

export function isStrictBody(body: Node): boolean {
  return nodes(body, 'body').some((statement) => statement['directive'] === 'use strict');
}

/** Names that the block itself declares with let, const, class; functions in it do not count against each other. */
function lexicalNames(block: Node): ReadonlySet<string> {
  const names = new Set<string>();
  const add = (pattern: Node): void => {
    for (const name of patternNames(pattern)) names.add(text(name, 'name'));
  };
  const statements =
    block.type === 'SwitchStatement'
      ? nodes(block, 'cases').flatMap((entry) => nodes(entry, 'consequent'))
      : block.type === 'BlockStatement'
        ? nodes(block, 'body')
        : [optional(block, 'init'), optional(block, 'left')];
  for (const statement of statements) {
    if (statement?.type === 'VariableDeclaration' && statement['kind'] !== 'var') {
      for (const declarator of nodes(statement, 'declarations')) add(child(declarator, 'id'));
    } else if (statement?.type === 'ClassDeclaration') {
      add(child(statement, 'id'));
    }
  }
  // `catch (e)` alone does not count: only a pattern does.
  const parameter = block.type === 'CatchClause' ? optional(block, 'param') : null;
  if (parameter !== null && parameter.type !== 'Identifier') add(parameter);
  return names;
}

/** The names of `A.B.C`, from the left. */
export function segments(id: Node): readonly Node[] {
  return id.type === 'TSQualifiedName' ? [...segments(child(id, 'left')), child(id, 'right')] : [id];
}

/** The names that a declaration declares in its own scope. */
export function declaredNames(declaration: Node): readonly string[] {
  const id = optional(declaration, 'id');
  if (id !== null) return [text(segments(id)[0] ?? id, 'name')];
  return nodes(declaration, 'declarations').flatMap((entry) =>
    patternNames(child(entry, 'id')).map((name) => text(name, 'name')),
  );
}
