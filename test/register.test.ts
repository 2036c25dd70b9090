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
  const env = { ...process.env, GODWIT_CACHE: join(root, 'cache') };
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8', env });
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
    'crawl.ts': `'use movable';\n\nexport const crawl = (x: string) => eval(x);\nexport function all() { return eval('1'); }\n`,
  });
  expect(ran.status).toBe(1);
  expect(ran.stdout).toBe('');
  expect(ran.stderr).toMatch(/crawl\.ts:3:\d+ 'eval'/);
  expect(ran.stderr).toContain('crawl.ts:4:');
});

test('a movable CommonJS file is compiled where it is required', async () => {
  const ran = await run(
    {
      'package.json': '{ "type": "commonjs" }',
      'count.js': `'use movable';
function count(n) {
  let sum = 0;
  for (let i = 0; i < n; i += 1) sum += i;
  return sum;
}
exports.count = count;
exports.isMovable = () => [...globalThis[Symbol.for('godwit.gate.1')].modules.values()].map(({ path, shifted }) => [path, shifted]);
`,
      'typed.cts': `const { count, isMovable } = require('./count');\nconst n: number = count(5);\nconsole.log(n, isMovable());\n`,
    },
    'typed.cts',
  );
  expect(ran).toEqual({ status: 0, stdout: "10 [ [ 'count.js', null ] ]\n", stderr: '' });
});

test('an error in a movable file names the line of the source', async () => {
  const ran = await run({
    'app.ts': `import { fails } from './fails.ts';\nawait fails(2).catch((error: Error) => console.log(error.stack));\n`,
    'fails.ts': `'use movable';
interface Unused {
  readonly x: number;
}
export async function fails(n: number): Promise<void> {
  for (let i = 0; i < n; i += 1) await null;
  throw new Error('as it is written');
}
`,
  });
  expect(ran.stdout).toMatch(/Error: as it is written\n.*fails.*\/fails\.ts:7:/);
});

test('JSX is left to other hooks, and files that could have some need none', async () => {
  const files = {
    'app.tsx': `import { count } from './count.tsx';\nconsole.log(await count(4));\n`,
    'count.tsx': `'use movable';
const h = Object.freeze({ tag: (name: string) => name.length });
function Size({ of }: { of: number }) {
  return of;
}
export async function count(n: number): Promise<number> {
  let sum = 0;
  for (let i = 0; i < n; i += 1) sum += await measure(i);
  return sum + h.tag('ab');
}
async function measure(i: number) {
  return i;
}
`,
  };
  const ran = await run({ ...files, 'package.json': '{ "type": "module" }' }, 'app.tsx');
  expect(ran).toEqual({ status: 0, stdout: '8\n', stderr: '' });
  const jsx = await run(
    { ...files, 'app.tsx': `export const view = (n: number) => <b>{n}</b>;\n` },
    'app.tsx',
  );
  expect(jsx.status).toBe(1);
  expect(jsx.stderr).toContain('app.tsx contains JSX, which godwit leaves to others');
});

test('a plain error still names the line of the source', async () => {
  const ran = await run({
    'app.ts': `interface A {\n  x: number;\n}\nconst a = null as unknown as A;\nconsole.log(a.x);\n`,
  });
  expect(ran.stderr).toContain('app.ts:5:');
});
