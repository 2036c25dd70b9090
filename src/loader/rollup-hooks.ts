import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Digest } from '../core/ports.ts';
import { refusalText } from '../methods/compiler/index.ts';
import { type CompiledBundle, compileBundle } from './bundle.ts';
import type { MovableModules } from './movable-modules.ts';
import { readMap, type SourceMapDocument, withInlineMap, writeMap } from './source-map.ts';

/** Output options of Rollup, Rolldown and Vite, as far as they matter here. */
export interface OutputOptions {
  readonly dir?: string | undefined;
  readonly file?: string | undefined;
  readonly format?: string | undefined;
  sourcemap?: boolean | 'inline' | 'hidden' | undefined;
}

/** A file of a bundle; chunks can be changed until they are written. */
export interface OutputFile {
  readonly type: string;
  readonly fileName: string;
  code?: string;
  map?: unknown;
  source?: string | Uint8Array;
}

interface Reporter {
  warn(message: string): void;
  error(message: string): never;
}

/** What Rollup, Rolldown and Vite are given: the compiler stands at the very end, after everything that prints code. */
export class RollupHooks {
  readonly #modules: MovableModules;
  readonly #digest: Digest;
  /** Code as it was compiled, by absolute path: it has to be written like that. */
  readonly #compiled = new Map<string, string>();
  #dropsMaps = false;

  constructor(modules: MovableModules, digest: Digest) {
    this.#modules = modules;
    this.#digest = digest;
  }

  /** Tells what a file cannot be. @returns whether it is movable */
  examine(id: string, code: string | null, reporter: Reporter): boolean {
    const found = this.#modules.examine(id, code);
    if (found.kind === 'refused') reporter.error(refusalText(found));
    return found.kind === 'movable';
  }

  /** The compiler needs to know what came from where; nobody else gets a map that was not asked for. */
  withMaps<Options extends OutputOptions>(options: Options): Options {
    if (options.sourcemap) return options;
    this.#dropsMaps = true;
    return { ...options, sourcemap: 'hidden' };
  }

  generate(options: OutputOptions, bundle: Record<string, OutputFile>, reporter: Reporter): void {
    const folder = folderOf(options);
    for (const file of Object.values(bundle)) {
      if (file.type !== 'chunk' || file.code === undefined) continue;
      const compiled = this.#compile(folder, file.fileName, file.code, file.map);
      if (compiled === null) continue;
      for (const warning of compiled.warnings) reporter.warn(warning);
      if (compiled.methods.length === 0) continue;
      const map = writeMap(compiled.map);
      file.code = options.sourcemap === 'inline' ? inlined(compiled.code, map) : compiled.code;
      this.#compiled.set(join(folder, file.fileName), file.code);
      const mapFile = bundle[`${file.fileName}.map`];
      if (mapFile !== undefined) mapFile.source = JSON.stringify({ file: file.fileName, ...map });
    }
    if (!this.#dropsMaps) return;
    for (const name of Object.keys(bundle)) if (name.endsWith('.map')) Reflect.deleteProperty(bundle, name);
  }

  /** A check that nothing has changed the code after it was compiled. */
  verify(options: OutputOptions, bundle: Record<string, OutputFile>, reporter: Reporter): void {
    for (const { fileName } of Object.values(bundle)) {
      const path = join(folderOf(options), fileName);
      const compiled = this.#compiled.get(path);
      if (compiled === undefined || readFileSync(path, 'utf8') === compiled) continue;
      reporter.warn(
        `${fileName} was changed after its methods were compiled: they cannot be moved. ` +
          'Let the godwit plugin be the last one.',
      );
    }
  }

  #compile(folder: string, fileName: string, code: string, chunkMap: unknown): CompiledBundle | null {
    const map = readMap(chunkMap);
    if (map === null) return null;
    const from = dirname(join(folder, fileName));
    const modules = map.sources.map((source) => this.#modules.get(resolve(from, source)));
    if (modules.every((module) => module === null)) return null;
    return compileBundle({ code, map, modules }, this.#digest);
  }
}

function folderOf({ dir, file }: OutputOptions): string {
  return resolve(dir ?? (file === undefined ? '.' : dirname(file)));
}

function inlined(code: string, map: SourceMapDocument): string {
  const plain = code.replace(/\n\/\/# sourceMappingURL=data:[^\n]*/, '\n');
  return withInlineMap(plain, JSON.stringify(map));
}
