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
