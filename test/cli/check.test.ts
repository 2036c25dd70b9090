import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { filesOf } from '../../src/cli/check/file-list.ts';
import { checkFile } from '../../src/cli/check/findings.ts';
import { SystemDigest } from '../../src/digest.ts';
import { Program } from './program.ts';

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'godwit check ')));
afterAll(() => rmSync(folder, { recursive: true }));

/** `kind line variable what` of each finding. */
function found(source: string): readonly string[] {
  const { findings } = checkFile('a.ts', `'use movable';\n${source}`, new SystemDigest());
  return findings.map(({ kind, line, variable, what }) => `${kind} ${line} ${variable}: ${what}`);
}

const later = 'await step();\n';
const tail = '\nasync function step() {}\n';

test.each([
  ['const a = new WebSocket(url);', 'WebSocket'],
  ['const a: Response = get();', 'Response'],
  ['const a = createHash("md5");', 'Hash'],
  ['const a = net.connect(80);', 'Socket'],
  ['const a = (get() as Worker)!;', 'Worker'],
  ['const a = r.body.getReader();', 'ReadableStreamDefaultReader'],
  ["const a = await effect('get', {}, () => fetch(url));", 'Response'],
  ["const a = await effect('get', {}, async () => { return await fetch(url); });", 'Response'],
  ['let a; a = new EventEmitter();', 'EventEmitter'],
])('%s pins while it is needed', (declaration, type) => {
  const lead = `import { createHash } from 'node:crypto';
import { EventEmitter } from 'events';
import * as net from 'node:net';
import { effect } from 'godwit';
export async function f(url: string, r: { body: { getReader(): unknown } }, get: () => unknown) {
`;
  expect(found(`${lead}${declaration}\n${later}return a;\n}${tail}`)).toContainEqual(
    expect.stringMatching(
      new RegExp(`^pins 7 a: 'a' \\(${type}\\) is needed after line 8, and cannot be moved$`),
    ),
  );
  // Where nothing needs it any more, it is in nobody's way.
  expect(found(`${lead}${declaration}\nvoid a;\n${later}}${tail}`)).not.toContainEqual(
    expect.stringContaining('is needed after'),
  );
});

test.each([
  ["import { Parser } from 'parser';", 'const a = new Parser();', "Parser of 'parser'"],
  ["import { parse } from 'parser';", 'const a = parse(1);', "what parse of 'parser' returns"],
  ['', 'const a: Socket | null = null;', 'Socket'],
])('%s %s may pin', (imports, declaration, type) => {
  expect(
    found(`${imports}\nexport async function f() {\n${declaration}\n${later}return a;\n}${tail}`),
  ).toEqual([`mayPin 4 a: 'a' (${type}) is needed after line 5, and cannot be moved`]);
});

test.each([
  ["import { Response } from './own.ts';", 'const a = new Response();'],
  ["import { createHash } from './own.ts';", 'const a = createHash();'],
  ['', 'const a = new Map<string, number[]>();'],
  ['', 'const a = new Date(0);'],
])('%s %s moves', (imports, declaration) => {
  expect(
    found(`${imports}\nexport async function f() {\n${declaration}\n${later}return a;\n}${tail}`),
  ).toEqual([]);
});

test('promises that are not the own ones are pointed at', () => {
  const source = `import { readFile } from 'node:fs/promises';
import { query } from 'database';
import { own } from './own.ts';
export async function f() {
  const r = await fetch('http://a');
  const text = await r.text();
  await readFile(text);
  await query(text);
  await own(text);
  await step();
}${tail}`;
  const places = found(source).flatMap(
    (text) => /^pins (\d+) .*the promise of ([\w.]+)/.exec(text)?.slice(1, 3).join(' ') ?? [],
  );
  expect(places).toEqual(['6 fetch', '7 r.text', '8 readFile', '9 query']);
});

test('what is refused is said with its place, and a file without the directive is passed over', () => {
  expect(found('export function f() { with (x) { y } }')).toEqual(["refused 2 : 'with' cannot be compiled"]);
  expect(checkFile('a.ts', 'with (x) { y }', new SystemDigest())).toEqual({
    file: 'a.ts',
    methods: [],
    findings: [],
  });
});

test('files, folders and patterns', () => {
  const root = join(folder, 'list');
  for (const path of [
    'a.ts',
    'b.txt',
    'lib/c.mjs',
    'lib/d.d.ts',
    'lib/deep/e.tsx',
    'node_modules/f.js',
    '.git/g.js',
  ]) {
    mkdirSync(join(root, path, '..'), { recursive: true });
    writeFileSync(join(root, path), '');
  }
  const within = (paths: readonly string[]): readonly string[] =>
    paths.map((path) => path.slice(root.length + 1));
  expect(within(filesOf([root]))).toEqual(['a.ts', 'lib/c.mjs', 'lib/deep/e.tsx']);
  expect(within(filesOf([`${root}/**/*.{ts,tsx}`]))).toEqual(['a.ts', 'lib/deep/e.tsx']);
  expect(within(filesOf([`${root}/l?b/*`, `${root}/lib/c.mjs`]))).toEqual(['lib/c.mjs']);
  expect(() => filesOf([join(root, 'none.ts')])).toThrow('There is no file or folder');
  expect(() => filesOf([`${root}/*.mts`])).toThrow('stands for no program file');
});

test('the command prints each finding, a summary, and exits by what it found', async () => {
  writeFileSync(
    join(folder, 'crawl.ts'),
    `'use movable';\nexport async function crawl(ws: WebSocket) {\n  await null;\n  ws.close();\n}\n`,
  );
  const text = await new Program(['check', 'crawl.ts'], folder, {}).ended;
  expect(text.stdout).toMatch(
    /crawl\.ts:2:29 pins: 'ws' \(WebSocket\) is needed after lines? [\d, ]*\b3\b[\d, ]* and cannot be moved\./,
  );
  expect(text.stdout).toContain('1 file, 1 of them movable, 1 method: 0 refused, 1 pin, 0 may pin.');
  expect(text.code).toBe(1);
  const json = await new Program(['check', 'crawl.ts', '--json'], folder, {}).ended;
  expect(JSON.parse(json.stdout)).toMatchObject({
    files: [
      {
        file: 'crawl.ts',
        methods: ['crawl.ts#crawl'],
        findings: [{ kind: 'pins', variable: 'ws', at: expect.arrayContaining([3]) as number[] }],
      },
    ],
    pins: 1,
  });
});
