import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { SystemDigest } from '../digest.ts';
import { builtEntry } from '../entries.ts';
import { moduleFormat } from '../loader/module-format.ts';
import {
  type Builds,
  compileBuilds,
  compileModule,
  type CompileOptions,
  type CompileOutcome,
  type Refusal,
} from '../methods/compiler/index.ts';
import { ownInstallation } from '../methods/packages/disk.ts';
import { accessorNames } from './accessor-names.ts';
import { entryMethod, entryText, wholeEntryText } from './program-entry.ts';
import { countPoints, namesOfScript, type SourcePoint } from './points/source-points.ts';
import type { LoaderMap, ProgramEntry } from './process/messages.ts';
import { requiredBy } from './required-files.ts';
import { bundleScripts } from './script-bundle.ts';

/**
 * How the same source becomes a program: as it is; so, but it counts the safe points that it passes; with a check at each safe
 * point; or as it is deployed.
 */
export type Build = 'native' | 'counted' | 'dense' | 'production';

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
      /** Whether modules are in it. */
      readonly hasModules: boolean;
      readonly entry: ProgramEntry;
      /** Id of the method that it begins with; empty for a native one. */
      readonly method: string;
      /** The safe points of a counted program's source; for others none. */
      readonly points: readonly SourcePoint[];
      /** JSON file with these. */
      readonly pointsFile: string | null;
      /** Where a line of what was compiled stands in what its author wrote. */
      readonly placeOf: (file: string, line: number) => { readonly file: string; readonly line: number };
    }
  | { readonly kind: 'refused'; readonly refusals: readonly Refusal[] };

