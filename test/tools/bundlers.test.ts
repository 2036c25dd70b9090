import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build as buildByEsbuild, type BuildOptions } from 'esbuild';
import { type InputOptions, type OutputOptions, type Plugin, rollup } from 'rollup';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SystemDigest } from '../../src/digest.ts';
import { readMap, originOf } from '../../src/loader/source-map.ts';
import { compileModule, compilerVersion } from '../../src/methods/compiler/index.ts';
import { bundle, install, ownInstallation, sourceFilesOnDisk } from '../../src/methods/packages/index.ts';
import esbuildPlugin from '../../src/unplugin-esbuild.ts';
import rollupPlugin from '../../src/unplugin-rollup.ts';
import { Project } from './project.ts';

const count = `'use movable';
import { half } from './half.js';
import { odd } from './odd.js';

const table = Object.freeze([1, 2, 3]);

export async function count(n) {
  let sum = 0;
  for (let i = 0; i < n; i += 1) {
    sum += (await half(i)) + table[i % 3] + odd(i);
  }
  return sum;
}

export async function fails(n) {
  for (let i = 0; i < n; i += 1) await half(i);
  throw new Error(\`after \${n}\`);
}

export function busy(n) {
  let hash = 0;
  for (let i = 0; i < n; i += 1) hash = (hash * 31 + i) % 1000003;
  return hash;
}
`;

/** Names that the compiler would like to have, and state that stays with its host. */
const app = `import { busy, count, fails } from './count.js';
const $ = (x) => x;
const count$r = 'taken';
export { busy, count, fails, $, count$r };
`;

const files = {
  'src/app.js': app,
  'src/count.js': count,
  'src/half.js': `'use movable';\nexport async function half(x) {\n  const r = Math.floor(x / 2);\n  return r;\n}\n`,
  'src/odd.js': `let calls = 0;\nexport function odd(x) {\n  calls += 1;\n  return x % 2;\n}\nexport const seen = () => calls;\n`,
};

let project: Project;
let back: string;
beforeAll(() => {
  project = new Project(files);
  // The plugins run in this process, as if it had been started in the user's folder.
  back = process.cwd();
  process.chdir(project.folder);
});
afterAll(() => {
  process.chdir(back);
  project.remove();
});

const expected = { value: 139, pins: [] };
const hash = { value: busyHash(600_000) };

function busyHash(n: number): number {
  let sum = 0;
  for (let i = 0; i < n; i += 1) sum = (sum * 31 + i) % 1_000_003;
  return sum;
}

const lines = ['src/count.js:9', 'src/count.js:10'];

async function moves(file: string): Promise<void> {
  const [moved, failed, busy] = await project.moveAll(file, [
    ['src/count.js#count', [20]],
    ['src/count.js#fails', [3]],
    ['src/count.js#busy', [600_000]],
  ]);
  expect(moved).toMatchObject(expected);
  expect(moved?.moves).toBeGreaterThan(10);
  expect(moved?.lines.some((line) => lines.includes(line))).toBe(true);
  expect(moved?.lines.every((line) => /^src\/(?:count\.js:(?:7|9|10)|half\.js:[234])$/.test(line))).toBe(
    true,
  );
  expect(failed).toMatchObject({ value: 'after 3', pins: [] });
  expect(busy).toMatchObject({ ...hash, pins: [] });
  expect(busy?.moves).toBeGreaterThan(0);
  expect(failed?.stack).toMatch(/^Error: after 3\n\s+at fails \(src\/count\.js:17\)/);
}

