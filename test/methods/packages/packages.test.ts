import { spawn, spawnSync } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { packageHash } from '../../../src/core/ids.ts';
import { SystemDigest } from '../../../src/digest.ts';
import { builtEntry } from '../../../src/entries.ts';
import { compileModule, compilerVersion } from '../../../src/methods/compiler/index.ts';
import {
  bundle,
  install,
  type Installation,
  type InstallOptions,
  ownInstallation,
  type Package,
  PackageCorruptError,
  PackageImportMissingError,
  PackageVersionError,
  readPackage,
  sourceFilesOnDisk,
} from '../../../src/methods/packages/index.ts';

const digest = new SystemDigest();
const ports = { files: sourceFilesOnDisk, digest, compile: compileModule, compilerVersion };
let root: string;

beforeEach(async () => {
  root = await realpath(await mkdtemp(join(tmpdir(), 'godwit packages ')));
});
afterEach(async () => {
  await rm(root, { recursive: true });
});

async function write(files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  }
}

const urlOf = (path: string): string => pathToFileURL(join(root, path)).href;

function bundled(path: string): Package {
  const outcome = bundle(urlOf(path), ports);
  if (outcome.kind === 'refused') throw new Error(JSON.stringify(outcome.refusals));
  return outcome.package;
}

const program = {
  'app/main.ts': `import { add } from './lib/add.js';
import * as twice from '../shared folder/twice.mjs';
import { readFileSync } from 'node:fs';
export { deep } from './lib/deep/deep.js';
export async function main(n: number): Promise<unknown[]> {
  const { later } = await import('./later.js');
  return [add(n, 1), twice.twice(n), later, typeof readFileSync, import.meta.url, import.meta.dirname, import . meta.filename];
}
`,
  'app/lib/add.js': `import { deep } from './deep/deep.js';
export function add(a, b) { return a + b + deep(); }
`,
  'app/lib/deep/deep.js': `import '../add.js';
export function deep() { return 0.5; }
`,
  'app/later.js': `export const later = 'loaded later';\n`,
  'shared folder/twice.mjs': `export function twice(n) { return 2 * n; }\n`,
};

function installation(): Installation {
  return {
    runtime: urlOf('godwit/runtime.js'),
    resolve: (name) => (name === 'godwit' ? urlOf("it's/index.js") : null),
  };
}

const options = (): InstallOptions => ({
  root: join(root, 'installed'),
  digest,
  compilerVersion,
  installation: installation(),
});

/** Installs the package, imports its entry as `m` in a process of its own, and evaluates there. */
async function evaluate(made: Package, expression: string, by = installation()): Promise<unknown> {
  const folder = await install(made.bytes, made.hash, { ...options(), installation: by });
  const entry = pathToFileURL(join(folder, `${made.content.entry}.mjs`)).href;
  const script = `const m = await import(${JSON.stringify(entry)}); console.log(JSON.stringify(${expression}));`;
  const child = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
  if (child.status !== 0) throw new Error(child.stderr);
  return JSON.parse(child.stdout);
}

test('a file and all that it imports by relative path run from where they are installed', async () => {
  await write(program);
  const made = bundled('app/main.ts');
  expect(made.content.modules.map(({ path }) => path)).toEqual([
    'app/later.js',
    'app/lib/add.js',
    'app/lib/deep/deep.js',
    'app/main.ts',
    'shared folder/twice.mjs',
  ]);
  await rm(join(root, 'shared folder'), { recursive: true });
  expect(await evaluate(made, '[...(await m.main(20)), m.deep()]')).toEqual([
    21.5,
    40,
    'loaded later',
    'function',
    urlOf('app/main.ts'),
    join(root, 'app'),
    join(root, 'app/main.ts'),
    0.5,
  ]);
});

