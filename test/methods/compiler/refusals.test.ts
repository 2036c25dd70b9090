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

// What is written, and what its refusal names: line, column, what.
test.each([
  ['export function f() { return eval("1"); }', "a.ts:2:30 'eval'"],
  ['export function f() { using x = null; }', "a.ts:2:23 'using'"],
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
  ['export function f() { const x = 1; (x as any) = 2; }', "a.ts:2:36 an assignment to the constant 'x'"],
  ['export default function () { return 1; }', 'a.ts:2:16 a function without a name'],
  ['export default () => 1;', 'a.ts:2:16 a function without a name'],
  ['export function f( { return 1; }', 'a syntax error'],
])('refuses %j', (body, expected) => {
  expect(refusals(body)).toContain(expected);
});

test('names every refusal of a file at once, with what to write instead', () => {
  const text = refusals('let a = 1;\nexport function f(p: any) {\n  using q = p;\n  return eval(q);\n}');
  expect(text.split('\n')).toEqual([
    "a.ts:2:5 the module's variable 'a' cannot be compiled. Write: a local variable of a method, passed on",
    "a.ts:4:3 'using' cannot be compiled. Write: try and finally",
    "a.ts:5:10 'eval' cannot be compiled. Write: a function in a module",
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
    '; x ; static y = "y"; ;',
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
          { pc: 1, kind: 'round', line: 6 },
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
