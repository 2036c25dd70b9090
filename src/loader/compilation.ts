import { readdirSync, readFileSync, statSync } from 'node:fs';
import type { Digest } from '../core/ports.ts';
import { builtEntry } from '../entries.ts';
import { compileModule, compilerVersion, refusalText, type SourceOrigin } from '../methods/compiler/index.ts';
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

/**
 * Compiles a file for a thread whose runtime stands at `runtimeSpecifier`.
 *
 * @throws {LoadRefusedError} with every refusal, by file and line
 */
export function compileUnit(unit: SourceUnit, digest: Digest, runtimeSpecifier: string): CompiledUnit {
  const { path, source, format, origin } = unit;
  const outcome = compileModule(source, {
    path,
    digest,
    runtimeSpecifier,
    rewriteSpecifier: (specifier) => specifier,
    origin,
    format,
  });
  if (outcome.kind === 'refused') throw new LoadRefusedError(`\n${refusalText(outcome)}\n`);
  const { code, sourceMap } = outcome;
  return { code, sourceMap };
}

/** What the compiler's output depends on besides its input: its version, and its own files as they were built. */
export function compilerText(): string {
  const folder = new URL('.', builtEntry('methods/compiler/index'));
  const files = readdirSync(folder).filter((name) => name.endsWith('.js'));
  const stamps = files.toSorted().map((name) => {
    const { size, mtimeMs } = statSync(new URL(name, folder));
    return `${name} ${size} ${mtimeMs}`;
  });
  const version = readFileSync(new URL('../package.json', builtEntry('index')), 'utf8');
  return [compilerVersion, version, ...stamps].join('\n');
}