test('the methods of all movable files are listed, and run with the godwit of this host', async () => {
  await write({
    'main.ts': `'use movable';
import { twice } from './lib/twice.ts';
import { helper } from './helper.ts';

export async function main(n: number): Promise<number> {
  return inner(await twice(n)) + helper;
}
function inner(n: number): number {
  return n + 1;
}
`,
    'lib/twice.ts': `'use movable';\nexport async function twice(n: number, _more = 1): Promise<number> { return 2 * n; }\n`,
    'helper.ts': `export const helper: number = 1;\nexport function plain(): void {}\n`,
  });
  const made = bundled('main.ts');
  const { methods } = made.content;
  const listed = methods.map(({ id, module, name, line, isAsync, exported, length }) => {
    return [id, module, name, line, isAsync, exported, length];
  });
  expect(listed).toEqual([
    ['lib/twice.ts#twice', 'lib/twice.ts', 'twice', 2, true, true, 1],
    ['main.ts#inner', 'main.ts', 'inner', 8, false, false, 1],
    ['main.ts#main', 'main.ts', 'main', 5, true, true, 1],
  ]);
  expect(new Set(methods.map(({ code }) => code)).size).toBe(3);
  expect(await evaluate(made, 'await m.main(20)', ownInstallation)).toBe(42);
});

test('the same sources give the same bytes; one changed letter gives others', async () => {
  await write(program);
  const first = bundled('app/main.ts');
  expect(Buffer.from(bundled('app/main.ts').bytes).equals(first.bytes)).toBe(true);
  expect(first.hash).toBe(digest.sha256(first.bytes));
  await write({ 'app/later.js': `export const later = 'loaded Later';\n` });
  expect(bundled('app/main.ts').hash).not.toBe(first.hash);
});

test('a package reads back as it was, and only under its own hash', async () => {
  await write(program);
  const made = bundled('app/main.ts');
  expect(readPackage(made.bytes, made.hash, ports)).toEqual(made.content);
  const other = packageHash('0'.repeat(64));
  expect(() => readPackage(made.bytes, other, ports)).toThrow(PackageCorruptError);
  expect(() => readPackage(made.bytes, other, ports)).toThrow(`its hash is ${made.hash}`);
  expect(() => readPackage(made.bytes, made.hash, { digest, compilerVersion: 7 })).toThrow(
    PackageVersionError,
  );
});

test.each([
  ['a path that leaves the folder', { path: '../outside.js' }],
  ['an absolute path', { path: '/etc/outside.js' }],
  ['a path with a backslash', { path: 'a\\..\\b.js' }],
  ['a package name that leaves the folder', { packages: ['../../etc'] }],
])('%s is refused even under the right hash', async (_, change) => {
  await write(program);
  const { content } = bundled('app/main.ts');
  const forged = { ...content, modules: [{ ...content.modules[0], ...change }] };
  const bytes = new TextEncoder().encode(JSON.stringify(forged));
  const hash = packageHash(digest.sha256(bytes));
  await expect(install(bytes, hash, options())).rejects.toThrow(PackageCorruptError);
});

test('what is refused is named for all files at once, with its place', async () => {
  await write({
    'main.js': `import './a.js';\nimport './gone.js'; import '#internal';\nimport data from './data.json';\n`,
    'a.js': `'use movable';\n\nlet a = 1;\n`,
    'data.json': '{}',
  });
  const outcome = bundle(urlOf('main.js'), ports);
  expect(
    outcome.kind === 'refused' && outcome.refusals.map(({ line, column, what }) => [line, column, what]),
  ).toEqual([
    [2, 8, `import './gone.js'`],
    [2, 28, `import '#internal'`],
    [3, 18, `import './data.json'`],
    [3, 5, "the module's variable 'a'"],
  ]);
  const missing = bundle(urlOf('nowhere.js'), ports);
  expect(missing).toMatchObject({ kind: 'refused', refusals: [{ what: 'a file that is not there' }] });
});

test('imports of types only need no file; .js may name a .ts file', async () => {
  await write({
    'main.ts': `import type { A } from './types.ts';\nimport { one } from './one.js';\nexport { one };\n`,
    'one.ts': `export const one = 1;\n`,
  });
  expect(bundled('main.ts').content.modules.map(({ path }) => path)).toEqual(['main.ts', 'one.ts']);
});

