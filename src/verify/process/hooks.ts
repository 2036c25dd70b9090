import { readFileSync } from 'node:fs';
import type { LoadFnOutput, LoadHookContext, ResolveFnOutput, ResolveHookContext } from 'node:module';
import type { LoaderMap } from './messages.ts';

type NextLoad = (url: string, context?: Partial<LoadHookContext>) => LoadFnOutput | Promise<LoadFnOutput>;
type NextResolve = (
  specifier: string,
  context?: Partial<ResolveHookContext>,
) => ResolveFnOutput | Promise<ResolveFnOutput>;

let map: LoaderMap = {};

/** Runs once, in the thread of the hooks. */
export function initialize(file: string): void {
  map = JSON.parse(readFileSync(file, 'utf8')) as LoaderMap;
}

export function resolve(
  specifier: string,
  context: ResolveHookContext,
  next: NextResolve,
): ResolveFnOutput | Promise<ResolveFnOutput> {
  const url = inPlace(specifier, context.parentURL);
  return url === null ? next(specifier, context) : { url, shortCircuit: true };
}

/** Loads what was compiled beforehand in place of what is on disk, under the same URL. */
export function load(
  url: string,
  context: LoadHookContext,
  next: NextLoad,
): LoadFnOutput | Promise<LoadFnOutput> {
  const known = map[url];
  if (known === undefined || known.format !== 'module') return next(url, context);
  return {
    format: known.format as LoadFnOutput['format'],
    source: readFileSync(known.file, 'utf8'),
    shortCircuit: true,
  };
}

/** A module of the map that a specifier names, as TypeScript resolves it: `./words.js` may be words.ts. */
function inPlace(specifier: string, parent: string | undefined): string | null {
  if (specifier in map) return specifier;
  if (parent === undefined || !/^(?:\.{1,2}\/|file:)/.test(specifier) || !URL.canParse(specifier, parent))
    return null;
  const { href } = new URL(specifier, parent);
  return (
    [href, href.replace(/js$/, 'ts'), `${href}.js`, `${href}.ts`, `${href}/index.js`].find(
      (url) => url in map,
    ) ?? null
  );
}
