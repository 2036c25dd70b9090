import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { compileModule, type CompileOutcome, refusalText } from '../../../src/methods/compiler/index.ts';

function compile(source: string, path = 'a.ts'): CompileOutcome {
  return compileModule(source, {
    path,
    digest: { sha256: (bytes) => createHash('sha256').update(bytes).digest('hex') },
    runtimeSpecifier: 'godwit/runtime',
    rewriteSpecifier: (specifier) => (specifier.startsWith('.') ? `${specifier}#` : specifier),
  });
}

function refusals(body: string): string {
  const outcome = compile(`"use movable";\n${body}`);
  return outcome.kind === 'refused' ? refusalText(outcome) : '';
}

const loop = 'function w(): void { let i = 0; while (i < 9) i += 1; }\n';

// What is written, and what its refusal names: line, column, what.
test.each([
  ['class Crawler {}', "a.ts:2:1 class 'Crawler'"],
  ['export function f() { class A {} }', 'a.ts:2:23 a class in a method'],
  ['export function* f() { yield 1; }', "a.ts:2:8 the generator 'f'"],
  ['export async function* f() { yield 1; }', "a.ts:2:8 the async generator 'f'"],
  ['export async function f(x: any) { for await (const y of x) y; }', "a.ts:2:35 'for await'"],
  ['export function f() { return eval("1"); }', "a.ts:2:30 'eval'"],
  ['export function f() { return arguments; }', "a.ts:2:30 'arguments'"],
  ['export function f(this: any) { return this.x; }', "a.ts:2:39 'this' in a method"],
  ['export function f() { using x = null; }', "a.ts:2:23 'using'"],
  ['export function f() { return new Promise((r) => r(1)); }', "a.ts:2:30 'new Promise'"],
  ['export async function f(p: any) { p.then(() => 1); }', "a.ts:2:35 '.then(…)'"],
  ['export async function f(p: any) { return p.catch(() => 1); }', "a.ts:2:42 '.catch(…)'"],
  ['export function f() { setTimeout(() => 1, 1); }', "a.ts:2:23 'setTimeout'"],
  ['let count = 0;\nexport function f() { return count; }', "a.ts:2:5 the module's variable 'count'"],
  [
    'const seen = new Map();\nexport function f() { return seen; }',
    "a.ts:2:14 state of the module in 'seen'",
  ],
  [
    'const grid = Object.freeze([[1]]);\nexport function f() { return grid; }',
    "a.ts:2:29 state of the module in 'grid'",
  ],
  ['const x = await 1;\nexport function f() { return x; }', 'a.ts:2:11 await at the top level'],
  ['export function f() { return { get x() { return 1; } }; }', 'a.ts:2:32 a getter in an object literal'],
  [
    'export function f(k: number) { return { m() { return k; } }; }',
    'a.ts:2:41 a method in an object literal',
  ],
  ['export function f(t: any) { return t`x`; }', 'a.ts:2:36 a tagged template'],
  ['export function f() { const x = 1; (x as any) = 2; }', "a.ts:2:36 an assignment to the constant 'x'"],
  [
    'export function f() { y(); const x = 1; function y() { return x; } }',
    "a.ts:2:23 'y' before its declaration",
  ],
  [
    'export function f() { const g = () => x; const x = g(); return x; }',
    "a.ts:2:39 'x' before its declaration",
  ],
  [
    'export function f(k: any) { switch (k) { case 0: let a = 1; break; case 1: return a; } }',
    "a.ts:2:83 'a' of another case",
  ],
  [
    `${loop}export function f() { const g = () => 1; w(); return g(); }`,
    "a.ts:3:33 the function 'g', still needed after a safe point (line 3)",
  ],
  ['export function f() { return async () => 1; }', 'a.ts:2:30 an asynchronous function inside a method'],
  ['enum E { A }\nexport function f() { return 1; }', "a.ts:2:1 enum 'E'"],
  ['export default function () { return 1; }', 'a.ts:2:16 a function without a name'],
  ['export default () => 1;', 'a.ts:2:16 a function without a name'],
  ['export const f = function g() { return 1; };', "a.ts:2:18 the second name 'g'"],
  ['export function f( { return 1; }', 'a syntax error'],
])('refuses %j', (body, expected) => {
  expect(refusals(body)).toContain(expected);
});

