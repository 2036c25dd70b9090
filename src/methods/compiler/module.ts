import { parseSync } from 'oxc-parser';
import { assert } from '../../core/assert.ts';
import { methodId } from '../../core/ids.ts';
import { textHash } from '../../core/text-hash.ts';
import { Calls, type Method } from './calls.ts';
import type { CompiledMethod, CompileOptions, CompileOutcome, Refusal } from './contract.ts';
import { eraseTypes } from './erasure.ts';
import { checkMethods, type Finding } from './language.ts';
import { checkModule } from './module-state.ts';
import type { ModuleContext } from './method-context.ts';
import { type LoweredMethod, lowerMethod } from './methods.ts';
import { resolveScopes, type Scopes } from './scopes.ts';
import { containsMarks, finish, sourceMapOf, SourceText } from './source-text.ts';
import {
  child,
  isFunction,
  isTypeOnly,
  memberName,
  type Node,
  nodes,
  optional,
  text,
  unwrap,
  walk,
} from './syntax.ts';

/** Compiles one ECMAScript module; see `index.ts`. */
export function compileModule(source: string, options: CompileOptions): CompileOutcome {
  const text = new SourceText(source);
  const refuse = (findings: readonly Finding[]): CompileOutcome => ({
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
  });
  if (containsMarks(source)) {
    return refuse([{ offset: 0, what: 'a noncharacter (U+FDD1 to U+FDD5)', instead: 'an escape: \\uFDD1' }]);
  }
  const hashbang = /^#!.*/.exec(source);
  if (hashbang !== null) text.blank(0, hashbang[0].length);
  const parsed = parseSync(options.path, source, { sourceType: 'module', lang: languageOf(options.path) });
  if (parsed.errors.length > 0) {
    return refuse(
      parsed.errors.map((error) => ({
        offset: error.labels[0]?.start ?? 0,
        what: `a syntax error (${error.message})`,
        instead: 'what the grammar of TypeScript allows',
      })),
    );
  }
  const program = parsed.program as unknown as Node;
  const inerasable = eraseTypes(program, text);
  const compiler = new ModuleCompiler(program, text, options);
  const findings = [
    ...inerasable.map(({ node, what, instead }) => ({ offset: node.start, what, instead })),
    ...compiler.check(),
  ];
  if (findings.length > 0) return refuse(findings);
  const lowered = compiler.lower();
  const closures = lowered.flatMap(({ liveClosures }) => liveClosures);
  if (closures.length > 0) {
    return refuse(
      closures.map(({ slot, line }) => ({
        offset: slot.closureAt,
        what: `the function '${slot.original}', still needed after a safe point (line ${line})`,
        instead: 'a function at the top level of the module, or the same function again after line ' + line,
      })),
    );
  }
  return compiler.print(lowered);
}

function languageOf(path: string): 'ts' | 'tsx' | 'js' | 'jsx' {
  if (path.endsWith('.tsx')) return 'tsx';
  if (path.endsWith('.jsx')) return 'jsx';
  return /\.[cm]?js$/.test(path) ? 'js' : 'ts';
}

function hasDirective(body: readonly Node[]): boolean {
  return body.some((statement) => statement['directive'] === 'use movable');
}

class ModuleCompiler {
  readonly #program: Node;
  readonly #source: SourceText;
  readonly #options: CompileOptions;
  readonly #scopes: Scopes;
  readonly #methods: readonly Method[];
  readonly #calls: Calls;
  readonly #isMovableFile: boolean;
  readonly #names = new Set<string>();
  readonly #imports = new Set<string>();

  constructor(program: Node, source: SourceText, options: CompileOptions) {
    this.#program = program;
    this.#source = source;
    this.#options = options;
    this.#scopes = resolveScopes(program);
    this.#isMovableFile = hasDirective(nodes(program, 'body'));
    this.#methods = this.#findMethods();
    this.#calls = new Calls(this.#scopes, this.#methods);
    this.#rewriteImports();
  }

