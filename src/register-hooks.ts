import type { LoadFnOutput, LoadHookContext, ResolveFnOutput, ResolveHookContext } from 'node:module';
import {
  finishLoad,
  isUnknownExtension,
  type LoadedSource,
  planLoad,
  typeScriptSpecifier,
} from './loader/node-load.ts';

type NextLoad = (url: string, context?: Partial<LoadHookContext>) => LoadFnOutput | Promise<LoadFnOutput>;
type NextResolve = (
  specifier: string,
  context?: Partial<ResolveHookContext>,
) => ResolveFnOutput | Promise<ResolveFnOutput>;

/** Lets `./words.js` name the file words.ts, as TypeScript does. */
export async function resolve(
  specifier: string,
  context: ResolveHookContext,
  next: NextResolve,
): Promise<ResolveFnOutput> {
  return next(typeScriptSpecifier(specifier, context.parentURL), context);
}

/** Compiles movable files, and erases the types of other TypeScript. Files in node_modules stay as they are. */
export async function load(url: string, context: LoadHookContext, next: NextLoad): Promise<LoadFnOutput> {
  const plan = planLoad(url);
  if (plan.kind === 'leave') return next(url, context);
  if (plan.kind === 'loaded') return output(plan);
  return output(finishLoad(plan.path, await answerOf(() => next(url, context))));
}

async function answerOf(ask: () => LoadFnOutput | Promise<LoadFnOutput>): Promise<LoadedSource | null> {
  try {
    return (await ask()) as LoadedSource;
  } catch (thrown) {
    if (isUnknownExtension(thrown)) return null;
    throw thrown;
  }
}

function output({ format, source }: LoadedSource): LoadFnOutput {
  return { format, source, shortCircuit: true } as LoadFnOutput;
}
