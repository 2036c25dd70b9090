import * as nodeModule from 'node:module';
import { join } from 'node:path';
import { builtEntry } from './entries.ts';
import { showAuthorSites } from './loader/author-sites.ts';
import { cacheFolder } from './loader/compile-cache.ts';
import {
  finishLoad,
  isUnknownExtension,
  type LoadedSource,
  planLoad,
  typeScriptSpecifier,
} from './loader/node-load.ts';
import { hookRequire } from './loader/require-hooks.ts';
import { $ } from './methods/runtime/gate.ts';
import { readsRawSites } from './methods/runtime/stack-walk.ts';
import { platform } from './platform.ts';

// `node --import godwit/register app.ts`: movable files are compiled as they are loaded, and types are erased.

/** What newer versions of Node.js have instead of a thread for hooks. */
interface SynchronousHooks {
  resolve(specifier: string, context: { readonly parentURL?: string }, next: Next): unknown;
  load(url: string, context: object, next: Next): unknown;
}

type Next = (what: string, context: object) => unknown;

const { registerHooks, enableCompileCache } = nodeModule as unknown as {
  readonly registerHooks?: (hooks: SynchronousHooks) => void;
  readonly enableCompileCache?: (folder: string) => unknown;
};

// What movable files become is larger than what was written: Node.js is to parse it once, too, where it can remember.
const cache = cacheFolder(process.env);
if (cache !== null) enableCompileCache?.(join(cache, 'node'));

if (registerHooks === undefined) nodeModule.register(builtEntry('register-hooks'));
else {
  registerHooks({
    resolve: (specifier, context, next) => next(typeScriptSpecifier(specifier, context.parentURL), context),
    load: (url, context, next) => {
      const plan = planLoad(url);
      if (plan.kind === 'leave') return next(url, context);
      const loaded =
        plan.kind === 'loaded'
          ? plan
          : finishLoad(
              plan.path,
              answerOf(() => next(url, context)),
            );
      return { ...loaded, shortCircuit: true };
    },
  });
}
hookRequire();
$.isProxy = platform.isProxy;
// For tools that rewrite what they load themselves: see `loader/native-stub.ts`.
Reflect.set(globalThis, Symbol.for('godwit.native'), (url: string) => import(url) as Promise<unknown>);
process.setSourceMapsEnabled(true);
showAuthorSites((url) => $.modules.has(url), readsRawSites);

function answerOf(ask: () => unknown): LoadedSource | null {
  try {
    return ask() as LoadedSource;
  } catch (thrown) {
    if (isUnknownExtension(thrown)) return null;
    throw thrown;
  }
}
