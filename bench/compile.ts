import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { SystemDigest } from '../src/digest.ts';
import { builtEntry } from '../src/entries.ts';
import type { compileUnit } from '../src/loader/compilation.ts';
import { type Figure, quantile } from './figure.ts';

const rounds = 5;
const modules = 200;

/** How fast movable files are compiled, others skipped, and compiled ones loaded again. */
export async function bench(): Promise<{ figures: Figure[] }> {
  const folder = mkdtempSync(join(tmpdir(), 'godwit-compile-'));
  try {
    const compile = await shippedCompiler();
    const sources = movableSources().filter((source) => isCompilable(compile, source));
    return {
      figures: [compiling(compile, sources), await skipping(folder), ...loading(folder, sources)],
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The movable programs of this repository that stand alone. */
function movableSources(): readonly string[] {
  const found: string[] = [];
  for (const folder of ['../examples/', './methods/kernels/']) {
    const url = new URL(folder, import.meta.url);
    for (const name of namesIn(url)) {
      const source = readFileSync(new URL(name, url), 'utf8');
      if (/^(['"])use movable\1/.test(source) && !/\bfrom '\.{1,2}\//.test(source)) found.push(source);
    }
  }
  return found;
}

function isCompilable(compile: Compile, source: string): boolean {
  try {
    compile('program.ts', source);
    return true;
  } catch {
    return false;
  }
}

function namesIn(folder: URL): readonly string[] {
  try {
    return readdirSync(folder).filter((name) => name.endsWith('.ts'));
  } catch {
    return [];
  }
}

type Compile = (path: string, source: string) => void;

/** The compiler as it is shipped: what loads this bench has printed it anew, on fewer lines. */
async function shippedCompiler(): Promise<Compile> {
  const shipped = (await import(builtEntry('loader/compilation').href)) as {
    readonly compileUnit: typeof compileUnit;
  };
  const digest = new SystemDigest();
  return (path, source) => {
    shipped.compileUnit({ path, source, format: 'module', origin: null }, digest, 'godwit/runtime');
  };
}

function compiling(compile: Compile, sources: readonly string[]): Figure {
  const sizeBytes = sources.reduce((sum, source) => sum + Buffer.byteLength(source), 0);
  const rates: number[] = [];
  for (let round = 0; round < 2 * rounds; round += 1) {
    const startMs = performance.now();
    for (const [index, source] of sources.entries()) {
      compile(`p${index}.ts`, source);
    }
    rates.push(sizeBytes / 1000 / (performance.now() - startMs));
  }
  const rate = quantile(rates.slice(rounds), 0.5);
  return atLeast(
    `compiling, after warm-up (${sources.length} files, ${(sizeBytes / 1000).toFixed(0)} KB)`,
    rate,
    'MB/s',
    0.4,
  );
}

async function skipping(folder: string): Promise<Figure> {
  const { planLoad } = (await import(builtEntry('loader/node-load').href)) as {
    readonly planLoad: (url: string) => { readonly kind: string };
  };
  const line =
    'export const value = (a, b) => a.map((one) => one + b).filter(Boolean); // nothing to be moved\n';
  const text = line.repeat(400);
  const urls = Array.from({ length: 500 }, (_, index) => {
    const path = join(folder, `plain${index}.mjs`);
    writeFileSync(path, text);
    return pathToFileURL(path).href;
  });
  const rates: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const startMs = performance.now();
    for (const url of urls) if (planLoad(url).kind !== 'leave') throw new Error(`${url} was not skipped.`);
    rates.push((urls.length * text.length) / 1000 / (performance.now() - startMs));
  }
  return atLeast('files without the directive, read and skipped', quantile(rates, 0.5), 'MB/s', 50);
}

/** Loads the same modules in fresh processes: natively, compiled, and from the cache. */
function loading(folder: string, sources: readonly string[]): readonly Figure[] {
  const app = join(folder, 'app');
  mkdirSync(app);
  const compilable = sources.filter((source) => !/\bfrom '/.test(source));
  for (let index = 0; index < modules; index += 1) {
    writeFileSync(join(app, `m${index}.mts`), compilable[index % compilable.length] ?? '');
  }
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  erase(app);
  writeFileSync(
    join(app, 'main.mjs'),
    `await import('node:path');
const startMs = performance.now();
for (let index = 0; index < ${modules}; index += 1) await import(\`./m\${index}.mjs\`);
console.log((performance.now() - startMs) / ${modules});
`,
  );
  const cache = join(folder, 'cache');
  const register = ['--import', builtEntry('register').href];
  const time = (args: readonly string[], setting: string): number => {
    const { stdout, stderr } = spawnSync(process.execPath, [...args, 'main.mjs'], {
      cwd: app,
      encoding: 'utf8',
      env: { ...process.env, GODWIT_CACHE: setting },
    });
    if (stdout.trim() === '') throw new Error(stderr);
    return Number(stdout);
  };
  const coldMs = time(register, cache);
  const plains: number[] = [];
  const warms: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    plains.push(time([], cache));
    warms.push(time(register, cache));
  }
  const plainMs = quantile(plains, 0.5);
  const warmMs = quantile(warms, 0.5);
  return [
    { name: 'a module loads, natively', value: plainMs, unit: 'ms', target: null, met: null },
    { name: 'a module loads, compiled the first time', value: coldMs, unit: 'ms', target: null, met: null },
    { name: 'a module loads, from a warm cache', value: warmMs, unit: 'ms', target: null, met: null },
    {
      name: 'warm cache over native',
      value: warmMs / plainMs,
      unit: '×',
      target: 2,
      met: warmMs / plainMs <= 2,
    },
  ];
}

/** Writes each module as JavaScript beside its TypeScript, so that Node.js can load it by itself. */
function erase(app: string): void {
  const tsc = fileURLToPath(new URL('../node_modules/.bin/tsc', import.meta.url));
  const names = readdirSync(app).filter((name) => name.endsWith('.mts'));
  spawnSync(
    tsc,
    ['--target', 'esnext', '--module', 'nodenext', '--noCheck', '--removeComments', 'false', ...names],
    { cwd: app },
  );
  for (const name of names) rmSync(join(app, name));
}

function atLeast(name: string, value: number, unit: string, target: number): Figure {
  return { name, value, unit, target, met: value >= target };
}
