import { methodId } from '../../core/ids.ts';
import { textHash } from '../../core/text-hash.ts';
import { Calls, isApiCall } from './calls.ts';
import type { CompiledMethod, CompileOptions, CompileOutcome, Refusal } from './contract.ts';
import { Functions } from './factories.ts';
import { Classes, classNames } from './classes.ts';
import { withConstructors } from './class-defaults.ts';
import { printClasses } from './class-text.ts';
import {
  findMethods,
  findWhole,
  hasDirective,
  isLowered,
  type Method,
  outerUses,
  type OuterUse,
  standsInClass,
} from './functions.ts';
import { rewriteGlobals } from './globals.ts';
import { checkMethods, type Finding } from './language.ts';
import { checkModule } from './module-state.ts';
import type { ModuleContext } from './method-context.ts';
import { type LoweredMethod, lowerMethod } from './methods.ts';
import { Names } from './names.ts';
import { type Format, parsePlain } from './plain.ts';
import type { Scopes } from './scopes.ts';
import { containsMarks, finish, type FinishedText, sourceMapOf, SourceText } from './source-text.ts';
import { child, isFunction, type Node, nodes, optional, unwrap, walk } from './syntax.ts';
import { Variables } from './variables.ts';
import { linkModule, type Links } from './whole.ts';