test('names every refusal of a file at once, with what to write instead', () => {
  const text = refusals('class A {}\nexport function f(p: any) {\n  p.then(1);\n  return arguments;\n}');
  expect(text.split('\n')).toEqual([
    "a.ts:2:1 class 'A' cannot be compiled. Write: plain objects and functions",
    "a.ts:4:3 '.then(…)' cannot be compiled. Write: await, with try and catch",
    "a.ts:5:10 'arguments' cannot be compiled. Write: a rest parameter: (...args)",
  ]);
});

test('a file without the directive only loses its types', () => {
  const outcome = compile(
    [
      "import { type A, b } from './b.ts';",
      "import type { C } from './c.ts';",
      'export interface I { x: number }',
      'type T = string',
      '(b)(1)',
      'class K<P> extends (Object as any) implements I {',
      '  private readonly x!: number; static y?: string = "y"; declare z: P;',
      '  m<Q>(this: K<P>, a?: Q, ...r: unknown[]): void { return (a as any)!; }',
      '}',
      'let v: number = <number>(1 as unknown)',
      '[1].map((q): number => q satisfies number)',
      'function over(a: string): void;',
      'function over(a: unknown, b?: number): asserts a is string {}',
      'declare const gone: number',
      'export { type T, K, v, over }',
    ].join('\n'),
  );
  expect(outcome).toMatchObject({ kind: 'compiled', methods: [], imports: ['./b.ts'] });
  const code = outcome.kind === 'compiled' ? outcome.code : '';
  expect(code.split('\n').map((line) => line.replace(/\s+/g, ' ').trim())).toEqual([
    'import { b } from "./b.ts#";',
    ';',
    ';',
    ';',
    '(b)(1)',
    'class K extends (Object ) {',
    'x ; static y = "y"; ;',
    'm ( a , ...r ) { return (a ) ; }',
    '}',
    'let v = (1 )',
    '[1].map((q) => q )',
    ';',
    'function over(a , b ) {}',
    ';',
    'export { K, v, over }',
  ]);
});

test('describes methods: id, code, sites with their lines', () => {
  const outcome = compile(
    '"use movable";\nexport async function f(\n  a: number,\n  b = 1,\n) {\n  while (a > b) a -= 1;\n  await a;\n}',
  );
  expect(outcome).toMatchObject({
    kind: 'compiled',
    methods: [
      {
        id: 'a.ts#f',
        name: 'f',
        isAsync: true,
        length: 1,
        exported: true,
        line: 2,
        sites: [
          { pc: 1, kind: 'tick', line: 6 },
          { pc: 2, kind: 'await', line: 7 },
        ],
      },
    ],
  });
});

test('the same code has the same id wherever it stands; other code has another', () => {
  const idOf = (source: string): string => {
    const outcome = compile(source);
    return outcome.kind === 'compiled' ? (outcome.methods.find(({ name }) => name === 'f')?.code ?? '') : '';
  };
  const body = 'export function f(n: number) { let s = 0; while (s < n) s += 1; return s; }';
  expect(idOf(`"use movable";\n${body}`)).toBe(idOf(`"use movable";\n\n\n${body}`));
  expect(idOf(`"use movable";\n${body}`)).not.toBe(idOf(`"use movable";\n${body.replace('+= 1', '+= 2')}`));
});

test('a directive in a function makes only that function movable', () => {
  const outcome = compile(
    'class Fine {}\nlet state = 0;\nexport function f() { "use movable"; return 1; }\nexport function g() { return (state += 1); }',
  );
  expect(outcome).toMatchObject({ kind: 'compiled', methods: [{ name: 'f' }] });
});
