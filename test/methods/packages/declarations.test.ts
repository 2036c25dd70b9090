import { mkdtemp, mkdir, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { SystemDigest } from '../../../src/digest.ts';
import { compileModule, compilerVersion } from '../../../src/methods/compiler/index.ts';
import type { BundleRoots, Package } from '../../../src/methods/packages/index.ts';
import {
  bundle,
  PackageFolderError,
  packageRoots,
  readPackage,
  sourceFilesOnDisk,
} from '../../../src/methods/packages/index.ts';
import { readAffinity } from '../../../src/methods/packages/declared-affinity.ts';

const ports = {
  files: sourceFilesOnDisk,
  digest: new SystemDigest(),
  compile: compileModule,
  compilerVersion,
};
let root: string;

beforeEach(async () => {
  root = await realpath(await mkdtemp(join(tmpdir(), 'godwit-packages-')));
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

function outcomeOf(roots: string | BundleRoots) {
  return bundle(typeof roots === 'string' ? pathToFileURL(join(root, roots)).href : roots, ports);
}

function bundled(roots: string | BundleRoots): Package {
  const outcome = outcomeOf(roots);
  if (outcome.kind === 'refused') throw new Error(JSON.stringify(outcome.refusals));
  return outcome.package;
}

const nothing = { labels: [], racks: [], near: [], apart: [], data: [] };

test('what an author declares is read without running it, and names of methods are resolved', async () => {
  await write({
    'main.ts': `'use movable';
import { inner } from './lib/inner.ts';

export const affinity = {
  census: {
    labels: ['gpu', "cpu:arm64"],
    near: ['./lib/inner.ts#inner', 'tally'],
    apart: ['census'],
    data: ['orders'],
  },
} as const;
export async function census(): Promise<string> { return affinity.census.labels.join() + (await inner()); }
export function tally(): void {}
`,
    'lib/inner.ts': `'use movable';
export const affinity = Object.freeze({ inner: Object.freeze({ racks: Object.freeze(['r1']), near: ['../main.ts#census'] }) });
export async function inner(): Promise<number> { return 1; }
`,
  });
  const made = bundled('main.ts');
  const declared = Object.fromEntries(made.content.methods.map(({ id, affinity }) => [id, affinity]));
  expect(declared).toEqual({
    'main.ts#census': {
      ...nothing,
      labels: ['gpu', 'cpu:arm64'],
      near: ['lib/inner.ts#inner', 'main.ts#tally'],
      apart: ['main.ts#census'],
      data: ['orders'],
    },
    'main.ts#tally': null,
    'lib/inner.ts#inner': { ...nothing, racks: ['r1'], near: ['main.ts#census'] },
  });
  expect(readPackage(made.bytes, made.hash, ports)).toEqual(made.content);
  // The declaration may be read by methods, and is frozen; the lines below it are where they were.
  expect(made.content.modules.find(({ path }) => path === 'main.ts')?.code).toContain(
    `"labels": Object.freeze(["gpu", "cpu:arm64"])`,
  );
  expect(made.content.methods.find(({ name }) => name === 'tally')?.line).toBe(13);
});

test.each([
  ['{ work: { labels: 5 } }', 3, 43, `'labels' of an affinity that is no list`],
  ['{ work: { labels: [5] } }', 3, 44, `an entry of 'labels' that is no text`],
  ['{ work: { gpus: [] } }', 3, 35, `the key 'gpus' in the affinity of 'work'`],
  ['{ work: labels() }', 3, 33, 'an affinity that is computed'],
  ['{ [work]: {} }', 3, 27, 'a key of an affinity that is computed'],
  ['{ ...others }', 3, 27, 'a key of an affinity that is computed'],
  ['{ word: {} }', 3, 27, `an affinity of 'word'`],
  ['{ work: { near: ["../x.ts#y"] } }', 3, 33, `the method '../x.ts#y', which is outside the package`],
])('%s is refused by its file and line', async (literal, line, column, what) => {
  await write({
    'work.js': `'use movable';\n\nexport const affinity = ${literal};\nexport function work() {}\n`,
  });
  const outcome = outcomeOf('work.js');
  const refusals = outcome.kind === 'refused' ? outcome.refusals : [];
  expect(refusals).toEqual([{ path: 'work.js', line, column, what, instead: expect.any(String) }]);
});

test.each([
  ['a file without movable methods', `export const affinity = compute();`],
  ['a method of that name', `'use movable';\nexport const affinity = async () => 1;`],
  [
    'a constant that is not exported',
    `'use movable';\nconst affinity = Object.freeze({ x: 1 });\nexport function f() { return affinity; }`,
  ],
])('%s declares nothing', (_what, source) => {
  expect(readAffinity('a.js', source)).toEqual({ declared: new Map(), source, refusals: [] });
});

test('the call graph: who starts whom, through calls, imports, namespaces, re-exports and rings', async () => {
  await write({
    'main.js': `'use movable';
import { start as begin } from 'godwit';
import { child as kid } from './again.js';
import * as all from './lib/work.js';
export async function direct() { return begin(kid, []).result; }
export async function through() { return helper(3); }
async function helper(n) { if (n > 0) return through(); return begin(all.child, []).result; }
export async function calls() { return all.child(); }
export async function unknown(method) { return begin(method, []).result; }
export async function both() { await direct(); return begin(calls, []).result; }
`,
    'again.js': `export { worker as child } from './lib/work.js';\n`,
    'lib/work.js': `'use movable';
import { start } from 'godwit';
export function child() {}
export function worker() { return 1; }
export async function lonely() { const start = (f) => f; return start(child); }
`,
  });
  const starts = Object.fromEntries(bundled('main.js').content.methods.map((one) => [one.name, one.starts]));
  expect(starts).toEqual({
    direct: ['lib/work.js#worker'],
    through: ['lib/work.js#child'],
    helper: ['lib/work.js#child'],
    calls: [],
    unknown: [],
    both: ['lib/work.js#worker', 'main.js#calls'],
    child: [],
    worker: [],
    // Names are taken at their face value.
    lonely: ['lib/work.js#child'],
    start: [],
  });
});

test('of a folder, every movable file but those of node_modules; the entry as package.json says', async () => {
  const movable = `'use movable';\nexport function f() {}\n`;
  await write({
    'pack/b/deep.ts': movable,
    'pack/a.js': movable,
    'pack/plain.js': `export const text = "say 'use movable' once";\n`,
    'pack/types.d.ts': movable,
    'pack/node_modules/x/index.js': movable,
    'pack/.hidden/a.js': movable,
    'empty/a.js': 'export const a = 1;\n',
  });
  const within = ({ name, files, entry }: BundleRoots) => {
    const path = (url: string) => url.slice(pathToFileURL(join(root, 'pack')).href.length + 1);
    return [name, path(entry), files.map(path).toSorted()];
  };
  const pack = join(root, 'pack');
  expect(within(packageRoots(pack))).toEqual(['pack', 'a.js', ['a.js', 'b/deep.ts']]);
  await write({ 'pack/package.json': `{ "name": "@team/Big Pack", "main": "b/deep.ts" }` });
  expect(within(packageRoots(pack))).toEqual(['big-pack', 'b/deep.ts', ['a.js', 'b/deep.ts']]);
  await write({
    'pack/package.json': `{ "name": "pack", "main": "dist/x.js", "godwit": { "entry": "plain.js" } }`,
  });
  expect(within(packageRoots(pack))).toEqual(['pack', 'plain.js', ['a.js', 'b/deep.ts', 'plain.js']]);
  expect(bundled(packageRoots(pack)).content).toMatchObject({ name: 'pack', entry: 'plain.js' });
  for (const [text, why] of [
    [`{ "godwit": { "entry": "gone.js" } }`, 'names gone.js: expected a file that exists'],
    [`{ "name": 5 }`, 'cannot be used: name'],
    ['{', 'is no JSON'],
  ] as const) {
    await write({ 'pack/package.json': text });
    expect(() => packageRoots(pack)).toThrow(why);
  }
  expect(() => packageRoots(join(root, 'empty'))).toThrow(PackageFolderError);
  expect(packageRoots(join(root, 'pack/a.js'))).toMatchObject({ name: 'a' });
});
