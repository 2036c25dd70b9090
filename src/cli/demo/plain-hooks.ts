import { readFile } from 'node:fs/promises';
import type { LoadFnOutput, LoadHookContext } from 'node:module';
import { fileURLToPath } from 'node:url';
import { SystemDigest } from '../../digest.ts';
import { compileModule, refusalText } from '../../methods/compiler/index.ts';

type NextLoad = (url: string, context?: Partial<LoadHookContext>) => LoadFnOutput | Promise<LoadFnOutput>;

/** Erases the types of TypeScript, and does nothing else: what runs is the program as it was written. */
export async function load(url: string, context: LoadHookContext, next: NextLoad): Promise<LoadFnOutput> {
  if (!url.startsWith('file:') || !url.endsWith('.ts') || url.includes('/node_modules/'))
    return next(url, context);
  const source = await readFile(fileURLToPath(url), 'utf8');
  const outcome = compileModule(source.replace(/^(\s*)["']use movable["'];?/m, '$1'), {
    path: url,
    digest: new SystemDigest(),
    runtimeSpecifier: 'none',
    rewriteSpecifier: (specifier) => specifier,
  });
  if (outcome.kind === 'refused') throw new SyntaxError(refusalText(outcome));
  return { format: 'module', shortCircuit: true, source: outcome.code };
}
