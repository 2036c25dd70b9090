import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { LoadFnOutput, LoadHookContext, ResolveFnOutput, ResolveHookContext } from 'node:module';
import { relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { GodwitError } from './core/errors.ts';
import { SystemDigest } from './digest.ts';
import { compileModule, refusalText } from './methods/compiler/index.ts';
import { ownInstallation } from './methods/packages/disk.ts';

type NextLoad = (url: string, context?: Partial<LoadHookContext>) => LoadFnOutput | Promise<LoadFnOutput>;
type NextResolve = (
  specifier: string,
  context?: Partial<ResolveHookContext>,
) => ResolveFnOutput | Promise<ResolveFnOutput>;

/** A file that cannot be loaded, because it says that it is movable and is not. */
class LoadRefusedError extends GodwitError {
  override readonly name = 'LoadRefusedError';
  readonly code = 'LOAD_REFUSED';
  readonly retryable = false;
}

const digest = new SystemDigest();
const directive = /["']use movable["']/;

/** Lets `./words.js` name the file words.ts, as TypeScript does. */
export async function resolve(
  specifier: string,
  context: ResolveHookContext,
  next: NextResolve,
): Promise<ResolveFnOutput> {
  if (/^\.{1,2}\/.*\.m?js$/.test(specifier) && context.parentURL?.startsWith('file:') === true) {
    const asTypeScript = specifier.replace(/js$/, 'ts');
    const isThere = (name: string): boolean => existsSync(fileURLToPath(new URL(name, context.parentURL)));
    if (!isThere(specifier) && isThere(asTypeScript)) return next(asTypeScript, context);
  }
  return next(specifier, context);
}

/** Compiles movable files, and erases the types of other TypeScript. Files in node_modules stay as they are. */
export async function load(url: string, context: LoadHookContext, next: NextLoad): Promise<LoadFnOutput> {
  const path = url.startsWith('file:') ? new URL(url).pathname : '';
  if (!/\.m?[jt]s$/.test(path) || path.includes('/node_modules/')) return next(url, context);
  const isTypeScript = /\.m?ts$/.test(path);
  const source = await readFile(fileURLToPath(new URL(path, 'file:')), 'utf8');
  if (!isTypeScript && !directive.test(source)) return next(url, context);
  if (!isTypeScript && context.format === 'commonjs') {
    throw new LoadRefusedError(
      `${nameOf(url)} is movable, but a CommonJS file. Name it .mjs, or set "type": "module" in its package.json.`,
    );
  }
  return { format: 'module', shortCircuit: true, source: compiled(url, source) };
}

function compiled(url: string, source: string): string {
  const outcome = compileModule(source, {
    path: nameOf(url),
    digest,
    runtimeSpecifier: ownInstallation.runtime,
    rewriteSpecifier: (specifier) => specifier,
  });
  if (outcome.kind === 'refused') throw new LoadRefusedError(`\n${refusalText(outcome)}\n`);
  const map = Buffer.from(outcome.sourceMap).toString('base64');
  return `${outcome.code}\n//# sourceMappingURL=data:application/json;base64,${map}\n`;
}

/** The file as the program's author sees it: relative to the working folder. */
function nameOf(url: string): string {
  const path = fileURLToPath(url.replace(/[?#].*$/, ''));
  return relative(process.cwd(), path).split(sep).join('/');
}