describe('Rollup', () => {
  async function build(output: OutputOptions, plugins: readonly Plugin[] = []): Promise<readonly string[]> {
    const warnings: string[] = [];
    const options: InputOptions = {
      input: 'src/app.js',
      plugins: [rollupPlugin(), ...plugins],
      onwarn: ({ message }) => void warnings.push(message),
    };
    const made = await rollup(options);
    await made.write(output);
    return warnings;
  }

  test('modules: methods move, by the names and lines of their authors', async () => {
    expect(await build({ dir: 'rollup', format: 'es' })).toEqual([]);
    expect(readdirSync('rollup')).toEqual(['app.js']);
    await moves('rollup/app.js');
  });

  test('CommonJS', async () => {
    expect(await build({ file: 'rollup/app.cjs', format: 'cjs' })).toEqual([]);
    await moves('rollup/app.cjs');
  });

  test("the map leads to the author's lines", async () => {
    await build({ file: 'mapped/app.js', format: 'es', sourcemap: true });
    const code = readFileSync('mapped/app.js', 'utf8').split('\n');
    const map = readMap(readFileSync('mapped/app.js.map', 'utf8'));
    const source = map?.sources.indexOf('../src/count.js') ?? -1;
    const origin = map === null ? null : originOf(map, source);
    const thrown = code.findIndex((line) => line.includes('`after ${n}`'));
    expect(origin?.lineOf(thrown + 1, 0)).toBe(17);
    const plain = code.findIndex((line) => line.includes("count$r = 'taken'"));
    const own = map === null ? null : originOf(map, map.sources.indexOf('../src/app.js'));
    expect(own?.lineOf(plain + 1, 0)).toBe(3);
  });

  test('what is changed after it was compiled is told', async () => {
    const late: Plugin = {
      name: 'late',
      generateBundle: {
        order: 'post',
        handler(_options, made) {
          for (const file of Object.values(made)) if (file.type === 'chunk') file.code = `\n${file.code}`;
        },
      },
    };
    const [warning] = await build({ dir: 'late', format: 'es' }, [late]);
    expect(warning).toContain('app.js was changed after its methods were compiled: they cannot be moved.');
    // It runs, and stays where it is until it has come to an end.
    expect(await project.move('late/app.js', 'src/count.js#busy', [600_000])).toMatchObject({
      ...hash,
      moves: 0,
    });
  });

  test('what is refused fails the build, with its own line', async () => {
    project.write({ 'src/refused.js': `'use movable';\n\nexport const f = () => eval('1');\n` });
    const made = rollup({ input: 'src/refused.js', plugins: [rollupPlugin()] });
    await expect(made).rejects.toThrow(/src\/refused\.js:3:\d+ 'eval'/);
  });
});

describe('esbuild', () => {
  const build = (options: BuildOptions) =>
    buildByEsbuild({
      entryPoints: ['src/app.js'],
      bundle: true,
      platform: 'node',
      logLevel: 'silent',
      plugins: [esbuildPlugin()],
      absWorkingDir: project.folder,
      ...options,
    });

  test('modules', async () => {
    expect((await build({ format: 'esm', outdir: 'esbuild' })).warnings).toEqual([]);
    expect(readdirSync('esbuild')).toEqual(['app.js']);
    await moves('esbuild/app.js');
  });

  test('CommonJS, in memory', async () => {
    const { outputFiles } = await build({ format: 'cjs', outfile: 'esbuild/app.cjs', write: false });
    const [file] = outputFiles ?? [];
    mkdirSync('memory');
    writeFileSync('memory/app.cjs', file?.text ?? '');
    await moves('memory/app.cjs');
  });

  test('a minifier renames methods, and the build says so', async () => {
    const { warnings } = await build({ format: 'esm', outdir: 'minified', minify: true });
    const text = warnings.map((warning) => warning.text).join('\n');
    expect(text).toContain('a minifier or bundler has given these methods other names than their author');
    const renamed = /src\/count\.js#\w+/.exec(text)?.[0] ?? '';
    const moved = await project.move('minified/app.js', renamed, [20]);
    expect(moved).toMatchObject({ pins: [] });
    expect(moved.moves).toBeGreaterThan(5);
  });
});

test('a bundle is deployed as it is', async () => {
  await buildByEsbuild({
    entryPoints: ['src/app.js'],
    bundle: true,
    platform: 'node',
    format: 'esm',
    outdir: 'deployed',
    plugins: [esbuildPlugin()],
    absWorkingDir: project.folder,
  });
  const digest = new SystemDigest();
  const made = bundle(pathToFileURL(join(project.folder, 'deployed/app.js')).href, {
    files: sourceFilesOnDisk,
    digest,
    compile: compileModule,
    compilerVersion,
  });
  if (made.kind === 'refused') throw new Error(JSON.stringify(made.refusals));
  expect(made.package.content.methods.map(({ id }) => id)).toEqual([
    'src/count.js#busy',
    'src/count.js#count',
    'src/count.js#fails',
    'src/half.js#half',
  ]);
  const folder = await install(made.package.bytes, made.package.hash, {
    root: join(project.folder, 'packages'),
    digest,
    compilerVersion,
    installation: ownInstallation,
  });
  await moves(`${folder}/app.js.mjs`);
});

test('a bundle of another compiler is to be built again', () => {
  const mark = `//# godwit: compiled ${JSON.stringify({ compilerVersion: compilerVersion + 1, methods: [] })}`;
  project.write({ 'old/app.js': `export {};\n${mark}\n` });
  const made = bundle(pathToFileURL(join(project.folder, 'old/app.js')).href, {
    files: sourceFilesOnDisk,
    digest: new SystemDigest(),
    compile: compileModule,
    compilerVersion,
  });
  expect(made).toMatchObject({
    kind: 'refused',
    refusals: [{ what: expect.stringContaining('a bundle of compiler version') as string }],
  });
});