  check(): readonly Finding[] {
    const misplaced = this.#misplacedDirectives();
    const state = this.#isMovableFile ? checkModule(this.#program, this.#methods) : [];
    return [...misplaced, ...state, ...checkMethods(this.#methods, this.#scopes, this.#calls)];
  }

  lower(): readonly LoweredMethod[] {
    if (this.#methods.length === 0) return [];
    const module: ModuleContext = {
      source: this.#source,
      scopes: this.#scopes,
      calls: this.#calls,
      gate: this.#fresh('$'),
      fresh: (base) => this.#fresh(base),
    };
    this.#gate = module.gate;
    this.#rewritePromises(module.gate);
    return this.#methods.map((method) => lowerMethod(module, method, this.#options.digest));
  }

  #gate = '$';

  print(lowered: readonly LoweredMethod[]): CompileOutcome {
    const { path, runtimeSpecifier } = this.#options;
    const header =
      lowered.length === 0 ? '' : `import { $ as ${this.#gate} } from ${JSON.stringify(runtimeSpecifier)};\n`;
    let marked = header;
    let at = 0;
    for (const method of lowered) {
      marked += this.#source.slice(at, method.method.node.start) + method.inPlace;
      at = method.method.node.end;
    }
    marked += this.#source.slice(at, this.#source.source.length);
    for (const { appended } of lowered) marked += appended === '' ? '' : `\n${appended}`;
    const finished = finish(marked);
    const tail = lowered.length === 0 ? '' : this.#registration(lowered, finished);
    const code = `${finished.code}${tail}`;
    return {
      kind: 'compiled',
      code,
      sourceMap: sourceMapOf(path, this.#source.source, finished.lines),
      methods: lowered.map((method) => this.#describe(method)),
      imports: [...this.#imports],
    };
  }

  #fresh(base: string): string {
    let name = base;
    for (let count = 1; this.#names.has(name) || this.#scopes.names.has(name); count += 1)
      name = `${base}${count}`;
    this.#names.add(name);
    return name;
  }

  #findMethods(): readonly Method[] {
    const found: Omit<Method, 'index'>[] = [];
    const consider = (node: Node, name: string, id: Node | null, exported: boolean): void => {
      const body = child(node, 'body');
      const own = body.type === 'BlockStatement' && hasDirective(nodes(body, 'body'));
      if (!this.#isMovableFile && !own) return;
      const binding = this.#scopes.bindings.find(({ declaration }) => declaration === id) ?? null;
      found.push({ name, node, binding, exported });
    };
    const reexported = new Set(
      nodes(this.#program, 'body').flatMap((statement) =>
        statement.type === 'ExportNamedDeclaration' && optional(statement, 'source') === null
          ? nodes(statement, 'specifiers').map((specifier) => text(child(specifier, 'local'), 'name'))
          : [],
      ),
    );
    for (const statement of nodes(this.#program, 'body')) {
      if (isTypeOnly(statement)) continue;
      const declaration = optional(statement, 'declaration') ?? statement;
      const exported = declaration !== statement;
      if (declaration.type === 'FunctionDeclaration') {
        const id = optional(declaration, 'id');
        const name = id === null ? 'default' : text(id, 'name');
        consider(declaration, name, id, exported || reexported.has(name));
      } else if (declaration.type === 'VariableDeclaration' && declaration['kind'] === 'const') {
        for (const declarator of nodes(declaration, 'declarations')) {
          const init = optional(declarator, 'init');
          const id = child(declarator, 'id');
          if (init === null || id.type !== 'Identifier' || !isFunction(unwrap(init))) continue;
          consider(unwrap(init), text(id, 'name'), id, exported || reexported.has(text(id, 'name')));
        }
      }
    }
    return found.map((method, index) => ({ ...method, index }));
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

  /** `Promise.all` and its like work on promises that move: the runtime has its own. */
  #rewritePromises(gate: string): void {
    for (const method of this.#methods) {
      walk(method.node, (node) => {
        if (node.type !== 'MemberExpression') return;
        const object = unwrap(child(node, 'object'));
        if (this.#scopes.globals.get(object) !== 'Promise' || memberName(node) === null) return;
        this.#source.edit(object.start, object.end, `${gate}.promise`);
      });
    }
  }

  #describe({ method, isAsync, length, code, sites }: LoweredMethod): CompiledMethod {
    return {
      id: methodId(`${this.#options.path}#${method.name}`),
      name: method.name,
      code,
      isAsync,
      length,
      exported: method.exported,
      line: this.#source.lineOf(method.node.start),
      sites: sites.map(({ pc, kind, line }) => ({ pc, kind, line })),
    };
  }

  /** What the module tells the runtime when it is loaded. Whatever says where things are stands after them. */
  #registration(lowered: readonly LoweredMethod[], finished: ReturnType<typeof finish>): string {
    const { path } = this.#options;
    const gate = this.#gate;
    const metas = lowered.map((method) => {
      const { index } = method.method;
      const mapped = (mode: number): readonly (readonly [number, number])[] =>
        [...finished.siteLines].flatMap(([key, line]) => {
          const [owner, pc] = key.split(':').map(Number) as [number, number];
          return owner === index * 2 + mode ? [[line, pc] as const] : [];
        });
      const described = JSON.stringify({
        id: `${path}#${method.method.name}`,
        code: method.code,
        name: method.method.name,
        path,
        isAsync: method.isAsync,
        line: this.#source.lineOf(method.method.node.start),
        layout: method.layout,
        sites: method.sites.map(({ kind, line, live }) => [kind, line, live]),
        fastLines: mapped(0),
        resumeLines: mapped(1),
        fastHash: textHash(finish(method.inPlace).code),
        resumeHash: method.appended === '' ? '' : textHash(functionText(finish(method.appended).code)),
      });
      const resume = method.appended === '' ? 'null' : method.resumeName;
      return `const ${method.metaName} = ${gate}.method(${described}, ${this.#reference(method)}, ${resume});`;
    });
    const constants = this.#isMovableFile ? this.#constants() : [];
    const line = finished.code.split('\n').length + metas.length + 1;
    const list = lowered.map(({ metaName }) => metaName).join(', ');
    return `\n${metas.join('\n')}\n${gate}.module(import.meta.url, ${JSON.stringify(path)}, ${line}, [${list}], { ${constants.join(', ')} }, ${JSON.stringify(finished.lines)});\n`;
  }

  #reference({ method }: LoweredMethod): string {
    return method.binding?.name ?? method.name;
  }

  /** Names of the module's constants besides its methods. */
  #constants(): readonly string[] {
    return this.#scopes.bindings
      .filter(({ owner, kind, scope }) => owner === null && kind === 'const' && scope === this.#program)
      .filter((binding) => !this.#methods.some((method) => method.binding === binding))
      .map(({ name }) => name);
  }
}

/** The first function of a text, up to the end that its braces show: generated bodies end with a line of `}` alone. */
function functionText(code: string): string {
  const end = code.indexOf('\n}\nasync function ');
  assert(code.startsWith('function '), 'a resume body is a function');
  return end === -1 ? code : code.slice(0, end + 2);
}
