import { constants, Script } from 'node:vm';

/**
 * Imports a built module by Node itself, past the test runner's own module graph: compiled methods import the built
 * runtime, and have to find the very one that the lane beside them uses.
 */
export const nativeImport = new Script('(url) => import(url)', {
  importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
}).runInThisContext() as (url: string) => Promise<unknown>;
