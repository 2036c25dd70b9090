import { methodId } from '../../core/ids.ts';
import { type Described, lineText, originText, siteText } from '../../core/code-tables.ts';
import { textHash } from '../../core/text-hash.ts';
import type { CompiledMethod, CompileOptions, CompileOutcome, HeldVariable } from './contract.ts';
import { type Classes, classNames } from './classes.ts';
import { type Method, standsInClass } from './functions.ts';
import type { LoweredMethod } from './methods.ts';
import type { Scopes } from './scopes.ts';
import { finish, type FinishedText, sourceMapOf, type SourceText, withoutMarks } from './source-text.ts';
import type { Node } from './syntax.ts';
import type { Links } from './whole.ts';

/** What a module's text is put together from. */
interface ModuleParts {
  readonly program: Node;
  readonly source: SourceText;
  readonly options: CompileOptions;
  readonly scopes: Scopes;
  /** Names of the module's enums and namespaces. */
  readonly spaces: ReadonlySet<string>;
  readonly links: Links | null;
  readonly methods: readonly Method[];
  readonly classes: Classes;
  readonly isMovableFile: boolean;
  /** Specifiers as written. */
  readonly imports: ReadonlySet<string>;
  readonly gate: string;
  /** The import that the gate comes by. */
  readonly imported: string;
}

/** Puts a module together: its own text with the lowered methods in their places, and what it tells the runtime of them. */
export function printModule(parts: ModuleParts, lowered: readonly LoweredMethod[]): CompileOutcome {
  return new ModulePrinter(parts).print(lowered);
}

class ModulePrinter {
  readonly #parts: ModuleParts;

  constructor(parts: ModuleParts) {
    this.#parts = parts;
  }

  print(lowered: readonly LoweredMethod[]): CompileOutcome {
    const { source, links, imports } = this.#parts;
    const { path } = this.#parts.options;
    let body = '';
    let at = 0;
    if (links !== null) {
      for (const native of links.natives) body += `${source.slice(native.start, native.end)}\n`;
      body += lowered[0]?.text ?? '';
      at = source.source.length;
    }
    for (const method of links === null ? lowered : []) {
      if (method.method.parent !== null) continue;
      body += source.slice(at, method.method.node.start) + method.text;
      at = method.method.node.end;
    }
    body += source.slice(at, source.source.length);
    for (const { factory, resume, step, form } of lowered) {
      if (factory !== null) body += `\n${factory}`;
      if (resume !== '') body += `\n${resume}`;
      if (step !== '') body += `\n${step}`;
      if (form !== '') body += `\n${form}`;
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
      sourceMap: sourceMapOf(path, source.origin?.source ?? source.source, finished.lines),
      methods: lowered.map((method) => this.#describe(method)),
      imports: [...imports],
    };
  }

  /** Whether the code stays a script: it is no ECMAScript module. */
  get #isClassic(): boolean {
    return (this.#parts.options.format ?? 'module') !== 'module';
  }

  #describe({ method, isAsync, length, code, sites, layout }: LoweredMethod): CompiledMethod {
    return {
      id: methodId(`${this.#parts.options.path}#${method.id}`),
      name: method.name,
      code,
      isAsync,
      length,
      exported: method.exported,
      line: this.#parts.source.lineOf(method.node.start),
      sites: sites.map(({ pc, kind, line }) => ({ pc, kind, line })),
      held: heldVariables(layout, sites),
    };
  }