test('godwit is the one that this host runs', async () => {
  await write({
    'main.js': `import { name } from 'godwit';\nexport const found = name;\n`,
    "it's/index.js": `export const name = 'the local godwit';\n`,
    'package.json': '{ "type": "module" }',
  });
  expect(await evaluate(bundled('main.js'), 'm.found')).toBe('the local godwit');
  await write({ 'other.js': `import 'godwit/nothing';\n` });
  const other = bundled('other.js');
  await expect(install(other.bytes, other.hash, options())).rejects.toThrow(
    "other.js imports 'godwit/nothing', which this host does not have (searched from this godwit)",
  );
});

test('npm packages are those of the original folder, one copy each, the import side of them', async () => {
  await write({
    'main.js': `import { side, object } from 'dual';\nimport fs from 'fs';\nexport { side, object, fs };\n`,
    'package.json': '{ "type": "module" }',
    'node_modules/dual/package.json': `{ "name": "dual", "exports": { "import": "./m.mjs", "require": "./c.cjs" } }`,
    'node_modules/dual/m.mjs': `export const side = 'import'; export const object = {};\n`,
    'node_modules/dual/c.cjs': `exports.side = 'require';\n`,
  });
  const made = bundled('main.js');
  const original = JSON.stringify(urlOf('main.js'));
  expect(await evaluate(made, `[m.side, m.object === (await import(${original})).object]`)).toEqual([
    'import',
    true,
  ]);
  await rm(join(root, 'node_modules'), { recursive: true });
  await expect(install(made.bytes, made.hash, options())).rejects.toThrow(PackageImportMissingError);
});

test('installing again changes nothing, and leaves nothing aside', async () => {
  await write(program);
  const made = bundled('app/main.ts');
  const folder = await install(made.bytes, made.hash, options());
  await writeFile(join(folder, 'witness'), 'still here');
  expect(await install(made.bytes, made.hash, options())).toBe(folder);
  expect(await readFile(join(folder, 'witness'), 'utf8')).toBe('still here');
  expect(await readdir(join(root, 'installed'))).toHaveLength(1);
});

test('a folder behind a link is returned as what modules see of themselves', async () => {
  await write({ 'main.js': `export const one = 1;\n` });
  await mkdir(join(root, 'real'));
  await symlink(join(root, 'real'), join(root, 'installed'));
  const made = bundled('main.js');
  expect(await install(made.bytes, made.hash, options())).toMatch(join(root, 'real/'));
});

const installer = `
import { readFileSync } from 'node:fs';
const [module, digestModule, bytes, hash, root] = process.argv.slice(1);
const { install } = await import(module);
const { SystemDigest } = await import(digestModule);
const installation = { runtime: 'file:///runtime.js', resolve: () => null };
process.stdout.write('ready\\n');
await new Promise((resolve) => process.stdin.once('data', resolve));
process.stdin.destroy();
const options = { root, digest: new SystemDigest(), compilerVersion: 1, installation };
console.log(await install(readFileSync(bytes), hash, options));
`;

test('processes that install the same package at once all find it whole', async () => {
  await write(program);
  const made = bundled('app/main.ts');
  await writeFile(join(root, 'package.bytes'), made.bytes);
  const args = [
    builtEntry('methods/packages/install').href,
    builtEntry('digest').href,
    join(root, 'package.bytes'),
  ];
  args.push(made.hash, join(root, 'installed'));
  const children = Array.from({ length: 6 }, () =>
    spawn(process.execPath, ['--input-type=module', '-e', installer, ...args], {
      stdio: ['pipe', 'pipe', 'inherit'],
    }),
  );
  const outputs = children.map(async (child) => {
    let text = '';
    for await (const chunk of child.stdout) {
      text += String(chunk);
      if (text === 'ready\n') started();
    }
    return text.split('\n')[1];
  });
  let waiting = children.length;
  function started(): void {
    waiting -= 1;
    if (waiting === 0) for (const child of children) child.stdin.write('go');
  }
  const folders = await Promise.all(outputs);
  expect(new Set(folders).size).toBe(1);
  expect(await readdir(join(root, 'installed'))).toEqual([
    folders[0]?.slice(join(root, 'installed/').length),
  ]);
  await cp(folders[0] ?? '', join(root, 'copy'), { recursive: true });
  expect(await readdir(join(root, 'copy/app/lib'))).toEqual(['add.js.mjs', 'add.js.mjs.map', 'deep']);
});
