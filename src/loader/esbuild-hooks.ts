import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { BuildOptions, BuildResult, Loader, PluginBuild } from 'esbuild';
import type { Digest } from '../core/ports.ts';
import { compileBundle } from './bundle.ts';
import { type MovableModules, withoutDirective } from './movable-modules.ts';
import { readMap, withInlineMap, writeMap } from './source-map.ts';

/**
 * What esbuild is given. It prints code at its very end, so the files that it made are compiled before they are written:
 * they pass through memory.
 */
export function hookEsbuild(build: PluginBuild, modules: MovableModules, digest: Digest): void {
  const options = build.initialOptions;
  const { sourcemap = false, write = true } = options;
  options.write = false;
  options.sourcemap = sourcemap === false || sourcemap === 'inline' ? 'external' : sourcemap;
  if (options.platform === 'node') {
    build.onResolve({ filter: /^godwit(?:$|\/)/ }, ({ path }) => ({ path, external: true }));
  }
  build.onLoad({ filter: /\.[cm]?[jt]sx?$/, namespace: 'file' }, ({ path }) => {
    const source = readFileSync(path, 'utf8');
    const found = modules.examine(path, source);
    if (found.kind === 'plain') return null;
    if (found.kind === 'refused') {
      const errors = found.refusals.map(({ what, instead, ...place }) => ({
        text: `${what} cannot be compiled. Write: ${instead}`,
        location: { file: place.path, line: place.line, column: place.column - 1 },
      }));
      return { errors };
    }
    return {
      contents: `import "godwit/runtime";${withoutDirective(source)}`,
      loader: loaderOf(path, options),
    };
  });
  build.onEnd((result) => {
    const files = result.outputFiles ?? [];
    const warnings: string[] = [];
    for (const file of files.filter(({ path }) => /\.[cm]?js$/.test(path))) {
      warnings.push(...compileOutput(file, result, sourcemap, { modules, digest }));
    }
    const kept =
      sourcemap === false || sourcemap === 'inline'
        ? files.filter(({ path }) => !path.endsWith('.map'))
        : files;
    if (result.outputFiles !== undefined) result.outputFiles = kept;
    for (const { path, contents } of write ? kept : []) {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, contents);
    }
    return { warnings: warnings.map((text) => ({ text })) };
  });
}

type OutputFile = NonNullable<BuildResult['outputFiles']>[number];

interface Surroundings {
  readonly modules: MovableModules;
  readonly digest: Digest;
}

function compileOutput(
  file: OutputFile,
  result: BuildResult,
  sourcemap: BuildOptions['sourcemap'],
  { modules, digest }: Surroundings,
): readonly string[] {
  const mapFile = result.outputFiles?.find(({ path }) => path === `${file.path}.map`);
  const map = readMap(mapFile?.text);
  if (mapFile === undefined || map === null) return [];
  const found = map.sources.map((source) => modules.get(resolve(dirname(file.path), source)));
  const compiled = compileBundle({ code: file.text, map, modules: found }, digest);
  const document = JSON.stringify(writeMap(compiled.map));
  setText(mapFile, document);
  setText(file, sourcemap === 'inline' ? withInlineMap(compiled.code, document) : compiled.code);
  return compiled.warnings;
}

function setText(file: OutputFile, text: string): void {
  file.contents = Buffer.from(text);
}

function loaderOf(path: string, options: BuildOptions): Loader {
  const ending = path.slice(path.lastIndexOf('.'));
  const chosen = options.loader?.[ending];
  if (chosen !== undefined) return chosen;
  if (ending.endsWith('sx')) return ending === '.tsx' ? 'tsx' : 'jsx';
  return ending.includes('t') ? 'ts' : 'js';
}
