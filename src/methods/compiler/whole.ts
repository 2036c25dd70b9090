import type { Format } from './plain.ts';
import type { Binding, Scopes } from './scopes.ts';
import { child, flag, isFunction, isTypeOnly, type Node, nodes, optional, text, walk } from './syntax.ts';
import { patternNames } from './scopes.ts';

/** How a whole module is part of a program whose modules all belong to the execution. */
export interface WholeOptions {
  /** The module that a specifier names, as its `path`; null for what stays native. */
  resolve(specifier: string): string | null;
  /** Names of accessors that other modules of the program declare. Default: none. */
  readonly accessors?: ReadonlySet<string>;
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
