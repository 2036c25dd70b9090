import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  checkCycles,
  checkDirections,
  checkNames,
  checkPurity,
  checkSleeps,
  checkWords,
  oversizes,
} from './house/checks.ts';
import { filesBelow, parseSource, readSources, root } from './house/source-tree.ts';

/** What is too large, and how large it may be. The list only ever becomes shorter, and its numbers smaller. */
const tooLarge: Readonly<Record<string, number>> = {
  'src/cluster.ts': 435,
  'src/host.ts#lay': 70,
  'src/host.ts#furnish': 110,
  'test/contract/lane.ts': 520,
  'test/contract/store.ts': 490,
  'test/supervisors/supervisor.test.ts': 490,
};

/**
 * Timers in tests that are no waits: a limit after which a test of real processes gives up, or part of a program that is moved
 * while its timers run. Otherwise the list only becomes shorter.
 */
const timersInTests: readonly string[] = [
  'test/store/ports.ts',
  'test/methods/nasty/fixtures/clockwork.ts',
  'test/methods/nasty/programs/promise-combinators.ts',
];

const folders = ['src', 'test', 'bench', 'examples'].filter((folder) => existsSync(join(root, folder)));
const sources = readSources(folders);
const src = sources.filter(({ path }) => path.startsWith('src/'));
const tests = sources.filter(({ path }) => path.startsWith('test/'));

test('imports go one way, and each file has a room', () => {
  expect(checkDirections(src)).toEqual([]);
});

test('no imports go round in a ring', () => {
  expect(checkCycles(sources)).toEqual([]);
});

test('pure rooms know no clock, chance, timer or Node.js; actors get them as ports', () => {
  expect(checkPurity(src)).toEqual([]);
});

test('no test sleeps', () => {
  const found = checkSleeps(tests);
  expect(found.filter((violation) => !timersInTests.includes(violation.replace(/:.*/, '')))).toEqual([]);
  expect(
    timersInTests.filter((path) => !found.some((violation) => violation.startsWith(`${path}:`))),
  ).toEqual([]);
});

test('files and functions are short enough to be read', () => {
  const found = oversizes(sources);
  const grown = found.filter(({ name, lines }) => lines > (tooLarge[name] ?? 0));
  expect(grown.map(({ name, lines, limit }) => `${name} has ${lines} lines; at most ${limit}`)).toEqual([]);
  // What has become short enough leaves the list.
  expect(Object.keys(tooLarge).filter((name) => !found.some((size) => size.name === name))).toEqual([]);
});

test('files are named for what is in them', () => {
  expect(checkNames(sources.map(({ path }) => path))).toEqual([]);
});

test('texts speak of what is there', () => {
  const texts = [
    'README.md',
    'CHANGELOG.md',
    'CONTRIBUTING.md',
    ...filesBelow('docs'),
    ...sources.map(({ path }) => path),
  ];
  const words = texts
    .filter((path) => existsSync(join(root, path)) && path !== 'test/house.test.ts')
    .flatMap((path) => checkWords(path, readFileSync(join(root, path), 'utf8')));
  expect(words).toEqual([]);
});