const digest = new SystemDigest();
const directive = /(["'])use movable\1/g;

/**
 * Compiles a program and all that it imports by relative path into files under a folder.
 *
 * @param known what was compiled for another build of the same source already
 * @param harm plants a fault in what the compiler has made
 */
export function compileProgram(
  source: ProgramSource,
  build: Build,
  folder: string,
  known: KnownBuilds = new Map(),
  harm = (code: string): string => code,
): CompiledProgram {
  mkdirSync(folder, { recursive: true });
  const compiler = new ProgramCompiler(source, build, folder, known, harm);
  return source.script ? compiler.scripts() : compiler.modules();
}

/** Both movable builds of each module, by its URL. */
export type KnownBuilds = Map<string, Builds>;

type Compiled = CompileOutcome & { readonly kind: 'compiled' };

class ProgramCompiler {
  readonly #known: KnownBuilds;
  readonly #harm: (code: string) => string;
  readonly #source: ProgramSource;
  readonly #build: Build;
  readonly #folder: string;
  /** Whether every module belongs to the execution. */
  readonly #isWhole: boolean;
  readonly #map: Record<string, LoaderMap[string]> = {};
  readonly #points: SourcePoint[] = [];
  readonly #refusals: Refusal[] = [];
  /** Whether no module imports anything but Node.js's own modules and others of the program, or asks where it is. */
  #isPlain = true;
  #accessors: ReadonlySet<string> = new Set();
  #files = 0;

  constructor(
    source: ProgramSource,
    build: Build,
    folder: string,
    known: KnownBuilds,
    harm: (code: string) => string,
  ) {
    this.#known = known;
    this.#harm = harm;
    this.#source = source;
    this.#build = build;
    this.#folder = folder;
    this.#isWhole = source.all && !this.#isNative;
  }

  get #isNative(): boolean {
    return this.#build === 'native' || this.#build === 'counted';
  }

  scripts(): CompiledProgram {
    const files = [...this.#source.include, this.#source.file];
    const urls = files.map((file) => pathToFileURL(file).href);
    if (this.#build === 'counted') return this.#finish({ kind: 'scripts', urls: this.#counted(urls) }, '');
    if (this.#build === 'native') return this.#finish({ kind: 'scripts', urls }, '');
    const url = urls.at(-1) ?? '';
    const bundle = bundleScripts(files);
    if (!this.#isWhole) this.#refuse({ what: 'a script', instead: 'a module, or give --all' });
    else {
      const outcome = this.#compile(url, bundle.text, 'script');
      if (outcome.kind === 'compiled') this.#write(url, outcome.code, 'script');
      else {
        for (const refusal of outcome.refusals) {
          const place = bundle.placeOf(refusal.line);
          const path = place === null ? refusal.path : nameOf(pathToFileURL(place.file).href);
          this.#refusals.push({ ...refusal, path, line: place?.line ?? refusal.line });
        }
      }
    }
    return this.#finish({ kind: 'scripts', urls: [url] }, `${nameOf(url)}#`, (file, line) => {
      const place = bundle.placeOf(line);
      return place === null
        ? { file, line }
        : { file: nameOf(pathToFileURL(place.file).href), line: place.line };
    });
  }

  /** Scripts that count their points, in files of their own. */
  #counted(urls: readonly string[]): readonly string[] {
    const texts = urls.map((url) => [url, readFileSync(fileURLToPath(url), 'utf8')] as const);
    const names = new Set(texts.flatMap(([url, text]) => [...namesOfScript(text, nameOf(url))]));
    return texts.map(
      ([url, text]) =>
        pathToFileURL(this.#write(url, this.#countedText(url, text, 'script', names), 'script')).href,
    );
  }

  #countedText(
    url: string,
    text: string,
    format: 'module' | 'commonjs' | 'script',
    elsewhere: ReadonlySet<string> = new Set(),
  ): string {
    const options = { file: nameOf(url), format, isWhole: this.#source.all, elsewhere };
    return countPoints(text, options, this.#points);
  }

  modules(): CompiledProgram {
    const url = pathToFileURL(this.#source.file).href;
    const seen = new Set([url]);
    if (this.#isWhole) this.#accessors = accessorNames(url, fileThatIs);
    let hasMain = false;
    for (const module of seen) {
      const outcome = this.#module(module);
      if (outcome === null) continue;
      for (const found of outcome.files) seen.add(found);
      if (module === url) hasMain = outcome.hasMain;
    }
    if (this.#isNative) return this.#finish({ kind: 'module', urls: [url] }, '');
    if (!hasMain && !this.#isWhole && this.#refusals.length === 0) {
      const instead = "'use movable' as the first line, and export function main(); or give --all";
      this.#refuse({ what: 'a file without an exported movable function main()', instead });
    }
    const entry = new URL('godwit-verified.mjs', url).href;
    const program = `./${url.slice(url.lastIndexOf('/') + 1)}`;
    const api = builtEntry('methods/runtime/api').href;
    const isCommonJs = formatOf(fileURLToPath(url)) === 'commonjs';
    const text = this.#isWhole ? wholeEntryText(program, api, isCommonJs) : entryText(program, api);
    this.#add(entry, text, 'module');
    // A whole module imports none of the others: the runtime brings them together.
    const urls = this.#isWhole ? this.#wholeModules() : [entry];
    return this.#finish({ kind: 'module', urls }, `${nameOf(entry)}#${this.#isWhole ? '' : entryMethod}`);
  }

  /**
   * Where nothing in the program can tell, its modules are loaded from where they were compiled to: without Node.js's hooks,
   * which cost more than all the rest of a process's start.
   */
  #wholeModules(): readonly string[] {
    const modules = Object.entries(this.#map).filter(([, known]) => known?.format === 'module');
    if (!this.#isPlain) return modules.map(([url]) => url);
    return modules.map(([url, known]) => {
      Reflect.deleteProperty(this.#map, url);
      return pathToFileURL(known?.file ?? '').href;
    });
  }

  #finish(entry: ProgramEntry, method: string, placeOf = asWritten): CompiledProgram {
    if (this.#refusals.length > 0) return { kind: 'refused', refusals: this.#refusals };
    const map = join(this.#folder, 'map.json');
    writeFileSync(map, JSON.stringify(this.#map));
    const hasModules = Object.values(this.#map).some((known) => known?.format === 'module');
    const points = this.#points;
    const pointsFile = this.#build === 'counted' ? join(this.#folder, 'points.json') : null;
    if (pointsFile !== null) writeFileSync(pointsFile, JSON.stringify(points));
    return { kind: 'compiled', map, hasModules, entry, method, points, pointsFile, placeOf };
  }

  #refuse(found: Pick<Refusal, 'what' | 'instead'>): void {
    this.#refusals.push({
      path: nameOf(pathToFileURL(this.#source.file).href),
      line: 1,
      column: 1,
      ...found,
    });
  }

  /** @returns what else belongs to the program; null for what Node.js loads itself */
  #module(url: string): { readonly files: readonly string[]; readonly hasMain: boolean } | null {
    const path = fileURLToPath(url);
    const format = formatOf(path);
    if (format === null) return null;
    const text = readFileSync(path, 'utf8');
    if (format === 'commonjs') {
      // Natively, and where only marked functions move, Node.js loads it itself.
      if (this.#build === 'counted' && this.#source.all)
        this.#write(url, this.#countedText(url, text, format), format);
      else if (!this.#isWhole || this.#add(url, text, format) === null) return null;
      return { files: requiredBy(path, text).map((file) => pathToFileURL(file).href), hasMain: false };
    }
    const counted = this.#build === 'counted' ? this.#countedText(url, text, format) : text;
    const written = this.#isNative ? counted.replaceAll(directive, '$1as written$1') : text;
    const outcome = this.#add(url, written, format);
    if (outcome === null) return null;
    const files = outcome.imports.flatMap((specifier) => fileThatIs(specifier, url) ?? []);
    return { files, hasMain: outcome.methods.some(({ name, exported }) => exported && name === 'main') };
  }

  #add(url: string, text: string, format: 'module' | 'commonjs'): Compiled | null {
    const outcome = this.#compile(url, text, format);
    if (outcome.kind === 'refused') {
      this.#refusals.push(...outcome.refusals);
      return null;
    }
    const isChanged = this.#isWhole || this.#build === 'counted';
    const isCompiled = isChanged || outcome.methods.length > 0 || /\.[cm]?ts$/.test(url);
    // Nothing of plain JavaScript is changed for native runs, if Node.js too takes it for a module.
    if (!isCompiled && moduleFormat(fileURLToPath(url), new Uint8Array()) === 'module') return outcome;
    this.#isPlain &&=
      !/\bimport\s*(?:\.|\()/.test(text) &&
      outcome.imports.every((specifier) => this.#isWithin(specifier, url));
    this.#write(url, isCompiled ? outcome.code : text, format === 'module' ? 'module' : 'script');
    return outcome;
  }

  #compile(url: string, text: string, format: CompileOptions['format']): CompileOutcome {
    const { dense, production } = this.#builds(url, text, format);
    return this.#build === 'dense' ? dense : production;
  }

  #builds(url: string, text: string, format: CompileOptions['format']): Builds {
    const known = this.#isNative ? undefined : this.#known.get(url);
    if (known !== undefined) return known;
    const options: CompileOptions = {
      path: nameOf(url),
      digest,
      whole: this.#isWhole
        ? { resolve: (specifier) => this.#partOf(specifier, url), accessors: this.#accessors }
        : null,
      ...(format === undefined ? {} : { format }),
      runtimeSpecifier: ownInstallation.runtime,
      rewriteSpecifier: (specifier) => (specifier === 'godwit' ? builtEntry('index').href : specifier),
    };
    if (this.#isNative) {
      const erased = compileModule(text, options);
      return { dense: erased, production: erased };
    }
    const builds = compileBuilds(text, options);
    this.#known.set(url, builds);
    return builds;
  }

  /** @returns the file */
  #write(url: string, code: string, format: string): string {
    const file = join(this.#folder, `${this.#files}.mjs`);
    this.#files += 1;
    writeFileSync(file, this.#harm(code));
    this.#map[url] = { format, file };
    return file;
  }

  #isWithin(specifier: string, from: string): boolean {
    return /^(?:node|file):/.test(specifier) || this.#partOf(specifier, from) !== null;
  }

  /** The path of a module that belongs to the execution; null for what stays native. */
  #partOf(specifier: string, from: string): string | null {
    const url = fileThatIs(specifier, from);
    return url === null || formatOf(fileURLToPath(url)) === null ? null : nameOf(url);
  }
}

const asWritten = (file: string, line: number): { readonly file: string; readonly line: number } => ({
  file,
  line,
});

/** What kind of module of the program's own a file is; null for what Node.js loads itself. */
function formatOf(path: string): 'module' | 'commonjs' | null {
  if (!/\.[cm]?[jt]s$/.test(path) || path.includes(`${sep}node_modules${sep}`)) return null;
  if (/\.m?ts$/.test(path)) return 'module';
  return moduleFormat(path, readFileSync(path));
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
