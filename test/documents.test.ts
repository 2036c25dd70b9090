import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseSync } from 'oxc-parser';
import { expect, test } from 'vitest';
import { filesBelow, root } from './house/source-tree.ts';
import { load, runMovable, runNative, writeModules } from './methods/runtime/workshop.ts';

const documents = [
  'README.md',
  'CHANGELOG.md',
  'CONTRIBUTING.md',
  'bench/README.md',
  ...filesBelow('docs'),
].filter((path) => path.endsWith('.md'));

/** The programs in a document, in order. */
function programsOf(path: string): readonly string[] {
  const text = readFileSync(join(root, path), 'utf8');
  return [...text.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, program]) => program ?? '');
}

test.each(documents)('%s links to what is there', (path) => {
  const text = readFileSync(join(root, path), 'utf8');
  const targets = [...text.matchAll(/\]\(([^)\s#]+)(?:#[^)]*)?\)/g)].map(([, target]) => target ?? '');
  const local = targets.filter((target) => !/^[a-z]+:/.test(target));
  expect(local.filter((target) => !existsSync(join(root, dirname(path), target)))).toEqual([]);
});

test.each(documents)('the programs in %s are TypeScript', (path) => {
  for (const program of programsOf(path)) {
    expect(parseSync('program.ts', program, { sourceType: 'module' }).errors).toEqual([]);
  }
});

test('a program below the name of a file is that file', () => {
  const shown = documents.flatMap((path) => [
    ...readFileSync(join(root, path), 'utf8').matchAll(/^<!-- (\S+\.ts) -->\n\n```ts\n(.*?)^```$/gms),
  ]);
  expect(shown.length).toBeGreaterThan(0);
  for (const [, path = '', program] of shown)
    expect(program, path).toBe(readFileSync(join(root, path), 'utf8'));
});

/** The numbered promises, each with the files that it names. */
function promises(): readonly (readonly [number, readonly string[]])[] {
  const text = readFileSync(join(root, 'docs/semantics.md'), 'utf8');
  const chapter = text.slice(text.indexOf('## The promises'), text.indexOf('## The rules'));
  return [...chapter.matchAll(/^(\d+)\. (.*?)(?=^\d+\. |^\S)/gms)].map(([, number, item = '']) => [
    Number(number),
    [...item.matchAll(/\]\(\.\.\/((?:src|test)\/[^)]+)\)/g)].map(([, path]) => path ?? ''),
  ]);
}

test('each promise names the code that upholds it and the tests that show it, and they cite it', () => {
  expect(promises().map(([number]) => number)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  for (const [number, paths] of promises()) {
    for (const room of ['src/', 'test/'])
      expect(
        paths.some((path) => path.startsWith(room)),
        `promise ${number} in ${room}`,
      ).toBe(true);
    for (const path of paths) {
      const cited = [
        ...readFileSync(join(root, path), 'utf8').matchAll(/\bpromises? ((?:\d+(?:, | and )?)+)/gi),
      ];
      const numbers = cited.flatMap(([, list = '']) => list.split(/, | and /).map(Number));
      expect(numbers, `${path} cites promise ${number}`).toContain(number);
    }
  }
});

test("the README's program does what it says, in plain Node and moved", async () => {
  const [source] = programsOf('README.md');
  const sources = { 'primes.ts': source ?? '' };
  const native = writeModules(sources, { movable: false });
  const movable = writeModules(sources, { movable: true });
  // There are 2,262 primes below 20,000.
  const expected = { ok: true, value: 2_262 };
  expect(await runNative(native, 'primes.ts', 'primes', [20_000])).toEqual(expected);
  await load(movable, 'primes.ts');
  const { outcome, moved } = await runMovable(movable, 'primes.ts#primes', [20_000], () => true);
  expect(outcome).toEqual(expected);
  expect(moved).toBeGreaterThan(3);
});
