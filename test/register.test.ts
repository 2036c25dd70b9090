import { spawnSync } from 'node:child_process';
import { mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { builtEntry } from '../src/entries.ts';

let root: string;

beforeEach(async () => {
  root = await realpath(await mkdtemp(join(tmpdir(), 'godwit register ')));
  await writeFile(join(root, 'package.json'), '{ "type": "module" }');
});
afterEach(async () => {
  await rm(root, { recursive: true });
});

async function run(files: Readonly<Record<string, string>>, entry = 'app.ts') {
  for (const [path, text] of Object.entries(files)) await writeFile(join(root, path), text);
  const args = ['--import', builtEntry('register').href, '--enable-source-maps', entry];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' });
  return { status, stdout, stderr };
}

test('types are erased from files without the directive, in imports too', async () => {
  const ran = await run({
    'app.ts': `import type { Pair } from './nowhere.ts';
import { twice } from './lib.js';
const pair: Pair = [1, twice(20)] as const;
console.log(pair, import.meta.url.endsWith('/app.ts'));
`,
    'lib.ts': `export type * from './nowhere.ts';\nexport type * as all from './nowhere.ts';\nexport function twice(n: number): number { return 2 * n; }\n`,
  });
  expect(ran).toEqual({ status: 0, stdout: '[ 1, 40 ] true\n', stderr: '' });
});

test('a movable file runs in a plain program as it would without godwit', async () => {
  const count = `'use movable';
export async function count(n) {
  let sum = 0;
  for (let i = 0; i < n; i += 1) sum += await half(i);
  return sum;
}
async function half(i) {
  return i / 2;
}
`;
  const ran = await run({
    'count.js': count,
    'app.ts': `import { count } from './count.js';\nconsole.log(await count(10));\n`,
  });
  expect(ran).toEqual({ status: 0, stdout: '22.5\n', stderr: '' });
});

test('what cannot be moved fails the load, with file and line', async () => {
  const ran = await run({
    'app.ts': `console.log('never'); import './crawl.ts';\n`,
    'crawl.ts': `'use movable';\n\nclass Crawler {}\nexport function* all() {}\n`,
  });
  expect(ran.status).toBe(1);
  expect(ran.stdout).toBe('');
  expect(ran.stderr).toContain(`crawl.ts:3:1 class 'Crawler'`);
  expect(ran.stderr).toContain('crawl.ts:4:');
});

test('a movable CommonJS file says what to do', async () => {
  const ran = await run(
    { 'package.json': '{ "type": "commonjs" }', 'app.js': `'use movable';\nfunction f() {}\n` },
    'app.js',
  );
  expect(ran.status).toBe(1);
  expect(ran.stderr).toContain('app.js is movable, but a CommonJS file. Name it .mjs');
});

test('a plain error still names the line of the source', async () => {
  const ran = await run({
    'app.ts': `interface A {\n  x: number;\n}\nconst a = null as unknown as A;\nconsole.log(a.x);\n`,
  });
  expect(ran.stderr).toContain('app.ts:5:');
});
