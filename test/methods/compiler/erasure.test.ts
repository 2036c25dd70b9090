import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { inspect } from 'node:util';
import { parseSync } from 'oxc-parser';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { eraseTypes } from '../../../src/methods/compiler/erasure.ts';
import { type Format, parsePlain } from '../../../src/methods/compiler/plain.ts';
import { finish, SourceText } from '../../../src/methods/compiler/source-text.ts';
import { isTypeOnly, type Node, nodes } from '../../../src/methods/compiler/syntax.ts';
import { firstDifference, shapeOf } from './shapes.ts';
import { accessorProgram, programs } from './typescript-programs.ts';

function plain(source: string, format: Format = 'module', path = 'a.ts'): string {
  const outcome = parsePlain(source, { path, format });
  if (outcome.kind === 'refused') return outcome.findings.map(({ what }) => `refused: ${what}`).join('\n');
  return finish(outcome.source.slice(0, outcome.source.source.length)).code;
}

function parse(source: string, lang: 'ts' | 'js'): Node {
  const { program, errors } = parseSync(`a.${lang}`, source, { sourceType: 'module', lang });
  if (errors.length > 0) throw new Error(`${errors[0]?.message}\n${source}`);
  return program as unknown as Node;
}

/** Blanks count as one, so that a table shows what is left. */
function tokens(source: string): string {
  return source
    .replace(/ +/g, ' ')
    .replace(/ ?\n ?/g, '\n')
    .trim();
}

// What stands for nothing at run time goes; what is left means the same, line ends included.
test.each([
  ['const f = (a: number): {\n  x: 1\n} => ({ x: 1 });', 'const f = (a\n\n) => ({ x: 1 });'],
  ['const f = (): Promise<\n1> => g();', 'const f = (\n) => g();'],
  ['const f = (a = ")", /* ) */): a is (\n1) => 1;', 'const f = (a = ")", /* ) */\n) => 1;'],
  ['const f = async <\nT,\n>(x: T) => x;', 'const f = async (\n\nx ) => x;'],
  ['function f() { return <T,\n>(x: T) => x; }', 'function f() { return (\nx ) => x; }'],
  ['function f() { return <any>\nx; }', 'function f() { return (\nx); }'],
  ['const a = b as any\n;(c)', 'const a = b\n;(c)'],
  ['let a: T\n(c)', 'let a;\n(c)'],
  ['type T = 1\n[1].map(f)', ';\n[1].map(f)'],
  ['for (let i = 0 as number; i < (n as any); i++) {}', 'for (let i = 0 ; i < (n ); i++) {}'],
  ['for (let i: number; ;) {}', 'for (let i ; ;) {}'],
  ['class A { x = 1\n public [y] = 2; private *z() {} }', 'class A { x = 1\n; [y] = 2; ; *z() {} }'],
  ['class A<T> extends (B)<T> implements C, D {}', 'class A extends (B) {}'],
  ['const A = class implements C {};', 'const A = class {};'],
  [
    'abstract class A { abstract x: 1; abstract m(): void; y?: 1; z!: 1; m?() {} }',
    'class A { ; ; y ; z ; m () {} }',
  ],
  ['export default function f(): void;\nexport default function f() {}', ';\nexport default function f() {}'],
  ['export default interface A {}', ';'],
  [
    'function f(this: A,) {}\nfunction g(this: A, /* , */ b?: 1) {}',
    'function f( ) {}\nfunction g( /* , */ b ) {}',
  ],
  ['f<T>(x!, y! as 1)`t`; new A<T>; (a satisfies B)!.c!;', 'f (x , y )`t`; new A ; (a ) .c ;'],
  ['let \\u0061bc: T = 1, { d }: D = e, [g]: G = h;', 'let \\u0061bc = 1, { d } = e, [g] = h;'],
  ['import { A, type B, C } from "a"; let x: A = C;', 'import { C } from "a"; let x = C;'],
  ['import A, { B } from "a"; let x: A; B;', 'import { B } from "a"; let x ; B;'],
  ['import A, * as B from "a"; let x: B.C; A;', 'import A from "a"; let x ; A;'],
  ['import { A } from "types"; let x: A;', '; let x ;'],
  [
    'import { A } from "a"; import "b"; import C from "c";',
    'import { A } from "a"; import "b"; import C from "c";',
  ],
  ['interface A {} class B {}\nexport { A, B };', '; class B {}\nexport { B };'],
  ['type A = 1; export default A;', '; ;'],
  ['declare global { var x: 1 }\nexport as namespace Q;', ';\n;'],
])('%j becomes %j', (source, expected) => {
  expect(tokens(plain(source))).toBe(expected);
});

