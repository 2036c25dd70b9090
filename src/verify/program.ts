import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { SystemDigest } from '../digest.ts';
import { builtEntry } from '../entries.ts';
import { compileModule, type CompileOutcome, type Refusal } from '../methods/compiler/index.ts';
import { ownInstallation } from '../methods/packages/disk.ts';
import { entryMethod, entryText, wholeEntryText } from './program-entry.ts';
import type { LoaderMap, ProgramEntry } from './process/messages.ts';

/** How the same source becomes a program: as it is, with a check at each safe point, or as it is deployed. */
export type Build = 'native' | 'dense' | 'production';

export interface ProgramSource {
  readonly file: string;
  readonly all: boolean;
  readonly script: boolean;
  readonly include: readonly string[];
}

export type CompiledProgram =
  | {
      readonly kind: 'compiled';
      /** JSON file with a `LoaderMap`. */
      readonly map: string;
      readonly entry: ProgramEntry;
      readonly method: string;
    }
  | { readonly kind: 'refused'; readonly refusals: readonly Refusal[] };

const digest = new SystemDigest();
const directive = /(["'])use movable\1/g;

function isSource(path: string): boolean {
  return /\.[cm]?[jt]s$/.test(path) && !path.includes(`${sep}node_modules${sep}`);
}

/** Compiles a program and all that it imports by relative path into files under a folder. */
export function compileProgram(source: ProgramSource, build: Build, folder: string): CompiledProgram {
  mkdirSync(folder, { recursive: true });
  return new ProgramCompiler(source, build, folder).compile();
}

class ProgramCompiler {
  readonly #source: ProgramSource;
  readonly #build: Build;
  readonly #folder: string;
  readonly #map: Record<string, LoaderMap[string]> = {};
  readonly #refusals: Refusal[] = [];

  constructor(source: ProgramSource, build: Build, folder: string) {
    this.#source = source;
    this.#build = build;
    this.#folder = folder;
  }

  compile(): CompiledProgram {
    const url = pathToFileURL(this.#source.file).href;
    const seen = new Set([url]);
    let hasMain = false;
    for (const module of seen) {
      const outcome = this.#module(module);
      if (outcome === null) continue;
      for (const specifier of outcome.imports) {
        const found = fileThatIs(specifier, module);
        if (found !== null) seen.add(found);
      }
      if (module === url) hasMain = exportsMain(outcome);
    }
    if (this.#build === 'native') return this.#finish({ kind: 'module', urls: [url] }, '');
    if (!hasMain && !this.#source.all && this.#refusals.length === 0)
      this.#refusals.push(this.#withoutMain());
    const entry = new URL('godwit-verified.mjs', url).href;
    const program = `./${url.slice(url.lastIndexOf('/') + 1)}`;
    const api = builtEntry('methods/runtime/api').href;
    const text = this.#source.all ? wholeEntryText(program, api) : entryText(program, api);
    this.#add(entry, text);
    const method = `${nameOf(entry)}#${this.#source.all ? '' : entryMethod}`;
    // A whole module imports none of the others: the runtime brings them together.
    const urls = this.#source.all ? [...Object.keys(this.#map)] : [entry];
    return this.#refusals.length > 0
      ? { kind: 'refused', refusals: this.#refusals }
      : this.#finish({ kind: 'module', urls }, method);
  }

  #finish(entry: ProgramEntry, method: string): CompiledProgram {
    const map = join(this.#folder, 'map.json');
    writeFileSync(map, JSON.stringify(this.#map));
    return { kind: 'compiled', map, entry, method };
  }

  #withoutMain(): Refusal {
    return {
      path: nameOf(pathToFileURL(this.#source.file).href),
      line: 1,
      column: 1,
      what: 'a file without an exported movable function main()',
      instead: "'use movable' as the first line, and export function main(); or give --all",
    };
  }

  /** @returns null for what Node.js loads itself */
  #module(url: string): (CompileOutcome & { readonly kind: 'compiled' }) | null {
    const path = fileURLToPath(url);
    if (!isSource(path)) return null;
    const text = readFileSync(path, 'utf8');
    return this.#add(url, this.#build === 'native' ? text.replaceAll(directive, '$1as written$1') : text);
  }

  /** Whether every module belongs to the execution. */
  get #isWhole(): boolean {
    return this.#source.all && this.#build !== 'native';
  }

  /** The path of a module that belongs to the execution; null for what stays native. */
  #partOf(specifier: string, from: string): string | null {
    const url = fileThatIs(specifier, from);
    return url === null || !isSource(fileURLToPath(url)) ? null : nameOf(url);
  }

  #add(url: string, text: string): (CompileOutcome & { readonly kind: 'compiled' }) | null {
    const outcome = compileModule(text, {
      path: nameOf(url),
      digest,
      dense: this.#build === 'dense',
      whole: this.#isWhole ? { resolve: (specifier) => this.#partOf(specifier, url) } : null,
      runtimeSpecifier: ownInstallation.runtime,
      rewriteSpecifier: (specifier) => (specifier === 'godwit' ? builtEntry('index').href : specifier),
    });
    if (outcome.kind === 'refused') {
      this.#refusals.push(...outcome.refusals);
      return null;
    }
    const isTouched = this.#isWhole || outcome.methods.length > 0 || /\.[cm]?ts$/.test(url);
    if (isTouched) {
      const file = join(this.#folder, `${Object.keys(this.#map).length}.mjs`);
      writeFileSync(file, outcome.code);
      this.#map[url] = { format: 'module', file };
    }
    return outcome;
  }
}

function exportsMain(outcome: CompileOutcome & { readonly kind: 'compiled' }): boolean {
  return outcome.methods.some(({ name, exported }) => exported && name === 'main');
}

/** The file that a relative specifier names, as TypeScript resolves it; null for packages, and for what is not there. */
function fileThatIs(specifier: string, from: string): string | null {
  if (!/^\.{1,2}\//.test(specifier)) return null;
  const { href } = new URL(specifier, from);
  const found = [href, href.replace(/js$/, 'ts')].find((url) => existsSync(fileURLToPath(url)));
  return found ?? null;
}

/** As the program's author sees it: relative to the working folder. */
function nameOf(url: string): string {
  return relative(process.cwd(), fileURLToPath(url.replace(/[?#].*$/, '')))
    .split(sep)
    .join('/');
}
