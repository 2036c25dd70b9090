import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { root } from '../house/source-tree.ts';
import { otherNodes, Project } from './project.ts';

// A new user follows the README, word by word: its programs are the files, its commands are what is run.

const readme = readFileSync(join(root, 'README.md'), 'utf8');
const chapter = readme.slice(readme.indexOf('## A movable method of your own'));

/** The README's files by name: a program's first line says it. */
function files(): Readonly<Record<string, string>> {
  const programs = [...readme.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, program]) => program ?? '');
  const named = programs.map((program) => [/^\/\/ (\S+)\n/.exec(program)?.[1] ?? 'primes.ts', program]);
  return Object.fromEntries(named) as Record<string, string>;
}

/** The commands of a part of the chapter, without what is said about them. */
function commands(from: string, to: string): readonly string[] {
  const part = chapter.slice(chapter.indexOf(from), chapter.indexOf(to));
  return [...part.matchAll(/^```(\w*)\n(.*?)^```$/gms)]
    .flatMap(([, language, lines]) => (language === '' ? (lines ?? '').trim().split('\n') : []))
    .map((line) => line.replace(/\s+#.*/, ''));
}

let project: Project;
beforeAll(() => {
  project = new Project(files());
});
afterAll(() => project.remove());

const primesBelow1000 = '168\n';

test('the README names these files', () => {
  expect(Object.keys(files()).toSorted()).toEqual([
    'app.ts',
    'primes.test.ts',
    'primes.ts',
    'vite.config.ts',
  ]);
});

test('a plain script, by itself and beside tsx', async () => {
  const lines = commands('**a plain script**', '**a Vite app**');
  expect(lines).toHaveLength(2);
  for (const line of lines) {
    expect(await project.run(line), line).toEqual({ code: 0, stdout: primesBelow1000, stderr: '' });
  }
  const { value, moves, pins } = await project.move(
    'primes.ts',
    'primes.ts#primes',
    [12_000],
    'node --import godwit/register',
  );
  expect({ value, pins }).toEqual({ value: 1_438, pins: [] });
  expect(moves).toBeGreaterThan(0);
});

test.each(otherNodes())('the same loader under %s', async (node) => {
  const moved = await project.move(
    'primes.ts',
    'primes.ts#primes',
    [12_000],
    `'${node}' --import godwit/register`,
  );
  expect(moved).toMatchObject({ value: 1_438, pins: [] });
  expect(moved.moves).toBeGreaterThan(0);
});

test('a Vite app: it is built, runs, and its method moves', async () => {
  const [build = '', run = ''] = commands('**a Vite app**', '**a test under vitest**');
  expect(await project.run(build)).toMatchObject({ code: 0, stderr: '' });
  expect(await project.run(run)).toEqual({ code: 0, stdout: primesBelow1000, stderr: '' });
  const { value, moves, pins, lines } = await project.move('dist/app.js', 'primes.ts#primes', [12_000]);
  expect({ value, pins }).toEqual({ value: 1_438, pins: [] });
  expect(moves).toBeGreaterThan(0);
  // The author's lines: of the loops, in the file that has seven blank-free lines before its end.
  expect(lines.every((line) => /^primes\.ts:[3-9]$/.test(line))).toBe(true);
  const checked = await project.run('npx godwit check primes.ts dist --json');
  expect(JSON.parse(checked.stdout)).toMatchObject({
    files: [
      { file: 'primes.ts', methods: ['primes.ts#primes'], findings: [] },
      { file: 'dist/app.js', methods: ['primes.ts#primes'], findings: [] },
    ],
    refused: 0,
  });
});

test('vitest: the test passes, and the method it calls is movable there', async () => {
  const [line = ''] = commands('**a test under vitest**', '[tools]');
  project.write({
    'movable.test.ts': `import { expect, test } from 'vitest';
import { primes } from './primes.ts';
test('nothing has shifted what was compiled', async () => {
  expect(await primes(10)).toBe(4);
  const { modules } = globalThis[Symbol.for('godwit.gate.1')];
  expect([...modules.values()].map(({ path, shifted }) => [path, shifted])).toEqual([['primes.ts', null]]);
});
`,
  });
  const { code, stdout } = await project.run(line, { NO_COLOR: '1' });
  expect(stdout).toMatch(/Tests +2 passed/);
  expect(code).toBe(0);
});
