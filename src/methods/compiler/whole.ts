import { code, type Slot, slotCode } from './ir.ts';
import type { Format } from './plain.ts';
import type { MethodContext } from './method-context.ts';
import type { Binding, Scopes } from './scopes.ts';
import type { Statements } from './statements.ts';
import { child, flag, isFunction, isTypeOnly, type Node, nodes, optional, text, walk } from './syntax.ts';
import { patternNames } from './scopes.ts';

/** How a whole module is part of a program whose modules all belong to the execution. */
export interface WholeOptions {
  /** The module that a specifier names, as its `path`; null for what stays native. */
  resolve(specifier: string): string | null;
}

interface ImportedName {
  readonly binding: Binding;
  readonly path: string;
  /** `*` for the whole namespace. */
  readonly name: string;
}

/** What a module exports, as the runtime must know it before any module is evaluated. */
export interface ExportTable {
  /** What it gives on from another module: [name, path, name there]. `*` there is that module's namespace. */
  readonly reexports: readonly (readonly [name: string, path: string, imported: string])[];
  /** Modules of which it gives everything on. */
  readonly stars: readonly string[];
  /** Names that it declares itself. */
  readonly names: readonly string[];
}

/** A module's imports and exports, found by syntax. */
export interface Links {
  /** Modules that are evaluated first, in this order. */
  readonly dependencies: readonly string[];
  readonly imports: readonly ImportedName[];
  /** Each exported variable, under its first name; `default` of an expression has none. */
  readonly exports: ReadonlyMap<Binding, string>;
  readonly table: ExportTable;
  /** Imports that stay as they are. */
  readonly natives: readonly Node[];
  readonly awaits: boolean;
  /** What a CommonJS module is given, by name; empty for others. */
  readonly given: ReadonlyMap<string, Binding>;
}

/** Finds what a module has to do with others, and makes its variables those of its own code. */
export function linkModule(program: Node, scopes: Scopes, options: WholeOptions, format: Format): Links {
  return new Linker(program, scopes, options).links(format);
}

class Linker {
  readonly #program: Node;
  readonly #scopes: Scopes;
  readonly #options: WholeOptions;
  readonly #dependencies = new Set<string>();
  readonly #imports: ImportedName[] = [];
  readonly #exports = new Map<Binding, string>();
  readonly #reexports: [string, string, string][] = [];
  readonly #stars: string[] = [];
  readonly #names: string[] = [];
  readonly #natives: Node[] = [];
  readonly #top = new Map<string, Binding>();

  constructor(program: Node, scopes: Scopes, options: WholeOptions) {
    this.#program = program;
    this.#scopes = scopes;
    this.#options = options;
    for (const binding of scopes.bindings) {
      if (binding.owner === null && binding.scope === program) this.#top.set(binding.name, binding);
    }
  }

  links(format: Format): Links {
    for (const statement of nodes(this.#program, 'body')) {
      if (!isTypeOnly(statement)) this.#statement(statement);
    }
    this.#adopt();
    let awaits = false;
    walk(this.#program, (node) => {
      if (isFunction(node) || node.type === 'ClassBody') return false;
      if (node.type === 'AwaitExpression' || (node.type === 'ForOfStatement' && flag(node, 'await')))
        awaits = true;
      return true;
    });
    return {
      dependencies: [...this.#dependencies],
      imports: this.#imports,
      exports: this.#exports,
      table: { reexports: this.#reexports, stars: this.#stars, names: this.#names },
      natives: this.#natives,
      awaits,
      given: format === 'commonjs' ? this.#given() : new Map(),
    };
  }

  #given(): ReadonlyMap<string, Binding> {
    const names = ['require', 'module', 'exports', '__filename', '__dirname'];
    return new Map(
      names.flatMap((name) => {
        const binding = this.#top.get(name);
        return binding === undefined ? [] : [[name, binding] as const];
      }),
    );
  }

  #from(statement: Node): string | null {
    const source = optional(statement, 'source');
    const path = source === null ? null : this.#options.resolve(String(source['value']));
    if (path !== null) this.#dependencies.add(path);
    else if (source !== null) this.#natives.push(statement);
    return path;
  }

