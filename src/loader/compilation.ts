import { readdirSync, readFileSync, statSync } from 'node:fs';
import type { Digest } from '../core/ports.ts';
import { builtEntry } from '../entries.ts';
import { compileModule, compilerVersion, refusalText, type SourceOrigin } from '../methods/compiler/index.ts';
import type { CompileCache } from './compile-cache.ts';
import { LoadRefusedError } from './errors.ts';
import type { ModuleFormat } from './module-format.ts';

/** One file on its way through the compiler. */
export interface SourceUnit {
  /** As the program's author sees it: relative to the working folder, with `/`. */
  readonly path: string;
  readonly source: string;
  readonly format: ModuleFormat;
  /** What it was made from; null when its author wrote it as it is. */
  readonly origin: SourceOrigin | null;
}

export interface CompiledUnit {
  readonly code: string;
  /** Source map version 3, as JSON. */
  readonly sourceMap: string;
}

/** Compiles files for one place that they will be run in, and remembers what came out. */
export class Compilation {
  readonly #digest: Digest;
  readonly #cache: CompileCache | null;
  readonly #runtimeSpecifier: string;
  #version: string | null = null;

  constructor(digest: Digest, cache: CompileCache | null, runtimeSpecifier: string) {
    this.#digest = digest;
    this.#cache = cache;
    this.#runtimeSpecifier = runtimeSpecifier;
  }

  /** @throws {LoadRefusedError} with every refusal, by file and line */
  compile(unit: SourceUnit): CompiledUnit {
    // An origin is a function, and of tools that have been slower than the compiler: what came from it is not kept.
    if (this.#cache === null || unit.origin !== null) return this.#compile(unit);
    const { path, source, format } = unit;
    this.#version ??= versionText();
    const key = this.#cache.key([this.#version, this.#runtimeSpecifier, format, path, source]);
    const kept = readEntry(this.#cache.get(key));
    if (kept !== null) return kept;
    const compiled = this.#compile(unit);
    this.#cache.put(key, `${compiled.code.length}:${compiled.code}${compiled.sourceMap}`);
    return compiled;
  }

  #compile({ path, source, format, origin }: SourceUnit): CompiledUnit {
    const outcome = compileModule(source, {
      path,
      digest: this.#digest,
      runtimeSpecifier: this.#runtimeSpecifier,
      rewriteSpecifier: (specifier) => specifier,
      origin,
    });
    if (outcome.kind === 'refused') throw new LoadRefusedError(`\n${refusalText(outcome)}\n`);
    const code = format === 'commonjs' ? asCommonJs(outcome.code) : outcome.code;
    return { code, sourceMap: outcome.sourceMap };
  }
}

function readEntry(entry: string | null): CompiledUnit | null {
  if (entry === null) return null;
  const colon = entry.indexOf(':');
  const start = colon + 1;
  const end = start + Number(entry.slice(0, colon));
  return { code: entry.slice(start, end), sourceMap: entry.slice(end) };
}

/** What the compiler's output depends on besides its input: its version, and its own files as they were built. */
function versionText(): string {
  const folder = new URL('.', builtEntry('methods/compiler/index'));
  const files = readdirSync(folder).filter((name) => name.endsWith('.js'));
  const stamps = files.toSorted().map((name) => {
    const { size, mtimeMs } = statSync(new URL(name, folder));
    return `${name} ${size} ${mtimeMs}`;
  });
  const version = readFileSync(new URL('../package.json', builtEntry('index')), 'utf8');
  return [compilerVersion, version, ...stamps].join('\n');
}

/**
 * What the compiler adds to a module, as CommonJS says it; no line moves. The gate stands under its key since
 * `register` has loaded it in this thread.
 */
function asCommonJs(code: string): string {
  const header = /^import \{ \$ as ([\w$]+) \} from "(?:[^"\\]|\\.)*";/.exec(code);
  if (header === null) return code;
  const [text, name = ''] = header;
  const strict = /^\s*(?:\/\/.*\s*|\/\*[^]*?\*\/\s*|(['"])use movable\1;?\s*)*(['"])use strict\2/.test(
    code.slice(text.length),
  );
  const lead = strict ? '"use strict"; ' : '';
  return (
    `${lead}const ${name} = globalThis[Symbol.for("godwit.gate.1")];${code.slice(text.length)}`
      // Only where the module registers itself: CommonJS has no `import.meta` of its own.
      .replaceAll(
        `${name}.module(import.meta.url,`,
        `${name}.module(require("node:url").pathToFileURL(__filename).href,`,
      )
  );
}
