import { existsSync, readFileSync } from 'node:fs';
import { relative, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { SystemDigest } from '../digest.ts';
import { ownInstallation } from '../methods/packages/disk.ts';
import { CompileCache, cacheFolder } from './compile-cache.ts';
import { compilerText, compileUnit, type SourceUnit } from './compilation.ts';
import { LoadRefusedError } from './errors.ts';
import { isProgramFile, isTypeScript, mayBeMovable } from './directive.ts';
import { containsJsx, type ModuleFormat, moduleFormat } from './module-format.ts';
import { originOf, splitInlineMap, withInlineMap } from './source-map.ts';

/** What a loader gives for a file; `source` is null where Node.js is to load it as CommonJS itself. */
export interface LoadedSource {
  readonly format: string;
  readonly source: string | ArrayBuffer | Uint8Array | null | undefined;
}

/** What is to become of a file. */
export type LoadPlan =
  /** Whoever comes next loads it, and that is all. */
  | { readonly kind: 'leave' }
  | { readonly kind: 'loaded'; readonly format: ModuleFormat; readonly source: Uint8Array | null }
  /** Whoever comes next is asked first: see `finishLoad`. */
  | { readonly kind: 'ask'; readonly path: string };

const digest = new SystemDigest();
const folder = cacheFolder(process.env);
const cache = folder === null ? null : new CompileCache(folder, digest);
let madeBy: string | null = null;

/**
 * A file as it is to be run, with its source map; from the cache, if it was compiled before.
 *
 * @param path absolute
 */
export function compileFile(path: string, content: Uint8Array, format: ModuleFormat): Uint8Array {
  if (cache === null) return compileAnew(path, content, format);
  madeBy ??= digest.sha256(Buffer.from(compilerText() + ownInstallation.runtime));
  const key = cache.key(content, [madeBy, format, path, process.cwd()]);
  const kept = cache.get(key);
  if (kept !== null) return kept;
  const compiled = compileAnew(path, content, format);
  cache.put(key, compiled);
  return compiled;
}

function compileAnew(path: string, content: Uint8Array, format: ModuleFormat): Uint8Array {
  const source = new TextDecoder().decode(content);
  return runnable(path, { path: nameOf(path), source, format, origin: null });
}

function runnable(path: string, unit: SourceUnit): Uint8Array {
  const { code, sourceMap } = compileUnit(unit, digest, ownInstallation.runtime);
  // The compiler's map calls the file what its methods do; Node.js is to find it wherever it is.
  const map = JSON.parse(sourceMap) as Record<string, unknown>;
  const named = { ...map, sources: [pathToFileURL(path).href], sourcesContent: undefined };
  return Buffer.from(withInlineMap(code, JSON.stringify(named)));
}

/** Decides over a file before any other loader sees it. A movable file is compiled from what its author wrote. */
export function planLoad(url: string): LoadPlan {
  if (!url.startsWith('file:')) return { kind: 'leave' };
  const path = fileURLToPath(url.replace(/[?#].*$/, ''));
  if (!isProgramFile(sep === '/' ? path : path.split(sep).join('/'))) return { kind: 'leave' };
  if (!isTypeScript(path) && !path.endsWith('x')) {
    const content = readFileSync(path);
    if (!mayBeMovable(content)) return { kind: 'leave' };
    return compiled(path, content);
  }
  // Another loader may know more of TypeScript and JSX than godwit does; movable files need no other.
  if (path.endsWith('x')) return { kind: 'ask', path };
  const content = readFileSync(path);
  return mayBeMovable(content) ? compiled(path, content) : { kind: 'ask', path };
}

/** CommonJS is compiled where it is required: see `require-hooks.ts`. */
function compiled(path: string, content: Uint8Array): LoadPlan & LoadedSource {
  const format = moduleFormat(path, content);
  const source = format === 'commonjs' ? null : compileFile(path, content, format);
  return { kind: 'loaded', format, source };
}

/**
 * What becomes of a file after whoever came next was asked.
 *
 * @param answer what that gave; null when it did not know files of this kind
 */
export function finishLoad(path: string, answer: LoadedSource | null): LoadedSource {
  if (answer === null || answer.format.endsWith('-typescript')) {
    const content = readFileSync(path);
    if (containsJsx(path, content.toString())) {
      throw new LoadRefusedError(
        `${nameOf(path)} contains JSX, which godwit leaves to others. Load another tool before it: \`node --import tsx --import godwit/register\`.`,
      );
    }
    return compiled(path, content);
  }
  const { format, source } = answer;
  if (source === null || source === undefined || format !== 'module') return answer;
  const text = typeof source === 'string' ? source : new TextDecoder().decode(source);
  return mayBeMovable(text) ? { format, source: compileMade(path, text) } : answer;
}

/** Compiles what another loader has made of a file, in terms of what its author wrote. */
function compileMade(path: string, text: string): Uint8Array {
  const { code, map } = splitInlineMap(text);
  const origin = map === null ? null : originOf(map, null);
  return runnable(path, { path: nameOf(path).replace(/x$/, ''), source: code, format: 'module', origin });
}

/** Whether nobody knew what to do with a file. */
export function isUnknownExtension(thrown: unknown): boolean {
  return (thrown as NodeJS.ErrnoException | null)?.code === 'ERR_UNKNOWN_FILE_EXTENSION';
}

/** Lets `./words.js` name the file words.ts, as TypeScript does. @returns the specifier to resolve */
export function typeScriptSpecifier(specifier: string, parentUrl: string | undefined): string {
  if (!/^\.{1,2}\/.*\.[cm]?jsx?$/.test(specifier) || parentUrl?.startsWith('file:') !== true)
    return specifier;
  const isThere = (name: string): boolean => existsSync(fileURLToPath(new URL(name, parentUrl)));
  if (isThere(specifier)) return specifier;
  const candidates = [specifier.replace(/js(x?)$/, 'ts$1'), specifier.replace(/js$/, 'tsx')];
  return candidates.find(isThere) ?? specifier;
}

/** The file as the program's author sees it: relative to the working folder. */
function nameOf(path: string): string {
  return relative(process.cwd(), path).split(sep).join('/');
}