  #statement(statement: Node): void {
    if (statement.type === 'ImportDeclaration') this.#import(statement);
    else if (statement.type === 'ExportAllDeclaration') {
      const path = this.#from(statement);
      const exported = optional(statement, 'exported');
      if (path === null) return;
      if (exported === null) this.#stars.push(path);
      else this.#reexports.push([nameOf(exported), path, '*']);
    } else if (statement.type === 'ExportDefaultDeclaration') this.#default(child(statement, 'declaration'));
    else if (statement.type === 'ExportNamedDeclaration') this.#named(statement);
  }

  #import(statement: Node): void {
    const path = this.#from(statement);
    if (path === null) return;
    for (const specifier of nodes(statement, 'specifiers')) {
      const binding = this.#scopes.byNode.get(child(specifier, 'local'));
      if (binding === undefined || specifier['importKind'] === 'type') continue;
      const name =
        specifier.type === 'ImportNamespaceSpecifier'
          ? '*'
          : specifier.type === 'ImportDefaultSpecifier'
            ? 'default'
            : nameOf(child(specifier, 'imported'));
      this.#imports.push({ binding, path, name });
    }
  }

  #named(statement: Node): void {
    const declaration = optional(statement, 'declaration');
    if (declaration !== null) {
      const ids =
        declaration.type === 'VariableDeclaration'
          ? nodes(declaration, 'declarations').flatMap((declarator) => patternNames(child(declarator, 'id')))
          : [child(declaration, 'id')];
      for (const id of ids) this.#export(text(id, 'name'), this.#scopes.byNode.get(id));
      return;
    }
    const path = this.#from(statement);
    for (const specifier of nodes(statement, 'specifiers')) {
      if (specifier['exportKind'] === 'type') continue;
      const name = nameOf(child(specifier, 'exported'));
      const local = nameOf(child(specifier, 'local'));
      if (path !== null) this.#reexports.push([name, path, local]);
      else if (optional(statement, 'source') === null) this.#export(name, this.#top.get(local));
    }
  }

  #default(declaration: Node): void {
    const id =
      isFunction(declaration) || declaration.type === 'ClassDeclaration' ? optional(declaration, 'id') : null;
    this.#export('default', id === null ? undefined : this.#scopes.byNode.get(id));
  }

  #export(name: string, binding: Binding | undefined): void {
    const known = binding === undefined ? undefined : this.#exports.get(binding);
    if (binding !== undefined && known === undefined) this.#exports.set(binding, name);
    const imported = this.#imports.find((entry) => entry.binding === binding);
    if (imported !== undefined) this.#reexports.push([name, imported.path, imported.name]);
    else if (known !== undefined) this.#reexports.push([name, '', known]);
    else this.#names.push(name);
  }

  /** The module is a function, and what it declares are that function's variables; native imports stay the module's. */
  #adopt(): void {
    const native = new Set(this.#natives);
    for (const binding of this.#scopes.bindings) {
      if (binding.owner === null && !native.has(binding.source)) {
        (binding as { owner: Node }).owner = this.#program;
      }
      for (const reference of binding.references) {
        if (reference.within === null) (reference as { within: Node }).within = this.#program;
      }
    }
    for (const [binding] of this.#exports) {
      if (this.#imports.some((entry) => entry.binding === binding)) this.#exports.delete(binding);
    }
  }
}

function nameOf(node: Node): string {
  return node.type === 'Identifier' ? text(node, 'name') : String(node['value']);
}

/** The body of a whole module: what it shares with others, those that come first, and its statements. */
export function buildModule(
  context: MethodContext,
  statements: Statements,
  links: Links,
  modules: Slot,
): void {
  const { gate, module } = context;
  const path = JSON.stringify(module.path);
  const held = slotCode(modules);
  const setBox = (binding: Binding, from: string, name: string): void => {
    const slot = context.slotOf(binding);
    if (slot !== null)
      context.set(slot, code(`${gate}.box(${modules.name}, ${from}, ${JSON.stringify(name)})`, held));
  };
  for (const [binding, name] of links.exports) setBox(binding, path, name);
  for (const { binding, path: from, name } of links.imports) {
    const slot = context.slotOf(binding);
    if (name !== '*') setBox(binding, JSON.stringify(from), name);
    else if (slot !== null) {
      context.set(slot, code(`${gate}.namespace(${modules.name}, ${JSON.stringify(from)})`, held));
    }
  }
  statements.open(context.method.node);
  for (const [name, binding] of links.given) {
    const value = code(`${gate}.given(${modules.name}, ${path}, ${JSON.stringify(name)})`, held);
    statements.expressions.patterns.assign(binding.declaration, value);
  }
  for (const dependency of links.dependencies) {
    const body = context.temporary();
    context.set(body, code(`${gate}.dependency(${modules.name}, ${JSON.stringify(dependency)})`, held));
    const evaluate = context.collect(() => {
      const result = statements.expressions.invocations.ofFunction(context.method.node, slotCode(body), [
        held,
      ]);
      if (!links.awaits) return;
      const awaited = context.temporary();
      const wait = context.collect(() =>
        context.emit({
          kind: 'await',
          site: context.site(context.method.node),
          slot: awaited,
          code: result,
          again: false,
        }),
      );
      context.emit({
        kind: 'if',
        test: code(`${result.text} !== undefined`, result),
        taken: wait,
        otherwise: [],
      });
    });
    context.emit({
      kind: 'if',
      test: code(`${body.name} !== null`, slotCode(body)),
      taken: evaluate,
      otherwise: [],
    });
  }
  // What a CommonJS module exports is known now.
  for (const { binding, path: from, name } of links.imports) {
    if (name !== '*') setBox(binding, JSON.stringify(from), name);
  }
  for (const statement of nodes(context.method.node, 'body')) {
    if (isTypeOnly(statement)) continue;
    const declaration = optional(statement, 'declaration');
    if (statement.type === 'ExportDefaultDeclaration') {
      const given = child(statement, 'declaration');
      const isDeclared = isFunction(given) || given.type === 'ClassDeclaration';
      if (isDeclared && optional(given, 'id') !== null) {
        if (given.type === 'ClassDeclaration') statements.statement(given);
        continue;
      }
      const value =
        given.type === 'FunctionDeclaration' ? context.creation(given) : statements.expressions.value(given);
      context.plain(code(`${gate}.box(${modules.name}, ${path}, "default").v = ${value.text};`, value, held));
    } else if (statement.type === 'ExportNamedDeclaration') {
      if (declaration !== null) statements.statement(declaration);
    } else if (statement.type !== 'ImportDeclaration' && statement.type !== 'ExportAllDeclaration') {
      statements.statement(statement);
    }
  }
}
