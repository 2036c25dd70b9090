import { AwaitedCalls } from './awaited-calls.ts';
import { Accessors } from './accessors.ts';
import { FreshGenerators } from './fresh-generators.ts';
import { Calls, isApiCall } from './calls.ts';
import type { CompileOptions, CompileOutcome, Refusal } from './contract.ts';
import { Functions } from './factories.ts';
import { Classes } from './classes.ts';
import { withConstructors } from './class-defaults.ts';
import { printClasses } from './class-text.ts';
import { findMethods, findWhole, hasDirective, type Method, outerUses, type OuterUse } from './functions.ts';
import { GeneratedNames } from './generated-names.ts';
import { rewriteGlobals } from './globals.ts';
import { checkMethods, type Finding } from './language.ts';
import { checkModule } from './module-state.ts';
import type { ModuleContext } from './method-context.ts';
import { type LoweredMethod, lowerMethod } from './methods.ts';
import { Names } from './names.ts';
import { type Format, parsePlain } from './plain.ts';
import { printModule } from './module-text.ts';
import { hasLoop, reachesSite } from './safe-points.ts';
import type { Scopes } from './scopes.ts';
import { containsMarks, SourceText } from './source-text.ts';
import { child, isFunction, type Node, nodes, optional, unwrap, walk } from './syntax.ts';
import { Variables } from './variables.ts';
import { linkModule, type Links } from './whole.ts';

/** Compiles one module or script; what cannot be moved in it is refused, all of it at once. */
export function compileModule(source: string, options: CompileOptions): CompileOutcome {
  const analysed = analyse(source, options);
  return analysed.kind === 'refused' ? analysed : analysed.compiler.compile(options.dense ?? false);
}

/** A module in both of its builds, at less than the price of two. */
export interface Builds {
  readonly production: CompileOutcome;
  readonly dense: CompileOutcome;
}

/** Compiles a module as `compileModule` does, with safe points as they are deployed and with all of them. */
export function compileBuilds(source: string, options: Omit<CompileOptions, 'dense'>): Builds {
  const analysed = analyse(source, options);
  if (analysed.kind === 'refused') return { production: analysed, dense: analysed };
  // What is deployed comes first: its names are the same as if it had been compiled alone.
  const production = analysed.compiler.compile(false);
  return { production, dense: analysed.compiler.compile(true) };
}

type Analysed =
  | { readonly kind: 'analysed'; readonly compiler: ModuleCompiler }
  | Extract<CompileOutcome, { readonly kind: 'refused' }>;

function analyse(source: string, options: CompileOptions): Analysed {
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
  return { kind: 'analysed', compiler };
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

function refused(
  source: string,
  options: CompileOptions,
  findings: readonly Finding[],
): Extract<CompileOutcome, { readonly kind: 'refused' }> {
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

interface Naming {
  readonly gate: string;
  /** The import that the gate comes by: V8 reads an import at each use, and a constant once. */
  readonly imported: string;
  readonly names: Names;
  readonly functions: Functions;
  readonly outer: ReadonlyMap<Method, readonly OuterUse[]>;
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
  readonly #isMovableFile: boolean;
  readonly #names: GeneratedNames;
  readonly #imports = new Set<string>();
  #naming: Naming | null = null;

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
    this.#names = new GeneratedNames(scopes.names);
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
      fresh: (base) => this.#names.fresh(base),
    });
    this.#outer = outerUses(this.#methods, this.#scopes);
    this.#classes.noteThis(this.#outer);
    const shared = new Set([
      ...(this.#links?.exports.keys() ?? []),
      ...(this.#links?.imports ?? []).filter(({ name }) => name !== '*').map(({ binding }) => binding),
    ]);
    this.#variables = new Variables(program, this.#scopes, this.#methods, this.#outer, shared);
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

  compile(isDense: boolean): CompileOutcome {
    this.#naming ??= this.#name();
    const { gate, imported } = this.#naming;
    return printModule(
      {
        program: this.#program,
        source: this.#source,
        options: this.#options,
        scopes: this.#scopes,
        spaces: this.#spaces,
        links: this.#links,
        methods: this.#methods,
        classes: this.#classes,
        isMovableFile: this.#isMovableFile,
        imports: this.#imports,
        gate,
        imported,
      },
      this.#methods.length === 0 ? [] : this.#lower(this.#naming, isDense),
    );
  }

  /** Names what the module's code has and gets, and writes the edits that spell it so: they are the same in all builds. */
  #name(): Naming {
    const gate = this.#names.fresh('$');
    const imported = this.#names.fresh('$$');
    const parts = {
      program: this.#program,
      source: this.#source,
      variables: this.#variables,
      methods: this.#methods,
      outer: this.#outer,
      classes: this.#classes,
      gate,
      fresh: (base: string) => this.#names.fresh(base),
    };
    const names = new Names(parts);
    const functions = new Functions({ ...parts, names });
    rewriteGlobals(this.#methods, this.#natives, this.#scopes, this.#source, gate);
    const outer = new Map<Method, OuterUse[]>();
    for (const use of this.#outer) {
      for (const method of use.within) {
        const list = outer.get(method);
        if (list === undefined) outer.set(method, [use]);
        else list.push(use);
      }
    }
    return { gate, imported, names, functions, outer };
  }

  #lower({ gate, names, functions, outer }: Naming, isDense: boolean): readonly LoweredMethod[] {
    const calls = new Calls(this.#program, this.#variables, this.#methods, isDense);
    const module: ModuleContext = {
      path: this.#options.path,
      links: this.#links,
      source: this.#source,
      scopes: this.#scopes,
      variables: this.#variables,
      names,
      calls,
      accessors: new Accessors({
        methods: this.#methods,
        calls,
        scopes: this.#scopes,
        isDense,
        others: this.#options.whole?.accessors ?? new Set(),
      }),
      awaited: new AwaitedCalls(this.#scopes, this.#methods),
      freshGenerators: new FreshGenerators(this.#scopes, this.#links === null ? this.#methods : [], (base) =>
        this.#names.fresh(base),
      ),
      functions,
      classes: this.#classes,
      outer,
      isDense,
      gate,
      fresh: (base) => this.#names.fresh(base),
      normalised: (given) => this.#names.normalised(given),
    };
    this.#classes.settle((part) => hasLoop(part) || reachesSite(module, part));
    const { digest } = this.#options;
    const lowered = this.#methods
      .filter((method) => this.#classes.isLowered(method))
      .map((method) => lowerMethod(module, method, digest));
    return printClasses(module, this.#methods, lowered, digest);
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
    const movable = new Set(this.#methods.map((method) => method.node));
    walk(this.#program, (node) => {
      if (!isFunction(node) || movable.has(node)) return;
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
      if (!importing.has(node.type)) return;
      const source = optional(node, 'source');
      if (source?.type !== 'Literal') return;
      const specifier = String(source['value']);
      this.#imports.add(specifier);
      const rewritten = this.#options.rewriteSpecifier(specifier);
      if (rewritten !== specifier) this.#source.edit(source.start, source.end, JSON.stringify(rewritten));
    });
  }
}

const importing = new Set([
  'ImportDeclaration',
  'ExportNamedDeclaration',
  'ExportAllDeclaration',
  'ImportExpression',
]);