  /** What the module tells the runtime of each method, before anything runs. */
  #header(lowered: readonly LoweredMethod[], finished: FinishedText): string {
    const { path, runtimeSpecifier } = this.#parts.options;
    const lines = new Map<number, [number, number][]>();
    for (const [key, line] of finished.siteLines) {
      const [owner, pc] = key.split(':').map(Number) as [number, number];
      const list = lines.get(owner);
      if (list === undefined) lines.set(owner, [[line, pc]]);
      else list.push([line, pc]);
    }
    const metas = lowered.map((method) => {
      const { index } = method.method;
      const described = JSON.stringify([
        path,
        method.method.id,
        method.code,
        method.method.name,
        this.#parts.source.lineOf(method.method.node.start),
        method.layout,
        method.constructs ? 1 : 0,
        siteText(method.sites.map(({ kind, line, live }) => [kind, line, live])),
        lineText(lines.get(index * 2) ?? []),
        lineText(lines.get(index * 2 + 1) ?? []),
        standsInClass(method.method) ? '' : textHash(withoutMarks(method.factory ?? method.text)),
        hashOf(method.resume),
        hashOf(method.step),
      ] satisfies Described);
      const factory = this.#factoryOf(method);
      return `const ${method.metaName} = ${this.#parts.gate}.method(${quoted(described)}, ${method.resumeName}, ${factory}, ${JSON.stringify(method.method.form === 'class' ? 'class' : method.method.kind)}, ${method.stepName});\n`;
    });
    const { gate, imported, scopes } = this.#parts;
    const first = this.#isClassic
      ? `${scopes.isStrict(null) ? '"use strict"; ' : ''}const ${gate} = globalThis[Symbol.for("godwit.gate.1")];`
      : `import { $ as ${imported} } from ${JSON.stringify(runtimeSpecifier)}; const ${gate} = ${imported};`;
    return `${first}${this.#classNames()}\n${metas.join('')}`;
  }

  /** Variables that hold the classes of the module, and what they use. */
  #classNames(): string {
    const names = [...this.#parts.classes.all()]
      .filter(({ method }) => method.parent === null)
      .flatMap((facts) => classNames(facts));
    return names.length === 0 ? '' : ` let ${names.join(', ')};`;
  }

  #factoryOf({ factory }: LoweredMethod): string | null {
    return factory === null ? null : (/^function ([^(]+)/.exec(factory)?.[1] ?? null);
  }

  /** What the module tells the runtime once it was evaluated. Whatever says where things are stands after them. */
  #registration(lowered: readonly LoweredMethod[], finished: FinishedText): string {
    const { path } = this.#parts.options;
    const constants = this.#parts.isMovableFile && this.#parts.links === null ? this.#constants() : [];
    const line = finished.lines.length + 1;
    const url = this.#isClassic ? 'require("node:url").pathToFileURL(__filename).href' : 'import.meta.url';
    const list = lowered.map((method) => `[${method.metaName}, ${this.#reference(method)}]`).join(', ');
    return `\n${this.#parts.gate}.module(${url}, ${JSON.stringify(path)}, ${line}, [${list}], { ${constants.join(', ')} }, '${originText(finished.lines)}', ${this.#exportTable()}, ${quoted(JSON.stringify(lowered.flatMap(({ spoken }) => spoken)))});\n`;
  }

  #exportTable(): string {
    if (this.#parts.links === null) return 'null';
    const { table } = this.#parts.links;
    if (!this.#isClassic) return JSON.stringify(table);
    const isCommon = this.#parts.options.format === 'commonjs';
    return `{ ...${JSON.stringify(table)}, require: ${isCommon ? 'require' : 'null'} }`;
  }

  /** The function of a method that stands at the top level of the module. */
  #reference({ method, bodyName }: LoweredMethod): string {
    if (bodyName !== '') return bodyName;
    if (method.parent !== null) return 'null';
    if (method.form === 'class') return this.#parts.classes.factsOf(method).home.name;
    return method.binding?.name ?? method.name;
  }

  /** Names of the module's constants besides its methods. */
  #constants(): readonly string[] {
    return this.#parts.scopes.bindings
      .filter(({ owner, kind, scope }) => owner === null && kind === 'const' && scope === this.#parts.program)
      .filter((binding) => !this.#parts.methods.some((method) => method.binding === binding))
      .filter(({ name }) => !this.#parts.spaces.has(name))
      .map(({ name }) => name);
  }
}

/** What is live at which lines. */
function heldVariables(layout: readonly string[], sites: LoweredMethod['sites']): readonly HeldVariable[] {
  const lines = layout.map(() => new Set<number>());
  for (const { line, live } of sites) for (const index of live) lines[index]?.add(line);
  return layout.flatMap((name, index) => {
    const own = [...(lines[index] ?? [])].sort((a, b) => a - b);
    return name === '' || own.length === 0 ? [] : [{ name, lines: own }];
  });
}

/** As a literal: most of these texts are full of the other quotes. */
function quoted(text: string): string {
  return `'${text.replace(/[\\']/g, '\\$&')}'`;
}

function hashOf(body: string): string {
  return body === '' ? '' : textHash(withoutMarks(body));
}