interface LockedPackage {
  readonly version?: string;
  readonly resolved?: string;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

test('the lock file serves every platform, and is tied to no download server', () => {
  const text = readFileSync(join(root, 'package-lock.json'), 'utf8');
  const { packages } = JSON.parse(text) as { readonly packages: Readonly<Record<string, LockedPackage>> };
  const found = Object.entries(packages);
  expect(found.filter(([, { resolved }]) => resolved !== undefined)).toEqual([]);
  // Where one is missing, `npm ci` fails, on every platform. An install leaves out those that its registry lacks.
  const wanted = found.flatMap(([, { optionalDependencies }]) => Object.keys(optionalDependencies ?? {}));
  expect(wanted.filter((name) => packages[`node_modules/${name}`]?.version === undefined)).toEqual([]);
});

describe('each check finds what it is for', () => {
  const planted = (path: string, text: string) => parseSource(path, text);

  test.each([
    [
      'src/core/epoch.ts',
      `import { step } from '../protocols/lease/holder-step.ts';`,
      'src/core/epoch.ts:1 imports src/protocols/lease/holder-step.ts: core may not',
    ],
    [
      'src/protocols/a.ts',
      `\nimport type { A } from '../placement/affinity.ts';`,
      'src/protocols/a.ts:2 imports src/placement/affinity.ts: protocols may not',
    ],
    [
      'src/actors/a.ts',
      `export { a } from '../wire/link.ts';`,
      'src/actors/a.ts:1 imports src/wire/link.ts: actors may not',
    ],
    [
      'src/actors/a.ts',
      `type A = import('../store/lmdb.ts').A;`,
      'src/actors/a.ts:1 imports src/store/lmdb.ts: actors may not',
    ],
    [
      'src/actors/a.ts',
      `const a = await import('../host.ts');`,
      'src/actors/a.ts:1 imports src/host.ts: actors may not',
    ],
    [
      'src/simulator/a.ts',
      `import '../clock.ts';`,
      'src/simulator/a.ts:1 imports src/clock.ts: simulator may not',
    ],
    ['src/actors/a.ts', `import { spawn } from 'nact';`, 'src/actors/a.ts:1 imports nact, which is hidden'],
    ['src/attic/a.ts', ``, 'src/attic/a.ts:1 belongs to no room: see test/house/rooms.ts'],
  ])('direction: %s %s', (path, text, violation) => {
    expect(checkDirections([planted(path, text)])).toEqual([violation]);
  });

  test('contracts may be imported where drivers may not', () => {
    expect(
      checkDirections([planted('src/actors/a.ts', `import type { A } from '../wire/contract.ts';`)]),
    ).toEqual([]);
  });

  test('rings', () => {
    const ring = [
      planted('src/core/a.ts', `import { b } from './b.ts';`),
      planted('src/core/b.ts', `export { c } from './c.ts';`),
      planted('src/core/c.ts', `import { type B, a } from './a.ts';`),
    ];
    expect(checkCycles(ring)).toEqual([
      'src/core/c.ts:1 closes a ring of imports: src/core/a.ts -> src/core/b.ts -> src/core/c.ts -> src/core/a.ts',
    ]);
  });

  test('rings of types, between rooms only', () => {
    const types = (to: string) => `import type { A } from '${to}';\nexport { type B } from '${to}';`;
    const apart = [
      planted('src/core/a.ts', types('../lanes/b.ts')),
      planted('src/lanes/b.ts', types('../core/a.ts')),
    ];
    expect(checkCycles(apart)).not.toEqual([]);
    const together = [planted('src/core/a.ts', types('./b.ts')), planted('src/core/b.ts', types('./a.ts'))];
    expect(checkCycles(together)).toEqual([]);
  });

  test.each([
    [
      'src/placement/a.ts',
      `\nexport const a = Date.now();`,
      'src/placement/a.ts:2 uses Date.now: placement gets it as a port',
    ],
    [
      'src/core/a.ts',
      `const a = new Date();`,
      'src/core/a.ts:1 uses the time of day: core gets it as a port',
    ],
    [
      'src/core/a.ts',
      `const a = { b: [Math.random()] };`,
      'src/core/a.ts:1 uses Math.random: core gets it as a port',
    ],
    [
      'src/protocols/a.ts',
      `const { now } = performance;`,
      'src/protocols/a.ts:1 uses performance: protocols gets it as a port',
    ],
    [
      'src/protocols/a.ts',
      `if (process.env.A) f();`,
      'src/protocols/a.ts:1 uses process: protocols gets it as a port',
    ],
    [
      'src/actors/a.ts',
      `setTimeout(() => f(), 1);`,
      'src/actors/a.ts:1 uses setTimeout: actors gets it as a port',
    ],
    [
      'src/methods/snapshot/a.ts',
      `import 'node:fs';`,
      'src/methods/snapshot/a.ts:1 imports node:fs: methods/snapshot knows nothing of Node.js',
    ],
    [
      'src/methods/runtime/a.ts',
      `import 'node:v8';`,
      'src/methods/runtime/a.ts:1 imports node:v8: methods/runtime knows nothing of Node.js',
    ],
  ])('purity: %s %s', (path, text, violation) => {
    expect(checkPurity([planted(path, text)])).toEqual([violation]);
  });

  test.each([
    ['a property', `const a = step.process; const b = { performance: 1, setTimeout() {} };`],
    ['a type', `type A = { readonly process: Buffer };`],
    ['a text', `const a = 'Date.now()'; // Math.random()`],
    ['a date of its own', `const a = new Date(0);`],
    ['a name of its own', `function f(process: string) { return process; }`],
  ])('purity: %s is allowed', (_what, text) => {
    expect(checkPurity([planted('src/core/a.ts', text)])).toEqual([]);
  });

  test.each([
    [`import { setTimeout as rest } from 'node:timers/promises';`, 'imports node:timers/promises'],
    [`await new Promise((resolve) => setTimeout(resolve, 10));`, 'uses setTimeout'],
    [`Atomics.wait(a, 0, 0, 10);`, 'uses Atomics.wait'],
  ])('sleeps: %s', (text, what) => {
    expect(checkSleeps([planted('test/a.test.ts', text)])).toEqual([
      `test/a.test.ts:1 ${what}: tests do not sleep`,
    ]);
  });

  test('sizes', () => {
    const long = `export const step = () => {\n${'f();\n'.repeat(59)}};\n`;
    const file = `// A line.\n`.repeat(400 - 61);
    expect(oversizes([planted('src/core/a.ts', file + long)])).toEqual([
      { name: 'src/core/a.ts#step', lines: 61, limit: 60 },
    ]);
    expect(oversizes([planted('src/core/a.ts', `${file}${long.replace('f();\n', '')}\n\n`)])).toEqual([
      { name: 'src/core/a.ts', lines: 401, limit: 400 },
    ]);
  });

  test('names', () => {
    expect(
      checkNames(['src/core/epoch.ts', 'src/restart-budget.ts', 'vitest.config.ts', 'test/a-b.test.ts']),
    ).toEqual([]);
    expect(checkNames(['src/Epoch.ts', 'src/core/string-utils.ts'])).toEqual([
      'src/Epoch.ts:1 is not named in kebab-case',
      'src/core/string-utils.ts:1 has a name that says nothing',
    ]);
  });

  test('words', () => {
    expect(
      checkWords(
        'a.md',
        `fine\n// ${'TO' + 'DO'}: later\nsee ${'iss' + 'ue 12'}\ncd ${'/ho' + 'me/ann/godwit'}`,
      ),
    ).toEqual([
      `a.md:2 leaves something unfinished: ${'TO' + 'DO'}`,
      `a.md:3 speaks of a plan that its readers do not have: ${'iss' + 'ue 12'}`,
      `a.md:4 names a folder of somebody's machine: ${'/ho' + 'me/ann'}`,
    ]);
  });
});