test.each([
  ['@d class A {}', 'refused: a decorator'],
  ['import a = require("a"); a;', "refused: 'import =' of a module"],
  ['export = a;', "refused: 'export ='"],
  ['class A { accessor [k] = 1 }', "refused: an 'accessor' with a computed name"],
  [
    'class A extends B { constructor(public x: 1) { if (x) super(); } }',
    'refused: a parameter property without super(…) beside it',
  ],
  ['const x = <any>1; enum', 'refused: a syntax error'],
])('%j is %s', (source, expected) => {
  expect(plain(source)).toContain(expected);
});

test('JSX is refused', () => {
  expect(plain('export const a = <b/>;', 'module', 'a.tsx')).toBe('refused: JSX');
});

test('imports for types alone say so to whoever reads the program', () => {
  const outcome = parsePlain('import { A, b } from "a"; import { C } from "c"; let x: A | C = b;', {
    path: 'a.ts',
    format: 'module',
  });
  if (outcome.kind === 'refused') throw new Error('refused');
  const [first, second] = nodes(outcome.program, 'body') as [Node, Node];
  expect(isTypeOnly(first)).toBe(false);
  expect(nodes(first, 'specifiers').map((specifier) => specifier['importKind'])).toEqual(['type', 'value']);
  expect(isTypeOnly(second)).toBe(true);
});

test('a CommonJS module keeps require and module.exports', () => {
  const source =
    'import fs = require("fs");\nimport t = require("types");\nlet x: t.T;\nexport = fs.constants as any;';
  expect(tokens(plain(source, 'commonjs', 'a.cts'))).toBe(
    'const fs = require("fs");\n;\nlet x ;\n;module.exports = fs.constants ;',
  );
});

test('no file of this repository differs from its erased text', () => {
  const files = ['src', 'test', 'bench'].flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.ts'))
      .map((path) => join(folder, path)),
  );
  expect(files.length).toBeGreaterThan(200);
  for (const path of files) {
    const source = readFileSync(path, 'utf8');
    const text = new SourceText(source);
    const before = parse(source, 'ts');
    expect(eraseTypes(before, text), path).toEqual([]);
    const erased = finish(text.slice(0, source.length)).code;
    expect(erased.split('\n').length, path).toBe(source.split('\n').length);
    expect(firstDifference(shapeOf(before), shapeOf(parse(erased, 'js'))), path).toBe(null);
  }
});

let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'godwit-types-'));
  mkdirSync(join(folder, 'written'));
  mkdirSync(join(folder, 'ours'));
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  for (const [name, source] of Object.entries({ ...programs, accessors: accessorProgram })) {
    writeFileSync(join(folder, 'written', `${name}.ts`), source);
    writeFileSync(join(folder, 'ours', `${name}.js`), plain(source));
  }
  const names = Object.keys({ ...programs, accessors: 1 }).map((name) =>
    join(folder, 'written', `${name}.ts`),
  );
  const options = [
    '--target',
    'es2022',
    '--module',
    'esnext',
    '--ignoreConfig',
    '--noCheck',
    '--outDir',
    join(folder, 'theirs'),
  ];
  execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', ...options, ...names], {
    stdio: 'pipe',
  });
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

async function shown(kind: string, name: string): Promise<string> {
  const module = (await import(/* @vite-ignore */ pathToFileURL(join(folder, kind, `${name}.js`)).href)) as {
    readonly shown: unknown;
  };
  return inspect(module.shown, { depth: 12, showHidden: true, maxArrayLength: null });
}

test.each([...Object.keys(programs), 'accessors'])(
  'TypeScript itself makes the same objects of %s, and lines stay where they are',
  async (name) => {
    expect(await shown('ours', name)).toBe(await shown('theirs', name));
    const source = { ...programs, accessors: accessorProgram }[name] ?? '';
    expect(plain(source).split('\n').length).toBe(source.split('\n').length);
  },
);