/** Compiles one ECMAScript module; see `index.ts`. */
export function compileModule(source: string, options: CompileOptions): CompileOutcome {
  if (containsMarks(source)) {
    const what = 'a noncharacter (U+FDD1 to U+FDDF)';
    return refused(source, options, [{ offset: 0, what, instead: 'an escape: \\uFDD1' }]);
  }
  // Blanks in place of a hashbang: nothing else moves.
  const written = source.replace(/^#!.*/, (line) => ' '.repeat(line.length));
  const format = options.format ?? 'module';
  const isWhole = options.whole !== undefined && options.whole !== null;
  const given = isWhole ? declared(written, format) : [];
  let plain = parsePlain(withVariables(written, given), { path: options.path, format });
  if (plain.kind === 'refused') return refused(written, options, plain.findings);
  // What a sloppy script makes by assigning it is a variable of the script.
  const made = [...plain.scopes.assignedGlobals].filter((name) => !(name in globalThis));
  if (isWhole && format !== 'module' && made.length > 0) {
    plain = parsePlain(withVariables(written, [...given, ...made]), { path: options.path, format });
    if (plain.kind === 'refused') return refused(written, options, plain.findings);
  }
  const isCompiled = isWhole || written.includes('use movable');
  const complete = isCompiled ? withConstructors(plain, { path: options.path, format }) : plain;
  if (complete.kind === 'refused') return refused(written, options, complete.findings);
  const { program, source: text, scopes } = complete;
  const { spaces } = plain;
  text.origin = options.origin ?? null;
  const compiler = new ModuleCompiler(program, text, scopes, spaces, options);
  const findings = compiler.check();
  if (findings.length > 0) return refused(text.source, options, findings);
  return compiler.print(compiler.lower());
}

/** What a CommonJS module is given: variables of its own. */
function declared(_source: string, format: Format): readonly string[] {
  return format === 'commonjs' ? ['require', 'module', 'exports', '__filename', '__dirname'] : [];
}

/** The source with more variables, on its first line, behind its directives: lines stay what they are. */
function withVariables(source: string, names: readonly string[]): string {
  if (names.length === 0) return source;
  const head =
    /^(?:\s|\/\/[^\n]*\n|\/\*[^]*?\*\/|'use [a-z]+'\s*;?|"use [a-z]+"\s*;?)*/.exec(source)?.[0] ?? '';
  const isOpen = head.trimEnd() !== '' && /['"]$/.test(head.trimEnd());
  return `${head}${isOpen ? ';' : ''}var ${names.join(', ')}; ${source.slice(head.length)}`;
}

function refused(source: string, options: CompileOptions, findings: readonly Finding[]): CompileOutcome {
  const text = new SourceText(source);
  text.origin = options.origin ?? null;
  return {
    kind: 'refused',
    refusals: [...findings]
      .sort((a, b) => a.offset - b.offset)
      .map((finding): Refusal => ({
        path: options.path,
        line: text.lineOf(finding.offset),
        column: text.columnOf(finding.offset),
        what: finding.what,
        instead: finding.instead,
      })),
  };
}

class ModuleCompiler {
  readonly #program: Node;
  readonly #source: SourceText;
  readonly #options: CompileOptions;
  readonly #scopes: Scopes;
  /** Names of the module's enums and namespaces. */
  readonly #spaces: ReadonlySet<string>;
  readonly #links: Links | null;
  readonly #methods: readonly Method[];
  readonly #natives: ReadonlySet<Node>;
  readonly #outer: readonly OuterUse[];
  readonly #classes: Classes;
  readonly #variables: Variables;
  readonly #calls: Calls;
  readonly #isMovableFile: boolean;
  readonly #names = new Set<string>();
  readonly #imports = new Set<string>();
  #gate = '$';
  /** The import that the gate comes by: V8 reads an import at each use, and a constant once. */
  #imported = '$$';

  constructor(
    program: Node,
    source: SourceText,
    scopes: Scopes,
    spaces: ReadonlySet<string>,
    options: CompileOptions,
  ) {
    this.#spaces = spaces;
    this.#program = program;
    this.#source = source;
    this.#options = options;
    this.#scopes = scopes;
    const { whole = null, format = 'module' } = options;
    this.#links = whole === null ? null : linkModule(program, scopes, whole, format);
    this.#isMovableFile = hasDirective(nodes(program, 'body'));
    this.#natives = this.#findNatives();
    const isNative = (node: Node): boolean => this.#natives.has(node);
    this.#methods =
      this.#links === null
        ? findMethods(program, this.#scopes, { isMovableFile: this.#isMovableFile, isNative })
        : findWhole(program, this.#scopes, this.#links.awaits ? 'async' : 'plain', isNative);
    this.#classes = new Classes({
      program,
      scopes: this.#scopes,
      source,
      methods: this.#methods,
      fresh: (base) => this.#fresh(base),
    });
    this.#outer = outerUses(this.#methods, this.#scopes);
    this.#classes.noteThis(this.#outer);
    const shared = new Set([
      ...(this.#links?.exports.keys() ?? []),
      ...(this.#links?.imports ?? []).filter(({ name }) => name !== '*').map(({ binding }) => binding),
    ]);
    this.#variables = new Variables(program, this.#scopes, this.#methods, this.#outer, shared);
    this.#calls = new Calls(program, this.#variables, this.#methods, options.dense ?? false);
    this.#rewriteImports();
  }

  check(): readonly Finding[] {
    const misplaced = this.#misplacedDirectives();
    const hasOwnState = this.#isMovableFile && this.#links === null;
    const state = hasOwnState ? checkModule(this.#program, this.#methods, this.#spaces) : [];
    return [
      ...misplaced,
      ...state,
      ...this.#classes.findings,
      ...checkMethods(this.#methods, this.#variables, this.#natives),
    ];
  }

  lower(): readonly LoweredMethod[] {
    if (this.#methods.length === 0) return [];
    this.#gate = this.#fresh('$');
    this.#imported = this.#fresh('$$');
    const parts = {
      program: this.#program,
      source: this.#source,
      variables: this.#variables,
      methods: this.#methods,
      outer: this.#outer,
      classes: this.#classes,
      gate: this.#gate,
      fresh: (base: string) => this.#fresh(base),
    };
    const names = new Names(parts);
    const functions = new Functions({ ...parts, names });
    rewriteGlobals(this.#methods, this.#natives, this.#scopes, this.#source, this.#gate);
    const outer = new Map<Method, OuterUse[]>();
    for (const use of this.#outer) {
      for (const method of use.within) {
        const list = outer.get(method);
        if (list === undefined) outer.set(method, [use]);
        else list.push(use);
      }
    }
    const module: ModuleContext = {
      path: this.#options.path,
      links: this.#links,
      source: this.#source,
      scopes: this.#scopes,
      variables: this.#variables,
      names,
      calls: this.#calls,
      functions,
      classes: this.#classes,
      outer,
      isDense: this.#options.dense ?? false,
      gate: this.#gate,
      fresh: (base) => this.#fresh(base),
      normalised: (given) => this.#normalised(given),
    };
    const { digest } = this.#options;
    const lowered = this.#methods.filter(isLowered).map((method) => lowerMethod(module, method, digest));
    return printClasses(module, this.#methods, lowered, digest);
  }

  print(lowered: readonly LoweredMethod[]): CompileOutcome {
    const { path } = this.#options;
    let body = '';
    let at = 0;
    if (this.#links !== null) {
      for (const native of this.#links.natives) body += `${this.#source.slice(native.start, native.end)}\n`;
      body += lowered[0]?.text ?? '';
      at = this.#source.source.length;
    }
    for (const method of this.#links === null ? lowered : []) {
      if (method.method.parent !== null) continue;
      body += this.#source.slice(at, method.method.node.start) + method.text;
      at = method.method.node.end;
    }
    body += this.#source.slice(at, this.#source.source.length);
    for (const { factory, resume } of lowered) {
      if (factory !== null) body += `\n${factory}`;
      if (resume !== '') body += `\n${resume}`;
    }
    // The import, and one line for each method's description, stand first: code that runs on the way needs them.
    const above = lowered.length === 0 ? 0 : lowered.length + 1;
    const finished = finish(`${'\n'.repeat(above)}${body}`);
    const code =
      lowered.length === 0
        ? finished.code
        : `${this.#header(lowered, finished)}${finished.code.slice(above)}${this.#registration(lowered, finished)}`;
    return {
      kind: 'compiled',
      code,
      format: this.#isClassic ? 'commonjs' : 'module',
      sourceMap: sourceMapOf(path, this.#source.origin?.source ?? this.#source.source, finished.lines),
      methods: lowered.map((method) => this.#describe(method)),
      imports: [...this.#imports],
    };
  }

  /** Whether the code stays a script: it is no ECMAScript module. */
  get #isClassic(): boolean {
    return (this.#options.format ?? 'module') !== 'module';
  }

  #fresh(base: string): string {
    let name = base;
    for (let count = 1; this.#names.has(name) || this.#scopes.names.has(name); count += 1)
      name = `${base}${count}`;
    this.#names.add(name);
    return name;
  }

  /** Numbers generated names in the order in which they come: an edit elsewhere in the module numbers them otherwise. */
  #normalised(given: string): string {
    const numbers = new Map<string, number>();
    return given.replaceAll(/[\p{ID_Start}$_][\p{ID_Continue}$]*/gu, (name) => {
      if (!this.#names.has(name)) return name;
      const number = numbers.get(name) ?? numbers.size;
      numbers.set(name, number);
      return `$#${number}`;
    });
  }

  /** Functions that are passed to `effect` directly: they run at home, natively, and may be asynchronous. */
  #findNatives(): ReadonlySet<Node> {
    const found = new Set<Node>();
    walk(this.#program, (node) => {
      if (!isApiCall(node, 'effect', this.#scopes)) return;
      for (const argument of nodes(node, 'arguments'))
        if (isFunction(unwrap(argument))) found.add(unwrap(argument));
    });
    return found;
  }

  #misplacedDirectives(): readonly Finding[] {
    const findings: Finding[] = [];
    walk(this.#program, (node) => {
      if (!isFunction(node) || this.#methods.some((method) => method.node === node)) return;
      const body = child(node, 'body');
      if (body.type === 'BlockStatement' && hasDirective(nodes(body, 'body'))) {
        findings.push({
          offset: node.start,
          what: '"use movable" in a function that is not at the top level',
          instead: 'a function declaration, or a const, at the top level of the module',
        });
      }
    });
    return findings;
  }

  #rewriteImports(): void {
    walk(this.#program, (node) => {
      const source = optional(node, 'source');
      const names = [
        'ImportDeclaration',
        'ExportNamedDeclaration',
        'ExportAllDeclaration',
        'ImportExpression',
      ];
      if (source === null || !names.includes(node.type) || source.type !== 'Literal') return;
      const specifier = String(source['value']);
      this.#imports.add(specifier);
      const rewritten = this.#options.rewriteSpecifier(specifier);
      if (rewritten !== specifier) this.#source.edit(source.start, source.end, JSON.stringify(rewritten));
    });
  }

  #describe({ method, isAsync, length, code, sites, layout }: LoweredMethod): CompiledMethod {
    return {
      id: methodId(`${this.#options.path}#${method.id}`),
      name: method.name,
      code,
      isAsync,
      length,
      exported: method.exported,
      line: this.#source.lineOf(method.node.start),
      sites: sites.map(({ pc, kind, line }) => ({ pc, kind, line })),
      held: layout.flatMap((name, index) => {
        const lines = sites.flatMap(({ line, live }) => (live.includes(index) ? [line] : []));
        return name === '' || lines.length === 0
          ? []
          : [{ name, lines: [...new Set(lines)].sort((a, b) => a - b) }];
      }),
    };
  }

  /** What the module tells the runtime of each method, before anything runs. */
  #header(lowered: readonly LoweredMethod[], finished: FinishedText): string {
    const { path, runtimeSpecifier } = this.#options;
    const lines = new Map<number, [number, number][]>();
    for (const [key, line] of finished.siteLines) {
      const [owner, pc] = key.split(':').map(Number) as [number, number];
      const list = lines.get(owner);
      if (list === undefined) lines.set(owner, [[line, pc]]);
      else list.push([line, pc]);
    }
    const metas = lowered.map((method) => {
      const { index } = method.method;
      const described = JSON.stringify({
        id: `${path}#${method.method.id}`,
        code: method.code,
        name: method.method.name,
        path,
        isAsync: method.isAsync,
        line: this.#source.lineOf(method.method.node.start),
        layout: method.layout,
        entry: method.entry,
        constructs: method.constructs,
        sites: method.sites.map(({ kind, line, live }) => [kind, line, live]),
        fastLines: lines.get(index * 2) ?? [],
        resumeLines: lines.get(index * 2 + 1) ?? [],
        fastHash: standsInClass(method.method) ? '' : textHash(finish(method.factory ?? method.text).code),
        resumeHash: textHash(finish(method.resume).code),
      });
      const factory = this.#factoryOf(method);
      return `const ${method.metaName} = ${this.#gate}.method(${JSON.stringify(described)}, ${method.resumeName}, ${factory}, ${JSON.stringify(method.method.form === 'class' ? 'class' : method.method.kind)});\n`;
    });
    const gate = this.#gate;
    const first = this.#isClassic
      ? `${this.#scopes.isStrict(null) ? '"use strict"; ' : ''}const ${gate} = globalThis[Symbol.for("godwit.gate.1")];`
      : `import { $ as ${this.#imported} } from ${JSON.stringify(runtimeSpecifier)}; const ${gate} = ${this.#imported};`;
    return `${first}${this.#classNames()}\n${metas.join('')}`;
  }

  /** Variables that hold the classes of the module, and what they use. */
  #classNames(): string {
    const names = [...this.#classes.all()]
      .filter(({ method }) => method.parent === null)
      .flatMap((facts) => classNames(facts));
    return names.length === 0 ? '' : ` let ${names.join(', ')};`;
  }

  #factoryOf({ factory }: LoweredMethod): string | null {
    return factory === null ? null : (/^function ([^(]+)/.exec(factory)?.[1] ?? null);
  }

  /** What the module tells the runtime once it was evaluated. Whatever says where things are stands after them. */
  #registration(lowered: readonly LoweredMethod[], finished: FinishedText): string {
    const { path } = this.#options;
    const constants = this.#isMovableFile && this.#links === null ? this.#constants() : [];
    const line = finished.code.split('\n').length + 1;
    const url = this.#isClassic ? 'require("node:url").pathToFileURL(__filename).href' : 'import.meta.url';
    const list = lowered.map((method) => `[${method.metaName}, ${this.#reference(method)}]`).join(', ');
    return `\n${this.#gate}.module(${url}, ${JSON.stringify(path)}, ${line}, [${list}], { ${constants.join(', ')} }, ${JSON.stringify(finished.lines)}, ${this.#exportTable()});\n`;
  }

  #exportTable(): string {
    if (this.#links === null) return 'null';
    const { table } = this.#links;
    if (!this.#isClassic) return JSON.stringify(table);
    const isCommon = this.#options.format === 'commonjs';
    return `{ ...${JSON.stringify(table)}, require: ${isCommon ? 'require' : 'null'} }`;
  }

  /** The function of a method that stands at the top level of the module. */
  #reference({ method, bodyName }: LoweredMethod): string {
    if (bodyName !== '') return bodyName;
    if (method.parent !== null) return 'null';
    if (method.form === 'class') return this.#classes.factsOf(method).home.name;
    return method.binding?.name ?? method.name;
  }

  /** Names of the module's constants besides its methods. */
  #constants(): readonly string[] {
    return this.#scopes.bindings
      .filter(({ owner, kind, scope }) => owner === null && kind === 'const' && scope === this.#program)
      .filter((binding) => !this.#methods.some((method) => method.binding === binding))
      .filter(({ name }) => !this.#spaces.has(name))
      .map(({ name }) => name);
  }
}
