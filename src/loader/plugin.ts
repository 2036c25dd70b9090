import { fileURLToPath } from 'node:url';
import { createUnplugin, type UnpluginInstance, type UnpluginOptions } from 'unplugin';
import { builtEntry } from '../entries.ts';
import { SystemDigest } from '../digest.ts';
import { hookEsbuild } from './esbuild-hooks.ts';
import { MovableModules, pathOf, withoutDirective } from './movable-modules.ts';
import { nativeStub } from './native-stub.ts';
import { type OutputFile, type OutputOptions, RollupHooks } from './rollup-hooks.ts';

/** The plugin for all bundlers. It takes no options. */
export const plugin: UnpluginInstance<undefined, true> = createUnplugin(
  (_options: undefined, { framework }) => {
    const digest = new SystemDigest();
    const modules = new MovableModules(digest);
    const hooks = new RollupHooks(modules, digest);
    const common = { name: 'godwit', enforce: 'post' as const };
    if (framework === 'vite') return vitePlugins(hooks, common);
    return [
      {
        ...common,
        rollup: {
          ...outputHooks(hooks),
          resolveId: (source: string) => (isGodwit.test(source) ? { id: source, external: true } : null),
          transform(this: Reporting, code: string, id: string): Transformed | null {
            return hooks.examine(id, code, reporterOf(this)) ? marked(code) : null;
          },
        },
        esbuild: { setup: (build) => hookEsbuild(build, modules, digest) },
      },
    ];
  },
);

/** Of godwit's own built files, as it ends in `/`. */
const builtFolder = fileURLToPath(new URL('..', builtEntry('loader/plugin')));

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

const isGodwit = /^godwit(?:$|\/)/;

interface Environment {
  readonly ssr?: boolean | undefined;
}

interface Transformed {
  readonly code: string;
  readonly map: null;
}

/**
 * A build is compiled where it is bundled. While Vite serves, and in vitest, movable files are loaded by Node.js itself,
 * since Vite rewrites every module that it loads; in a browser they run as they are.
 */
function vitePlugins(
  hooks: RollupHooks,
  common: { readonly name: string; readonly enforce: 'post' },
): UnpluginOptions[] {
  let serves = false;
  return [
    {
      name: 'godwit:native',
      enforce: 'pre',
      vite: {
        async config(_config: unknown, { command }: { readonly command: string }) {
          serves = command === 'serve';
          if (!serves) return null;
          const register = builtEntry('register').href;
          await import(register);
          // Of what movable files import, so of godwit, there is one instance, also where it is linked into a project.
          const server = { deps: { external: [new RegExp(`^${escaped(builtFolder)}`)] } };
          return { test: { execArgv: ['--import', register], server } } as object;
        },
        load(this: Reporting, id: string, options?: Environment) {
          if (!serves || options?.ssr !== true || !hooks.examine(id, null, reporterOf(this))) return null;
          // Nothing in a stack refers to the stub: the file's own lines are not to be looked for in it.
          return { code: nativeStub(pathOf(id), !isVitest()), map: { mappings: '' } };
        },
      },
    },
    {
      ...common,
      vite: {
        ...outputHooks(hooks),
        resolveId(source: string, _importer: unknown, options?: Environment) {
          const isOutside = isGodwit.test(source) && options?.ssr === true && !serves;
          return isOutside ? { id: source, external: true } : null;
        },
        transform(this: Reporting, code: string, id: string): Transformed | null {
          if (serves && isVitest()) return null;
          return hooks.examine(id, code, reporterOf(this)) && !serves ? marked(code) : null;
        },
      },
    },
  ];
}

function isVitest(): boolean {
  return process.env['VITEST'] !== undefined;
}

function outputHooks(hooks: RollupHooks) {
  return {
    outputOptions: <Options extends OutputOptions>(options: Options): Options => hooks.withMaps(options),
    generateBundle: {
      order: 'post' as const,
      handler(this: Reporting, options: OutputOptions, bundle: unknown): void {
        hooks.generate(options, bundle as Record<string, OutputFile>, reporterOf(this));
      },
    },
    writeBundle: {
      order: 'post' as const,
      handler(this: Reporting, options: OutputOptions, bundle: unknown): void {
        hooks.verify(options, bundle as Record<string, OutputFile>, reporterOf(this));
      },
    },
  };
}

/** Brings the runtime into the bundle, or into its imports, before the module. */
function marked(code: string): Transformed {
  return { code: `import "godwit/runtime";${withoutDirective(code)}`, map: null };
}

/** The part of a bundler's context that takes messages. */
interface Reporting {
  warn(message: string): void;
  error(message: string): never;
}

function reporterOf(context: Reporting): Reporting {
  return { warn: (message) => context.warn(message), error: (message) => context.error(message) };
}
