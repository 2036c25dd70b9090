import { createUnplugin, type UnpluginInstance } from 'unplugin';
import { builtEntry } from '../entries.ts';
import { SystemDigest } from '../digest.ts';
import { hookEsbuild } from './esbuild-hooks.ts';
import { MovableModules, pathOf, withoutDirective } from './movable-modules.ts';
import { nativeStub } from './native-stub.ts';
import { type OutputFile, type OutputOptions, RollupHooks } from './rollup-hooks.ts';

const isGodwit = /^godwit(?:$|\/)/;

/** The plugin for all bundlers. It takes no options. */
export const plugin: UnpluginInstance<undefined, true> = createUnplugin(
  (_options: undefined, { framework }) => {
    const digest = new SystemDigest();
    const modules = new MovableModules(digest);
    const hooks = new RollupHooks(modules, digest);
    const isVite = framework === 'vite';
    let serves = false;
    const bundling = {
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
    return [
      {
        name: 'godwit:native',
        enforce: 'pre' as const,
        vite: {
          async config(_config: unknown, { command }: { readonly command: string }) {
            serves = command === 'serve';
            if (!serves) return null;
            // Movable files are loaded by Node.js itself: in this process, and in vitest's own.
            const register = builtEntry('register').href;
            await import(register);
            return { test: { execArgv: ['--import', register] } } as object;
          },
          load(this: Reporting, id: string, options?: { readonly ssr?: boolean | undefined }) {
            if (!serves || options?.ssr !== true || !hooks.examine(id, null, reporterOf(this))) return null;
            return nativeStub(pathOf(id), process.env['VITEST'] === undefined);
          },
        },
      },
      {
        name: 'godwit',
        enforce: 'post' as const,
        rollup: {
          ...bundling,
          resolveId: (source: string) => (isGodwit.test(source) ? { id: source, external: true } : null),
          transform: transformed,
        },
        vite: {
          ...bundling,
          resolveId: (
            source: string,
            _importer: unknown,
            options?: { readonly ssr?: boolean | undefined },
          ) =>
            isGodwit.test(source) && options?.ssr === true && !serves ? { id: source, external: true } : null,
          transform: transformed,
        },
        esbuild: { setup: (build) => hookEsbuild(build, modules, digest) },
      },
    ];

    /** In a build the code is only looked at, and compiled when it is bundled; in a browser it runs as it is. */
    function transformed(
      this: Reporting,
      code: string,
      id: string,
    ): { readonly code: string; readonly map: null } | null {
      if (isVite && serves && process.env['VITEST'] !== undefined) return null;
      if (!hooks.examine(id, code, reporterOf(this)) || serves) return null;
      return { code: `import "godwit/runtime";${withoutDirective(code)}`, map: null };
    }
  },
);

/** The part of a bundler's context that takes messages. */
interface Reporting {
  warn(message: string): void;
  error(message: string): never;
}

function reporterOf(context: Reporting): Reporting {
  return { warn: (message) => context.warn(message), error: (message) => context.error(message) };
}
